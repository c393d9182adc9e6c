//! What can go wrong with an image, in words for a user.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Every variant names the reference (or file), says why, and what to do. `code()` is stable and kebab-case.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    #[error(
        "`{reference}` is not an image reference: {reason}. Write it like `nginx:1.27`, `registry.example.com/team/app@sha256:…` or `oci-layout:/absolute/path:tag`"
    )]
    InvalidReference { reference: String, reason: String },

    #[error(
        "cannot fetch `{reference}`: images from `{scheme}` are not served yet. Use a registry or `oci-layout:/absolute/path`"
    )]
    SourceNotServed { reference: String, scheme: String },

    #[error("image `{reference}` was not found in {place}: {reason}. Check its name and tag, or push it first")]
    NotFound {
        reference: String,
        place: String,
        reason: String,
    },

    #[error(
        "image `{reference}` is not on this machine and the pull policy is `never`. Pull it first, or use the policy `if_not_present`"
    )]
    NotPresent { reference: String },

    #[error(
        "{registry} does not let us read `{reference}`: {reason}. Log in (for example `docker login {registry}`), or check that the image exists"
    )]
    NeedsLogin {
        reference: String,
        registry: String,
        reason: String,
    },

    #[error(
        "{what} of `{reference}` is not what was announced: expected {expected}, got {actual}. The image is damaged or was tampered with; push it again, or pull it from another registry"
    )]
    DigestMismatch {
        reference: String,
        what: String,
        expected: String,
        actual: String,
    },

    #[error(
        "{what} of `{reference}` is incomplete: {actual} of {expected} bytes arrived. Push the image again, or check the registry's storage"
    )]
    Truncated {
        reference: String,
        what: String,
        expected: u64,
        actual: u64,
    },

    #[error("image `{reference}` is not for {wanted}; it exists for {available}. Use an image built for {wanted}")]
    WrongPlatform {
        reference: String,
        wanted: String,
        available: String,
    },

    #[error("cannot reach {registry} for `{reference}`: {reason}. {remedy}")]
    Unreachable {
        reference: String,
        registry: String,
        reason: String,
        remedy: String,
    },

    #[error("{registry} cannot serve `{reference}`: {reason}. Try again later")]
    RegistryFailed {
        reference: String,
        registry: String,
        reason: String,
    },

    #[error("image `{reference}` cannot be used: {reason}. Build it again with a current tool")]
    Invalid { reference: String, reason: String },

    #[error(
        "image `{reference}` is refused as unsafe: {reason}. Do not use this image unless its author can explain it"
    )]
    Unsafe { reference: String, reason: String },

    #[error(
        "`{entry}` in image `{reference}` belongs to user {uid} and group {gid}, which this user namespace does not map. Give this user a range of subordinate ids (`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME`) and restart the sidecar, or run it as root"
    )]
    UnmappedId {
        reference: String,
        entry: String,
        uid: u64,
        gid: u64,
    },

    #[error("the disk that holds {path} is full, so `{reference}` could not be stored. Free some space (removing unused images helps) and try again", path = .path.display())]
    DiskFull { reference: String, path: PathBuf },

    #[error("image `{reference}` is used by a container. Remove the container first, or force the removal")]
    InUse { reference: String },

    #[error("the image store cannot use {path}: {reason}", path = .path.display())]
    Store {
        path: PathBuf,
        reason: String,
        #[source]
        source: Option<Arc<io::Error>>,
    },
}

impl ImageError {
    /// A stable, kebab-case name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidReference { .. } => "image-invalid-reference",
            Self::SourceNotServed { .. } => "image-source-not-served",
            Self::NotFound { .. } => "image-not-found",
            Self::NotPresent { .. } => "image-not-present",
            Self::NeedsLogin { .. } => "image-needs-login",
            Self::DigestMismatch { .. } => "image-digest-mismatch",
            Self::Truncated { .. } => "image-truncated",
            Self::WrongPlatform { .. } => "image-wrong-platform",
            Self::Unreachable { .. } => "registry-unreachable",
            Self::RegistryFailed { .. } => "registry-failed",
            Self::Invalid { .. } => "image-invalid",
            Self::Unsafe { .. } => "image-unsafe",
            Self::UnmappedId { .. } => "image-unmapped-id",
            Self::DiskFull { .. } => "disk-full",
            Self::InUse { .. } => "image-in-use",
            Self::Store { .. } => "image-store-failed",
        }
    }

    /// An error of the file system below the store; a full disk becomes its own kind.
    pub(crate) fn io(reference: &str, path: &Path, source: io::Error) -> Self {
        if is_disk_full(&source) {
            return Self::DiskFull {
                reference: reference.to_owned(),
                path: path.to_owned(),
            };
        }
        Self::Store {
            path: path.to_owned(),
            reason: source.to_string(),
            source: Some(Arc::new(source)),
        }
    }
}

pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
