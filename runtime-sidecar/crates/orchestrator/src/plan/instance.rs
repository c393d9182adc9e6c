//! From the plan of a service to the configuration of one container.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use sidecar_api_types::{Reason, label};
use sidecar_container::{self as container, ContainerConfig, NetworkNamespace};
use sidecar_network::{Attachment, PublishedPort};
use sidecar_spec::parts::{HostAddress, Mount};
use zlayer_types::spec::NetworkMode;

use super::Plan;
use crate::containers::{own_label, plain};
use crate::events::now;
use crate::reason::reason;
use crate::volumes::Volumes;

/// What is particular to one container.
pub(crate) struct Instance<'a> {
    pub id: String,
    pub index: u32,
    pub attachment: Option<&'a Attachment>,
    pub ports: &'a [PublishedPort],
}

impl Plan {
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

    async fn mount(
        &self,
        mount: &Mount,
        number: usize,
        id: &str,
        volumes: &Volumes,
    ) -> Result<container::Mount, Reason> {
        let (source, target, read_only) = match mount {
            Mount::Bind {
                source,
                target,
                read_only,
            } => {
                if let Err(cause) = tokio::fs::metadata(source).await {
                    let message = format!("{} cannot be mounted: {cause}", source.display());
                    return Err(reason("mount-failed", message));
                }
                (source.clone(), target, *read_only)
            }
            Mount::Named {
                name,
                target,
                read_only,
            } => (directory(volumes.named(name)).await?, target, *read_only),
            Mount::Anonymous { target } => (directory(volumes.anonymous(id, number)).await?, target, false),
            Mount::Tmpfs {
                target,
                size_bytes,
                mode,
            } => {
                return Ok(container::Mount::Tmpfs {
                    target: target.clone(),
                    size_bytes: *size_bytes,
                    mode: *mode,
                });
            }
        };
        Ok(container::Mount::Bind {
            source,
            target: target.clone(),
            read_only,
        })
    }
}

async fn directory(path: PathBuf) -> Result<PathBuf, Reason> {
    tokio::fs::create_dir_all(&path)
        .await
        .map_err(|cause| reason("mount-failed", format!("{} cannot be made: {cause}", path.display())))?;
    Ok(path)
}
