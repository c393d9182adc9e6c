//! The networks of all deployments on this node: what callers use.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::join_all;
use tokio::sync::OwnedMutexGuard;

use crate::abandoned::{self, Claim};
use crate::addresses::gateway;
use crate::deployments::{self, Deployment};
use crate::dns::domain;
use crate::error::NetworkError;
use crate::firewall::{Firewall, Mesh};
use crate::links::{Links, Remover};
use crate::model::{Attachment, MeshView, NetworkConfig, PublishedPort};
use crate::namespace;
use crate::ports::Reservation;
use crate::publishing;
use crate::state::{AttachmentRecord, NamesRecord, StateDir, short_hash};

/// The networks of all deployments on this node. Cheap to clone. All state is on disk or in the kernel, so that a new
/// sidecar finds what the last one made.
///
/// What was begun is brought to an end even when the caller drops the future, so a cancelled [`attach`](Self::attach) is
/// undone by [`detach`](Self::detach), which waits for it.
#[derive(Clone)]
pub struct NetworkManager {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub config: NetworkConfig,
    pub state: StateDir,
    pub links: Links,
    pub firewall: Firewall,
    remover: Remover,
    /// Tells other engines that this network is in use.
    _claim: Option<Claim>,
    registry: Mutex<Registry>,
    /// Held while a bridge or a subnet is made or removed.
    pub shaping: tokio::sync::Mutex<()>,
    /// One change at a time for each container.
    changing: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

#[derive(Default)]
pub(crate) struct Registry {
    pub deployments: BTreeMap<String, Deployment>,
    pub attachments: BTreeMap<String, Attached>,
    pub names: BTreeMap<String, NamesRecord>,
}

/// A container's place and the host ports held for it.
pub(crate) struct Attached {
    pub record: AttachmentRecord,
    pub reservations: Vec<Reservation>,
}

impl NetworkManager {
    /// Reads the state, drops what did not outlive a reboot, and serves names and published ports again. The networks of
    /// running containers are left alone; call [`retain`](Self::retain) when it is known which those are.
    ///
    /// # Errors
    /// `State` when the directory cannot be used, `NotPermitted` without the rights to change the network.
    pub async fn open(config: NetworkConfig) -> Result<Self, NetworkError> {
        let state = StateDir::open(&config.state_dir)?;
        let firewall = Firewall::new(&state.tag(), state.root());
        // Groups that people use have small numbers.
        let group = u32::from_str_radix(&state.tag(), 16).unwrap_or_default() | 1 << 30;
        let remover = Remover::new(group);
        let inner = Arc::new(Inner {
            config,
            _claim: Claim::take(&state.tag()),
            state,
            links: Links::open()?,
            firewall,
            remover,
            registry: Mutex::default(),
            shaping: tokio::sync::Mutex::default(),
            changing: Mutex::default(),
        });
        inner.restore().await?;
        if let Err(error) = abandoned::sweep(&inner.links, &inner.state.tag()).await {
            tracing::warn!(%error, "what engines that are gone left of their networks could not be removed");
        }
        Ok(Self { inner })
    }

    /// Makes a network namespace with an address in the deployment's network. Many run in parallel. On error nothing is left.
    ///
    /// Of `sysctls` the keys below `net.` are set inside the namespace; the others are not this crate's.
    ///
    /// # Errors
    /// `AlreadyAttached`, `AddressPoolExhausted`, `Sysctl`, `NftMissing`, `Firewall`, `NotPermitted` and kernel failures.
    pub async fn attach(
        &self,
        deployment: &str,
        container: &str,
        sysctls: &BTreeMap<String, String>,
    ) -> Result<Attachment, NetworkError> {
        check_name("deployment", deployment)?;
        check_name("container", container)?;
        let (inner, deployment, container, sysctls) = (
            self.inner.clone(),
            deployment.to_owned(),
            container.to_owned(),
            sysctls.clone(),
        );
        to_the_end(async move { inner.attach(&deployment, &container, sysctls).await }).await
    }

    /// The attachment that a running container already has (after a restart of the sidecar).
    pub async fn attachment(&self, container: &str) -> Option<Attachment> {
        self.inner
            .registry()
            .attachments
            .get(container)
            .map(|attached| attached.record.attachment.clone())
    }

    /// The ports that are published for a container.
    pub async fn published(&self, container: &str) -> Vec<PublishedPort> {
        self.inner
            .registry()
            .attachments
            .get(container)
            .map(|attached| attached.record.ports.clone())
            .unwrap_or_default()
    }

