//! The error of this crate. It travels from the shim to the sidecar as a kind and a message.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What went wrong, in a form that a program can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    InvalidConfig,
    AlreadyExists,
    NotFound,
    NotRunning,
    AlreadyRunning,
    CommandNotFound,
    CommandNotExecutable,
    UserNotFound,
    GroupNotFound,
    WorkdirFailed,
    MountFailed,
    MountSourceMissing,
    NetworkMissing,
    MemoryLimitTooLow,
    DiskFull,
    ShimUnavailable,
    LogSkipped,
    Internal,
}

impl ErrorKind {
    /// Stable, kebab-case.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidConfig => "invalid-config",
            Self::AlreadyExists => "already-exists",
            Self::NotFound => "not-found",
            Self::NotRunning => "not-running",
            Self::AlreadyRunning => "already-running",
            Self::CommandNotFound => "command-not-found",
            Self::CommandNotExecutable => "command-not-executable",
            Self::UserNotFound => "user-not-found",
            Self::GroupNotFound => "group-not-found",
            Self::WorkdirFailed => "workdir-failed",
            Self::MountFailed => "mount-failed",
            Self::MountSourceMissing => "mount-source-missing",
            Self::NetworkMissing => "network-missing",
            Self::MemoryLimitTooLow => "memory-limit-too-low",
            Self::DiskFull => "disk-full",
            Self::ShimUnavailable => "shim-unavailable",
            Self::LogSkipped => "log-skipped",
            Self::Internal => "internal",
        }
    }
}

/// Says what failed, why and, where there is one, the remedy. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ContainerError {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ContainerError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// An I/O error at `path`, during `action` ("cannot create"). A full disk is told apart from all others.
    pub(crate) fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        let (kind, hint) = match source.raw_os_error() {
            Some(nix::libc::ENOSPC | nix::libc::EDQUOT) => (ErrorKind::DiskFull, "; free some space and try again"),
            _ => (ErrorKind::Internal, ""),
        };
        Self {
            kind,
            message: format!("{action} {}: {source}{hint}", path.display()),
            source: Some(source.into()),
        }
    }

    pub(crate) fn internal(
        what: impl std::fmt::Display,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Self {
            kind: ErrorKind::Internal,
            message: format!("{what}: {source}"),
            source: Some(source),
        }
    }

    /// `command-not-found`, `memory-limit-too-low`, `user-not-found`, `mount-failed`, `disk-full`, `not-running`, `internal`, …
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// An error as the shim reports it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub kind: ErrorKind,
    pub message: String,
}

impl From<&ContainerError> for Failure {
    fn from(error: &ContainerError) -> Self {
        Self {
            kind: error.kind,
            message: error.message.clone(),
        }
    }
}

impl From<Failure> for ContainerError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind, failure.message)
    }
}

pub(crate) type Result<T, E = ContainerError> = std::result::Result<T, E>;
