//! How overlayfs marks deletions in a layer.

use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::stat::{FileStat, Mode, SFlag, mknodat};
use serde::{Deserialize, Serialize};
use xattr::FileExt as _;

use super::tree::{create, kind_of, proc_path};

/// The name space of overlayfs' attributes in unpacked layers. It decides how they must be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverlayXattrs {
    /// `trusted.overlay.*`: real root, the mount needs no option.
    Trusted,
    /// `user.overlay.*`: inside a user namespace, or without root.
    User,
}

impl OverlayXattrs {
    /// The kind that this process can write and mount: `Trusted` for root of the initial user namespace, else `User`.
    pub fn current() -> Self {
        static KIND: std::sync::OnceLock<OverlayXattrs> = std::sync::OnceLock::new();
        *KIND.get_or_init(|| {
            if in_initial_user_namespace() && nix::unistd::geteuid().is_root() {
                Self::Trusted
            } else {
                Self::User
            }
        })
    }

    /// The option that a mount of such layers needs.
    pub fn mount_option(self) -> Option<&'static str> {
        match self {
            Self::Trusted => None,
            Self::User => Some("userxattr"),
        }
    }

    fn name(self, suffix: &str) -> String {
        match self {
            Self::Trusted => format!("trusted.overlay.{suffix}"),
            Self::User => format!("user.overlay.{suffix}"),
        }
    }
}

/// The initial user namespace maps every id to itself.
pub(crate) fn in_initial_user_namespace() -> bool {
    std::fs::read_to_string("/proc/self/uid_map")
        .map(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
        .unwrap_or(true)
}

/// Whether a file in a layer is overlayfs' mark of a deletion.
pub(crate) fn is_whiteout(stat: &FileStat) -> bool {
    kind_of(stat) == SFlag::S_IFCHR && stat.st_rdev == 0
}

/// Hides all that lower layers have in this directory.
pub(crate) fn set_opaque(dir: BorrowedFd<'_>, kind: OverlayXattrs) -> io::Result<()> {
    xattr::set_deref(proc_path(dir), kind.name("opaque"), b"y")
}

/// Hides what lower layers have under this name. Nothing may be there yet.
pub(crate) fn write_whiteout(dir: BorrowedFd<'_>, name: &OsStr, kind: OverlayXattrs) -> io::Result<()> {
    match mknodat(dir, name, SFlag::S_IFCHR, Mode::empty(), 0) {
        // Kernels before 5.8, and some sandboxes, keep device nodes of every kind from ordinary users.
        Err(Errno::EPERM | Errno::EACCES) => write_xattr_whiteout(dir, name, kind),
        other => Ok(other?),
    }
}

/// The other form of a deletion: an empty file with an attribute, in a directory with one.
fn write_xattr_whiteout(dir: BorrowedFd<'_>, name: &OsStr, kind: OverlayXattrs) -> io::Result<()> {
    create(dir, name)?.set_xattr(kind.name("whiteout"), b"y")?;
    let opaque = kind.name("opaque");
    let path = proc_path(dir);
    if xattr::get_deref(&path, &opaque)?.as_deref() != Some(b"y") {
        // Tells overlayfs to look for such files in this directory.
        xattr::set_deref(&path, &opaque, b"x")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir_all, write};
    use std::os::fd::AsFd as _;
    use std::process::Command;

    use super::*;

    /// Needs Linux 6.7. Mounts as root, or in a user namespace.
    #[test]
    fn deletions_without_device_nodes_are_understood_by_overlayfs() {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["lower/d", "upper/d", "root"] {
            create_dir_all(dir.path().join(sub)).unwrap();
        }
        for file in ["lower/gone", "lower/kept", "lower/d/gone", "lower/d/kept"] {
            write(dir.path().join(file), "").unwrap();
        }
        let kind = OverlayXattrs::current();
        for sub in ["upper", "upper/d"] {
            let sub = File::open(dir.path().join(sub)).unwrap();
            write_xattr_whiteout(sub.as_fd(), OsStr::new("gone"), kind).unwrap();
        }
        let option = kind.mount_option().map(|o| format!(",{o}")).unwrap_or_default();
        let own: &[&str] = if nix::unistd::geteuid().is_root() {
            &[]
        } else {
            &["--user", "--map-root-user"]
        };
        let output = Command::new("unshare")
            .args(own)
            .args([
                "--mount",
                "sh",
                "-euc",
                "mount -t overlay overlay -o \"$OPTIONS\" root; cd root; find . | sort",
            ])
            .current_dir(dir.path())
            .env("OPTIONS", format!("lowerdir=upper:lower{option}"))
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            ".\n./d\n./d/kept\n./kept\n",
            "{output:?}"
        );
    }
}