    /// Takes a container's ports, link, address and namespace away. A container without a network is no error.
    ///
    /// # Errors
    /// Kernel and disk failures; it can be called again then.
    pub async fn detach(&self, container: &str) -> Result<(), NetworkError> {
        let (inner, container) = (self.inner.clone(), container.to_owned());
        to_the_end(async move { inner.detach(&container).await }).await
    }

    /// Publishes ports of a running container; gives back the host ports taken. A taken port is `port-in-use`, before
    /// anything is changed. Ports that the container has published already are added to.
    ///
    /// # Errors
    /// `PortInUse`, `PortNotPermitted`, `HostAddressUnknown`, `NotAttached`, `Firewall`.
    pub async fn publish(&self, container: &str, ports: &[PublishedPort]) -> Result<Vec<PublishedPort>, NetworkError> {
        let (inner, container, ports) = (self.inner.clone(), container.to_owned(), ports.to_vec());
        to_the_end(async move {
            let _changing = inner.change(&container).await;
            publishing::publish(&inner, &container, ports).await
        })
        .await
    }

    /// `service` (and `service.deployment`, `<replica>.service.deployment`) resolve to these addresses inside the deployment from now on.
    pub async fn set_names(&self, deployment: &str, service: &str, addresses: &[(u32, Ipv4Addr)]) {
        let mut registry = self.inner.registry();
        if let Some(deployment) = registry.deployments.get(deployment) {
            deployment.names.set(service, addresses);
        }
        let names = registry.names.entry(deployment.to_owned()).or_default();
        names.deployment = deployment.to_owned();
        if addresses.is_empty() {
            names.services.remove(service);
        } else {
            names.services.insert(service.to_owned(), addresses.to_vec());
        }
        if let Err(error) = self.inner.state.save_names(names) {
            tracing::warn!(%error, deployment, "the names of services will not outlive a restart of the engine");
        }
    }

    /// Lets containers here and containers of the same deployments on other nodes reach each other through the mesh; `None`
    /// when there is no mesh. Called at each change of what the cluster knows, and once after `open`: it is not kept.
    ///
    /// # Errors
    /// `NftMissing`, `NotPermitted`, `Firewall`.
    pub async fn set_mesh(&self, view: Option<MeshView>) -> Result<(), NetworkError> {
        let inner = self.inner.clone();
        to_the_end(async move {
            let mesh = view.map(|view| Mesh {
                link: view.link,
                range: view.range.trunc(),
                nodes: view.nodes,
                elsewhere: (view.elsewhere.into_iter())
                    .flat_map(|(deployment, addresses)| {
                        let bridge = deployments::bridge_name(&inner, &deployment);
                        addresses.into_iter().map(move |address| (bridge.clone(), address))
                    })
                    .collect(),
            });
            inner.firewall.change(|rules| rules.mesh = mesh).await
        })
        .await
    }

    /// Removes a deployment's bridge and rules, and the networks of containers that it still has.
    ///
    /// # Errors
    /// Kernel and disk failures; it can be called again then.
    pub async fn remove_deployment(&self, deployment: &str) -> Result<(), NetworkError> {
        let (inner, deployment) = (self.inner.clone(), deployment.to_owned());
        to_the_end(async move {
            inner
                .detach_all(inner.containers(|record| record.deployment == deployment))
                .await?;
            deployments::remove(&inner, &deployment).await
        })
        .await
    }

    /// Removes the networks of all containers but these, and the deployments that have none then. Called once, after the
    /// running containers were adopted.
    ///
    /// # Errors
    /// The first failure; the rest is removed all the same.
    pub async fn retain(&self, containers: &[String]) -> Result<(), NetworkError> {
        let (inner, kept) = (self.inner.clone(), containers.to_vec());
        to_the_end(async move {
            let mut result = inner
                .detach_all(inner.containers(|record| !kept.contains(&record.container)))
                .await;
            let deployments: Vec<String> = inner.registry().deployments.keys().cloned().collect();
            for deployment in deployments {
                result = result.and(deployments::remove_if_empty(&inner, &deployment).await);
            }
            result.and(deployments::forget_stale_names(&inner).await)
        })
        .await
    }
}

impl Inner {
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn containers(&self, filter: impl Fn(&AttachmentRecord) -> bool) -> Vec<String> {
        let registry = self.registry();
        registry
            .attachments
            .values()
            .filter(|a| filter(&a.record))
            .map(|a| a.record.container.clone())
            .collect()
    }

