//! Words for what is wrong: what it is, and what to write instead.

use crate::path::Path;
use crate::reason::Reason;
use crate::report::Words;
use crate::tree::{Node, Value};

/// Keys that people bring from elsewhere: where they are written (a pattern), the key, what to do.
const HABITS: &[(&str, &str, &str)] = &[
    (
        "services.*",
        "ports",
        "publish ports with `port_mappings: [{host_port: 8080, container_port: 80}]`",
    ),
    (
        "services.*",
        "volumes",
        "mount with `storage`, for example `- {type: bind, source: /srv/data, target: /data}`",
    ),
    (
        "services.*",
        "volume",
        "mount with `storage`, for example `- {type: named, name: data, target: /data}`",
    ),
    (
        "services.*",
        "environment",
        "call it `env` and write `NAME: value` pairs",
    ),
    ("services.*", "env_file", "write the variables under `env`"),
    (
        "services.*",
        "restart",
        "write `restart_policy: {kind: always}` (no, always, unless_stopped or on_failure)",
    ),
    (
        "services.*",
        "depends_on",
        "write `depends: [{service: NAME, condition: healthy}]`",
    ),
    (
        "services.*",
        "healthcheck",
        "write `health: {check: {type: command, command: \"…\"}}`",
    ),
    ("services.*", "entrypoint", "write `command: {entrypoint: [\"…\"]}`"),
    ("services.*", "args", "write `command: {args: [\"…\"]}`"),
    ("services.*", "working_dir", "write `command: {workdir: /path}`"),
    ("services.*", "workdir", "write `command: {workdir: /path}`"),
    ("services.*", "replicas", "write `scale: {mode: fixed, replicas: 3}`"),
    (
        "services.*",
        "deploy",
        "write `scale` for the number of replicas and `resources` for limits",
    ),
    (
        "services.*",
        "container_name",
        "containers are named after deployment, service and replica; use `hostname` for the name inside",
    ),
    (
        "services.*",
        "networks",
        "services of one deployment reach each other by name; `network` holds the overlay settings",
    ),
    (
        "services.*",
        "build",
        "build the image first and name it in `image: {name: …}`",
    ),
    ("services.*", "cpus", "write `resources: {cpu: 0.5}`"),
    ("services.*", "cpu", "write `resources: {cpu: 0.5}`"),
    ("services.*", "mem_limit", "write `resources: {memory: 512Mi}`"),
    ("services.*", "memory", "write `resources: {memory: 512Mi}`"),
    ("services.*", "tmpfs", "write `storage: [{type: tmpfs, target: /tmp}]`"),
    ("services.*", "read_only", "call it `read_only_root_fs`"),
    (
        "services.*",
        "init",
        "`init` holds steps to run before the service; for an init process write `init_container: true`",
    ),
    ("services.*", "logging", "write `logs: {max_size_bytes: …}`"),
    (
        "services.*",
        "dns_search",
        "search domains are set by the engine; leave this out",
    ),
    ("services.*", "pids_limit", "write `resources: {pids_limit: 100}`"),
    ("services.*", "gpus", "write `resources: {gpu: {count: 1}}`"),
    (
        "services.*.health",
        "test",
        "write `check: {type: command, command: \"…\"}`",
    ),
    ("services.*.health", "start_period", "call it `start_grace`"),
    (
        "services.*.image",
        "tag",
        "write the tag in the name: `name: nginx:1.27`",
    ),
    ("services.*.command", "cmd", "call it `args`"),
    ("services.*.resources", "cpus", "call it `cpu`"),
    (
        "services.*.resources",
        "limits",
        "write `cpu` and `memory` directly under `resources`",
    ),
    ("", "name", "call it `deployment`"),
    (
        "",
        "networks",
        "services of one deployment reach each other by name; leave this out",
    ),
    (
        "",
        "volumes",
        "volumes are made where a service's `storage` names them; leave this out",
    ),
    (
        "",
        "secrets",
        "secrets are kept by the engine and read with `$S:name` in `env`; leave this out",
    ),
    (
        "",
        "configs",
        "write a file with a bind mount in a service's `storage`; leave this out",
    ),
];

