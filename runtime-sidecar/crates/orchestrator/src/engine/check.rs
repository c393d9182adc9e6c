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
    for found in plan::problems(&spec, &environment) {
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
