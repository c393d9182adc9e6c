//! The network link whose packets this process reads and writes, with the kernel's offloads: a read gives up to 64 kB of
//! one TCP flow at once, and a write takes as much.

use std::ffi::c_short;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

use futures_util::TryStreamExt;
use ipnet::Ipv4Net;
use nix::libc;
use rtnetlink::{LinkUnspec, RouteMessageBuilder};

use crate::error::MeshError;

const TUN_F_CSUM: libc::c_ulong = 1;
const TUN_F_TSO4: libc::c_ulong = 2;
const TUN_F_TSO6: libc::c_ulong = 4;

/// An open TUN link. It disappears with its last descriptor.
#[derive(Debug)]
pub struct Tun(File);

impl Tun {
    /// Makes the link in the calling thread's network namespace.
    ///
    /// # Errors
    /// `BadName`, `Tun`.
    pub fn create(name: &str) -> Result<Self, MeshError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if name.is_empty() || name.len() >= libc::IFNAMSIZ || !name.bytes().all(plain) {
            return Err(MeshError::BadName {
                name: name.to_owned(),
                reason: "it needs 1 to 15 letters, digits, '-' and '_'",
            });
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open("/dev/net/tun")
            .map_err(|source| MeshError::Tun {
                action: "open /dev/net/tun",
                source,
            })?;
        // SAFETY: an all-zero ifreq is a valid one.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from.cast_signed();
        }
        let flags = libc::IFF_TUN | libc::IFF_NO_PI | libc::IFF_VNET_HDR | libc::IFF_TUN_EXCL;
        #[allow(clippy::cast_possible_truncation)]
        let flags = flags as c_short;
        request.ifr_ifru.ifru_flags = flags;
        // SAFETY: the request lives through the call, and the descriptor is open.
        let made = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
        check(made, "make the link")?;
        // SAFETY: takes a number.
        let set = unsafe {
            libc::ioctl(
                file.as_raw_fd(),
                libc::TUNSETOFFLOAD,
                TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
            )
        };
        check(set, "turn on the offloads")?;
        Ok(Self(file))
    }

    /// One frame: virtio's header and a packet. `WouldBlock` when there is none.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    /// Gives a frame to the kernel.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        (&self.0).write(frame).map(|_| ())
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn check(result: libc::c_int, action: &'static str) -> Result<(), MeshError> {
    match result {
        0.. => Ok(()),
        _ => Err(MeshError::Tun {
            action,
            source: io::Error::last_os_error(),
        }),
    }
}

/// Gives the link its address, MTU (bytes) and the way to `range`, and takes it up.
///
/// # Errors
/// `Kernel`.
pub async fn configure(name: &str, address: Ipv4Addr, range: Ipv4Net, mtu: u16) -> Result<(), MeshError> {
    let failed = |action: &str| {
        let action = format!("{action} the mesh's link {name}");
        move |error: rtnetlink::Error| MeshError::kernel(action, io::Error::other(error.to_string()))
    };
    let (connection, handle, _) =
        rtnetlink::new_connection().map_err(|error| MeshError::kernel("open a netlink socket", error))?;
    let connection = tokio::spawn(connection);
    let done = async {
        let mut links = handle.link().get().match_name(name.to_owned()).execute();
        let link = links.try_next().await.map_err(failed("find"))?;
        let missing = || {
            MeshError::kernel(
                format!("find the mesh's link {name}"),
                io::Error::other("there is none"),
            )
        };
        let index = link.ok_or_else(missing)?.header.index;
        let add = handle.address().add(index, IpAddr::V4(address), 32);
        add.execute().await.map_err(failed("address"))?;
        let up = LinkUnspec::new_with_index(index).mtu(u32::from(mtu)).up().build();
        handle.link().set(up).execute().await.map_err(failed("take up"))?;
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(range.network(), range.prefix_len())
            .output_interface(index)
            .pref_source(address)
            .build();
        let add = handle.route().add(route).replace();
        add.execute().await.map_err(failed("route through"))
    }
    .await;
    connection.abort();
    done
}