/// Values of the wrong kind whose right form is worth showing.
const FORMS: &[(&str, &str)] = &[
    ("services.*.image", "write `image: {name: nginx:1.27}`"),
    (
        "services.*.command",
        "write `command: {args: [\"…\"]}`; `entrypoint` and `workdir` go there too",
    ),
    ("services.*.scale", "write `scale: {mode: fixed, replicas: 2}`"),
    ("services.*.env", "write `env:` with one `NAME: value` a line"),
    ("services.*.depends", "write a list: `depends: [{service: NAME}]`"),
    ("services.*.depends[]", "write `- service: NAME`"),
    (
        "services.*.endpoints[]",
        "write `- {name: http, protocol: http, port: 8080}`",
    ),
    (
        "services.*.storage[]",
        "write `- {type: bind, source: /srv/data, target: /data}`",
    ),
    (
        "services.*.port_mappings[]",
        "write `- {host_port: 8080, container_port: 80}`",
    ),
    ("services.*.restart_policy", "write `restart_policy: {kind: always}`"),
    ("services.*.health", "write `health: {check: {type: tcp, port: 8080}}`"),
    ("services.*.health.check", "write `check: {type: tcp, port: 8080}`"),
    ("services.*.resources", "write `resources: {cpu: 0.5, memory: 512Mi}`"),
    (
        "services.*.resources.memory",
        "write a whole number and Ki, Mi, Gi or Ti, for example `512Mi`",
    ),
    (
        "services.*.affinity",
        "write `spread`, `pack` or `!pin \"label=value\"`",
    ),
    (
        "services.*.ulimits",
        "write `ulimits: {nofile: {soft: 1024, hard: 4096}}`",
    ),
    ("services.*.extra_hosts", "write a list of `\"name:address\"`"),
    ("services.*.labels", "write `labels:` with one `name: value` a line"),
    ("services", "write each service as `name:` with its fields below"),
];

/// Code and message for `reason` at `path`; `node` is the value at fault.
pub(crate) fn explain(reason: &Reason, path: &Path, node: Option<&Node>) -> Words {
    match reason {
        Reason::UnknownField { name, expected } => unknown_field(name, expected, path),
        Reason::MissingField { name } => {
            let form = form(&join(&path.pattern(), name))
                .map(|form| format!(": {form}"))
                .unwrap_or_default();
            Words::new("missing-field", format!("`{name}` is required here{form}."))
        }
        Reason::DuplicateField { name } => Words::new(
            "duplicate-field",
            format!("`{name}` is given twice. Keep one of the two."),
        ),
        Reason::UnknownVariant { found, expected } if found.is_empty() => Words::new(
            "unknown-value",
            format!("{} has no value: use {}.", capital(&here(path)), list(expected)),
        ),
        Reason::UnknownVariant { found, expected } => {
            let close = closest(found, expected)
                .map(|word| format!(" Did you mean `{word}`?"))
                .unwrap_or_default();
            let pinned = if found == "pin" {
                " Write the tag `!pin \"label=value\"`."
            } else {
                ""
            };
            Words::new(
                "unknown-value",
                format!(
                    "`{found}` is not a value of {}: use {}.{close}{pinned}",
                    here(path),
                    list(expected)
                ),
            )
        }
        Reason::WrongType { found, expected } => {
            let form = form(&path.pattern())
                .map(|form| format!("; {form}"))
                .unwrap_or_default();
            let mut words = format!(
                "{} must be {}, not {}{form}.",
                capital(&here(path)),
                kind(expected),
                described(found, node)
            );
            if node.is_some_and(|node| {
                node.tag.is_none()
                    && node.scalar() == Some("")
                    && matches!(node.value, Value::Scalar { plain: true, .. })
            }) {
                words = format!(
                    "{} has no value: it must be {}{form}.",
                    capital(&here(path)),
                    kind(expected)
                );
            }
            if path.last_key() == Some("<<") {
                "ZLayer does not read YAML merge keys (`<<`). Write the fields out.".clone_into(&mut words);
            }
            if matches!(
                path.last_key(),
                Some("port" | "target_port" | "host_port" | "container_port" | "local_port" | "remote_port")
            ) && found.contains("integer")
            {
                words.push_str(" Ports are 1 to 65535.");
            }
            Words::new("wrong-type", words)
        }
        Reason::Other(text) => other(text, path),
    }
}

