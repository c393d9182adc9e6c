//! Where a node stands: the path as the user reads it, and the ranges to underline.

use crate::tree::{Node, Range, Value};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Key { name: String, range: Range },
    Index { at: usize, range: Range },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    steps: Vec<Step>,
    root: Range,
}

impl Path {
    pub(crate) fn root(node: &Node) -> Self {
        let start = node.range.start;
        Self {
            steps: Vec::new(),
            root: Range { start, end: start },
        }
    }

    pub(crate) fn key(&self, key: &Node) -> Self {
        let mut path = self.clone();
        path.steps.push(Step::Key {
            name: key.scalar().unwrap_or("?").to_owned(),
            range: key.range,
        });
        path
    }

    pub(crate) fn index(&self, at: usize, range: Range) -> Self {
        let mut path = self.clone();
        path.steps.push(Step::Index { at, range });
        path
    }

    /// This path and from it down to a node of `root`.
    pub(crate) fn join(&self, root: &Node, steps: &[usize]) -> Self {
        let mut path = self.clone();
        let mut node = root;
        for step in steps {
            match &node.value {
                Value::Scalar { .. } => break,
                Value::Seq(items) => {
                    let Some(item) = items.get(*step) else { break };
                    path.steps.push(Step::Index {
                        at: item.index,
                        range: item.node.range,
                    });
                    node = &item.node;
                }
                Value::Map(entries) => {
                    let Some(entry) = entries.get(*step) else { break };
                    path.steps.push(Step::Key {
                        name: entry.key.scalar().unwrap_or("?").to_owned(),
                        range: entry.key.range,
                    });
                    node = &entry.value;
                }
            }
        }
        path
    }

    /// `services.web.depends[0].service`
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Key { name, .. } => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Index { at, .. } => text.push_str(&format!("[{at}]")),
            }
        }
        text
    }

    pub(crate) fn field(&self, name: &str) -> String {
        let text = self.text();
        if text.is_empty() {
            name.to_owned()
        } else {
            format!("{text}.{name}")
        }
    }

    /// The path without what the user named: `services.*.depends[].service`.
    pub(crate) fn pattern(&self) -> String {
        let mut text = String::new();
        for (depth, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key { name, .. } => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    let own = depth == 1 && matches!(self.first(), Some("services" | "externals" | "tunnels"));
                    text.push_str(if own { "*" } else { name });
                }
                Step::Index { .. } => text.push_str("[]"),
            }
        }
        text
    }

    fn first(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Key { name, .. }) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn last_key(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Key { name, .. } => Some(name.as_str()),
            Step::Index { .. } => None,
        })
    }

    /// The key of this node; of an item of a list, the item's first line.
    pub(crate) fn key_range(&self) -> Range {
        match self.steps.last() {
            Some(Step::Key { range, .. }) => *range,
            Some(Step::Index { range, .. }) => first_line(*range),
            None => self.root,
        }
    }

    /// Whether the last key was put in by the search itself.
    pub(crate) fn is_synthetic(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Key { range, .. }) if *range == Range::default())
    }

    /// What to underline when something is missing below this node.
    pub(crate) fn owner_range(&self) -> Range {
        self.key_range()
    }

    /// A scalar in full; of what spans lines, the key.
    pub(crate) fn value_range(&self, node: &Node) -> Range {
        if node.range.start.line == node.range.end.line && node.range.start != node.range.end {
            node.range
        } else {
            self.key_range()
        }
    }
}

fn first_line(range: Range) -> Range {
    if range.start.line == range.end.line {
        return range;
    }
    // The end of the first line is not known here; one character marks it.
    let mut end = range.start;
    end.column += 1;
    Range {
        start: range.start,
        end,
    }
}
