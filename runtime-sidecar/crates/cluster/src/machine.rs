//! What is replicated.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A state and the commands that change it.
///
/// `apply` is deterministic: the same commands in the same order give the same state and the same outcomes on every node and at every
/// restart. Time, environment and chance are values inside a command, never read by `apply`.
pub trait Machine: Clone + Debug + Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    type Command: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    type Outcome: Debug + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The version of the serialised form of the state and of the commands. A node refuses a snapshot or a log that is newer than
    /// this; older ones it must read (fields that came later have a default).
    const FORMAT: u32;

    fn apply(&mut self, command: Self::Command) -> Self::Outcome;
}
