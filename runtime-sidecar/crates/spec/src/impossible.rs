//! What is wrong with a valid spec whatever the image and the machine.

use std::collections::{BTreeMap, HashMap};

use zlayer_types::spec::{DeploymentSpec, ServiceSpec};

use crate::parts::{Fault, Parts, Port};
use crate::report::{Report, Words};
use crate::tree::{self, Node, Value};
use crate::{Problem, dependencies, locate, syntax};

/// All that keeps a valid spec from ever running: the engine refuses it. `text` is where `spec` was read from.
///
/// `variables` holds the values for `$E:`. They are the engine's; who does not know them passes `None`, and no variable is
/// said to be missing then. What [`crate::unserved`] finds is not said again.
#[must_use]
pub fn impossible(text: &str, spec: &DeploymentSpec, variables: Option<&BTreeMap<String, String>>) -> Vec<Problem> {
    let mut services: Vec<(&str, &ServiceSpec)> = spec
        .services
        .iter()
        .map(|(name, service)| (name.as_str(), service))
        .collect();
    services.sort_by_key(|(name, _)| *name);
    if faults(&services, variables).is_empty() {
        return Vec::new();
    }
    let mut report = Report::default();
    let root = tree::read(text).ok();
    if let Some(root) = &root {
        // Of two that cannot be together the later in the text is to blame.
        let places = places(root);
        services.sort_by_key(|(name, _)| places.get(name).copied());
    }
    for fault in faults(&services, variables) {
        let range = root
            .as_ref()
            .map_or_else(tree::Range::default, |root| locate::range(root, &fault.path));
        report.add(range, fault.path, Words::new(fault.code, fault.message));
    }
    let mut problems = report.finish();
    syntax::clamp_all(text, &mut problems);
    problems
}

/// Names of the variables of the engine's process that a spec asks for with `$E:`.
pub fn variables(spec: &DeploymentSpec) -> impl Iterator<Item = &str> {
    spec.services
        .values()
        .flat_map(|service| service.env.values())
        .filter_map(|value| value.strip_prefix("$E:"))
}

/// `services` in the order of the text.
pub(crate) fn faults(services: &[(&str, &ServiceSpec)], variables: Option<&BTreeMap<String, String>>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut taken: HashMap<u16, Vec<(&str, Port)>> = HashMap::new();
    for (name, service) in services {
        let mut parts = Parts::new(name, service);
        parts.env(variables);
        parts.texts();
        parts.kernel();
        parts.mounts();
        parts.memory();
        parts.extra_hosts();
        parts.nameservers();
        parts.durations();
        parts.replicas();
        parts.probe();
        let ports = parts.ports();
        parts.ports_of_replicas(&ports);
        for port in ports {
            let Some(number) = port.host_port else { continue };
            let others = taken.entry(number).or_default();
            if let Some((other, _)) = others.iter().find(|(_, other)| other.meets(&port)) {
                let message = format!("the host port {number} is taken by the service “{other}” of this spec already");
                parts.fault(
                    "port-in-use",
                    &format!("port_mappings[{}].host_port", port.number),
                    message,
                );
            }
            others.push((name, port));
        }
        faults.extend(
            parts
                .into_faults()
                .into_iter()
                .filter(|fault| fault.code != "not-served"),
        );
    }
    faults.extend(dependencies::rings(services));
    faults
}

