//! Why a layer could not be unpacked, before the image's name is known.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::ImageError;

#[derive(Debug)]
pub(crate) enum Fault {
    /// The archive tries something that no honest image needs.
    Unsafe(String),
    /// The archive or its compression is broken.
    Corrupt(String),
    /// The content is not what its digest says.
    Mismatch {
        what: &'static str,
        expected: String,
        actual: String,
    },
    UnmappedId {
        entry: String,
        uid: u64,
        gid: u64,
    },
    Io {
        path: PathBuf,
        source: io::Error,
    },
    /// The other end of the pipeline went away; its own error is the one that counts.
    Stopped,
}

impl Fault {
    pub(crate) fn io(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Self::Io {
            path: path.as_ref().to_owned(),
            source: source.into(),
        }
    }

    /// A fault that depends on the layer's bytes: when these prove to be damaged, that is the better explanation.
    pub(crate) fn is_about_content(&self) -> bool {
        matches!(
            self,
            Self::Unsafe(_) | Self::Corrupt(_) | Self::Mismatch { .. } | Self::UnmappedId { .. }
        )
    }

    /// `layer` names the layer for the user, `store` is where a full disk is reported.
    pub(crate) fn for_image(self, reference: &str, layer: &str, store: &Path) -> ImageError {
        let reference = reference.to_owned();
        match self {
            Self::Unsafe(reason) => ImageError::Unsafe {
                reference,
                reason: format!("{layer}: {reason}"),
            },
            Self::Corrupt(reason) => ImageError::Invalid {
                reference,
                reason: format!("{layer} is broken: {reason}"),
            },
            Self::Mismatch { what, expected, actual } => ImageError::DigestMismatch {
                reference,
                what: format!("{what} of {layer}"),
                expected,
                actual,
            },
            Self::UnmappedId { entry, uid, gid } => ImageError::UnmappedId {
                reference,
                entry,
                uid,
                gid,
            },
            Self::Io { source, .. } if crate::error::is_disk_full(&source) => ImageError::DiskFull {
                reference,
                path: store.to_owned(),
            },
            Self::Io { path, source } => ImageError::Store {
                path: store.to_owned(),
                reason: format!(
                    "`{}` in {layer} of `{reference}` could not be written: {source}",
                    path.display()
                ),
                source: Some(Arc::new(source)),
            },
            Self::Stopped => ImageError::Store {
                path: store.to_owned(),
                reason: format!("unpacking {layer} of `{reference}` was interrupted"),
                source: None,
            },
        }
    }
}

/// Bytes of an archive as text for a message: never longer than a line.
pub(crate) fn show(bytes: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(bytes)
        .chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect();
    if bytes.len() > 200 { format!("{text}…") } else { text }
}
