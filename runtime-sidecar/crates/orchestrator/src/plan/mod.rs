//! What a service of a spec asks of its containers.

mod addresses;
mod instance;
mod limits;
mod process;

pub(crate) use addresses::addresses;
pub(crate) use instance::Instance;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sidecar_api_types::Reason;
use sidecar_container::{ContainerConfig, LogConfig, NetworkNamespace, Rootfs, Security};
use sidecar_image::Image;
use sidecar_network::PublishedPort;
use sidecar_spec::parts::{HostAddress, Mount, Parts, Port};
use zlayer_types::spec::{NetworkMode, ServiceSpec};

use crate::command::Deployment;
use crate::reason::{reason, reason_at};

/// Time between the stop signal and the kill when the spec does not say.
const STOP_GRACE: Duration = Duration::from_secs(10);
const LOG_BYTES: u64 = 100 << 20;

/// How long a service's containers are given between the stop signal and the kill.
pub(crate) fn stop_grace(spec: &ServiceSpec) -> Duration {
    spec.stop_grace_period.unwrap_or(STOP_GRACE)
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
    mounts: Vec<Mount>,
    extra_hosts: Vec<(String, HostAddress)>,
    ports: Vec<PublishedPort>,
    network_mode: NetworkMode,
    net_sysctls: BTreeMap<String, String>,
    dns_search: Vec<String>,
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
        let mut parts = Parts::new(service, spec);
        let env = parts.env(Some(&deployment.environment));
        let mounts = parts.mounts();
        let memory = parts.memory();
        let extra_hosts = parts.extra_hosts();
        let ports: Vec<PublishedPort> = parts.ports().iter().map(published).collect();
        let nameservers = parts.nameservers();
        if let Some(fault) = parts.into_faults().into_iter().next() {
            return Err(reason_at(&fault.code, fault.message, fault.path));
        }
        let args = process::command(spec, image);
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
            env: process::merge_env(&image.config.env, env),
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
            limits: limits::limits(spec, memory),
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
}

fn published(port: &Port) -> PublishedPort {
    PublishedPort {
        host_ip: port.host_ip,
        host_port: port.host_port,
        container_port: port.container_port,
        udp: port.udp,
    }
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
    use std::net::{IpAddr, Ipv4Addr};

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