fn other(text: &str, path: &Path) -> Words {
    if let Some(why) = text.strip_prefix("invalid duration: ") {
        return Words::new(
            "invalid-duration",
            format!(
                "{} is not a duration ({why}). Write a number and a unit, for example 500ms, 30s or 1m30s.",
                capital(&here(path))
            ),
        );
    }
    if path.last_key() == Some("name") && path.pattern().ends_with("image.name") {
        return Words::new(
            "invalid-image",
            format!("This is not an image name ({text}). Write for example `nginx:1.27` or `ghcr.io/owner/app:tag`."),
        );
    }
    if text.contains("network mode") {
        return Words::new(
            "unknown-value",
            format!(
                "{}. Use default, host, none, bridge:NAME or container:ID.",
                capital(text)
            ),
        );
    }
    Words::new(
        "invalid-value",
        format!("{} cannot be used: {text}.", capital(&here(path))),
    )
}

fn unknown_field(name: &str, expected: &[String], path: &Path) -> Words {
    let pattern = path.pattern();
    let owner = pattern.rsplit_once('.').map_or("", |(owner, _)| owner);
    if name == "<<" {
        return Words::new(
            "merge-key",
            "ZLayer does not read YAML merge keys (`<<`). Write the fields out.",
        );
    }
    let habit = HABITS.iter().find(|(at, key, _)| *at == owner && *key == name);
    if let Some((_, _, advice)) = habit {
        return Words::new("unknown-field", format!("`{name}` is not a field here: {advice}."));
    }
    if let Some(word) = closest(name, expected) {
        return Words::new(
            "unknown-field",
            format!("`{name}` is not a field here. Did you mean `{word}`?"),
        );
    }
    let known = match expected.len() {
        0 => " Nothing is expected here.".to_owned(),
        1..=12 => format!(" Known are {}.", list(expected)),
        _ => String::new(),
    };
    Words::new(
        "unknown-field",
        format!("`{name}` is not a field here.{known} Remove it."),
    )
}

fn form(pattern: &str) -> Option<&'static str> {
    FORMS.iter().find(|(at, _)| *at == pattern).map(|(_, form)| *form)
}

fn join(pattern: &str, name: &str) -> String {
    if pattern.is_empty() {
        name.to_owned()
    } else {
        format!("{pattern}.{name}")
    }
}

fn here(path: &Path) -> String {
    match path.last_key() {
        Some(key) => format!("`{key}`"),
        None => "the spec".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

fn list(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

/// serde's name for what it wants, in words of YAML.
fn kind(expected: &str) -> String {
    let plain = match expected {
        "a string" | "string" => "text",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f64" | "f32" => "a number",
        "a sequence" => "a list",
        "a map" => "a mapping",
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum") => "a mapping",
        _ if expected.starts_with("enum ") || expected == "string or map" => "one of its names",
        _ => expected,
    };
    plain.to_owned()
}

fn described(found: &str, node: Option<&Node>) -> String {
    if let Some(text) = node.and_then(Node::scalar)
        && !found.starts_with("unit")
        && !text.is_empty()
        && text.chars().count() <= 40
        && !text.contains(['\n', '`'])
    {
        return match found.split_once(' ') {
            Some(("string", _)) => format!("the text `{text}`"),
            _ => format!("`{text}`"),
        };
    }
    match found {
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit value" | "null" => "empty".to_owned(),
        _ if found.starts_with("string") => "text".to_owned(),
        other => other.to_owned(),
    }
}

/// The word that a slip of the hand would turn into `typed`.
pub(crate) fn closest<'a, W: AsRef<str>>(typed: &str, words: &'a [W]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    words
        .iter()
        .map(|word| (distance(&plain(typed), &plain(word.as_ref())), word.as_ref()))
        .filter(|(far, word)| *far <= 1 + word.len().min(typed.len()) / 5)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Letters to insert, remove, replace or swap with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a.get(i - 1) != b.get(j - 1));
            let at = |rows: &[Vec<usize>], r: usize, c: usize| {
                rows.get(r)
                    .and_then(|row| row.get(c))
                    .copied()
                    .unwrap_or(usize::MAX / 2)
            };
            let left = row.last().copied().unwrap_or(0) + 1;
            let mut best = left.min(at(&rows, i - 1, j) + 1).min(at(&rows, i - 1, j - 1) + cost);
            if i > 1 && j > 1 && a.get(i - 1) == b.get(j - 2) && a.get(i - 2) == b.get(j - 1) {
                best = best.min(at(&rows, i - 2, j - 2) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}
