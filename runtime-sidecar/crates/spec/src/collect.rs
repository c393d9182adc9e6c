//! Finds every error of deserialisation where `serde` reports only the first.
//!
//! Each round deserialises the tree. The node at fault is located and reported, then repaired (taken out, or, where a value
//! is required, replaced by a placeholder that fits), and the next round finds the next. What a repair itself brings about is
//! never reported.

use serde::de::DeserializeOwned;

use crate::emit::{Emitted, emit};
use crate::explain::explain;
use crate::path::Path;
use crate::reason::Reason;
use crate::report::Report;
use crate::tree::{Entry, Node, Value};

/// Rounds for one value; the rest of the errors is found when the first of them are mended.
const MAX_ROUNDS: usize = 400;
/// Trial deserialisations for one value, so that a large and very wrong one costs bounded time.
const MAX_TRIALS: usize = 4_000;

/// What a required value may look like, tried in this order.
const PLACEHOLDERS: [&str; 5] = ["placeholder", "1", "{}", "[]", "1s"];

/// Reports all that keeps `node` from being a `T`; `node` is repaired on the way. `None`: it could not be.
pub(crate) fn collect<T: DeserializeOwned>(node: &mut Node, base: &Path, report: &mut Report) -> Option<T> {
    let mut search = Search { trials: 0, attempts: 0 };
    for _ in 0..MAX_ROUNDS {
        let emitted = emit(node);
        let error = match serde_yaml::from_str::<T>(&emitted.text) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if report.full() {
            return None;
        }
        let reason = Reason::of(&error);
        let fault = search.locate::<T>(node, &emitted, &error, &reason);
        if !search.settle::<T>(node, &fault, &reason, base, report) {
            return None;
        }
    }
    None
}

fn place(error: &serde_yaml::Error, emitted: &Emitted, key: bool) -> Vec<usize> {
    error
        .location()
        .and_then(|place| emitted.at(place.line(), place.column(), key))
        .map(<[usize]>::to_vec)
        .unwrap_or_default()
}

struct Fault {
    /// The node at fault, or the mapping that lacks a field.
    path: Vec<usize>,
    /// The fault is the entry itself (its key), not the value.
    key: bool,
}

enum Meant {
    Variant(String),
    /// The name says what kind of mapping it stands in, and no kind fits.
    UnknownKind,
    Anything,
}

struct Search {
    trials: usize,
    attempts: usize,
}

impl Search {
    fn locate<T: DeserializeOwned>(
        &mut self,
        root: &Node,
        emitted: &Emitted,
        error: &serde_yaml::Error,
        reason: &Reason,
    ) -> Fault {
        let wants_key = matches!(reason, Reason::UnknownField { .. });
        let mut path = place(error, emitted, wants_key);
        match reason {
            Reason::UnknownField { name, .. } => {
                // Straight at the key, or somewhere below where the error passed through a buffer.
                if let (Some(last), Some(parent)) = (
                    path.last(),
                    root.at(path.get(..path.len().saturating_sub(1)).unwrap_or_default()),
                ) && parent.key(*last) == Some(name)
                {
                    return Fault { path, key: true };
                }
                path = place(error, emitted, false);
                while let Some(parent) = root.at(&path) {
                    if let Some(at) = (0..parent.children()).find(|at| parent.key(*at) == Some(name)) {
                        path.push(at);
                        return Fault { path, key: true };
                    }
                    match self.culprit::<T>(root, &path, reason) {
                        Some(at) => path.push(at),
                        None => break,
                    }
                }
                Fault { path, key: false }
            }
            Reason::DuplicateField { name } => {
                while let Some(parent) = root.at(&path) {
                    let twice: Vec<usize> = (0..parent.children())
                        .filter(|at| parent.key(*at) == Some(name))
                        .collect();
                    if let [_, second, ..] = twice.as_slice() {
                        path.push(*second);
                        return Fault { path, key: true };
                    }
                    match self.culprit::<T>(root, &path, reason) {
                        Some(at) => path.push(at),
                        None => break,
                    }
                }
                // Two names of one field (an alias): the later of the two is taken out by trial.
                Fault { path, key: false }
            }
            _ => {
                while root.at(&path).is_some_and(|node| node.children() > 0) {
                    match self.culprit::<T>(root, &path, reason) {
                        Some(at) => path.push(at),
                        None => break,
                    }
                }
                Fault { path, key: false }
            }
        }
    }

    /// The child without which this error does not occur.
    fn culprit<T: DeserializeOwned>(&mut self, root: &Node, path: &[usize], reason: &Reason) -> Option<usize> {
        let node = root.at(path)?;
        // A value of the wrong kind is wrong whatever it holds.
        if let Reason::WrongType { found, .. } = reason
            && ((found == "map" && matches!(node.value, Value::Map(_)))
                || (found == "sequence" && matches!(node.value, Value::Seq(_))))
        {
            let mut emptied = root.clone();
            if let Some(target) = emptied.at_mut(path) {
                target.value = if found == "map" {
                    Value::Map(Vec::new())
                } else {
                    Value::Seq(Vec::new())
                };
            }
            if self.try_one::<T>(&emptied).as_ref() == Some(reason) {
                return None;
            }
        }
        let mut weak = None;
        for at in 0..node.children() {
            let mut trial = root.clone();
            trial.at_mut(path)?.remove(at);
            let outcome = self.try_one::<T>(&trial);
            if self.trials > MAX_TRIALS {
                return None;
            }
            match outcome {
                Some(after) if &after == reason => {}
                // The child is required: its absence hides the error whether or not the child is to blame.
                Some(Reason::MissingField { name }) if node.key(at) == Some(name.as_str()) => {
                    let child = node.child(at)?;
                    if child.scalar().is_some_and(|text| reason.quotes(text)) {
                        return Some(at);
                    }
                    if weak.is_none() && (child.children() > 0 || matches!(reason, Reason::Other(_))) {
                        weak = Some(at);
                    }
                }
                _ => return Some(at),
            }
        }
        weak
    }

