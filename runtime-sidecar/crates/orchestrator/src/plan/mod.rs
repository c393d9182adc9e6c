//! From a service of a spec to the configuration of its containers.

mod addresses;
mod parts;

pub(crate) use addresses::addresses;
use parts::Parts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sidecar_api_types::{Reason, label};
use sidecar_container::{ContainerConfig, LogConfig, Mount, NetworkNamespace, Rootfs, Security};
use sidecar_image::Image;
use sidecar_network::{Attachment, PublishedPort};
use zlayer_types::spec::{DeploymentSpec, NetworkMode, ServiceSpec};

use crate::command::Deployment;
use crate::containers::{own_label, plain};
use crate::events::now;
use crate::health::Probe;
use crate::reason::{reason, reason_at};
use crate::volumes::Volumes;

/// Time between the stop signal and the kill when the spec does not say.
const STOP_GRACE: Duration = Duration::from_secs(10);
const LOG_BYTES: u64 = 100 << 20;
const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a service's containers are given between the stop signal and the kill.
pub(crate) fn stop_grace(spec: &ServiceSpec) -> Duration {
    spec.stop_grace_period.unwrap_or(STOP_GRACE)
}

/// Names of the variables of this process that the spec asks for with `$E:`.
pub(crate) fn variables(spec: &DeploymentSpec) -> impl Iterator<Item = &str> {
    spec.services
        .values()
        .flat_map(|service| service.env.values())
        .filter_map(|value| value.strip_prefix("$E:"))
}

/// Everything in a spec that cannot work, whatever the image. `environment` holds the values for `$E:`. `services` are those of
/// the spec in the order in which they are written: of two that cannot be together the later is to blame.
pub(crate) fn problems(services: &[(&str, &ServiceSpec)], environment: &BTreeMap<String, String>) -> Vec<Reason> {
    let mut problems = Vec::new();
    for (name, service) in services {
        let mut parts = Parts {
            path: format!("services.{name}"),
            problems: Vec::new(),
        };
        parts.env(service, environment);
        parts.mounts(service);
        parts.limits(service);
        parts.extra_hosts(service);
        parts.ports(service);
        parts.durations(service);
        parts.replicas(service);
        parts.nameservers(service);
        if let Err(problem) = Probe::new(name, service) {
            parts.problems.push(problem);
        }
        problems.append(&mut parts.problems);
    }
    problems.extend(shared_ports(services));
    problems
}

/// Host ports that more than one service asks for.
fn shared_ports(services: &[(&str, &ServiceSpec)]) -> Vec<Reason> {
    let mut problems = Vec::new();
    let mut taken: Vec<(&str, PublishedPort)> = Vec::new();
    for (name, service) in services {
        let path = format!("services.{name}");
        let mut parts = Parts {
            path: path.clone(),
            problems: Vec::new(),
        };
        // What is wrong with a port by itself is said elsewhere, and such a port is not in the list.
        for port in parts.ports(service) {
            let Some(number) = port.host_port else { continue };
            let meets = |other: &PublishedPort| {
                other.host_port == Some(number)
                    && other.udp == port.udp
                    && (other.host_ip == port.host_ip
                        || other.host_ip.is_unspecified()
                        || port.host_ip.is_unspecified())
            };
            if let Some((other, _)) = taken.iter().find(|(_, other)| meets(other)) {
                let message = format!("the host port {number} is taken by the service “{other}” of this spec already");
                problems.push(reason_at("port-in-use", message, format!("{path}.port_mappings")));
            }
            taken.push((name, port));
        }
    }
    problems
}

/// What all containers of a service have in common.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Tells whether two plans make the same containers.
    pub hash: String,
    pub digest: String,
    deployment: String,
    service: String,
    reference: String,
    template: ContainerConfig,
    mounts: Vec<MountPlan>,
    extra_hosts: Vec<(String, HostAddress)>,
    ports: Vec<PublishedPort>,
    network_mode: NetworkMode,
    net_sysctls: BTreeMap<String, String>,
    dns_search: Vec<String>,
}

#[derive(Debug, Clone)]
enum MountPlan {
    Bind {
        source: PathBuf,
        target: String,
        read_only: bool,
    },
    Named {
        name: String,
        target: String,
        read_only: bool,
    },
    Anonymous {
        target: String,
    },
    Tmpfs {
        target: String,
        size_bytes: Option<u64>,
        mode: u32,
    },
}

