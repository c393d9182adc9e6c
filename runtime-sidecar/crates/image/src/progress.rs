//! What a pull tells while it runs.

use std::sync::Arc;

/// How far a pull is. Byte counts never go down during one pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullProgress {
    pub phase: PullPhase,
    /// Compressed bytes done, layers that were already here included.
    pub done_bytes: u64,
    /// Known once the manifest is read.
    pub total_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPhase {
    Resolving,
    /// Layers are fetched and unpacked as they arrive.
    Fetching,
    Done,
}

/// Reports changes only, and only forwards.
pub(crate) struct Reporter {
    sink: Arc<dyn Fn(PullProgress) + Send + Sync>,
    last: Option<PullProgress>,
}

impl Reporter {
    pub(crate) fn new(sink: Arc<dyn Fn(PullProgress) + Send + Sync>) -> Self {
        Self { sink, last: None }
    }

    pub(crate) fn report(&mut self, phase: PullPhase, done_bytes: u64, total_bytes: Option<u64>) {
        let done_bytes = self.last.map_or(done_bytes, |last| done_bytes.max(last.done_bytes));
        let now = PullProgress {
            phase,
            done_bytes,
            total_bytes,
        };
        if self.last != Some(now) {
            self.last = Some(now);
            (self.sink)(now);
        }
    }
}
