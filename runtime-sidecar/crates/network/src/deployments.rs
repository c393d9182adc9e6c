//! A deployment's bridge, subnets and name server: made with its first container, grown when its addresses run out.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::addresses::{Cursor, free_subnet, gateway};
use crate::dns::{NameServer, Zone};
use crate::error::NetworkError;
use crate::manager::Inner;
use crate::state::{AttachmentRecord, DeploymentRecord, short_hash};

/// A deployment whose bridge exists.
pub struct Deployment {
    pub record: DeploymentRecord,
    pub names: NameServer,
    bridge: u32,
    taken: BTreeSet<Ipv4Addr>,
    cursor: Cursor,
}

/// An address that was taken for a container.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub address: Ipv4Addr,
    pub subnet: Ipv4Net,
    /// Index of the link.
    pub bridge: u32,
}

impl Deployment {
    fn take(&mut self) -> Option<Place> {
        let (subnet, address) = self
            .cursor
            .next(&self.record.subnets, |address| self.taken.contains(&address))?;
        self.taken.insert(address);
        Some(Place {
            address,
            subnet,
            bridge: self.bridge,
        })
    }
}

/// Takes an address, and makes the bridge or another subnet for it when that is needed.
pub async fn take_address(inner: &Inner, deployment: &str) -> Result<Place, NetworkError> {
    let take = || {
        inner
            .registry()
            .deployments
            .get_mut(deployment)
            .and_then(Deployment::take)
    };
    if let Some(place) = take() {
        return Ok(place);
    }
    let _shaping = inner.shaping.lock().await;
    // Somebody else may have done it while this one waited.
    if let Some(place) = take() {
        return Ok(place);
    }
    let record = inner
        .registry()
        .deployments
        .get(deployment)
        .map(|existing| existing.record.clone());
    match record {
        Some(record) => grow(inner, record).await?,
        None => create(inner, deployment).await?,
    }
    take().ok_or_else(|| exhausted(deployment, "a subnet of the pool has no room for a container".into()))
}

/// The address may be used again.
pub fn give_back(inner: &Inner, deployment: &str, address: Ipv4Addr) {
    if let Some(deployment) = inner.registry().deployments.get_mut(deployment) {
        deployment.taken.remove(&address);
    }
}

/// Removes the deployment's network, with its names.
pub async fn remove(inner: &Inner, deployment: &str) -> Result<(), NetworkError> {
    let _shaping = inner.shaping.lock().await;
    remove_shaped(inner, deployment).await?;
    inner.registry().names.remove(deployment);
    inner.state.forget_names(deployment)
}

/// Forgets the names of deployments without a network: their addresses are nobody's.
pub async fn forget_stale_names(inner: &Inner) -> Result<(), NetworkError> {
    let _shaping = inner.shaping.lock().await;
    let mut registry = inner.registry();
    let registry = &mut *registry;
    let mut result = Ok(());
    registry.names.retain(|deployment, _| {
        let kept = registry.deployments.contains_key(deployment);
        if !kept {
            result = std::mem::replace(&mut result, Ok(())).and(inner.state.forget_names(deployment));
        }
        kept
    });
    result
}

/// Removes the deployment's network when no container has an address in it.
pub async fn remove_if_empty(inner: &Inner, deployment: &str) -> Result<(), NetworkError> {
    let _shaping = inner.shaping.lock().await;
    let empty = inner
        .registry()
        .deployments
        .get(deployment)
        .is_some_and(|existing| existing.taken.is_empty());
    if empty {
        remove_shaped(inner, deployment).await
    } else {
        Ok(())
    }
}

async fn remove_shaped(inner: &Inner, deployment: &str) -> Result<(), NetworkError> {
    let Some(removed) = inner.registry().deployments.remove(deployment) else {
        return Ok(());
    };
    let record = removed.record.clone();
    drop(removed);
    discard(inner, &record).await
}

async fn discard(inner: &Inner, record: &DeploymentRecord) -> Result<(), NetworkError> {
    inner.links.remove(&record.bridge).await?;
    inner.state.forget_bridge(&record.deployment)?;
    inner
        .firewall
        .change(|rules| drop(rules.bridges.remove(&record.bridge)))
        .await
}

/// The bridge that a deployment has, or will have.
pub fn bridge_name(inner: &Inner, deployment: &str) -> String {
    format!("zl-{}", short_hash(&[&inner.state.tag(), deployment], 8))
}

async fn create(inner: &Inner, deployment: &str) -> Result<(), NetworkError> {
    let subnet = choose_subnet(inner, deployment).await?;
    let bridge = bridge_name(inner, deployment);
    let record = DeploymentRecord {
        deployment: deployment.to_owned(),
        bridge,
        subnets: vec![subnet],
    };
    // Before the bridge, so that a crash leaves no bridge that nobody knows.
    inner.state.save_deployment(&record)?;
    match shape(inner, &record).await {
        Ok(made) => {
            inner.registry().deployments.insert(deployment.to_owned(), made);
            Ok(())
        }
        Err(error) => {
            if let Err(also) = discard(inner, &record).await {
                tracing::warn!(error = %also, deployment, "the network of a deployment that failed could not be removed");
            }
            Err(error)
        }
    }
}

