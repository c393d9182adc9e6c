//! Whether the engine can run a spec.

use std::collections::BTreeMap;

use sidecar_spec::Problem;
use zlayer_types::spec::DeploymentSpec;

/// A spec that the engine can run, with the variables that it takes from this process; or all that is wrong with it.
pub(super) fn check(text: &str) -> Result<(DeploymentSpec, BTreeMap<String, String>), Vec<Problem>> {
    let spec = sidecar_spec::parse(text)?;
    let environment: BTreeMap<String, String> = sidecar_spec::variables(&spec)
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    let mut problems = sidecar_spec::unserved(text, &spec);
    problems.extend(sidecar_spec::impossible(text, &spec, Some(&environment)));
    problems.sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
    if problems.is_empty() {
        Ok((spec, environment))
    } else {
        Err(problems)
    }
}