#[derive(Debug, Clone)]
enum HostAddress {
    Address(IpAddr),
    Gateway,
}

/// What is particular to one container.
pub(crate) struct Instance<'a> {
    pub id: String,
    pub index: u32,
    pub attachment: Option<&'a Attachment>,
    pub ports: &'a [PublishedPort],
}

impl Plan {
    /// `Err` says what cannot work, and where in the spec.
    pub fn new(deployment: &Deployment, service: &str, image: &Image) -> Result<Self, Reason> {
        let Some(spec) = deployment.spec.services.get(service) else {
            return Err(reason(
                "internal",
                format!("the service “{service}” is not in the spec"),
            ));
        };
        let path = format!("services.{service}");
        let mut parts = Parts {
            path: path.clone(),
            problems: Vec::new(),
        };
        let env = parts.env(spec, &deployment.environment);
        let mounts = parts.mounts(spec);
        let limits = parts.limits(spec);
        let extra_hosts = parts.extra_hosts(spec);
        let ports = parts.ports(spec);
        let nameservers = parts.nameservers(spec);
        if let Some(problem) = parts.problems.into_iter().next() {
            return Err(problem);
        }
        let args = command(spec, image);
        if args.is_empty() {
            return Err(reason_at(
                "no-command",
                format!(
                    "the image “{}” has no command; say which one to run in command.args",
                    image.reference
                ),
                format!("{path}.command"),
            ));
        }
        let (net_sysctls, sysctls) = sort(&spec.sysctls)
            .into_iter()
            .partition(|(name, _)| name.starts_with("net."));
        let template = ContainerConfig {
            id: String::new(),
            rootfs: Rootfs {
                layers: image.layers.clone(),
                read_only: spec.read_only_root_fs,
            },
            args,
            env: merge_env(&image.config.env, env),
            cwd: some(&spec.command.workdir)
                .or(some(&image.config.working_dir))
                .unwrap_or_else(|| "/".to_owned()),
            user: some(&spec.user).or(some(&image.config.user)),
            extra_groups: spec.extra_groups.clone(),
            hostname: spec.hostname.clone().unwrap_or_default(),
            network: NetworkNamespace::None,
            nameservers,
            search_domains: Vec::new(),
            extra_hosts: Vec::new(),
            mounts: Vec::new(),
            limits,
            security: Security {
                cap_add: spec.capabilities.clone(),
                cap_drop: spec.cap_drop.clone(),
                sysctls,
            },
            terminal: spec.tty,
            stdin_open: spec.stdin_open,
            stop_signal: some(&spec.stop_signal)
                .or(some(&image.config.stop_signal))
                .unwrap_or_else(|| "SIGTERM".to_owned()),
            log: log(spec),
            labels: sort(&spec.labels),
        };
        let hashed = (
            &template,
            format!(
                "{mounts:?} {extra_hosts:?} {ports:?} {:?} {net_sysctls:?} {:?}",
                spec.network_mode, spec.dns_search
            ),
            &image.digest,
        );
        let text = serde_json::to_vec(&hashed).map_err(|cause| reason("internal", cause.to_string()))?;
        Ok(Self {
            hash: hex(&Sha256::digest(text)[..8]),
            digest: image.digest.clone(),
            deployment: deployment.name.clone(),
            service: service.to_owned(),
            reference: image.reference.clone(),
            template,
            mounts,
            extra_hosts,
            ports,
            network_mode: spec.network_mode.clone(),
            net_sysctls,
            dns_search: spec.dns_search.clone(),
        })
    }

    /// Whether its containers get an address in the deployment's network.
    pub fn has_network(&self) -> bool {
        !matches!(self.network_mode, NetworkMode::Host | NetworkMode::None)
    }

    pub fn net_sysctls(&self) -> &BTreeMap<String, String> {
        &self.net_sysctls
    }

    /// Ports to publish for a replica. A fixed port of the machine can be taken once: the first replica gets it.
    pub fn ports(&self, index: u32) -> Vec<PublishedPort> {
        self.ports
            .iter()
            .filter(|port| index == 0 || port.host_port.is_none())
            .cloned()
            .collect()
    }

