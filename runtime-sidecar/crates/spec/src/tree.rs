//! A YAML document as a tree that knows where each node stands in the text.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, SpannedEventReceiver, Tag};

/// Deeper documents are left to `serde_yaml`, whose own limit is 128.
const MAX_DEPTH: usize = 100;
/// Nodes that aliases may add in all. A document that needs more is reported without ranges of its own.
const MAX_ALIAS_NODES: usize = 50_000;

/// A place in the text: line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position {
    pub line: u32,
    pub column: u32,
}

/// From `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Range {
    pub start: Position,
    pub end: Position,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub range: Range,
    /// As it must be written, `!pin` or `!<tag:yaml.org,2002:str>`.
    pub tag: Option<String>,
    pub value: Value,
    /// Put in to make the rest deserialise; never a place of a problem.
    pub synthetic: bool,
    /// Keys that were taken out because their value was wrong: their absence is no problem of its own.
    pub removed: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar { text: String, plain: bool },
    Seq(Vec<Item>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The place in the list as written.
    pub index: usize,
    pub node: Node,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: Node,
    pub value: Node,
}

impl Node {
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of the last entry of that name: the one that counts where names may repeat.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().rev().find(|entry| entry.key.scalar() == Some(name)),
            _ => None,
        }
    }

    pub(crate) fn placeholder(value: Value) -> Self {
        Self {
            range: Range::default(),
            tag: None,
            value,
            synthetic: true,
            removed: Vec::new(),
        }
    }

    pub(crate) fn plain(text: &str) -> Value {
        Value::Scalar {
            text: text.to_owned(),
            plain: true,
        }
    }

    pub(crate) fn children(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 0,
            Value::Seq(items) => items.len(),
            Value::Map(entries) => entries.len(),
        }
    }

    pub(crate) fn child(&self, at: usize) -> Option<&Node> {
        match &self.value {
            Value::Scalar { .. } => None,
            Value::Seq(items) => items.get(at).map(|item| &item.node),
            Value::Map(entries) => entries.get(at).map(|entry| &entry.value),
        }
    }

    pub(crate) fn child_mut(&mut self, at: usize) -> Option<&mut Node> {
        match &mut self.value {
            Value::Scalar { .. } => None,
            Value::Seq(items) => items.get_mut(at).map(|item| &mut item.node),
            Value::Map(entries) => entries.get_mut(at).map(|entry| &mut entry.value),
        }
    }

    /// The key of child `at`, where this is a mapping with scalar keys.
    pub(crate) fn key(&self, at: usize) -> Option<&str> {
        match &self.value {
            Value::Map(entries) => entries.get(at).and_then(|entry| entry.key.scalar()),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, at: usize) {
        match &mut self.value {
            Value::Scalar { .. } => {}
            Value::Seq(items) => {
                if at < items.len() {
                    items.remove(at);
                }
            }
            Value::Map(entries) => {
                if at < entries.len() {
                    let entry = entries.remove(at);
                    if let Some(key) = entry.key.scalar() {
                        self.removed.push(key.to_owned());
                    }
                }
            }
        }
    }

    pub(crate) fn at(&self, path: &[usize]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| node.child(*step))
    }

    pub(crate) fn at_mut(&mut self, path: &[usize]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, step| node.child_mut(*step))
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::Seq(items) => items.iter().map(|item| item.node.size()).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| entry.key.size() + entry.value.size())
                .sum::<usize>(),
        }
    }
}

/// Why there is no tree.
#[derive(Debug)]
pub(crate) enum NoTree {
    /// The text breaks YAML's grammar.
    Syntax { at: Position, message: String },
    /// Nothing but comments.
    Empty,
    /// A second document begins here.
    SecondDocument(Position),
    /// Too deep, or too much of it by aliases.
    TooLarge,
}

/// The one document of `text`.
pub(crate) fn read(text: &str) -> Result<Node, NoTree> {
    let mut builder = Builder::default();
    let outcome = Parser::new_from_str(text).load(&mut builder, true);
    if let Some(reason) = builder.refused {
        return Err(reason);
    }
    outcome.map_err(|error| NoTree::Syntax {
        at: position(*error.marker()),
        message: error.info().to_owned(),
    })?;
    builder.root.ok_or(NoTree::Empty)
}

fn position(marker: saphyr_parser::Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(marker.col()).unwrap_or(u32::MAX - 1) + 1,
    }
}

struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
    last_end: Position,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    alias_nodes: usize,
    documents: usize,
    root: Option<Node>,
    refused: Option<NoTree>,
}

impl Builder {
    fn done(&mut self, mut node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        let empty = matches!(&node.value, Value::Scalar { text, plain: true } if text.is_empty());
        match &mut parent.node.value {
            Value::Scalar { .. } => {}
            Value::Seq(items) => {
                parent.last_end = parent.last_end.max(node.range.end);
                items.push(Item {
                    index: items.len(),
                    node,
                });
            }
            Value::Map(entries) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => {
                    // A value that is not written has no width: show its key instead.
                    if empty {
                        node.range = key.range;
                    }
                    parent.last_end = parent.last_end.max(node.range.end);
                    entries.push(Entry { key, value: node });
                }
            },
        }
    }

    fn start(&mut self, value: Value, anchor: usize, tag: Option<String>, span: Span) {
        if self.open.len() >= MAX_DEPTH {
            self.refused = Some(NoTree::TooLarge);
            return;
        }
        let start = position(span.start);
        let range = Range {
            start,
            end: position(span.end),
        };
        let node = Node {
            range,
            tag,
            value,
            synthetic: false,
            removed: Vec::new(),
        };
        self.open.push(Open {
            node,
            anchor,
            key: None,
            last_end: start,
        });
    }

    fn end(&mut self, span: Span) {
        let Some(mut open) = self.open.pop() else { return };
        // The end event of a block collection stands at the next token, that of a flow collection at its bracket.
        open.node.range.end = if span.is_empty() {
            open.last_end
        } else {
            position(span.end)
        };
        self.done(open.node, open.anchor);
    }
}

impl<'input> SpannedEventReceiver<'input> for Builder {
    fn on_event(&mut self, event: Event<'input>, span: Span) {
        if self.refused.is_some() {
            return;
        }
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.refused = Some(NoTree::SecondDocument(position(span.start)));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let range = Range {
                    start: position(span.start),
                    end: position(span.end),
                };
                let value = Value::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                let node = Node {
                    range,
                    tag: tag.as_deref().map(written),
                    value,
                    synthetic: false,
                    removed: Vec::new(),
                };
                self.done(node, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Value::Seq(Vec::new()), anchor, tag.as_deref().map(written), span)
            }
            Event::MappingStart(anchor, tag) => {
                self.start(Value::Map(Vec::new()), anchor, tag.as_deref().map(written), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    self.alias_nodes += node.size();
                    if self.alias_nodes > MAX_ALIAS_NODES {
                        self.refused = Some(NoTree::TooLarge);
                        return;
                    }
                    let node = node.clone();
                    self.done(node, 0);
                }
                None => self.refused = Some(NoTree::TooLarge),
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
}

fn written(tag: &Tag) -> String {
    if tag.handle == "!" {
        format!("!{}", tag.suffix)
    } else {
        format!("!<{}{}>", tag.handle, tag.suffix)
    }
}
