//! A machine small enough to see what it holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sidecar_cluster::Machine;

/// Counters by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters(pub BTreeMap<String, u64>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    pub name: String,
    pub amount: u64,
}

impl Machine for Counters {
    type Command = Add;
    /// The counter after the addition.
    type Outcome = u64;

    const FORMAT: u32 = 1;

    fn apply(&mut self, Add { name, amount }: Add) -> u64 {
        let counter = self.0.entry(name).or_default();
        *counter = counter.wrapping_add(amount);
        *counter
    }
}

pub fn add(name: &str, amount: u64) -> Add {
    Add {
        name: name.into(),
        amount,
    }
}
