//! A machine whose history can be judged: registers with the whole list of what was written to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sidecar_cluster::Machine;

/// Registers by name. Each write appends, so that one that is lost or done twice is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers(pub BTreeMap<String, Vec<u64>>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    pub register: String,
    pub value: u64,
}

impl Machine for Registers {
    type Command = Write;
    /// How many values the register has now.
    type Outcome = usize;

    const FORMAT: u32 = 1;

    fn apply(&mut self, Write { register, value }: Write) -> usize {
        let values = self.0.entry(register).or_default();
        values.push(value);
        values.len()
    }
}

impl Registers {
    pub fn values(&self, register: &str) -> Vec<u64> {
        self.0.get(register).cloned().unwrap_or_default()
    }
}

pub fn write(register: &str, value: u64) -> Write {
    Write {
        register: register.into(),
        value,
    }
}