    /// The configuration of one container. Makes the directories of its storage.
    pub async fn config(&self, instance: Instance<'_>, volumes: &Volumes) -> Result<ContainerConfig, Reason> {
        let Instance {
            id,
            index,
            attachment,
            ports,
        } = instance;
        let mut config = self.template.clone();
        if config.hostname.is_empty() {
            config.hostname = format!("{}-{index}", plain(&self.service, 52));
        }
        config.network = match (&self.network_mode, attachment) {
            (_, Some(attachment)) => NetworkNamespace::Path(attachment.netns.clone()),
            (NetworkMode::Host, None) => NetworkNamespace::Host,
            (_, None) => NetworkNamespace::None,
        };
        let gateway = attachment.map(|attachment| attachment.gateway);
        if let Some(attachment) = attachment {
            config.nameservers.push(attachment.gateway.to_string());
            config.search_domains.push(attachment.search_domain.clone());
        }
        config.search_domains.extend(self.dns_search.iter().cloned());
        for (name, address) in &self.extra_hosts {
            let address = match address {
                HostAddress::Address(address) => *address,
                HostAddress::Gateway => IpAddr::V4(gateway.unwrap_or(Ipv4Addr::LOCALHOST)),
            };
            config.extra_hosts.push((address.to_string(), name.clone()));
        }
        for (number, mount) in self.mounts.iter().enumerate() {
            let at = format!("services.{}.storage[{number}]", self.service);
            config.mounts.push(
                self.mount(mount, number, &id, volumes)
                    .await
                    .map_err(|r| Reason { path: Some(at), ..r })?,
            );
        }
        config.labels.extend([
            (label::DEPLOYMENT.to_owned(), self.deployment.clone()),
            (label::SERVICE.to_owned(), self.service.clone()),
            (label::REPLICA.to_owned(), index.to_string()),
            (own_label::CONFIG.to_owned(), self.hash.clone()),
            (own_label::CREATED.to_owned(), now()),
            (own_label::IMAGE.to_owned(), self.reference.clone()),
            (own_label::IMAGE_DIGEST.to_owned(), self.digest.clone()),
            (
                own_label::PORTS.to_owned(),
                serde_json::to_string(ports).unwrap_or_default(),
            ),
        ]);
        config.id = id;
        Ok(config)
    }

    async fn mount(&self, plan: &MountPlan, number: usize, id: &str, volumes: &Volumes) -> Result<Mount, Reason> {
        Ok(match plan {
            MountPlan::Bind {
                source,
                target,
                read_only,
            } => {
                if let Err(cause) = tokio::fs::metadata(source).await {
                    let message = format!("{} cannot be mounted: {cause}", source.display());
                    return Err(reason("mount-failed", message));
                }
                Mount::Bind {
                    source: source.clone(),
                    target: target.clone(),
                    read_only: *read_only,
                }
            }
            MountPlan::Named {
                name,
                target,
                read_only,
            } => {
                let source = directory(volumes.named(name)).await?;
                Mount::Bind {
                    source,
                    target: target.clone(),
                    read_only: *read_only,
                }
            }
            MountPlan::Anonymous { target } => {
                let source = directory(volumes.anonymous(id, number)).await?;
                Mount::Bind {
                    source,
                    target: target.clone(),
                    read_only: false,
                }
            }
            MountPlan::Tmpfs {
                target,
                size_bytes,
                mode,
            } => Mount::Tmpfs {
                target: target.clone(),
                size_bytes: *size_bytes,
                mode: *mode,
            },
        })
    }
}

async fn directory(path: PathBuf) -> Result<PathBuf, Reason> {
    tokio::fs::create_dir_all(&path)
        .await
        .map_err(|cause| reason("mount-failed", format!("{} cannot be made: {cause}", path.display())))?;
    Ok(path)
}

/// An entrypoint of the spec replaces the image's entrypoint and command, as ZLayer and Docker do.
fn command(spec: &ServiceSpec, image: &Image) -> Vec<String> {
    let image = &image.config;
    let (entrypoint, default_args) = match &spec.command.entrypoint {
        Some(entrypoint) => (entrypoint, &[][..]),
        None => (&image.entrypoint, image.cmd.as_slice()),
    };
    let args = spec.command.args.as_deref().unwrap_or(default_args);
    entrypoint.iter().chain(args).cloned().collect()
}

