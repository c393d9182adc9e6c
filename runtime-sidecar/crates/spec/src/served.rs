//! The fields that this engine does.

use zlayer_types::spec::{DeploymentSpec, ServiceSpec};

use crate::Problem;
use crate::emit::emit;
use crate::path::Path;
use crate::report::{Report, Words};
use crate::tree::{Node, Value};

enum Serves {
    /// Whatever it says.
    All,
    /// Only these values.
    Only(&'static [&'static str]),
    /// Whatever passes; otherwise the reason.
    When(fn(&Node, owner: &Node) -> Result<(), String>),
}
use Serves::{All, Only, When};

/// What this engine does. A pattern stands for the field and all below it; `*` is a name that the user chose, `[]` an item of a
/// list, `[kind]` an item whose `type` is that kind. What is not listed is refused unless it says what is the default anyway.
const SERVED: &[(&str, Serves)] = &[
    ("version", All),
    ("deployment", All),
    ("services.*.rtype", Only(&["service"])),
    ("services.*.image.name", All),
    ("services.*.image.pull_policy", All),
    ("services.*.resources.cpu", All),
    ("services.*.resources.memory", All),
    ("services.*.resources.pids_limit", All),
    ("services.*.resources.cpuset", All),
    ("services.*.resources.cpu_shares", All),
    ("services.*.resources.memory_swap", All),
    ("services.*.resources.memory_reservation", All),
    ("services.*.resources.blkio_weight", All),
    ("services.*.resources.oom_score_adj", All),
    ("services.*.env.*", When(no_secret)),
    ("services.*.command", All),
    ("services.*.endpoints[].name", All),
    ("services.*.endpoints[].protocol", All),
    ("services.*.endpoints[].port", All),
    ("services.*.endpoints[].target_port", When(same_port)),
    ("services.*.endpoints[].expose", When(internal)),
    ("services.*.scale.mode", All),
    ("services.*.scale.replicas", All),
    ("services.*.scale.min", All),
    ("services.*.scale.max", All),
    ("services.*.scale.cooldown", All),
    ("services.*.depends", All),
    ("services.*.health", All),
    ("services.*.errors.on_panic.action", All),
    ("services.*.storage[bind]", All),
    ("services.*.storage[named].type", All),
    ("services.*.storage[named].name", All),
    ("services.*.storage[named].target", All),
    ("services.*.storage[named].readonly", All),
    ("services.*.storage[named].tier", Only(&["local"])),
    ("services.*.storage[anonymous].type", All),
    ("services.*.storage[anonymous].target", All),
    ("services.*.storage[anonymous].tier", Only(&["local"])),
    ("services.*.storage[tmpfs]", All),
    ("services.*.port_mappings", All),
    ("services.*.capabilities", All),
    ("services.*.cap_add", All),
    ("services.*.cap_drop", All),
    ("services.*.logs.max_size_bytes", All),
    ("services.*.hostname", All),
    ("services.*.dns", All),
    ("services.*.extra_hosts", All),
    ("services.*.restart_policy", All),
    ("services.*.labels", All),
    ("services.*.user", All),
    ("services.*.stop_signal", All),
    ("services.*.stop_grace_period", All),
    ("services.*.sysctls", All),
    ("services.*.ulimits", All),
    ("services.*.network_mode", Only(&["default", "host", "none"])),
    ("services.*.host_network", All),
    ("services.*.read_only_root_fs", All),
    ("services.*.tty", All),
    ("services.*.stdin_open", All),
    ("services.*.localhost_reachability", Only(&["auto"])),
];

/// What a user may do meanwhile, by pattern.
const INSTEAD: &[(&str, &str)] = &[
    (
        "services.*.init.steps",
        "Do the same in the image's entry point, or in a service that this one depends on.",
    ),
    (
        "services.*.privileged",
        "Name the capabilities that are needed under `capabilities`.",
    ),
    (
        "services.*.devices",
        "Run the service on a ZLayer daemon that serves devices.",
    ),
    (
        "services.*.scale.targets",
        "Choose the number of replicas with `scale: {mode: fixed, replicas: 2}` and the command Scale.",
    ),
    (
        "services.*.storage[named].size",
        "Leave it out: a named volume grows with the disk.",
    ),
    (
        "services.*.storage[s3]",
        "Mount a named volume and copy the objects in the service itself.",
    ),
    ("services.*.replica_groups", "Write one service for each group."),
    ("services.*.schedule", "Start it from a cron job of your own."),
    (
        "services.*.image.source_policy",
        "Leave it out: images come from the local store, then from their registry.",
    ),
];

/// What `root`, a valid spec, asks for beyond the table.
pub(crate) fn unserved(root: &Node) -> Vec<Problem> {
    let mut report = Report::default();
    let top = Path::root(root);
    let mut steps = Vec::new();
    let mut walk = Walk {
        report: &mut report,
        whole: root,
        service: None,
    };
    walk.children(root, root, &top, "", &mut steps);
    report.finish()
}

struct Walk<'a> {
    report: &'a mut Report,
    whole: &'a Node,
    /// The service that is being walked and the depth at which it begins.
    service: Option<(&'a Node, usize)>,
}

