//! Short ways to say why something waits or failed.

use sidecar_api_types::{Progress, ProgressUnit, Reason};

pub(crate) fn reason(code: &str, message: impl Into<String>) -> Reason {
    Reason {
        code: code.to_owned(),
        message: message.into(),
        path: None,
        progress: None,
    }
}

pub(crate) fn reason_at(code: &str, message: impl Into<String>, path: impl Into<String>) -> Reason {
    Reason {
        path: Some(path.into()),
        ..reason(code, message)
    }
}

/// “pulling 43 of 120 MB”
pub(crate) fn pulling(done: u64, total: Option<u64>, path: String) -> Reason {
    let message = match total {
        Some(total) => format!("pulling {} of {}", megabytes(done, total), size(total)),
        None => "pulling: asking the registry".to_owned(),
    };
    let progress = Some(Progress {
        done,
        total,
        unit: ProgressUnit::Bytes,
    });
    Reason {
        progress,
        ..reason_at("pulling", message, path)
    }
}

/// The number alone, in the unit of `total`.
fn megabytes(done: u64, total: u64) -> String {
    let text = size_in(done, unit_of(total));
    text.to_string()
}

fn size(bytes: u64) -> String {
    let unit = unit_of(bytes);
    format!("{} {}", size_in(bytes, unit), unit.0)
}

fn unit_of(bytes: u64) -> (&'static str, u64) {
    match bytes {
        0..=999_999 => ("kB", 1_000),
        1_000_000..=9_999_999_999 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000),
    }
}

fn size_in(bytes: u64, unit: (&'static str, u64)) -> u64 {
    (bytes + unit.1 / 2) / unit.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_as_words() {
        let at = |done, total| pulling(done, total, String::new()).message;
        assert_eq!(at(43_400_000, Some(120_000_000)), "pulling 43 of 120 MB");
        assert_eq!(at(100, Some(640_000)), "pulling 0 of 640 kB");
        assert_eq!(at(11_000_000_000, Some(12_400_000_000)), "pulling 11 of 12 GB");
        assert_eq!(at(0, None), "pulling: asking the registry");
    }
}
