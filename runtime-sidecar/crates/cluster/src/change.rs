//! What Raft's log holds, and what it does to the state.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::roster::{Rejection, Roster, RosterChange, RosterCommand};
use crate::sessions::{RequestId, Seen, Sessions};

/// An entry of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change<C> {
    /// Absent in logs that were written before clusters had several nodes.
    #[serde(default)]
    pub id: Option<RequestId>,
    pub what: What<C>,
}

/// Which part of the state an entry changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum What<C> {
    Machine(C),
    Roster(RosterCommand),
}

/// What an entry has done.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer<O> {
    Machine(O),
    Roster(Result<RosterChange, Rejection>),
    /// Nothing: the command came after its node had given it up.
    Stale,
}

/// Everything that is replicated.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "M: serde::de::DeserializeOwned"))]
pub(crate) struct Replicated<M> {
    pub machine: M,
    /// Absent in snapshots that were written before clusters had several nodes.
    #[serde(default)]
    pub roster: Roster,
    #[serde(default)]
    pub sessions: Sessions,
}

impl<M: Machine> Replicated<M> {
    /// Deterministic, as [`Machine::apply`] is.
    pub fn apply(&mut self, change: Change<M::Command>) -> Answer<M::Outcome> {
        if let Some(id) = &change.id {
            match self.sessions.look_up(id) {
                Seen::New => {}
                // What does not read back was an answer of another version; it happened, so it must not happen again.
                Seen::Answered(answer) => return serde_json::from_str(&answer).unwrap_or(Answer::Stale),
                Seen::Stale => return Answer::Stale,
            }
        }
        let answer = match change.what {
            What::Machine(command) => Answer::Machine(self.machine.apply(command)),
            What::Roster(command) => {
                let outcome = self.roster.apply(command);
                if let Ok(RosterChange {
                    removed: Some(node), ..
                }) = &outcome
                {
                    self.sessions.forget(*node);
                }
                Answer::Roster(outcome)
            }
        };
        if let Some(id) = &change.id
            && let Ok(text) = serde_json::to_string(&answer)
        {
            self.sessions.remember(id, text);
        }
        answer
    }
}
