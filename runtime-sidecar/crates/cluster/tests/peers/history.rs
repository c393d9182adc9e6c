//! Judges a history of writes and reads of registers: is there one order in which everything happened at some moment between its
//! beginning and its end?
//!
//! A register is the list of what was written to it, and a read answers the whole list. So the order is in the reads, and a history is
//! judged without a search: lists are prefixes of one another, each write is in them at most once, and time does not run backwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a client did with one register. Times are of one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub begin: u64,
    /// `None` where the client does not know whether it happened.
    pub end: Option<u64>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Write(u64),
    Read(Vec<u64>),
}

/// Why the history of one register cannot have happened. `last` is the register at the end, when nothing was under way.
pub fn judge(history: &[Operation], last: &[u64]) -> Result<(), String> {
    let mut places = HashMap::new();
    for (place, value) in last.iter().enumerate() {
        if places.insert(*value, place).is_some() {
            return Err(format!("{value} was written twice"));
        }
    }
    let written: BTreeSet<u64> = history
        .iter()
        .filter_map(|operation| match operation.what {
            What::Write(value) => Some(value),
            What::Read(_) => None,
        })
        .collect();
    if let Some(value) = last.iter().find(|value| !written.contains(value)) {
        return Err(format!("{value} was never written"));
    }
    // The number of writes before which, or after which, an operation took effect: a write makes the list one longer.
    let mut points = Vec::new();
    for operation in history {
        let (length, is_write) = match &operation.what {
            What::Write(value) => match (places.get(value), operation.end) {
                (Some(place), _) => (place + 1, true),
                (None, None) => continue,
                (None, Some(_)) => return Err(format!("{value} was acknowledged and is lost")),
            },
            What::Read(values) => {
                if values.len() > last.len() || last[..values.len()] != values[..] {
                    return Err(format!("{values:?} was read and is no beginning of {last:?}"));
                }
                (values.len(), false)
            }
        };
        points.push((operation, length, is_write));
    }
    // Whatever ended before another began took effect before it.
    let mut ends: BTreeMap<u64, usize> = BTreeMap::new();
    for (operation, length, _) in &points {
        if let Some(end) = operation.end {
            let longest = ends.entry(end).or_default();
            *longest = (*longest).max(*length);
        }
    }
    let mut longest = 0;
    let ends: Vec<(u64, usize)> = ends
        .into_iter()
        .map(|(end, length)| {
            longest = longest.max(length);
            (end, longest)
        })
        .collect();
    for (operation, length, is_write) in &points {
        let earlier = ends.partition_point(|(end, _)| *end < operation.begin);
        let known = earlier.checked_sub(1).map_or(0, |place| ends[place].1);
        // A write comes after everything that is known, a read may see the same.
        if known >= *length + usize::from(!is_write) {
            return Err(format!(
                "{operation:?} took effect after {length} writes, when {known} were known already"
            ));
        }
    }
    Ok(())
}

fn operation(begin: u64, end: u64, what: What) -> Operation {
    Operation {
        begin,
        end: Some(end),
        what,
    }
}

fn read(begin: u64, end: u64, values: &[u64]) -> Operation {
    operation(begin, end, What::Read(values.to_vec()))
}

fn wrote(begin: u64, end: u64, value: u64) -> Operation {
    operation(begin, end, What::Write(value))
}

#[test]
fn histories_that_can_have_happened_pass() {
    judge(&[], &[]).unwrap();
    // Two writes and two reads at a time, in either order.
    let history = [wrote(0, 10, 1), wrote(0, 10, 2), read(1, 9, &[2]), read(5, 12, &[2, 1])];
    judge(&history, &[2, 1]).unwrap();
    // A write of which nobody knows may have happened, early or late, or not.
    let unknown = Operation {
        end: None,
        ..wrote(0, 0, 1)
    };
    judge(&[unknown.clone(), read(1, 2, &[])], &[]).unwrap();
    judge(&[unknown.clone(), read(1, 2, &[1])], &[1]).unwrap();
    judge(&[unknown, read(1, 2, &[]), read(3, 4, &[1])], &[1]).unwrap();
}

#[test]
fn broken_histories_are_found() {
    let broken: [(&str, Vec<Operation>, Vec<u64>); 8] = [
        ("lost", vec![wrote(0, 1, 1)], vec![]),
        ("twice", vec![wrote(0, 1, 1)], vec![1, 1]),
        ("from nowhere", vec![], vec![1]),
        ("stale read", vec![wrote(0, 1, 1), read(2, 3, &[])], vec![1]),
        (
            "backwards",
            vec![wrote(0, 9, 1), read(1, 2, &[1]), read(3, 4, &[])],
            vec![1],
        ),
        ("reordered", vec![wrote(0, 1, 1), wrote(2, 3, 2)], vec![2, 1]),
        ("from the future", vec![read(0, 1, &[1]), wrote(2, 3, 1)], vec![1]),
        (
            "split",
            vec![wrote(0, 9, 1), wrote(0, 9, 2), read(1, 2, &[1]), read(1, 2, &[2])],
            vec![1, 2],
        ),
    ];
    for (name, history, last) in broken {
        assert!(judge(&history, &last).is_err(), "{name}");
    }
}
