//! Why the engine cannot run without root.

use std::io;
use std::path::PathBuf;

/// Every variant says what failed, why and what to do. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
pub enum RootlessError {
    #[error(
        "This machine does not let ordinary users make user namespaces ({source}). Ask its administrator for `sudo sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1` (and on Ubuntu `kernel.apparmor_restrict_unprivileged_userns=0`), or run the engine as root."
    )]
    NoUserNamespaces { source: io::Error },
    #[error("The engine's namespaces cannot be made ({action}): {source}.")]
    Kernel { action: &'static str, source: io::Error },
    #[error("{} cannot be {action}: {source}. Check that the directory belongs to you and its disk is not full.", path.display())]
    State {
        path: PathBuf,
        action: &'static str,
        source: io::Error,
    },
    #[error("Namespaces can be entered only before threads are started, and there are {0}. Call this first in main.")]
    NotSingleThreaded(usize),
    #[error("Another engine is entering its namespaces with {} for more than {seconds} s. End it, then try again.", path.display())]
    Locked { path: PathBuf, seconds: u64 },
}

impl RootlessError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoUserNamespaces { .. } => "no-user-namespaces",
            Self::Locked { .. } => "rootless-locked",
            Self::Kernel { .. } | Self::State { .. } | Self::NotSingleThreaded(_) => "internal",
        }
    }

    pub(crate) fn kernel(action: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Kernel {
            action,
            source: source.into(),
        }
    }
}
