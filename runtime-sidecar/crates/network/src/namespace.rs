//! Network namespaces that no process needs to keep: made in a thread of their own, pinned by a bind mount.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statfs::{NSFS_MAGIC, statfs};
use tokio::sync::oneshot;

use crate::error::NetworkError;
use crate::links::Links;

/// A new namespace and a netlink socket inside it.
pub struct Namespace {
    pub file: OwnedFd,
    pub links: Links,
}

/// Makes a namespace, pins it at `path` and sets the sysctls inside. On error nothing is left at `path`.
///
/// # Errors
/// `NotPermitted` without CAP_SYS_ADMIN, `Sysctl` for a key that cannot be set, `State` when `path` cannot be made.
pub async fn create(path: PathBuf, sysctls: BTreeMap<String, String>) -> Result<Namespace, NetworkError> {
    let runtime = tokio::runtime::Handle::current();
    let (answer, answered) = oneshot::channel();
    // A namespace belongs to a thread. A fresh one ends afterwards, so no pooled thread is ever in the wrong namespace.
    let body = move || {
        let _entered = runtime.enter();
        let result = create_here(&path, &sysctls);
        if result.is_err() {
            let _ = remove(&path);
        }
        if answer.send(result).is_err() {
            let _ = remove(&path);
        }
    };
    std::thread::Builder::new()
        .name("netns".into())
        .spawn(body)
        .map_err(|e| NetworkError::kernel("start a thread", e))?;
    answered
        .await
        .map_err(|_| NetworkError::kernel("make a network namespace", io::Error::other("its thread ended")))?
}

fn create_here(path: &Path, sysctls: &BTreeMap<String, String>) -> Result<Namespace, NetworkError> {
    File::create(path).map_err(|source| NetworkError::State {
        path: path.to_owned(),
        action: "created",
        source,
    })?;
    unshare(CloneFlags::CLONE_NEWNET).map_err(|e| NetworkError::kernel("make a network namespace", e))?;
    mount(
        Some("/proc/thread-self/ns/net"),
        path,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )
    .map_err(|e| NetworkError::kernel("pin a network namespace", e))?;
    // Only IPv4 is routed; a link-local address would let containers bypass the packet filter of the bridge. The loopback keeps ::1.
    let _ = std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    // As container engines do by default: inside, the ports below 1024 are nobody's privilege.
    let _ = std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    let _ = std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    for (key, value) in sysctls.iter().filter(|(key, _)| key.starts_with("net.")) {
        set_sysctl(key, value)?;
    }
    let file =
        File::open("/proc/thread-self/ns/net").map_err(|e| NetworkError::kernel("open a network namespace", e))?;
    Ok(Namespace {
        file: file.into(),
        links: Links::open()?,
    })
}

fn set_sysctl(key: &str, value: &str) -> Result<(), NetworkError> {
    let failed = |reason: &str| NetworkError::Sysctl {
        key: key.to_owned(),
        value: value.to_owned(),
        reason: reason.to_owned(),
    };
    if !key
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        || key.split('.').any(str::is_empty)
    {
        return Err(failed("the key may hold only letters, digits, '.', '_' and '-'"));
    }
    let path = Path::new("/proc/sys").join(key.replace('.', "/"));
    std::fs::write(path, value).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("a container's network namespace has no such key"),
        _ => failed(&error.to_string()),
    })
}

/// Whether a namespace is pinned at `path`.
pub fn exists(path: &Path) -> bool {
    statfs(path).is_ok_and(|info| info.filesystem_type() == NSFS_MAGIC)
}

/// Unpins the namespace and removes the file. What is gone already is no error.
pub fn remove(path: &Path) -> Result<(), NetworkError> {
    // Each mount on top of another takes one call.
    while umount2(path, MntFlags::MNT_DETACH).is_ok() {}
    match nix::unistd::unlink(path) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(NetworkError::State {
            path: path.to_owned(),
            action: "removed",
            source: error.into(),
        }),
    }
}
