//! The container's root file system: an overlay in the shim's own mount namespace, over shared layers.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

use super::skeleton;
use crate::config::{NetworkNamespace, Rootfs};
use crate::directory::Directory;
use crate::error::{ContainerError, ErrorKind, Result};
use crate::node::Node;

/// From here on, nothing that this process mounts is seen outside, and all of it goes with the last process in here.
pub(super) fn enter_own_mount_namespace() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)
        .and_then(|()| {
            mount(
                None::<&str>,
                "/",
                None::<&str>,
                MsFlags::MS_REC | MsFlags::MS_SLAVE,
                None::<&str>,
            )
        })
        .map_err(|e| ContainerError::internal("cannot make a mount namespace", e))
}

/// A file in memory costs a small part of one on a disk, and the container's start makes many.
pub(super) fn mount_scratch(dir: &Directory) -> Result<()> {
    let scratch = dir.scratch();
    make_directory(&scratch, 0o700)?;
    // The container can write to its files in `/etc`, which are here.
    mount(
        Some("tmpfs"),
        &scratch,
        Some("tmpfs"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        Some("mode=700,size=4m"),
    )
    .map_err(|e| ContainerError::internal(format_args!("cannot mount a file system at {}", scratch.display()), e))
}

fn make_directory(path: &Path, mode: u32) -> Result<()> {
    match fs::DirBuilder::new().mode(mode).create(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(ContainerError::io("cannot create", path, e)),
        _ => Ok(()),
    }
}

/// Lets go of the network namespaces of other containers: each is bound to a path, and a copy of that mount in here would
/// keep the namespace, where mounts of this machine are not shared, until this shim ends.
pub(super) fn release_namespaces(network: &NetworkNamespace) {
    let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    for line in mountinfo.lines().filter(|line| line.contains(" - nsfs ")) {
        let Some(target) = line.split(' ').nth(4).map(Path::new) else {
            continue;
        };
        if !matches!(network, NetworkNamespace::Path(own) if own == target) {
            let _ = umount2(target, MntFlags::MNT_DETACH);
        }
    }
}

/// The container has its namespace now; see `release_namespaces`.
pub(super) fn release_own_namespace(network: &NetworkNamespace) {
    if let NetworkNamespace::Path(path) = network {
        while umount2(path, MntFlags::MNT_DETACH).is_ok() {}
    }
}

/// Takes the namespace that is bound to the path now, in the eyes of the process that asks for a restart: it may have been
/// set up after this shim's mount namespace was made.
pub(super) fn take_namespace(network: &NetworkNamespace, viewer: i32) {
    let NetworkNamespace::Path(path) = network else { return };
    let seen = Path::new("/proc")
        .join(viewer.to_string())
        .join("root")
        .join(path.strip_prefix("/").unwrap_or(path));
    let Ok(namespace) = fs::File::open(seen) else { return };
    release_own_namespace(network);
    let source = format!("/proc/self/fd/{}", namespace.as_raw_fd());
    // Should this fail, the start does, and says that the namespace is not one.
    let _ = mount(
        Some(source.as_str()),
        path,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    );
}

/// libcontainer puts every process into a cgroup. Where the container gets none, it finds a hierarchy without controllers
/// (where it may not make a directory, and goes on without) or no hierarchy at all.
pub(super) fn hide_cgroups(node: &Node) -> Result<()> {
    let root = Path::new("/sys/fs/cgroup");
    let result = if node.in_user_namespace {
        // Of its own cgroup namespace, so that the machine's cgroups are not shown.
        unshare(CloneFlags::CLONE_NEWCGROUP)
            .and_then(|()| mount(Some("cgroup2"), root, Some("cgroup2"), MsFlags::empty(), None::<&str>))
    } else {
        while umount2(root, MntFlags::MNT_DETACH).is_ok() {}
        mount(
            Some("tmpfs"),
            root,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=0,mode=755"),
        )
    };
    result.map_err(|e| ContainerError::internal("cannot separate the container from the cgroups of this machine", e))
}

/// Mounts the overlay; does nothing when it is there from an earlier run.
pub(super) fn mount_overlay(dir: &Directory, rootfs: &Rootfs, node: &Node) -> Result<()> {
    let target = dir.rootfs();
    for (path, mode) in [(dir.upper(), 0o755), (dir.work(), 0o700), (target.clone(), 0o755)] {
        make_directory(&path, mode)?;
    }
    let parent_device = device(&dir.scratch())?;
    if device(&target)? != parent_device {
        return Ok(());
    }
    for layer in &rootfs.layers {
        if !layer.is_dir() {
            return Err(ContainerError::new(
                ErrorKind::MountFailed,
                format!("the image layer {} is missing; pull the image again", layer.display()),
            ));
        }
    }
    let layers: Vec<PathBuf> = rootfs.layers.iter().cloned().chain([skeleton::of(dir)?]).collect();
    overlay(dir, &layers, node).map_err(|e| {
        let (kind, hint) = match e {
            Errno::ENOSPC => (ErrorKind::DiskFull, "free some space"),
            Errno::EINVAL if node.in_user_namespace => (
                ErrorKind::MountFailed,
                "overlayfs in a user namespace needs Linux 5.11 and a file system with user extended attributes",
            ),
            _ => (
                ErrorKind::MountFailed,
                "the state directory must be on a local file system that overlayfs supports, such as ext4",
            ),
        };
        ContainerError::new(
            kind,
            format!(
                "cannot mount the root file system at {}: {}; {hint}",
                target.display(),
                e.desc()
            ),
        )
    })
}

fn device(path: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    path.metadata()
        .map(|m| m.dev())
        .map_err(|e| ContainerError::io("cannot read", path, e))
}

/// By the newer mount calls: layers are handed over one by one, so that neither their number nor colons and commas in
/// their paths matter. Falls back to `mount(2)` on a kernel that takes them in one string only.
fn overlay(dir: &Directory, layers: &[PathBuf], node: &Node) -> nix::Result<()> {
    match overlay_by_parts(dir, layers, node) {
        Err(Errno::EINVAL | Errno::ENOSYS) => overlay_by_string(dir, layers, node),
        other => other,
    }
}

fn overlay_by_parts(dir: &Directory, layers: &[PathBuf], node: &Node) -> nix::Result<()> {
    let filesystem = owned(|| unsafe { libc::syscall(libc::SYS_fsopen, c"overlay".as_ptr(), 1) })?;
    for layer in layers {
        set(&filesystem, "lowerdir+", layer)?;
    }
    set(&filesystem, "upperdir", &dir.upper())?;
    set(&filesystem, "workdir", &dir.work())?;
    if node.in_user_namespace {
        configure(&filesystem, FSCONFIG_SET_FLAG, Some("userxattr"), None)?;
    }
    configure(&filesystem, FSCONFIG_CMD_CREATE, None, None)?;
    let mounted = owned(|| unsafe { libc::syscall(libc::SYS_fsmount, filesystem.as_raw_fd(), 1, MOUNT_ATTR_NODEV) })?;
    let target = nix::NixPath::with_nix_path(&dir.rootfs(), |path| {
        // SAFETY: both paths are NUL-terminated and live during the call.
        Errno::result(unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                mounted.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                path.as_ptr(),
                MOVE_MOUNT_F_EMPTY_PATH,
            )
        })
    })?;
    target.map(|_| ())
}