impl<'a> Walk<'a> {
    fn children(&mut self, node: &'a Node, owner: &'a Node, path: &Path, pattern: &str, steps: &mut Vec<usize>) {
        match &node.value {
            Value::Scalar { .. } => {}
            Value::Seq(items) => {
                for (at, item) in items.iter().enumerate() {
                    let kind = item.node.get("type").and_then(Node::scalar).unwrap_or_default();
                    let kind = if pattern == "services.*.storage" { kind } else { "" };
                    steps.push(at);
                    self.node(
                        &item.node,
                        node,
                        &path.index(item.index, item.node.range),
                        &format!("{pattern}[{kind}]"),
                        steps,
                    );
                    steps.pop();
                }
            }
            Value::Map(entries) => {
                for (at, entry) in entries.iter().enumerate() {
                    let name = entry.key.scalar().unwrap_or_default();
                    // Of fields given twice where that is allowed, the last counts.
                    if entries
                        .iter()
                        .skip(at + 1)
                        .any(|later| later.key.scalar() == Some(name))
                    {
                        continue;
                    }
                    let chosen = matches!(pattern, "services" | "externals" | "tunnels" | "services.*.env");
                    let name = if chosen { "*" } else { name };
                    let below = if pattern.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{pattern}.{name}")
                    };
                    let inside = pattern == "services";
                    steps.push(at);
                    if inside {
                        self.service = Some((&entry.value, steps.len()));
                    }
                    self.node(
                        &entry.value,
                        if inside { &entry.value } else { owner },
                        &path.key(&entry.key),
                        &below,
                        steps,
                    );
                    if inside {
                        self.service = None;
                    }
                    steps.pop();
                }
            }
        }
    }

    fn node(&mut self, node: &'a Node, owner: &'a Node, path: &Path, pattern: &str, steps: &mut Vec<usize>) {
        let line = SERVED.iter().find(|(served, _)| pattern == *served);
        let why = match line {
            Some((_, All)) => return,
            Some((_, Only(values))) => {
                if node.scalar().is_some_and(|text| values.contains(&text)) {
                    return;
                }
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                Some(format!("only {} is served so far", values.join(", ")))
            }
            Some((_, When(test))) => match test(node, owner) {
                Ok(()) => return,
                Err(why) => Some(why),
            },
            None => {
                let below = |served: &&(&str, Serves)| {
                    served
                        .0
                        .strip_prefix(pattern)
                        .is_some_and(|rest| pattern.is_empty() || rest.starts_with(['.', '[']))
                };
                if node.children() > 0 && SERVED.iter().any(|served| below(&served)) {
                    let owner = if matches!(node.value, Value::Map(_)) {
                        node
                    } else {
                        owner
                    };
                    self.children(node, owner, path, pattern, steps);
                    return;
                }
                None
            }
        };
        // A default is among the values that are served; only what is not served at all can be one by chance.
        if why.is_none() && self.same_without(steps) {
            return;
        }
        let name = path.text();
        let instead = INSTEAD
            .iter()
            .find(|(at, _)| *at == pattern)
            .map_or("Remove it.", |(_, instead)| instead);
        let message = match why {
            Some(why) => format!("`{name}` cannot be served: {why}."),
            None => format!("`{name}` is not served by this engine yet. {instead}"),
        };
        self.report
            .add(path.key_range(), name, Words::new("not-served", message));
    }

    /// Whether the spec says the same when this is left out.
    fn same_without(&self, steps: &[usize]) -> bool {
        let Some((last, above)) = steps.split_last() else {
            return false;
        };
        match self.service {
            Some((service, depth)) if steps.len() > depth => {
                let above = above.get(depth..).unwrap_or_default();
                same::<ServiceSpec>(service, above, *last)
            }
            _ => same::<DeploymentSpec>(self.whole, above, *last),
        }
    }
}

fn same<T: serde::de::DeserializeOwned + PartialEq>(node: &Node, above: &[usize], last: usize) -> bool {
    let mut without = node.clone();
    let Some(parent) = without.at_mut(above) else {
        return false;
    };
    parent.remove(last);
    match (
        serde_yaml::from_str::<T>(&emit(node).text),
        serde_yaml::from_str::<T>(&emit(&without).text),
    ) {
        (Ok(with), Ok(without)) => with == without,
        _ => false,
    }
}

fn no_secret(node: &Node, _: &Node) -> Result<(), String> {
    if node.scalar().is_some_and(|text| text.starts_with("$S:")) {
        return Err("this engine keeps no secrets yet; pass the value from the environment with `$E:NAME`".to_owned());
    }
    Ok(())
}

fn same_port(node: &Node, endpoint: &Node) -> Result<(), String> {
    if endpoint.get("port").and_then(Node::scalar) == node.scalar() {
        return Ok(());
    }
    Err("without a proxy an endpoint's port is the container's own; make `port` and `target_port` the same, or publish another with `port_mappings`".to_owned())
}

fn internal(node: &Node, _: &Node) -> Result<(), String> {
    if node.scalar() == Some("internal") {
        return Ok(());
    }
    Err("there is no public proxy yet; publish the port with `port_mappings`".to_owned())
}
