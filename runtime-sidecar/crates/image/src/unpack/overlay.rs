//! How overlayfs marks deletions in a layer.

use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::stat::{FileStat, Mode, SFlag, mknodat};
use serde::{Deserialize, Serialize};

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
        Err(Errno::EPERM | Errno::EACCES) => {
            let file = create(dir, name)?;
            use xattr::FileExt as _;
            file.set_xattr(kind.name("whiteout"), b"y")?;
            let opaque = kind.name("opaque");
            let path = proc_path(dir);
            if xattr::get_deref(&path, &opaque)?.as_deref() != Some(b"y") {
                // Tells overlayfs to look for such files in this directory.
                xattr::set_deref(&path, &opaque, b"x")?;
            }
            Ok(())
        }
        other => Ok(other?),
    }
}
