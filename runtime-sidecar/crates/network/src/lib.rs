//! The node's container network: a bridge per deployment, addresses, NAT, published ports, names.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The networks of all deployments on this node. Cheap to clone. All state is on disk or in the kernel, so that a new
/// sidecar finds what the last one made.
#[derive(Clone)]
pub struct NetworkManager {}

#[derive(Debug, Clone)]
pub struct NetworkConfig {
    pub state_dir: PathBuf,
    /// Addresses for containers are taken from here: a subnet for each deployment. Default 10.89.0.0/16.
    pub pool: ipnet::Ipv4Net,
}

/// One container's place in its deployment's network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attachment {
    pub netns: PathBuf,
    pub address: Ipv4Addr,
    /// Also the nameserver.
    pub gateway: Ipv4Addr,
    pub search_domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    pub host_ip: IpAddr,
    /// `None`: the engine picks a free one.
    pub host_port: Option<u16>,
    pub container_port: u16,
    pub udp: bool,
}

impl NetworkManager {
    /// Reads the state, removes what belongs to no attachment any more, starts the name server.
    pub async fn open(config: NetworkConfig) -> Result<Self, NetworkError> { let _ = config; todo!() }
    /// Makes a network namespace with an address in the deployment's network. Many run in parallel. On error nothing is left.
    pub async fn attach(&self, deployment: &str, container: &str, sysctls: &std::collections::BTreeMap<String, String>) -> Result<Attachment, NetworkError> { let _ = (deployment, container, sysctls); todo!() }
    /// The attachment that a running container already has (after a restart of the sidecar).
    pub async fn attachment(&self, container: &str) -> Option<Attachment> { let _ = container; todo!() }
    pub async fn detach(&self, container: &str) -> Result<(), NetworkError> { let _ = container; todo!() }
    /// Publishes ports of a running container; gives back the host ports taken. A taken port is `port-in-use`, before anything is changed.
    pub async fn publish(&self, container: &str, ports: &[PublishedPort]) -> Result<Vec<PublishedPort>, NetworkError> { let _ = (container, ports); todo!() }
    /// `service` (and `service.deployment`, `<replica>.service.deployment`) resolve to these addresses inside the deployment from now on.
    pub async fn set_names(&self, deployment: &str, service: &str, addresses: &[(u32, Ipv4Addr)]) { let _ = (deployment, service, addresses); }
    pub async fn remove_deployment(&self, deployment: &str) -> Result<(), NetworkError> { let _ = deployment; todo!() }
}

/// Every variant says what failed, why and what to do. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("to be replaced")]
    ToBeReplaced,
}

impl NetworkError {
    /// `port-in-use`, `port-not-permitted`, `address-pool-exhausted`, `network-not-permitted`, `internal`, …
    pub fn code(&self) -> &'static str { "to-be-replaced" }
}
