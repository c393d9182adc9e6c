//! Where a field stands in the text of a spec.

use crate::path::Path;
use crate::report::{Report, Words};
use crate::tree::{self, Node, Value};
use crate::{Problem, syntax};

/// A problem that was found outside of this crate, at the place of its field: the field itself, or else the nearest one
/// above that is there. `path` is written as in [`Problem::path`].
#[must_use]
pub fn locate(text: &str, path: &str, code: &str, message: &str) -> Problem {
    let mut report = Report::default();
    let words = Words::new(code, message);
    match tree::read(text) {
        Ok(root) => {
            let at = deepest(&root, Path::root(&root), path);
            report.add(at.key_range(), path.to_owned(), words);
        }
        Err(_) => report.add(tree::Range::default(), path.to_owned(), words),
    }
    let mut problem = report.finish().swap_remove(0);
    syntax::clamp(text, &mut problem);
    problem
}

fn deepest(node: &Node, at: Path, wanted: &str) -> Path {
    let children: Vec<(Path, &Node)> = match &node.value {
        Value::Scalar { .. } => Vec::new(),
        Value::Seq(items) => items
            .iter()
            .map(|item| (at.index(item.index, item.node.range), &item.node))
            .collect(),
        Value::Map(entries) => entries.iter().map(|entry| (at.key(&entry.key), &entry.value)).collect(),
    };
    for (path, child) in children {
        let text = path.text();
        if text == wanted {
            return path;
        }
        if wanted
            .strip_prefix(&text)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
        {
            return deepest(child, path, wanted);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, want: (u32, u32, u32)) {
        let text = "version: v1\nservices:\n  web.a:\n    env:\n      A: b\n    storage:\n      - type: bind\n        source: x\n";
        let found = locate(text, path, "c", "m");
        assert_eq!((found.line, found.column, found.end_column), want, "{path}");
        assert_eq!(found.path, path);
    }

    #[test]
    fn a_field_or_the_nearest_above() {
        check("services.web.a.env.A", (5, 7, 8));
        check("services.web.a.storage[0].source", (8, 9, 15));
        check("services.web.a.storage[0].target", (7, 9, 10));
        check("services.web.a.depends", (3, 3, 8));
        // Never empty: an editor marks it.
        check("nothing", (1, 1, 2));
    }
}
