//! Where a field stands in the text of a spec.

use crate::path::Path;
use crate::tree::{Node, Range, Value};

/// The place of a field: its value; of what spans lines, or is not there, the nearest key above. `path` is written as in
/// [`crate::Problem::path`].
pub(crate) fn range(root: &Node, path: &str) -> Range {
    let (at, node) = deepest(root, Path::root(root), path);
    if at.text() == path {
        at.value_range(node)
    } else {
        at.key_range()
    }
}

fn deepest<'a>(node: &'a Node, at: Path, wanted: &str) -> (Path, &'a Node) {
    let children: Vec<(Path, &Node)> = match &node.value {
        Value::Scalar { .. } => Vec::new(),
        Value::Seq(items) => items
            .iter()
            .map(|item| (at.index(item.index, item.node.range), &item.node))
            .collect(),
        // Of fields given twice where that is allowed, the last counts.
        Value::Map(entries) => entries
            .iter()
            .rev()
            .map(|entry| (at.key(&entry.key), &entry.value))
            .collect(),
    };
    let mut near = None;
    for (path, child) in children {
        let text = path.text();
        if text == wanted {
            return (path, child);
        }
        if wanted
            .strip_prefix(&text)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
        {
            let found = deepest(child, path, wanted);
            // A name may hold dots, and another one be its beginning.
            if found.0.text() == wanted || !matches!(node.value, Value::Map(_)) {
                return found;
            }
            near.get_or_insert(found);
        }
    }
    near.unwrap_or((at, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, want: (u32, u32, u32)) {
        let text = "version: v1\nservices:\n  web:\n    env: {}\n  web.a:\n    env:\n      A: b\n    storage:\n      - type: bind\n        source: x\n";
        let root = crate::tree::read(text).unwrap();
        let found = range(&root, path);
        assert_eq!((found.start.line, found.start.column, found.end.column), want, "{path}");
    }

    #[test]
    fn a_field_or_the_nearest_above() {
        check("services.web.a.env.A", (7, 10, 11));
        check("services.web.a.storage[0].source", (10, 17, 18));
        check("services.web.a.storage[0].target", (9, 9, 10));
        check("services.web.a.depends", (5, 3, 8));
        check("nothing", (1, 1, 1));
    }
}
