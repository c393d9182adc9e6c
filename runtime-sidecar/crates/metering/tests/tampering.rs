//! A log or a proof that was changed never verifies.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use sidecar_metering::{EmptyLog, Entry, Hash, MeteringTree, chain, verify};

fn log() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((any::<u32>(), any::<u64>(), any::<u128>()), 1..40).prop_map(|values| {
        let entry = |(index, (used_seconds, cpu_nanoseconds, memory_byte_seconds))| Entry {
            index,
            used_seconds,
            cpu_nanoseconds,
            memory_byte_seconds,
            ..Entry::default()
        };
        (0..).zip(values).map(entry).collect()
    })
}

fn leaves(log: &[Entry]) -> Vec<Hash> {
    log.iter().map(Entry::leaf).collect()
}

fn head(log: &[Entry]) -> Hash {
    leaves(log).into_iter().fold(Hash::default(), chain)
}

/// Changes one bit of an entry.
fn tamper(entry: &mut Entry, field: u8, bit: u32) {
    match field % 7 {
        0 => entry.index ^= 1 << (bit % 32),
        1 => entry.used_seconds ^= 1 << (bit % 32),
        2 => entry.cpu_nanoseconds ^= 1 << (bit % 64),
        3 => entry.memory_byte_seconds ^= 1 << (bit % 128),
        4 => entry.network_bytes ^= 1 << (bit % 64),
        5 => entry.block_bytes ^= 1 << (bit % 64),
        _ => entry.job_id[usize::try_from(bit % 32).unwrap()] ^= 1,
    }
}

proptest! {
    #[test]
    fn every_entry_is_proved(log in log()) {
        let tree = MeteringTree::new(&leaves(&log)).unwrap();
        for entry in &log {
            prop_assert!(verify(&tree.root(), &entry.leaf(), &tree.proof(&entry.leaf()).unwrap()));
        }
    }

    #[test]
    fn a_changed_entry_is_not(log in log(), which: prop::sample::Index, field: u8, bit: u32) {
        let tree = MeteringTree::new(&leaves(&log)).unwrap();
        let mut entry = log[which.index(log.len())];
        let proof = tree.proof(&entry.leaf()).unwrap();
        tamper(&mut entry, field, bit);
        prop_assert!(!verify(&tree.root(), &entry.leaf(), &proof));
        prop_assert!(tree.proof(&entry.leaf()).is_none());
        let mut changed = log.clone();
        changed[which.index(log.len())] = entry;
        prop_assert_ne!(MeteringTree::new(&leaves(&changed)).unwrap().root(), tree.root());
        prop_assert_ne!(head(&changed), head(&log));
    }

    #[test]
    fn a_changed_proof_is_not(log in log(), which: prop::sample::Index, step: prop::sample::Index, byte in 0usize..32, bit in 0u8..8) {
        let tree = MeteringTree::new(&leaves(&log)).unwrap();
        let leaf = log[which.index(log.len())].leaf();
        let mut proof = tree.proof(&leaf).unwrap();
        prop_assume!(!proof.is_empty());
        let shorter = &proof[..proof.len() - 1];
        prop_assert!(!verify(&tree.root(), &leaf, shorter));
        let i = step.index(proof.len());
        proof[i][byte] ^= 1 << bit;
        prop_assert!(!verify(&tree.root(), &leaf, &proof));
    }

    #[test]
    fn order_and_number_of_entries_are_in_the_chain(log in log(), cut: prop::sample::Index) {
        prop_assume!(log.len() > 1);
        let mut swapped = log.clone();
        swapped.swap(0, log.len() - 1);
        prop_assert_ne!(head(&swapped), head(&log));
        let mut shorter = log.clone();
        shorter.remove(cut.index(log.len()));
        prop_assert_ne!(head(&shorter), head(&log));
    }
}

#[test]
fn an_empty_log_has_no_root() {
    assert_eq!(MeteringTree::new(&[]).unwrap_err(), EmptyLog);
}
