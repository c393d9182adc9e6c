//! Whether the engine can run a spec.

use std::collections::BTreeMap;

use sidecar_spec::Problem;

use crate::{dependencies, plan};

/// A spec that the engine can run, with the variables that it takes from this process; or all that is wrong with it.
pub(super) fn check(
    text: &str,
) -> Result<(zlayer_types::spec::DeploymentSpec, BTreeMap<String, String>), Vec<Problem>> {
    let spec = sidecar_spec::parse(text)?;
    let environment: BTreeMap<String, String> = plan::variables(&spec)
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    let mut problems = sidecar_spec::unserved(text, &spec);
    let place = |name: &str| {
        let found = sidecar_spec::locate(text, &format!("services.{name}"), "", "");
        (found.line, found.column)
    };
    let mut services: Vec<_> = spec
        .services
        .iter()
        .map(|(name, service)| (name.as_str(), service))
        .collect();
    services.sort_by_cached_key(|(name, _)| place(name));
    for found in plan::problems(&services, &environment) {
        let path = found.path.unwrap_or_default();
        if !problems.iter().any(|known| known.path == path) {
            problems.push(sidecar_spec::locate(text, &path, &found.code, &found.message));
        }
    }
    if let Some(ring) = dependencies::cycle(&spec) {
        let first = ring.first().cloned().unwrap_or_default();
        let message = format!(
            "the services wait for each other in a ring: {} → {first}",
            ring.join(" → ")
        );
        problems.push(sidecar_spec::locate(
            text,
            &format!("services.{first}.depends"),
            "dependency-cycle",
            &message,
        ));
    }
    problems.sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
    if problems.is_empty() {
        Ok((spec, environment))
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn of_two_services_with_one_host_port_the_later_in_the_text_is_to_blame() {
        // The order of a hash map differs from one to the next.
        for _ in 0..32 {
            let mut text = "version: v1\ndeployment: shop\nservices:\n".to_owned();
            for name in ["z", "b", "a"] {
                text += &format!(
                    "  {name}:\n    image: {{ name: nginx:1 }}\n    port_mappings: [{{ host_port: 80, container_port: 80 }}]\n"
                );
            }
            let problems = check(&text).unwrap_err();
            let found: Vec<_> = problems
                .iter()
                .map(|problem| (problem.line, problem.path.as_str()))
                .collect();
            assert_eq!(
                found,
                [(9, "services.b.port_mappings"), (12, "services.a.port_mappings")]
            );
        }
    }
}
