//! Messages on a shim's control socket: one JSON object a line. Each command has a connection of its own; the shim answers
//! `Request::Watch` with every change of the state and `Request::Exec` with the process's stdio and, later, its exit.

use serde::{Deserialize, Serialize};

use crate::directory::Record;
use crate::error::Failure;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "op")]
pub(crate) enum Request {
    /// The starter took the container over: from here on it lives without anyone connected.
    Commit,
    Watch,
    Signal {
        signal: i32,
    },
    Restart,
    Remove,
    Exec {
        exec: ExecRequest,
    },
    /// Of the container's own terminal.
    Resize {
        cols: u16,
        rows: u16,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExecRequest {
    pub args: Vec<String>,
    pub env: Vec<String>,
    pub cwd: Option<String>,
    pub user: Option<String>,
    pub terminal: Option<(u16, u16)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub(crate) enum Reply {
    Done,
    State {
        record: Record,
    },
    /// Comes with file descriptors: stdin, stdout and stderr, or the terminal.
    ExecStarted {
        pid: i32,
    },
    ExecExited {
        code: i32,
    },
    Failed {
        failure: Failure,
    },
}
