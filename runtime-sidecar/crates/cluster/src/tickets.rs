//! The numbers under which this node asks for changes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::NodeId;
use crate::sessions::RequestId;

/// Changes for which this node waits at a time; further ones wait for their turn.
const MOST_IN_FLIGHT: usize = 512;

/// Gives a number to each change, and knows which are still waited for.
#[derive(Debug)]
pub(crate) struct Tickets {
    node: NodeId,
    life: u64,
    turns: Arc<Semaphore>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    numbers: BTreeSet<u64>,
}

/// A change that is waited for until this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub id: RequestId,
    waiting: Arc<Mutex<Waiting>>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Tickets {
    pub fn new(node: NodeId, life: u64) -> Self {
        Self {
            node,
            life,
            turns: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
            waiting: Arc::default(),
        }
    }

    pub async fn take(&self) -> Ticket {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let number = waiting.last;
        waiting.numbers.insert(number);
        let settled = waiting.numbers.first().copied().unwrap_or(number);
        Ticket {
            id: RequestId {
                node: self.node,
                life: self.life,
                number,
                settled,
            },
            waiting: Arc::clone(&self.waiting),
            _turn: turn,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.numbers.remove(&self.id.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_settled_is_what_nobody_waits_for() {
        let tickets = Tickets::new(1, 1);
        let (first, second) = (tickets.take().await, tickets.take().await);
        assert_eq!((first.id.number, second.id.number, second.id.settled), (1, 2, 1));
        drop(first);
        let third = tickets.take().await;
        assert_eq!((third.id.number, third.id.settled), (3, 2));
        drop((second, third));
        assert_eq!(tickets.take().await.id.settled, 4);
    }
}
