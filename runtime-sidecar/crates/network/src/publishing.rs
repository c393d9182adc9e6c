//! Published ports of attached containers: reserved on the host, translated by the packet filter.

use std::net::Ipv4Addr;

use crate::error::NetworkError;
use crate::firewall::translated;
use crate::manager::Inner;
use crate::model::PublishedPort;
use crate::ports::reserve;

/// Publishes more ports of a container. On error nothing is changed.
pub async fn publish(
    inner: &Inner,
    container: &str,
    ports: Vec<PublishedPort>,
) -> Result<Vec<PublishedPort>, NetworkError> {
    let Some(before) = inner.registry().attachments.get(container).map(|a| a.record.clone()) else {
        return Err(NetworkError::NotAttached(container.to_owned()));
    };
    let target = before.attachment.address;
    // All are reserved before anything is changed; with an error, those made so far end at once.
    let mut reservations = ports
        .iter()
        .map(reserve)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| name_container(inner, error))?;
    reservations
        .iter_mut()
        .for_each(|reservation| reservation.relay(target));
    let published: Vec<PublishedPort> = reservations
        .iter()
        .map(|reservation| reservation.port.clone())
        .collect();

    let mut record = before.clone();
    record.ports.extend(published.iter().cloned());
    let done = async {
        inner.state.save_attachment(&record)?;
        inner.links.allow_hairpin(&record.host_link).await?;
        set_rules(inner, &published, Some(target)).await
    };
    if let Err(error) = done.await {
        if let Err(also) = inner.state.save_attachment(&before) {
            tracing::warn!(error = %also, container, "a port that was not published stays recorded");
        }
        if let Err(also) = set_rules(inner, &published, None).await {
            tracing::debug!(error = %also, container, "the packet filter is out of order");
        }
        return Err(error);
    }
    let mut registry = inner.registry();
    if let Some(attached) = registry.attachments.get_mut(container) {
        attached.record = record;
        attached.reservations.extend(reservations);
    }
    Ok(published)
}

/// Where the port is another container's, that says more than that this process has it.
fn name_container(inner: &Inner, mut error: NetworkError) -> NetworkError {
    if let NetworkError::PortInUse {
        port, protocol, owner, ..
    } = &mut error
    {
        let taken = |published: &PublishedPort| published.host_port == Some(*port) && published.protocol() == *protocol;
        let registry = inner.registry();
        if let Some(holder) = registry
            .attachments
            .values()
            .find(|attached| attached.record.ports.iter().any(taken))
        {
            *owner = Some(format!("the container '{}'", holder.record.container));
        }
    }
    error
}

/// Takes back all ports of a container.
pub async fn withdraw(inner: &Inner, container: &str) -> Result<(), NetworkError> {
    let ports = match inner.registry().attachments.get(container) {
        Some(attached) => attached.record.ports.clone(),
        None => return Ok(()),
    };
    set_rules(inner, &ports, None).await?;
    let reservations = inner
        .registry()
        .attachments
        .get_mut(container)
        .map(|a| std::mem::take(&mut a.reservations));
    for reservation in reservations.unwrap_or_default() {
        reservation.release().await;
    }
    Ok(())
}

/// Reserves the ports of containers that went on running while no engine was there. The packet filter served them all
/// along, so a port that somebody else took meanwhile still leads to the container; that is told, and no reason to stop.
pub async fn restore(inner: &Inner) -> Result<(), NetworkError> {
    let mut rules = Vec::new();
    {
        let mut registry = inner.registry();
        for attached in registry.attachments.values_mut() {
            let target = attached.record.attachment.address;
            for port in &attached.record.ports {
                match reserve(port) {
                    Ok(mut reservation) => {
                        reservation.relay(target);
                        attached.reservations.push(reservation);
                    }
                    Err(error) => {
                        tracing::warn!(%error, container = attached.record.container, "a published port could not be held again")
                    }
                }
                rules.push((port.clone(), target));
            }
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    inner
        .firewall
        .change(|ruleset| {
            rules
                .iter()
                .for_each(|(port, target)| edit(ruleset, port, Some(*target)))
        })
        .await
}

async fn set_rules(inner: &Inner, ports: &[PublishedPort], target: Option<Ipv4Addr>) -> Result<(), NetworkError> {
    if !ports.iter().any(|port| translated(port.host_ip).is_some()) {
        return Ok(());
    }
    inner
        .firewall
        .change(|ruleset| ports.iter().for_each(|port| edit(ruleset, port, target)))
        .await?;
    if ports.iter().any(|port| port.udp) {
        crate::conntrack::forget_udp(ports).await;
    }
    Ok(())
}

fn edit(ruleset: &mut crate::firewall::Ruleset, port: &PublishedPort, target: Option<Ipv4Addr>) {
    let (Some(host_ip), Some(host_port)) = (translated(port.host_ip), port.host_port) else {
        return;
    };
    let key = (host_ip, port.udp, host_port);
    match target {
        Some(address) => drop(ruleset.ports.insert(key, (address, port.container_port))),
        None => drop(ruleset.ports.remove(&key)),
    }
}