const FSCONFIG_SET_FLAG: libc::c_uint = 0;
const FSCONFIG_SET_STRING: libc::c_uint = 1;
const FSCONFIG_CMD_CREATE: libc::c_uint = 6;
const MOUNT_ATTR_NODEV: libc::c_uint = 4;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;

fn owned(call: impl Fn() -> libc::c_long) -> nix::Result<OwnedFd> {
    let fd = Errno::result(call())?;
    // SAFETY: the call returned a new descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn set(filesystem: &OwnedFd, key: &str, path: &Path) -> nix::Result<()> {
    configure(filesystem, FSCONFIG_SET_STRING, Some(key), Some(path))
}

fn configure(filesystem: &OwnedFd, command: libc::c_uint, key: Option<&str>, value: Option<&Path>) -> nix::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let text = |bytes: &[u8]| std::ffi::CString::new(bytes).map_err(|_| Errno::EINVAL);
    let key = key.map(|key| text(key.as_bytes())).transpose()?;
    let value = value.map(|value| text(value.as_os_str().as_bytes())).transpose()?;
    let pointer = |text: &Option<std::ffi::CString>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    // SAFETY: the pointers are null or NUL-terminated strings that live during the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            filesystem.as_fd().as_raw_fd(),
            command,
            pointer(&key),
            pointer(&value),
            0,
        )
    };
    Errno::result(result).map(|_| ())
}

fn overlay_by_string(dir: &Directory, layers: &[PathBuf], node: &Node) -> nix::Result<()> {
    let mut options = OsString::from("lowerdir=");
    for (n, layer) in layers.iter().enumerate() {
        if n > 0 {
            options.push(":");
        }
        options.push(layer);
    }
    options.push(",upperdir=");
    options.push(dir.upper());
    options.push(",workdir=");
    options.push(dir.work());
    if node.in_user_namespace {
        options.push(",userxattr");
    }
    mount(
        Some("overlay"),
        &dir.rootfs(),
        Some("overlay"),
        MsFlags::MS_NODEV,
        Some(options.as_os_str()),
    )
}
