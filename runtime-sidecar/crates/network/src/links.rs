//! Links, addresses and routes by netlink. A handle acts in the namespace of the thread that opened it.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use ipnet::Ipv4Net;
use nix::libc;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_REQUEST};
use rtnetlink::packet_route::link::{
    InfoBridgePort, InfoData, InfoPortData, InfoPortKind, InfoVeth, LinkAttribute, State,
};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute};
use rtnetlink::{Handle, LinkBridge, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::error::NetworkError;

/// The container's end of the pair.
const CONTAINER_LINK: &str = "eth0";
const LOOPBACK_INDEX: u32 = 1;
/// It takes some milliseconds; a machine that takes longer is not worth waiting for.
const TRAFFIC_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Links {
    handle: Handle,
}

impl Links {
    /// A netlink socket in the calling thread's namespace. Needs a tokio runtime.
    pub fn open() -> Result<Self, NetworkError> {
        let (connection, handle, _) =
            rtnetlink::new_connection().map_err(|e| NetworkError::kernel("open a netlink socket", e))?;
        tokio::spawn(connection);
        Ok(Self { handle })
    }

    /// The index of a link, or `None` when there is no link of that name.
    pub async fn index(&self, name: &str) -> Result<Option<u32>, NetworkError> {
        match self
            .handle
            .link()
            .get()
            .match_name(name.to_owned())
            .execute()
            .try_next()
            .await
        {
            Ok(link) => Ok(link.map(|link| link.header.index)),
            Err(error) if errno(&error) == libc::ENODEV => Ok(None),
            Err(error) => Err(failed(format!("look up the link {name}"), error)),
        }
    }

    /// The destinations of all IPv4 routes but the default one.
    pub async fn routes(&self) -> Result<Vec<Ipv4Net>, NetworkError> {
        let query = RouteMessageBuilder::<Ipv4Addr>::new().build();
        let routes: Vec<_> = self
            .handle
            .route()
            .get(query)
            .execute()
            .try_collect()
            .await
            .map_err(|e| failed("list the routes".into(), e))?;
        let destination = |route: &rtnetlink::packet_route::route::RouteMessage| {
            route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(address)) => {
                    Ipv4Net::new(*address, route.header.destination_prefix_length).ok()
                }
                _ => None,
            })
        };
        Ok(routes
            .iter()
            .filter_map(destination)
            .filter(|net| net.prefix_len() > 0)
            .collect())
    }

    /// Makes a bridge that is up and forwards at once (no spanning tree). One that exists already is kept.
    pub async fn add_bridge(&self, name: &str, mac: [u8; 6]) -> Result<u32, NetworkError> {
        // With an address of its own the bridge does not take over that of a port, which changes as ports come and go.
        let message = LinkBridge::new(name).address(mac.to_vec()).up().build();
        match self.handle.link().add(message).execute().await {
            Err(error) if errno(&error) != libc::EEXIST => {
                return Err(failed(format!("make the bridge {name}"), error));
            }
            _ => {}
        }
        self.existing(name).await
    }

    async fn existing(&self, name: &str) -> Result<u32, NetworkError> {
        let index = self.index(name).await?;
        index.ok_or_else(|| {
            NetworkError::kernel(format!("find the link {name}"), std::io::Error::other("there is none"))
        })
    }

    /// Adds an address to a link; one that it has already is kept.
    pub async fn add_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> Result<(), NetworkError> {
        match self
            .handle
            .address()
            .add(index, IpAddr::V4(address), prefix)
            .execute()
            .await
        {
            Err(error) if errno(&error) != libc::EEXIST => Err(failed(format!("add the address {address}"), error)),
            _ => Ok(()),
        }
    }

    /// Makes a veth pair: `host_link` here, a port of the bridge; `eth0` in the other namespace, where it is
    /// still down: the kernel refuses to start the second end while it makes the first.
    pub async fn add_pair(&self, host_link: &str, bridge: u32, namespace: BorrowedFd<'_>) -> Result<(), NetworkError> {
        let inside = LinkUnspec::new_with_name(CONTAINER_LINK)
            .setns_by_fd(namespace.as_raw_fd())
            .build();
        let message = LinkVeth::new(host_link, CONTAINER_LINK)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(inside)))
            .controller(bridge)
            .up()
            .build();
        self.handle
            .link()
            .add(message)
            .execute()
            .await
            .map_err(|e| failed(format!("make the link {host_link}"), e))
    }

    /// Inside a new namespace: both links up, the address on `eth0`, the default route.
    pub async fn configure_container(
        &self,
        address: Ipv4Addr,
        prefix: u8,
        gateway: Ipv4Addr,
    ) -> Result<(), NetworkError> {
        let link = self.existing(CONTAINER_LINK).await?;
        for index in [LOOPBACK_INDEX, link] {
            let message = LinkUnspec::new_with_index(index).up().build();
            self.handle
                .link()
                .set(message)
                .execute()
                .await
                .map_err(|e| failed("start a container's link".into(), e))?;
        }
        self.add_address(link, address, prefix).await?;
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .output_interface(link)
            .gateway(gateway)
            .build();
        self.handle
            .route()
            .add(route)
            .execute()
            .await
            .map_err(|e| failed("add the default route".into(), e))
    }

    /// Waits until packets pass both the container's link and its bridge. The kernel drops them until it has noticed, a
    /// moment later, that both ends are up, and a client's first lookup of a name would cost it seconds.
    pub async fn wait_for_traffic(&self, host_link: &str, bridge: u32) -> Result<(), NetworkError> {
        let link = self.existing(host_link).await?;
        let deadline = Instant::now() + TRAFFIC_PATIENCE;
        for index in [link, bridge] {
            while !self.passes_traffic(index).await? && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Ok(())
    }

    async fn passes_traffic(&self, index: u32) -> Result<bool, NetworkError> {
        let link = self.handle.link().get().match_index(index).execute().try_next().await;
        let link = link.map_err(|e| failed(format!("look up the link {index}"), e))?;
        let up = LinkAttribute::OperState(State::Up);
        Ok(link.is_some_and(|link| link.attributes.contains(&up)))
    }

    /// Makes an existing link a port of the bridge.
    pub async fn ensure_port(&self, name: &str, bridge: u32) -> Result<(), NetworkError> {
        let message = LinkUnspec::new_with_name(name).controller(bridge).up().build();
        self.handle
            .link()
            .set(message)
            .execute()
            .await
            .map_err(|e| failed(format!("join the link {name} to its bridge"), e))
    }

    /// Lets a bridge send a packet back through the port it came from: a container that calls its own published port,
    /// on machines where bridged packets pass the packet filter.
    pub async fn allow_hairpin(&self, name: &str) -> Result<(), NetworkError> {
        // Without the flag that makes links, this changes one; the request to set a link takes no port settings.
        let message = LinkUnspec::new_with_name(name)
            .set_port_kind(InfoPortKind::Bridge)
            .set_port_data(InfoPortData::BridgePort(vec![InfoBridgePort::HairpinMode(true)]))
            .build();
        self.handle
            .link()
            .add(message)
            .set_flags(NLM_F_REQUEST | NLM_F_ACK)
            .execute()
            .await
            .map_err(|e| failed(format!("set up the link {name}"), e))
    }

    /// Removes a link. One that is gone already is no error.
    pub async fn remove(&self, name: &str) -> Result<(), NetworkError> {
        let Some(index) = self.index(name).await? else {
            return Ok(());
        };
        match self.handle.link().del(index).execute().await {
            Err(error) if errno(&error) != libc::ENODEV => Err(failed(format!("remove the link {name}"), error)),
            _ => Ok(()),
        }
    }

    /// Marks a link as a member of a group. One that is gone already is no error.
    async fn set_group(&self, name: &str, group: u32) -> Result<(), NetworkError> {
        let message = LinkUnspec::new_with_name(name)
            .append_extra_attribute(LinkAttribute::Group(group))
            .build();
        match self.handle.link().set(message).execute().await {
            Err(error) if errno(&error) != libc::ENODEV => Err(failed(format!("mark the link {name}"), error)),
            _ => Ok(()),
        }
    }

    async fn remove_group(&self, group: u32) -> Result<(), NetworkError> {
        let mut request = self.handle.link().del(0);
        request.message_mut().attributes.push(LinkAttribute::Group(group));
        match request.execute().await {
            Err(error) if errno(&error) != libc::ENODEV => Err(failed("remove the links of containers".into(), error)),
            _ => Ok(()),
        }
    }
}