fn merge_env(image: &[String], spec: BTreeMap<String, String>) -> Vec<String> {
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

fn log(spec: &ServiceSpec) -> LogConfig {
    let bytes = spec.logs.as_ref().map_or(LOG_BYTES, |logs| logs.max_size_bytes);
    // The current file and one rotated file share what the spec allows.
    LogConfig {
        max_bytes: (bytes / 2).max(64 << 10),
        keep_files: 1,
    }
}

fn some(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn sort(map: &std::collections::HashMap<String, String>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, State};

    fn deployment(service: &str) -> Deployment {
        let text =
            format!("version: v1\ndeployment: shop\nservices:\n  web:\n    image: {{ name: nginx:1 }}\n{service}");
        let spec = Box::new(zlayer_types::spec::from_yaml_str(&text).unwrap());
        let environment = [("HOME_TOWN".to_owned(), "Bern".to_owned())].into();
        let mut state = State::default();
        state
            .apply(Command::Deploy {
                spec_text: text,
                spec,
                environment,
                at_ms: 0,
            })
            .unwrap();
        Deployment::clone(&state.deployments["shop"])
    }

    fn image() -> Image {
        let config = sidecar_image::ImageConfig {
            entrypoint: vec!["/entry".into()],
            cmd: vec!["serve".into()],
            env: vec!["A=image".into(), "PATH=/bin".into()],
            ..Default::default()
        };
        Image {
            reference: "nginx:1".into(),
            digest: "sha256:a".into(),
            size_bytes: 0,
            config,
            layers: vec![],
        }
    }

    fn plan(service: &str) -> Plan {
        Plan::new(&deployment(service), "web", &image()).unwrap()
    }

    fn problem(service: &str) -> (String, String) {
        let deployment = deployment(service);
        let services: Vec<_> = deployment
            .spec
            .services
            .iter()
            .map(|(name, spec)| (name.as_str(), spec))
            .collect();
        let problem = problems(&services, &deployment.environment).remove(0);
        (problem.code, problem.path.unwrap())
    }

    #[test]
    fn the_command_follows_docker() {
        let args = |service: &str| plan(service).template.args;
        assert_eq!(args(""), ["/entry", "serve"]);
        assert_eq!(args("    command: { args: [x] }\n"), ["/entry", "x"]);
        assert_eq!(args("    command: { entrypoint: [sh] }\n"), ["sh"]);
        assert_eq!(
            args("    command: { entrypoint: [sh], args: [-c, ls] }\n"),
            ["sh", "-c", "ls"]
        );
    }

    #[test]
    fn the_environment_of_the_spec_overrides_the_image() {
        let env = plan("    env: { A: spec, B: \"$E:HOME_TOWN\" }\n").template.env;
        assert_eq!(env, ["PATH=/bin", "A=spec", "B=Bern"]);
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
        check("    env: { A: \"$S:token\" }\n", "not-served", "env.A");
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
    }

    #[test]
    fn equal_services_have_equal_hashes_and_only_what_matters_changes_them() {
        let hash = |service: &str| plan(service).hash;
        let labels = "    labels: { a: \"1\", b: \"2\", c: \"3\" }\n";
        assert_eq!(hash(labels), hash(labels));
        assert_ne!(hash(""), hash("    env: { A: b }\n"));
        assert_eq!(hash(""), hash("    scale: { mode: fixed, replicas: 3 }\n"));
        assert_eq!(hash(""), hash("    health: { check: { type: tcp, port: 80 } }\n"));
        assert_ne!(hash(""), hash("    port_mappings: [{ container_port: 80 }]\n"));
    }

    #[test]
    fn the_first_replica_gets_the_fixed_port() {
        let plan = plan("    port_mappings: [{ container_port: 80, host_port: 8080 }, { container_port: 81 }]\n");
        let ports = |index| plan.ports(index).iter().map(|p| p.container_port).collect::<Vec<_>>();
        assert_eq!(ports(0), [80, 81]);
        assert_eq!(ports(1), [81]);
    }

    #[test]
    fn addresses_are_urls_that_open_on_this_machine() {
        let deployment = deployment(
            "    endpoints: [{ name: http, protocol: http, port: 80 }, { name: db, protocol: tcp, port: 5432 }]\n",
        );
        let endpoints = &deployment.spec.services["web"].endpoints;
        let port = |container_port| PublishedPort {
            host_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            host_port: Some(8080),
            container_port,
            udp: false,
        };
        let address = Some(Ipv4Addr::new(10, 89, 0, 2));
        assert_eq!(
            addresses(endpoints, &[port(80)], address, true),
            ["http://127.0.0.1:8080", "tcp://10.89.0.2:5432"]
        );
        assert_eq!(
            addresses(endpoints, &[port(9)], address, false),
            ["tcp://127.0.0.1:8080"]
        );
    }
}
