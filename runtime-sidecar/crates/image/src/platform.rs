//! The platform that images must be built for, and the choice among several.

use std::fmt;

use oci_spec::image::{Descriptor, ImageIndex};

/// Operating system, architecture and variant in Go's names, as registries use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    /// `v8` for arm64, `v7` for arm; empty where there is none.
    pub variant: String,
}

impl Platform {
    /// The platform of this machine.
    pub fn host() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", ""),
            "x86" => ("386", ""),
            "aarch64" => ("arm64", "v8"),
            "arm" => ("arm", "v7"),
            "powerpc64" => ("ppc64le", ""),
            "loongarch64" => ("loong64", ""),
            other => (other, ""),
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        }
    }

    /// Whether an image for `other` runs here, and how well it fits: a higher rank is better.
    fn rank(&self, os: &str, architecture: &str, variant: &str) -> Option<u32> {
        if os != self.os || architecture != self.architecture {
            return None;
        }
        if variant == self.variant {
            return Some(1000);
        }
        let level = |v: &str| v.trim_start_matches('v').parse::<u32>().ok();
        match (architecture, level(variant), level(&self.variant)) {
            // arm64 means v8; a bare amd64 means v1, and v2 and later need instructions that may be missing.
            (_, None, _) => Some(999),
            ("amd64", Some(1), None) => Some(998),
            ("arm" | "arm64", Some(wanted), Some(have)) if wanted <= have => Some(wanted),
            _ => None,
        }
    }

    /// Checks a single image's own statement. An image that says nothing is taken to fit.
    pub(crate) fn accepts(&self, os: &str, architecture: &str, variant: &str) -> bool {
        (os.is_empty() && architecture.is_empty()) || self.rank(os, architecture, variant).is_some()
    }

    /// The best entry of an index, or the list of what exists.
    pub(crate) fn select<'a>(&self, index: &'a ImageIndex) -> Result<&'a Descriptor, String> {
        let mut best: Option<(u32, &Descriptor)> = None;
        let mut available = Vec::new();
        for entry in index.manifests() {
            let (os, architecture, variant) = match entry.platform() {
                Some(p) => (
                    p.os().to_string(),
                    p.architecture().to_string(),
                    p.variant().clone().unwrap_or_default(),
                ),
                None => (self.os.clone(), self.architecture.clone(), self.variant.clone()),
            };
            // Build attestations are listed as images for `unknown/unknown`.
            if os == "unknown" {
                continue;
            }
            available.push(describe(&os, &architecture, &variant));
            if let Some(rank) = self.rank(&os, &architecture, &variant)
                && best.is_none_or(|(r, _)| rank > r)
            {
                best = Some((rank, entry));
            }
        }
        available.sort();
        available.dedup();
        best.map(|(_, entry)| entry).ok_or_else(|| {
            if available.is_empty() {
                "no platform at all".to_owned()
            } else {
                available.join(", ")
            }
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(&self.os, &self.architecture, &self.variant))
    }
}

pub(crate) fn describe(os: &str, architecture: &str, variant: &str) -> String {
    if variant.is_empty() {
        format!("{os}/{architecture}")
    } else {
        format!("{os}/{architecture}/{variant}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(architecture: &str, variant: &str) -> Platform {
        Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: variant.into(),
        }
    }

    fn index(entries: &[(&str, &str, &str)]) -> ImageIndex {
        let manifests: Vec<_> = entries
            .iter()
            .enumerate()
            .map(|(i, (os, architecture, variant))| {
                serde_json::json!({
                    "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": i,
                    "digest": format!("sha256:{:064x}", i),
                    "platform": { "os": os, "architecture": architecture, "variant": variant },
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({ "schemaVersion": 2, "manifests": manifests })).unwrap()
    }

    #[test]
    fn the_exact_variant_wins_then_the_highest_that_runs() {
        let arm = index(&[("linux", "arm", "v5"), ("linux", "arm", "v6"), ("linux", "arm", "v7")]);
        assert_eq!(platform("arm", "v7").select(&arm).unwrap().size(), 2);
        assert_eq!(platform("arm", "v6").select(&arm).unwrap().size(), 1);
        let amd = index(&[
            ("linux", "amd64", "v3"),
            ("linux", "amd64", ""),
            ("unknown", "unknown", ""),
        ]);
        assert_eq!(platform("amd64", "").select(&amd).unwrap().size(), 1);
    }

    #[test]
    fn lists_what_exists_when_nothing_fits() {
        let other = index(&[
            ("windows", "amd64", ""),
            ("linux", "arm64", "v8"),
            ("unknown", "unknown", ""),
        ]);
        assert_eq!(
            platform("amd64", "").select(&other).unwrap_err(),
            "linux/arm64/v8, windows/amd64"
        );
    }
}
