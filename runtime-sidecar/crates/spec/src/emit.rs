//! A tree as YAML text again, in a form whose every node begins at a place that leads back to it.
//!
//! `serde_yaml` reports where an error is in the text it read. Written one node a line, that place names the node.

use std::fmt::Write as _;

use crate::tree::{Node, Value};

/// YAML text, and for each line and column (from 1) where a node begins, the node.
pub(crate) struct Emitted {
    pub text: String,
    marks: Vec<Mark>,
}

struct Mark {
    line: usize,
    column: usize,
    path: Vec<usize>,
    key: bool,
}

impl Emitted {
    /// The node that begins there; where a mapping begins with its first key, `key` decides which is meant.
    pub(crate) fn at(&self, line: usize, column: usize, key: bool) -> Option<&[usize]> {
        let here = |mark: &&Mark| mark.line == line && mark.column == column;
        self.marks
            .iter()
            .filter(here)
            .find(|mark| mark.key == key)
            .or_else(|| self.marks.iter().find(here))
            .map(|mark| mark.path.as_slice())
    }
}

pub(crate) fn emit(node: &Node) -> Emitted {
    let mut writer = Writer {
        text: String::new(),
        marks: Vec::new(),
        line: 1,
        column: 1,
        path: Vec::new(),
    };
    writer.node(node, 0, true);
    writer.newline();
    Emitted {
        text: writer.text,
        marks: writer.marks,
    }
}

struct Writer {
    text: String,
    marks: Vec<Mark>,
    line: usize,
    column: usize,
    path: Vec<usize>,
}

impl Writer {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn newline(&mut self) {
        self.text.push('\n');
        self.line += 1;
        self.column = 1;
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.write(" ");
        }
    }

    fn mark(&mut self, key: bool) {
        self.marks.push(Mark {
            line: self.line,
            column: self.column,
            path: self.path.clone(),
            key,
        });
    }

    /// Writes `node` after a key, after a dash, or at the root.
    fn node(&mut self, node: &Node, depth: usize, root: bool) {
        if let Some(tag) = &node.tag {
            if !root {
                self.write(" ");
            }
            // libyaml places a tagged node at its tag.
            self.mark(false);
            self.write(tag);
        }
        let inline = root && node.tag.is_none();
        match &node.value {
            Value::Scalar { text, plain } => {
                if !(*plain && text.is_empty()) {
                    if !inline {
                        self.write(" ");
                    }
                    self.mark(false);
                    self.scalar(text, *plain);
                } else {
                    self.mark(false);
                }
            }
            Value::Seq(items) if items.is_empty() => {
                if !inline {
                    self.write(" ");
                }
                self.mark(false);
                self.write("[]");
            }
            Value::Map(entries) if entries.is_empty() => {
                if !inline {
                    self.write(" ");
                }
                self.mark(false);
                self.write("{}");
            }
            Value::Seq(items) => {
                for (at, item) in items.iter().enumerate() {
                    if !(inline && at == 0) {
                        self.newline();
                    }
                    self.indent(depth);
                    if at == 0 {
                        self.mark(false);
                    }
                    self.write("-");
                    self.path.push(at);
                    self.node(&item.node, depth + 1, false);
                    self.path.pop();
                }
            }
            Value::Map(entries) => {
                for (at, entry) in entries.iter().enumerate() {
                    if !(inline && at == 0) {
                        self.newline();
                    }
                    self.indent(depth);
                    if at == 0 {
                        self.mark(false);
                    }
                    self.path.push(at);
                    self.mark(true);
                    self.key(&entry.key, depth);
                    self.write(":");
                    self.node(&entry.value, depth + 1, false);
                    self.path.pop();
                }
            }
        }
    }

    fn key(&mut self, key: &Node, depth: usize) {
        if let Some(tag) = &key.tag {
            self.write(tag);
            self.write(" ");
        }
        match &key.value {
            Value::Scalar { text, plain } if !(*plain && text.is_empty()) && text.len() < 100 => {
                self.scalar(text, *plain)
            }
            // A key that is itself a collection, or is empty or long, needs YAML's explicit form.
            _ => {
                self.write("?");
                let path = std::mem::take(&mut self.path);
                let before = self.marks.len();
                self.node(key, depth + 1, false);
                self.marks.truncate(before);
                self.path = path;
                self.newline();
                self.indent(depth);
            }
        }
    }

    fn scalar(&mut self, text: &str, plain: bool) {
        // What could be a number, a boolean or null stays as written; all else means the same in quotes.
        let bare = plain
            && text.len() < 100
            && text != "-"
            && !text.starts_with("---")
            && !text.starts_with("...")
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | '~'));
        if bare {
            self.write(text);
            return;
        }
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                ' '..='~' => quoted.push(c),
                _ if u32::from(c) <= 0xffff => {
                    let _ = write!(quoted, "\\u{:04x}", u32::from(c));
                }
                _ => {
                    let _ = write!(quoted, "\\U{:08x}", u32::from(c));
                }
            }
        }
        quoted.push('"');
        self.write(&quoted);
    }
}
