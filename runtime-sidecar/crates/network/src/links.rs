//! Links, addresses and routes by netlink. A handle acts in the namespace of the thread that opened it.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

use futures_util::TryStreamExt;
use ipnet::Ipv4Net;
use nix::libc;
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkFlags, LinkMessage};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute};
use rtnetlink::{Handle, LinkBridge, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::error::NetworkError;

/// The container's end of the pair. Any index free in a new namespace will do; a known one saves a question.
const CONTAINER_LINK: &str = "eth0";
const CONTAINER_LINK_INDEX: u32 = 64;
const LOOPBACK_INDEX: u32 = 1;

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

    /// The names and indexes of the links whose name starts with `prefix`.
    pub async fn with_prefix(&self, prefix: &str) -> Result<Vec<(String, u32)>, NetworkError> {
        let links: Vec<LinkMessage> = self
            .handle
            .link()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(|e| failed("list the links".into(), e))?;
        let name = |link: &LinkMessage| {
            link.attributes.iter().find_map(|attribute| match attribute {
                LinkAttribute::IfName(name) => Some(name.clone()),
                _ => None,
            })
        };
        Ok(links
            .iter()
            .filter_map(|link| Some((name(link)?, link.header.index)))
            .filter(|(name, _)| name.starts_with(prefix))
            .collect())
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
        self.index(name).await?.ok_or_else(|| {
            NetworkError::kernel(
                format!("make the bridge {name}"),
                std::io::Error::other("it vanished again"),
            )
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

    /// Makes a veth pair: `host_link` here, a port of the bridge; `eth0` in the other namespace. Both are up.
    pub async fn add_pair(&self, host_link: &str, bridge: u32, namespace: BorrowedFd<'_>) -> Result<(), NetworkError> {
        let mut inside = LinkUnspec::new_with_index(CONTAINER_LINK_INDEX)
            .name(CONTAINER_LINK.to_owned())
            .setns_by_fd(namespace.as_raw_fd())
            .up()
            .build();
        inside.header.change_mask = LinkFlags::Up;
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

    /// Inside a new namespace: loopback up, the address on `eth0`, the default route.
    pub async fn configure_container(
        &self,
        address: Ipv4Addr,
        prefix: u8,
        gateway: Ipv4Addr,
    ) -> Result<(), NetworkError> {
        let loopback = LinkUnspec::new_with_index(LOOPBACK_INDEX).up().build();
        self.handle
            .link()
            .set(loopback)
            .execute()
            .await
            .map_err(|e| failed("start the loopback link".into(), e))?;
        self.add_address(CONTAINER_LINK_INDEX, address, prefix).await?;
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .output_interface(CONTAINER_LINK_INDEX)
            .gateway(gateway)
            .build();
        self.handle
            .route()
            .add(route)
            .execute()
            .await
            .map_err(|e| failed("add the default route".into(), e))
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