    async fn change(&self, container: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            changing.retain(|_, lock| lock.strong_count() > 0);
            match changing.get(container).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::new(tokio::sync::Mutex::new(()));
                    changing.insert(container.to_owned(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }

    async fn attach(
        &self,
        deployment: &str,
        container: &str,
        sysctls: BTreeMap<String, String>,
    ) -> Result<Attachment, NetworkError> {
        let _changing = self.change(container).await;
        if self.registry().attachments.contains_key(container) {
            return Err(NetworkError::AlreadyAttached(container.to_owned()));
        }
        let place = deployments::take_address(self, deployment).await?;
        let record = AttachmentRecord {
            container: container.to_owned(),
            deployment: deployment.to_owned(),
            host_link: format!("zv{}", short_hash(&[&self.state.tag(), container], 12)),
            attachment: Attachment {
                netns: self.state.netns(container),
                address: place.address,
                gateway: gateway(place.subnet),
                search_domain: domain(deployment),
            },
            ports: Vec::new(),
        };
        let made = async {
            let namespace = namespace::create(record.attachment.netns.clone(), sysctls).await?;
            self.links
                .add_pair(&record.host_link, place.bridge, namespace.file.as_fd())
                .await?;
            namespace
                .links
                .configure_container(place.address, place.subnet.prefix_len(), record.attachment.gateway)
                .await?;
            self.links.wait_for_traffic(&record.host_link, place.bridge).await?;
            self.state.save_attachment(&record)
        };
        if let Err(error) = made.await {
            if let Err(also) = self.undo(&record).await {
                tracing::warn!(error = %also, container, "what a failed attachment made could not be removed");
            }
            deployments::give_back(self, deployment, place.address);
            // Ours may have been the only reason for the bridge.
            if let Err(also) = deployments::remove_if_empty(self, deployment).await {
                tracing::warn!(error = %also, deployment, "the network of an empty deployment could not be removed");
            }
            return Err(error);
        }
        let attachment = record.attachment.clone();
        self.registry().attachments.insert(
            container.to_owned(),
            Attached {
                record,
                reservations: Vec::new(),
            },
        );
        Ok(attachment)
    }

    async fn detach(&self, container: &str) -> Result<(), NetworkError> {
        let _changing = self.change(container).await;
        let Some(record) = self.registry().attachments.get(container).map(|a| a.record.clone()) else {
            return Ok(());
        };
        publishing::withdraw(self, container).await?;
        self.undo(&record).await?;
        self.registry().attachments.remove(container);
        deployments::give_back(self, &record.deployment, record.attachment.address);
        Ok(())
    }

    /// Detaches all at the same time; gives back the first failure.
    async fn detach_all(&self, containers: Vec<String>) -> Result<(), NetworkError> {
        let detached = join_all(containers.iter().map(|container| self.detach(container))).await;
        detached.into_iter().collect()
    }

    async fn undo(&self, record: &AttachmentRecord) -> Result<(), NetworkError> {
        let link = self.remover.remove(&self.links, &record.host_link).await;
        let pin = namespace::remove(&record.attachment.netns);
        link.and(pin).and(self.state.remove_attachment(&record.container))
    }

    /// What the last process left.
    async fn restore(self: &Arc<Self>) -> Result<(), NetworkError> {
        self.registry().names = self
            .state
            .names()?
            .into_iter()
            .map(|names| (names.deployment.clone(), names))
            .collect();
        let mut alive = Vec::new();
        for record in self.state.attachments()? {
            if namespace::exists(&record.attachment.netns) {
                alive.push(record);
            } else {
                self.undo(&record).await?;
            }
        }
        let pins = std::fs::read_dir(self.state.netns_dir()).map_err(|source| NetworkError::State {
            path: self.state.netns_dir(),
            action: "read",
            source,
        })?;
        for pin in pins.flatten().map(|entry| entry.path()) {
            if !alive.iter().any(|record| record.attachment.netns == pin) {
                namespace::remove(&pin)?;
            }
        }
        for record in self.state.deployments()? {
            let own: Vec<_> = alive
                .iter()
                .filter(|attached| attached.deployment == record.deployment)
                .collect();
            deployments::restore(self, record, &own).await?;
        }
        for record in alive {
            self.registry().attachments.insert(
                record.container.clone(),
                Attached {
                    record,
                    reservations: Vec::new(),
                },
            );
        }
        publishing::restore(self).await
    }
}

/// Runs the work to its end, whether or not the caller waits.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, NetworkError>> + Send + 'static,
) -> Result<T, NetworkError> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(NetworkError::kernel(
            "finish a change of the network",
            std::io::Error::other(error),
        )),
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), NetworkError> {
    let reason = match name {
        "" => "it is empty",
        _ if name.contains('\0') => "it contains a zero byte",
        _ => return Ok(()),
    };
    Err(NetworkError::BadName {
        what,
        name: name.to_owned(),
        reason,
    })
}