/// The places of the services among each other.
fn places(root: &Node) -> HashMap<&str, usize> {
    let entries = match root.get("services").map(|services| &services.value) {
        Some(Value::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    let names = entries.iter().map(|entry| entry.key.scalar().unwrap_or_default());
    names.enumerate().map(|(place, name)| (name, place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "version: v1\ndeployment: shop\nservices:\n";

    fn found(text: &str) -> Vec<Problem> {
        impossible(text, &crate::parse(text).unwrap(), Some(&BTreeMap::new()))
    }

    fn problem(service: &str) -> (String, String) {
        let text = format!("{HEAD}  web:\n    image: {{ name: nginx:1 }}\n{service}");
        let problem = found(&text).remove(0);
        (problem.code, problem.path)
    }

    #[test]
    fn what_cannot_work_is_named_with_its_path() {
        let check = |service: &str, code: &str, path: &str| {
            assert_eq!(
                problem(service),
                (code.to_owned(), format!("services.web.{path}")),
                "{service}"
            );
        };
        check("    env: { A: \"$E:NOT_SET_ANYWHERE\" }\n", "variable-not-set", "env.A");
        check(
            "    storage: [{ type: bind, source: ./data, target: /data }]\n",
            "invalid-path",
            "storage[0].source",
        );
        check(
            "    storage: [{ type: anonymous, target: data }]\n",
            "invalid-path",
            "storage[0].target",
        );
        check(
            "    storage: [{ type: named, name: ../x, target: /x }]\n",
            "invalid-volume-name",
            "storage[0].name",
        );
        check(
            "    storage: [{ type: tmpfs, target: /x, size: big }]\n",
            "invalid-size",
            "storage[0].size",
        );
        check("    extra_hosts: [nonsense]\n", "invalid-host", "extra_hosts[0]");
        check("    dns: [dns.example]\n", "invalid-address", "dns[0]");
        check(
            "    port_mappings: [{ container_port: 80, host_ip: here }]\n",
            "invalid-address",
            "port_mappings[0].host_ip",
        );
        check(
            "    restart_policy: { kind: always, delay: soon }\n",
            "invalid-duration",
            "restart_policy.delay",
        );
        check(
            "    health: { check: { type: http, url: \"nonsense\" } }\n",
            "invalid-url",
            "health.check.url",
        );
        check(
            "    scale: { mode: fixed, replicas: 1001 }\n",
            "too-many-replicas",
            "scale.replicas",
        );
        check(
            "    scale: { mode: fixed, replicas: 2 }\n    port_mappings: [{ host_port: 80, container_port: 80 }]\n",
            "port-in-use",
            "port_mappings[0].host_port",
        );
        check(
            "    port_mappings: [{ host_port: 80, container_port: 80 }, { host_port: 80, container_port: 81, host_ip: 127.0.0.1 }]\n",
            "port-in-use",
            "port_mappings[1].host_port",
        );
        check(
            "    depends: [{ service: web }]\n",
            "self-dependency",
            "depends[0].service",
        );
        check("    stop_signal: SIGNOPE\n", "invalid-signal", "stop_signal");
        check("    hostname: my web\n", "invalid-hostname", "hostname");
        check(
            "    ulimits: { files: { soft: 1, hard: 2 } }\n",
            "invalid-ulimit",
            "ulimits.files",
        );
        check(
            "    ulimits: { nofile: { soft: -1, hard: 2 } }\n",
            "soft-above-hard",
            "ulimits.nofile",
        );
        check(
            "    sysctls: { kernel.panic: \"1\" }\n",
            "invalid-sysctl",
            "sysctls.kernel.panic",
        );
        check(
            "    network_mode: host\n    sysctls: { net.core.somaxconn: \"1\" }\n",
            "invalid-sysctl",
            "sysctls.net.core.somaxconn",
        );
        check("    env: { A: \"a\\0b\" }\n", "nul-character", "env.A");
        check(
            "    command: { args: [sh, \"a\\0b\"] }\n",
            "nul-character",
            "command.args[1]",
        );
        check("    user: \"a\\0b\"\n", "nul-character", "user");
    }

    #[test]
    fn what_the_runtime_takes_for_the_kernel_is_not_refused() {
        let service = "    stop_signal: rtmin+3\n    hostname: web.example\n    ulimits: { NOFILE: { soft: 5, hard: -1 } }\n    sysctls: { net.core.somaxconn: \"9\", kernel.shmmax: \"9\", fs.mqueue.msg_max: \"9\" }\n";
        let text = format!("{HEAD}  web:\n    image: {{ name: nginx:1 }}\n{service}");
        assert_eq!(found(&text), []);
        let text = format!("{HEAD}  web:\n    image: {{ name: nginx:1 }}\n    sysctls:\n      vm.swappiness: \"1\"\n");
        assert_eq!(found(&text)[0].line, 7);
    }

    #[test]
    fn the_variables_of_an_engine_that_is_not_asked_are_not_missing() {
        let text = format!("{HEAD}  web:\n    image: {{ name: nginx:1 }}\n    env: {{ A: $E:NOT_SET_ANYWHERE }}\n");
        let spec = crate::parse(&text).unwrap();
        assert_eq!(impossible(&text, &spec, None), []);
    }

    #[test]
    fn of_two_services_with_one_host_port_the_later_in_the_text_is_to_blame() {
        // The order of a hash map differs from one to the next.
        for _ in 0..32 {
            let mut text = HEAD.to_owned();
            for name in ["z", "b", "a"] {
                text += &format!(
                    "  {name}:\n    image: {{ name: nginx:1 }}\n    port_mappings: [{{ host_port: 80, container_port: 80 }}]\n"
                );
            }
            let problems = found(&text);
            let places: Vec<_> = problems.iter().map(|found| (found.line, found.path.as_str())).collect();
            assert_eq!(
                places,
                [
                    (9, "services.b.port_mappings[0].host_port"),
                    (12, "services.a.port_mappings[0].host_port")
                ]
            );
        }
    }
}
