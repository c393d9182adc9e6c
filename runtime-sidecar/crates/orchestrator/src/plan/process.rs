//! The command and the environment of a service's first process.

use std::collections::BTreeMap;

use sidecar_image::Image;
use zlayer_types::spec::ServiceSpec;

const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An entrypoint of the spec replaces the image's entrypoint and command, as ZLayer and Docker do.
pub(super) fn command(spec: &ServiceSpec, image: &Image) -> Vec<String> {
    let image = &image.config;
    let (entrypoint, default_args) = match &spec.command.entrypoint {
        Some(entrypoint) => (entrypoint, &[][..]),
        None => (&image.entrypoint, image.cmd.as_slice()),
    };
    let args = spec.command.args.as_deref().unwrap_or(default_args);
    entrypoint.iter().chain(args).cloned().collect()
}

/// The image's environment, and over it the spec's.
pub(super) fn merge_env(image: &[String], spec: BTreeMap<String, String>) -> Vec<String> {
    let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = image
        .iter()
        .filter(|line| !spec.contains_key(&name(line)))
        .cloned()
        .collect();
    if !spec.contains_key("PATH") && !lines.iter().any(|line| name(line) == "PATH") {
        lines.push(DEFAULT_PATH.to_owned());
    }
    lines.extend(spec.into_iter().map(|(name, value)| format!("{name}={value}")));
    lines
}