/// Removes links, those that are asked for at the same time together: the kernel waits for all processors to forget a
/// link, some tens of milliseconds, and does that once for a whole group.
pub struct Remover {
    group: u32,
    waiting: Mutex<Vec<String>>,
    removing: tokio::sync::Mutex<()>,
}

impl Remover {
    /// `group` is a number that only links about to be removed have.
    pub fn new(group: u32) -> Self {
        Self {
            group,
            waiting: Mutex::default(),
            removing: tokio::sync::Mutex::default(),
        }
    }

    /// Returns when the link is gone.
    pub async fn remove(&self, links: &Links, name: &str) -> Result<(), NetworkError> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.to_owned());
        let _removing = self.removing.lock().await;
        let batch = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if batch.is_empty() {
            // Another call took it along. Where that failed, this tries alone.
            return links.remove(name).await;
        }
        for member in &batch {
            links.set_group(member, self.group).await?;
        }
        links.remove_group(self.group).await
    }
}

fn errno(error: &rtnetlink::Error) -> i32 {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.raw_code().abs(),
        _ => 0,
    }
}

fn failed(action: String, error: rtnetlink::Error) -> NetworkError {
    match errno(&error) {
        0 => NetworkError::kernel(action, std::io::Error::other(error)),
        code => NetworkError::kernel(action, std::io::Error::from_raw_os_error(code)),
    }
}
