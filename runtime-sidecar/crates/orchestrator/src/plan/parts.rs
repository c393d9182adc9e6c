//! The parts of a service that need no image, and what is wrong with them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use sidecar_api_types::Reason;
use sidecar_container::Limits;
use sidecar_network::PublishedPort;
use zlayer_types::spec::{NetworkMode, PortProtocol, ScaleSpec, ServiceSpec, StorageSpec};

use super::{HostAddress, MountPlan};
use crate::command::MAX_REPLICAS;
use crate::quantity;
use crate::reason::reason_at;
use crate::volumes::Volumes;

/// Processes and threads of a container when the spec does not say: enough for a database, too few to harm the machine.
const PIDS_LIMIT: u64 = 4096;
/// Of a time in a spec.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads the parts of a service and collects what is wrong with them.
pub(super) struct Parts {
    pub path: String,
    pub problems: Vec<Reason>,
}

impl Parts {
    pub fn problem(&mut self, code: &str, field: &str, message: String) {
        self.problems
            .push(reason_at(code, message, format!("{}.{field}", self.path)));
    }

    pub fn env(&mut self, spec: &ServiceSpec, environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for (name, value) in &spec.env {
            let field = format!("env.{name}");
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                self.problem(
                    "invalid-variable",
                    &field,
                    format!("“{name}” cannot be an environment variable"),
                );
            } else if let Some(variable) = value.strip_prefix("$E:") {
                match environment.get(variable) {
                    Some(value) => {
                        env.insert(name.clone(), value.clone());
                    }
                    None => self.problem(
                        "variable-not-set",
                        &field,
                        format!("the variable {variable} is not set where the sidecar was started; set it there and restart the sidecar, or write the value here"),
                    ),
                }
            } else if value.starts_with("$S:") {
                self.problem(
                    "not-served",
                    &field,
                    format!("secrets ({value}) are not served yet; use $E: or a plain value"),
                );
            } else {
                env.insert(name.clone(), value.clone());
            }
        }
        env
    }

    pub fn mounts(&mut self, spec: &ServiceSpec) -> Vec<MountPlan> {
        let mut mounts = Vec::new();
        for (number, storage) in spec.storage.iter().enumerate() {
            let field = |name: &str| format!("storage[{number}].{name}");
            let target = match storage {
                StorageSpec::Bind { target, .. }
                | StorageSpec::Named { target, .. }
                | StorageSpec::Anonymous { target, .. }
                | StorageSpec::Tmpfs { target, .. }
                | StorageSpec::S3 { target, .. } => target.clone(),
            };
            if !Path::new(&target).is_absolute() || target.split('/').any(|part| part == "..") {
                let message = format!("“{target}” must be an absolute path inside the container, without “..”");
                self.problem("invalid-path", &field("target"), message);
                continue;
            }
            match storage {
                StorageSpec::Bind { source, readonly, .. } => {
                    if !Path::new(source).is_absolute() {
                        let message = format!(
                            "“{source}” is a relative path; write the whole path of the directory on this machine"
                        );
                        self.problem("invalid-path", &field("source"), message);
                        continue;
                    }
                    mounts.push(MountPlan::Bind {
                        source: source.into(),
                        target,
                        read_only: *readonly,
                    });
                }
                StorageSpec::Named { name, readonly, .. } => {
                    if !Volumes::is_name(name) {
                        let message = format!(
                            "“{name}” cannot name a volume: use letters, digits, “.”, “-” and “_”, at most 64, beginning with a letter or digit"
                        );
                        self.problem("invalid-volume-name", &field("name"), message);
                        continue;
                    }
                    mounts.push(MountPlan::Named {
                        name: name.clone(),
                        target,
                        read_only: *readonly,
                    });
                }
                StorageSpec::Anonymous { .. } => mounts.push(MountPlan::Anonymous { target }),
                StorageSpec::Tmpfs { size, mode, .. } => {
                    let size_bytes = size.as_deref().and_then(|text| self.size(text, &field("size")));
                    mounts.push(MountPlan::Tmpfs {
                        target,
                        size_bytes,
                        mode: mode.unwrap_or(0o1777),
                    });
                }
                StorageSpec::S3 { .. } => {
                    self.problem(
                        "not-served",
                        &field("type"),
                        "storage in S3 is not served yet".to_owned(),
                    );
                }
            }
        }
        mounts
    }

    pub fn limits(&mut self, spec: &ServiceSpec) -> Limits {
        let resources = &spec.resources;
        let mut size = |text: &Option<String>, field: &str| text.as_deref().and_then(|text| self.size(text, field));
        let memory_bytes = size(&resources.memory, "resources.memory");
        let memory_reservation_bytes = size(&resources.memory_reservation, "resources.memory_reservation");
        let memory_swap_bytes = match resources.memory_swap.as_deref() {
            None => None,
            Some("-1") => Some(-1),
            Some(text) => self
                .size(text, "resources.memory_swap")
                .and_then(|bytes| i64::try_from(bytes).ok()),
        };
        Limits {
            // Less than a hundredth of a core cannot be asked of the kernel.
            cpu_millicores: resources
                .cpu
                .filter(|cpu| cpu.is_finite())
                .map(|cpu| ((cpu * 1000.0).round() as u64).max(10)),
            cpu_shares: resources.cpu_shares.map(u64::from),
            cpuset: resources.cpuset.clone(),
            memory_bytes,
            memory_swap_bytes,
            memory_reservation_bytes,
            pids: match resources.pids_limit {
                Some(limit) if limit > 0 => Some(limit as u64),
                _ => Some(PIDS_LIMIT),
            },
            blkio_weight: resources.blkio_weight,
            oom_score_adj: resources.oom_score_adj,
            ulimits: spec
                .ulimits
                .iter()
                .map(|(name, limit)| {
                    let number = |value: i64| u64::try_from(value).unwrap_or(u64::MAX);
                    (name.clone(), (number(limit.soft), number(limit.hard)))
                })
                .collect(),
        }
    }

    pub fn size(&mut self, text: &str, field: &str) -> Option<u64> {
        let bytes = quantity::bytes(text);
        if bytes.is_none() {
            self.problem(
                "invalid-size",
                field,
                format!("“{text}” is not a size; write for example 512Mi"),
            );
        }
        bytes
    }

    pub fn extra_hosts(&mut self, spec: &ServiceSpec) -> Vec<(String, HostAddress)> {
        let mut hosts = Vec::new();
        for (number, line) in spec.extra_hosts.iter().enumerate() {
            let parsed = line.split_once(':').and_then(|(name, address)| match address {
                "host-gateway" => Some((name, HostAddress::Gateway)),
                address => Some((
                    name,
                    HostAddress::Address(address.trim_matches(['[', ']']).parse().ok()?),
                )),
            });
            match parsed {
                Some((name, address)) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                    hosts.push((name.to_owned(), address));
                }
                _ => {
                    let message = format!("“{line}” is not of the form name:address, for example db:10.0.0.5");
                    self.problem("invalid-host", &format!("extra_hosts[{number}]"), message);
                }
            }
        }
        hosts
    }

    pub fn ports(&mut self, spec: &ServiceSpec) -> Vec<PublishedPort> {
        let mut ports = Vec::new();
        for (number, mapping) in spec.port_mappings.iter().enumerate() {
            let field = |name: &str| format!("port_mappings[{number}].{name}");
            let host_ip = if mapping.host_ip.is_empty() {
                "0.0.0.0"
            } else {
                mapping.host_ip.as_str()
            };
            let Ok(host_ip) = host_ip.parse() else {
                self.problem(
                    "invalid-address",
                    &field("host_ip"),
                    format!("“{host_ip}” is not an IP address"),
                );
                continue;
            };
            if mapping.container_port == 0 {
                self.problem(
                    "invalid-port",
                    &field("container_port"),
                    "a port is between 1 and 65535".to_owned(),
                );
                continue;
            }
            let host_port = mapping.host_port.filter(|port| *port != 0);
            let udp = mapping.protocol == PortProtocol::Udp;
            ports.push(PublishedPort {
                host_ip,
                host_port,
                container_port: mapping.container_port,
                udp,
            });
        }
        if !ports.is_empty() && matches!(spec.network_mode, NetworkMode::Host | NetworkMode::None) {
            let message = "ports can be published only of a container with a network of its own; leave out network_mode or the ports";
            self.problem("no-network", "port_mappings", message.to_owned());
        }
        ports
    }

    pub fn nameservers(&mut self, spec: &ServiceSpec) -> Vec<String> {
        for (number, server) in spec.dns.iter().enumerate() {
            if server.parse::<IpAddr>().is_err() {
                self.problem(
                    "invalid-address",
                    &format!("dns[{number}]"),
                    format!("“{server}” is not an IP address"),
                );
            }
        }
        spec.dns.clone()
    }

    pub fn replicas(&mut self, spec: &ServiceSpec) {
        let (field, replicas) = match &spec.scale {
            ScaleSpec::Fixed { replicas } => ("scale.replicas", *replicas),
            ScaleSpec::Adaptive { min, .. } => ("scale.min", *min),
            ScaleSpec::Manual => return,
        };
        if replicas > MAX_REPLICAS {
            let message = format!("{replicas} replicas are more than the {MAX_REPLICAS} that a service may have");
            self.problem("too-many-replicas", field, message);
        }
    }

    /// Times that are added to the clock: longer ones than it can hold are mistakes, and so is all that nobody lives to see.
    pub fn durations(&mut self, spec: &ServiceSpec) {
        let health = &spec.health;
        let mut found: Vec<(String, Duration)> = [
            ("health.start_grace", health.start_grace),
            ("health.interval", health.interval),
            ("health.timeout", health.timeout),
            ("stop_grace_period", spec.stop_grace_period),
        ]
        .into_iter()
        .filter_map(|(field, time)| Some((field.to_owned(), time?)))
        .collect();
        for (number, dependency) in spec.depends.iter().enumerate() {
            found.extend(
                dependency
                    .timeout
                    .map(|time| (format!("depends[{number}].timeout"), time)),
            );
        }
        let delay = spec.restart_policy.as_ref().and_then(|policy| policy.delay.as_deref());
        match delay.map(humantime::parse_duration) {
            Some(Ok(time)) => found.push(("restart_policy.delay".to_owned(), time)),
            Some(Err(_)) => {
                let text = delay.unwrap_or_default();
                let message = format!("“{text}” is not a duration; write for example 500ms or 2s");
                self.problem("invalid-duration", "restart_policy.delay", message);
            }
            None => {}
        }
        for (field, time) in found {
            if time > LONGEST {
                let message = format!(
                    "{} is longer than a year; write a shorter time",
                    humantime::format_duration(time)
                );
                self.problem("invalid-duration", &field, message);
            }
        }
    }
}