async fn grow(inner: &Inner, mut record: DeploymentRecord) -> Result<(), NetworkError> {
    let subnet = choose_subnet(inner, &record.deployment).await?;
    record.subnets.push(subnet);
    inner.state.save_deployment(&record)?;
    let index = inner.links.add_bridge(&record.bridge, mac(&record.bridge)).await?;
    inner
        .links
        .add_address(index, gateway(subnet), subnet.prefix_len())
        .await?;
    inner
        .firewall
        .change(|rules| drop(rules.bridges.insert(record.bridge.clone(), record.subnets.clone())))
        .await?;
    if let Some(existing) = inner.registry().deployments.get_mut(&record.deployment) {
        existing.names.listen(gateway(subnet))?;
        existing.record = record;
    }
    Ok(())
}

/// A deployment that the last process made; `attached` are its containers.
pub async fn restore(
    inner: &Inner,
    record: DeploymentRecord,
    attached: &[&AttachmentRecord],
) -> Result<(), NetworkError> {
    if attached.is_empty() {
        if let Err(error) = discard(inner, &record).await {
            tracing::warn!(%error, deployment = record.deployment, "the network of an empty deployment could not be removed");
        }
        return Ok(());
    }
    let mut restored = shape(inner, &record).await?;
    for attachment in attached {
        restored.taken.insert(attachment.attachment.address);
        inner.links.ensure_port(&attachment.host_link, restored.bridge).await?;
    }
    inner.registry().deployments.insert(record.deployment.clone(), restored);
    Ok(())
}

/// Brings the bridge, its rules and its name server about. What is there already is kept.
async fn shape(inner: &Inner, record: &DeploymentRecord) -> Result<Deployment, NetworkError> {
    let bridge = inner.links.add_bridge(&record.bridge, mac(&record.bridge)).await?;
    sysctl(&format!("ipv4/conf/{}/route_localnet", record.bridge), "1")?;
    // Only IPv4 is filtered, so there must be no other way.
    let _ = sysctl(&format!("ipv6/conf/{}/disable_ipv6", record.bridge), "1");
    for subnet in &record.subnets {
        inner
            .links
            .add_address(bridge, gateway(*subnet), subnet.prefix_len())
            .await?;
    }
    sysctl("ipv4/ip_forward", "1")?;
    inner
        .firewall
        .change(|rules| drop(rules.bridges.insert(record.bridge.clone(), record.subnets.clone())))
        .await?;
    let mut zone = Zone::new(&record.deployment, inner.config.pool);
    if let Some(names) = inner.registry().names.get(&record.deployment) {
        names
            .services
            .iter()
            .for_each(|(service, addresses)| zone.set(service, addresses));
    }
    let mut names = NameServer::new(zone);
    for subnet in &record.subnets {
        names.listen(gateway(*subnet))?;
    }
    Ok(Deployment {
        record: record.clone(),
        names,
        bridge,
        taken: BTreeSet::new(),
        cursor: Cursor::default(),
    })
}

async fn choose_subnet(inner: &Inner, deployment: &str) -> Result<Ipv4Net, NetworkError> {
    let pool = inner.config.pool;
    let mut routes = inner.links.routes().await?;
    // The way to other nodes holds this node's own network too.
    let mesh = inner.firewall.mesh_range();
    routes.retain(|route| Some(*route) != mesh);
    // Routes that hold the whole pool are a wider network, such as 10.0.0.0/8 at an office, of which only a part is used.
    let wider = routes
        .iter()
        .find(|route| route.contains(&pool) && **route != pool)
        .copied();
    let mut taken = routes;
    taken.extend(
        inner
            .registry()
            .deployments
            .values()
            .flat_map(|existing| existing.record.subnets.clone()),
    );
    let seed = u32::from_str_radix(&short_hash(&[&inner.state.tag(), deployment], 8), 16).unwrap_or_default();
    free_subnet(pool, &taken, seed).ok_or_else(|| match wider {
        Some(route) => exhausted(
            deployment,
            format!("the pool {pool} lies in {route}, which this machine reaches by a route of its own"),
        ),
        None => exhausted(
            deployment,
            format!("every subnet of the pool {pool} is in use by deployments or by routes of this machine"),
        ),
    })
}

fn exhausted(deployment: &str, reason: String) -> NetworkError {
    NetworkError::AddressPoolExhausted {
        deployment: deployment.to_owned(),
        reason,
    }
}

/// A locally administered address, the same after each restart.
fn mac(bridge: &str) -> [u8; 6] {
    let hash = short_hash(&[bridge], 10);
    let digit = |at: usize| {
        hash.get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .unwrap_or_default()
    };
    [0x02, digit(0), digit(2), digit(4), digit(6), digit(8)]
}

/// Sets a sysctl below `net`. One that has the value already needs no right to write.
fn sysctl(name: &str, value: &str) -> Result<(), NetworkError> {
    let path = format!("/proc/sys/net/{name}");
    if std::fs::read_to_string(&path).is_ok_and(|current| current.trim() == value) {
        return Ok(());
    }
    std::fs::write(&path, value).map_err(|e| NetworkError::kernel(format!("set {path}"), e))
}
