//! What makes a command that is sent twice happen once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::NodeId;

/// Names one command of one node for ever. A node that does not know whether its command happened sends it again under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestId {
    /// The node that was asked for the change.
    pub node: NodeId,
    /// Counts the starts of that node.
    pub life: u64,
    /// Counts its commands in this life, from 1.
    pub number: u64,
    /// Every command of this life with a smaller number is answered, or nobody waits for its answer any more.
    pub settled: u64,
}

/// More answers than a node can wait for at a time; a bound on what a node can make the others remember.
const MOST_ANSWERS: usize = 4096;

/// The answers that nodes may still ask for. Part of the replicated state, so that it holds whoever leads.
///
/// The rule is that of section 6.3 of Ongaro's dissertation on Raft, with the asking node's own word for what may be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sessions(BTreeMap<NodeId, Session>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    life: u64,
    settled: u64,
    /// By number, as JSON.
    answers: BTreeMap<u64, String>,
}

/// What has become of a command so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    /// It has happened; this was its answer, as JSON.
    Answered(String),
    /// It is from an earlier life, or its answer was given up: it must not happen now.
    Stale,
}

impl Sessions {
    pub fn look_up(&self, id: &RequestId) -> Seen {
        match self.0.get(&id.node) {
            Some(session) if id.life < session.life => Seen::Stale,
            Some(session) if id.life == session.life => match session.answers.get(&id.number) {
                Some(answer) => Seen::Answered(answer.clone()),
                None if id.number < session.settled => Seen::Stale,
                None => Seen::New,
            },
            Some(_) | None => Seen::New,
        }
    }

    /// Remembers an answer, and forgets those that are settled.
    pub fn remember(&mut self, id: &RequestId, answer: String) {
        let session = self.0.entry(id.node).or_default();
        if id.life > session.life {
            *session = Session {
                life: id.life,
                ..Session::default()
            };
        }
        session.answers.insert(id.number, answer);
        session.settled = session.settled.max(id.settled);
        while let Some((&oldest, _)) = session.answers.first_key_value() {
            if oldest >= session.settled && session.answers.len() <= MOST_ANSWERS {
                break;
            }
            session.answers.remove(&oldest);
            session.settled = session.settled.max(oldest + 1);
        }
    }

    /// Forgets a node that has left; its number is never given again.
    pub fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(life: u64, number: u64, settled: u64) -> RequestId {
        RequestId {
            node: 7,
            life,
            number,
            settled,
        }
    }

    #[test]
    fn a_command_is_known_until_its_answer_is_settled() {
        let mut sessions = Sessions::default();
        assert_eq!(sessions.look_up(&id(1, 1, 1)), Seen::New);
        sessions.remember(&id(1, 1, 1), "one".into());
        assert_eq!(sessions.look_up(&id(1, 1, 1)), Seen::Answered("one".into()));
        sessions.remember(&id(1, 2, 2), "two".into());
        assert_eq!(sessions.look_up(&id(1, 1, 1)), Seen::Stale, "its answer was settled");
        assert_eq!(sessions.look_up(&id(1, 2, 2)), Seen::Answered("two".into()));
    }

    #[test]
    fn commands_may_arrive_in_any_order() {
        let mut sessions = Sessions::default();
        sessions.remember(&id(1, 3, 1), "three".into());
        assert_eq!(sessions.look_up(&id(1, 2, 1)), Seen::New);
        sessions.remember(&id(1, 2, 1), "two".into());
        assert_eq!(sessions.look_up(&id(1, 3, 1)), Seen::Answered("three".into()));
    }

    #[test]
    fn a_command_of_an_earlier_life_comes_too_late() {
        let mut sessions = Sessions::default();
        sessions.remember(&id(2, 1, 1), "new".into());
        assert_eq!(sessions.look_up(&id(1, 9, 1)), Seen::Stale);
    }

    #[test]
    fn what_is_remembered_is_bounded_whatever_a_node_says() {
        let mut sessions = Sessions::default();
        for number in 1..=2 * MOST_ANSWERS as u64 {
            sessions.remember(&id(1, number, 0), "x".into());
        }
        assert_eq!(sessions.0[&7].answers.len(), MOST_ANSWERS);
        assert_eq!(sessions.look_up(&id(1, 1, 0)), Seen::Stale);
    }
}
