//! The order in which services may start.

use std::collections::BTreeMap;

use zlayer_types::spec::DeploymentSpec;

/// Services that wait for each other in a ring, each with the one it waits for: `["a", "b", "c"]` says that a waits for b,
/// b for c, and c for a. `None` when there is no ring.
pub fn cycle(spec: &DeploymentSpec) -> Option<Vec<String>> {
    let edges: BTreeMap<&str, Vec<&str>> = spec
        .services
        .iter()
        .map(|(name, service)| {
            (
                name.as_str(),
                service.depends.iter().map(|d| d.service.as_str()).collect(),
            )
        })
        .collect();
    let mut done = Vec::new();
    let mut path = Vec::new();
    edges.keys().find_map(|name| visit(name, &edges, &mut path, &mut done))
}

fn visit<'a>(
    name: &'a str,
    edges: &BTreeMap<&'a str, Vec<&'a str>>,
    path: &mut Vec<&'a str>,
    done: &mut Vec<&'a str>,
) -> Option<Vec<String>> {
    if done.contains(&name) {
        return None;
    }
    if let Some(start) = path.iter().position(|seen| *seen == name) {
        return Some(path[start..].iter().map(|s| (*s).to_owned()).collect());
    }
    path.push(name);
    let found = edges
        .get(name)
        .into_iter()
        .flatten()
        .find_map(|next| visit(next, edges, path, done));
    path.pop();
    done.push(name);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(depends: &[(&str, &[&str])], want: Option<&[&str]>) {
        let mut text = "version: v1\ndeployment: shop\nservices:\n".to_owned();
        for (name, on) in depends {
            text += &format!("  {name}:\n    image: {{ name: nginx:1 }}\n    depends:\n");
            for other in *on {
                text += &format!("      - service: {other}\n");
            }
            if on.is_empty() {
                text += "      []\n";
            }
        }
        let spec = zlayer_types::spec::from_yaml_str(&text).unwrap();
        assert_eq!(
            cycle(&spec).as_deref(),
            want.map(|w| w.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
                .as_deref()
        );
    }

    #[test]
    fn rings_are_found_and_named() {
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &[])], None);
        check(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])], None);
        check(&[("a", &["a"])], Some(&["a"]));
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])], Some(&["b", "c"]));
    }
}
