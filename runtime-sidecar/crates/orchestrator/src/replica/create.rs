//! How a replica gets its container.

use sidecar_api_types::Reason;
use sidecar_container::Container;
use sidecar_network::{Attachment, NetworkError, PublishedPort};

use super::{Live, Replica};
use crate::plan::{Instance, Plan};
use crate::reason::reason_at;

/// Why a start did not give a container.
pub(super) enum StartError {
    Cancelled,
    /// Trying again could help.
    Transient(Reason),
    /// Trying again would fail again, until the spec changes.
    Permanent(Reason),
}

impl Replica {
    /// Network, ports, storage, then the container. On an error, and when cancelled, nothing is left.
    pub(super) async fn create(&self, plan: &Plan, id: String) -> Result<Live, StartError> {
        let context = &*self.context;
        let _permit = tokio::select! {
            () = self.token.cancelled() => return Err(StartError::Cancelled),
            permit = context.starts.acquire() => permit.map_err(|_| StartError::Cancelled)?,
        };
        let attachment = if plan.has_network() {
            let attached = context.network.attach(&self.deployment, &id, plan.net_sysctls()).await;
            Some(attached.map_err(|error| self.network_problem(plan, &error))?)
        } else {
            None
        };
        let started = self.create_attached(plan, &id, attachment.as_ref()).await;
        match started {
            Ok((container, ports)) => Ok(Live {
                container,
                attachment,
                ports,
                adopted: false,
            }),
            Err(error) => {
                if attachment.is_some() {
                    self.detach(&id).await;
                }
                self.remove_storage(&id).await;
                Err(error)
            }
        }
    }

    async fn create_attached(
        &self,
        plan: &Plan,
        id: &str,
        attachment: Option<&Attachment>,
    ) -> Result<(Container, Vec<PublishedPort>), StartError> {
        let context = &*self.context;
        let wanted = plan.ports(self.index);
        let ports = if wanted.is_empty() {
            Vec::new()
        } else {
            context
                .network
                .publish(id, &wanted)
                .await
                .map_err(|error| self.network_problem(plan, &error))?
        };
        let instance = Instance {
            id: id.to_owned(),
            index: self.index,
            attachment,
            ports: &ports,
        };
        let config = plan
            .config(instance, &context.volumes)
            .await
            .map_err(StartError::Permanent)?;
        let started = tokio::select! {
            () = self.token.cancelled() => return Err(StartError::Cancelled),
            started = context.runtime.run(config) => started,
        };
        match started {
            Ok(container) => Ok((container, ports)),
            Err(error) => {
                let code = error.code();
                let field = match code {
                    "command-not-found" | "command-not-executable" => "command",
                    "workdir-failed" => "command.workdir",
                    "memory-limit-too-low" => "resources.memory",
                    "limit-not-supported" => "resources",
                    "user-not-found" => "user",
                    "group-not-found" => "extra_groups",
                    "mount-failed" | "mount-source-missing" => "storage",
                    _ => "image",
                };
                let reason = reason_at(code, error.to_string(), format!("services.{}.{field}", self.service));
                Err(match code {
                    "internal" | "disk-full" | "shim-unavailable" => StartError::Transient(reason),
                    _ => StartError::Permanent(reason),
                })
            }
        }
    }

    fn network_problem(&self, plan: &Plan, error: &NetworkError) -> StartError {
        let code = error.code();
        let path = format!("services.{}", self.service);
        let path = match code {
            "port-in-use" | "port-not-permitted" if !plan.ports(self.index).is_empty() => {
                format!("{path}.port_mappings")
            }
            _ => path,
        };
        let reason = reason_at(code, error.to_string(), path);
        match code {
            "internal" => StartError::Transient(reason),
            _ => StartError::Permanent(reason),
        }
    }
}
