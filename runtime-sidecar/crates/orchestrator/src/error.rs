//! What can go wrong when the engine is asked for something.

use std::path::PathBuf;

use sidecar_cluster::ClusterError;
use sidecar_container::ContainerError;
use sidecar_image::ImageError;
use sidecar_network::NetworkError;
use sidecar_spec::Problem;

use crate::command::Rejection;

/// Every message says what failed and why, for the user.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// At least one problem.
    #[error("The spec is not valid: {}", first_message(.0))]
    InvalidSpec(Vec<Problem>),
    #[error("There is no container “{0}”.")]
    NoContainer(String),
    #[error("The container “{0}” does not run.")]
    NotRunning(String),
    #[error(transparent)]
    Container(#[from] ContainerError),
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("The engine's wanted state cannot be used: {0}.")]
    State(#[from] ClusterError),
    #[error("{} cannot be used: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("The engine failed in a way that it should not: {0}")]
    Internal(String),
}

impl EngineError {
    /// Stable, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(Rejection::NoDeployment(_) | Rejection::NoService { .. }) | Self::NoContainer(_) => {
                "not-found"
            }
            Self::Rejected(Rejection::Deleting(_)) => "being-removed",
            Self::Rejected(Rejection::TooManyReplicas(_)) => "too-many-replicas",
            Self::Rejected(Rejection::DeployedAgain(_)) => "deployed-again",
            Self::Rejected(Rejection::NothingBefore(_)) => "nothing-before",
            Self::InvalidSpec(_) => "invalid-spec",
            Self::NotRunning(_) => "not-running",
            Self::Container(error) => error.code(),
            Self::Image(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::State(_) => "state-unusable",
            Self::Io { .. } => "io",
            Self::Internal(_) => "internal",
        }
    }
}

fn first_message(problems: &[Problem]) -> String {
    match problems {
        [] => String::new(),
        [one] => one.message.clone(),
        [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
    }
}