    fn try_one<T: DeserializeOwned>(&mut self, root: &Node) -> Option<Reason> {
        self.trials += 1;
        serde_yaml::from_str::<T>(&emit(root).text)
            .err()
            .as_ref()
            .map(Reason::of)
    }

    /// Reports the fault and repairs it. `false`: it cannot be repaired.
    fn settle<T: DeserializeOwned>(
        &mut self,
        root: &mut Node,
        fault: &Fault,
        reason: &Reason,
        base: &Path,
        report: &mut Report,
    ) -> bool {
        let path = base.join(root, &fault.path);
        if let Reason::MissingField { name } = reason {
            let Some(map) = root.at_mut(&fault.path) else {
                return false;
            };
            if !map.synthetic && !map.removed.contains(name) {
                report.add(path.owner_range(), path.field(name), explain(reason, &path, None));
            }
            let Some(map) = root.at_mut(&fault.path) else {
                return false;
            };
            return match &mut map.value {
                Value::Map(entries) => {
                    entries.push(Entry {
                        key: Node::placeholder(Node::plain(name)),
                        value: Node::placeholder(Node::plain(PLACEHOLDERS[0])),
                    });
                    self.attempts = 0;
                    true
                }
                _ => self.drop_parent(root, &fault.path),
            };
        }
        let Some(node) = root.at_mut(&fault.path) else {
            return false;
        };
        if node.synthetic && !fault.key {
            return self.next_placeholder(root, &fault.path, reason);
        }
        let node = node.clone();
        if path.is_synthetic() {
            // A placeholder in the wrong place goes again.
        } else if fault.key {
            report.add(path.key_range(), path.text(), explain(reason, &path, Some(&node)));
        } else {
            report.add(
                path.value_range(&node),
                path.text(),
                explain(reason, &path, Some(&node)),
            );
        }
        let Some((last, parent)) = fault.path.split_last() else {
            return false;
        };
        if let Reason::UnknownVariant { expected, .. } = reason
            && !fault.key
        {
            match self.meant::<T>(root, &fault.path, expected) {
                Meant::Variant(text) => {
                    if let Some(node) = root.at_mut(&fault.path) {
                        *node = Node::placeholder(Node::plain(&text));
                    }
                    return true;
                }
                // What else the mapping holds cannot be judged before its kind is known.
                Meant::UnknownKind => return self.drop_parent(root, &fault.path),
                Meant::Anything => {}
            }
        }
        if let Some(parent) = root.at_mut(parent) {
            parent.remove(*last);
        }
        true
    }

    /// What a name that is not known may have meant: the one with which the rest of the mapping is right.
    fn meant<T: DeserializeOwned>(&mut self, root: &Node, path: &[usize], expected: &[String]) -> Meant {
        let Some((last, parent)) = path.split_last() else {
            return Meant::Anything;
        };
        for variant in expected {
            let mut trial = root.clone();
            let Some(node) = trial.at_mut(path) else { break };
            node.value = Node::plain(variant);
            self.trials += 1;
            let emitted = emit(&trial);
            match serde_yaml::from_str::<T>(&emitted.text) {
                Ok(_) => return Meant::Variant(variant.clone()),
                Err(error) => {
                    // An error of a whole mapping may be told at what holds it.
                    let at = place(&error, &emitted, false);
                    if !at.starts_with(parent) && !parent.starts_with(&at) {
                        return Meant::Variant(variant.clone());
                    }
                }
            }
        }
        let mut without = root.clone();
        let key = root.at(parent).and_then(|map| map.key(*last)).map(str::to_owned);
        if let Some(map) = without.at_mut(parent) {
            map.remove(*last);
        }
        match self.try_one::<T>(&without) {
            Some(Reason::MissingField { name }) if Some(&name) == key.as_ref() => Meant::UnknownKind,
            _ => Meant::Anything,
        }
    }

    fn next_placeholder(&mut self, root: &mut Node, path: &[usize], reason: &Reason) -> bool {
        let Some(node) = root.at_mut(path) else { return false };
        if let Reason::UnknownVariant { expected, .. } = reason
            && let Some(first) = expected.first()
            && node.scalar() != Some(first)
        {
            node.value = Node::plain(first);
            return true;
        }
        self.attempts += 1;
        let Some(text) = PLACEHOLDERS.get(self.attempts) else {
            return self.drop_parent(root, path);
        };
        node.value = match *text {
            "{}" => Value::Map(Vec::new()),
            "[]" => Value::Seq(Vec::new()),
            plain => Node::plain(plain),
        };
        true
    }

    /// Nothing fits here: the whole that needs it goes, unreported, because its own faults were.
    fn drop_parent(&mut self, root: &mut Node, path: &[usize]) -> bool {
        self.attempts = 0;
        let mut above = path;
        while let Some((last, rest)) = above.split_last() {
            above = rest;
            let Some((at, grand)) = above.split_last() else {
                return false;
            };
            let _ = last;
            if root.at(above).is_some_and(|node| !node.synthetic) {
                if let Some(grand) = root.at_mut(grand) {
                    grand.remove(*at);
                }
                return true;
            }
        }
        false
    }
}
