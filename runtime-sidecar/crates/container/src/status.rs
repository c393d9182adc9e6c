//! The states of a container as the engine sees them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::directory::RunState;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerStatus {
    Running {
        pid: u32,
        started_at_ms: u64,
    },
    /// `code`: exit status, or 128 + signal.
    Exited {
        code: i32,
        signal: Option<i32>,
        oom_killed: bool,
        finished_at_ms: u64,
    },
}

impl ContainerStatus {
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Running { pid, .. } => Some(*pid),
            Self::Exited { .. } => None,
        }
    }
}

impl From<&RunState> for ContainerStatus {
    fn from(state: &RunState) -> Self {
        match *state {
            RunState::Running { pid, started_at_ms, .. } => Self::Running { pid, started_at_ms },
            RunState::Exited {
                code,
                signal,
                oom_killed,
                finished_at_ms,
            } => Self::Exited {
                code,
                signal,
                oom_killed,
                finished_at_ms,
            },
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
