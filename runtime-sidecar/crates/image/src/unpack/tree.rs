//! File system access below one directory that no name, link or race can lead out of.
//!
//! Directories are opened with `openat2(RESOLVE_BENEATH)`: `..` and symbolic links work only as long as they stay
//! below the root, and absolute links never do. The last component of a name is created or removed with the `*at`
//! calls relative to its directory, which never follow it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, SFlag, fchmodat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::fault::{Fault, show};

const PATH_BYTES: usize = 4095;
const NAME_BYTES: usize = 255;

/// A name inside the layer: its directory and its last component. The root itself has no last component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) name: Option<OsString>,
}

impl Place {
    /// Refuses absolute names, `..`, and what the kernel would not accept.
    pub(crate) fn parse(raw: &[u8], depth: usize) -> Result<Self, Fault> {
        let refuse = |why: &str| Err(Fault::Unsafe(format!("the name `{}` {why}", show(raw))));
        if raw.contains(&0) {
            return refuse("contains a zero byte");
        }
        if raw.len() > PATH_BYTES {
            return refuse("is longer than 4095 bytes");
        }
        let mut parts: Vec<&OsStr> = Vec::new();
        for component in Path::new(OsStr::from_bytes(raw)).components() {
            match component {
                Component::Normal(part) if part.len() > NAME_BYTES => {
                    return refuse("has a part longer than 255 bytes");
                }
                Component::Normal(part) => parts.push(part),
                Component::ParentDir => return refuse("contains `..`"),
                Component::CurDir => {}
                // The root directory by its absolute name is harmless and common.
                Component::RootDir if raw.iter().all(|b| matches!(b, b'/' | b'.')) => {}
                Component::RootDir | Component::Prefix(_) => return refuse("is absolute"),
            }
        }
        if parts.len() > depth {
            return refuse("is nested too deeply");
        }
        let name = parts.pop().map(OsStr::to_owned);
        Ok(Self {
            dir: parts.iter().collect(),
            name,
        })
    }

    pub(crate) fn path(&self) -> PathBuf {
        match &self.name {
            Some(name) => self.dir.join(name),
            None => PathBuf::new(),
        }
    }
}

pub(crate) struct Tree {
    root: OwnedFd,
    /// The last directory that was used: archives list the entries of a directory together.
    recent: Option<(PathBuf, OwnedFd)>,
}

impl Tree {
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self { root, recent: None }
    }

    /// Opens a directory of the layer, `path` as it was parsed.
    pub(crate) fn open_dir(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let how = OpenHow::new()
            .flags(OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        let mut attempts = 0;
        loop {
            match openat2(&self.root, path, how) {
                // The kernel gives up when anything on the machine is renamed while it resolves a `..`.
                Err(Errno::EAGAIN) if attempts < 128 => attempts += 1,
                other => return other,
            }
        }
    }

    /// The directory of an entry, made where it is missing; kept open for the next entry.
    pub(crate) fn enter(&mut self, dir: &Path) -> Result<BorrowedFd<'_>, Fault> {
        if !matches!(&self.recent, Some((path, _)) if path == dir) {
            let fd = match self.open_dir(dir) {
                Err(Errno::ENOENT | Errno::ENOTDIR) => self.make_dirs(dir)?,
                other => other.map_err(|e| leaves(dir, e))?,
            };
            self.recent = Some((dir.to_owned(), fd));
        }
        match &self.recent {
            Some((_, fd)) => Ok(fd.as_fd()),
            None => Err(Fault::Stopped),
        }
    }

    /// Must follow every removal: the open directory may be gone.
    pub(crate) fn forget(&mut self) {
        self.recent = None;
    }

    fn make_dirs(&self, dir: &Path) -> Result<OwnedFd, Fault> {
        let mut path = PathBuf::new();
        let mut current = self.open_dir(&path).map_err(|e| Fault::io(dir, e))?;
        for component in dir.components() {
            path.push(component);
            current = match self.open_dir(&path) {
                Err(Errno::ENOENT) => {
                    make_dir(current.as_fd(), component.as_os_str(), 0o755).map_err(|e| leaves(&path, e))?;
                    self.open_dir(&path)
                }
                // A directory that this layer first deletes and then fills anew, without an entry of its own.
                Err(Errno::ENOTDIR) if is_whiteout(current.as_fd(), component.as_os_str()) => {
                    unlinkat(&current, component.as_os_str(), UnlinkatFlags::NoRemoveDir)
                        .map_err(|e| Fault::io(&path, e))?;
                    make_dir(current.as_fd(), component.as_os_str(), 0o755).map_err(|e| leaves(&path, e))?;
                    let fresh = self.open_dir(&path);
                    if let Ok(fd) = &fresh {
                        super::overlay::set_opaque(fd.as_fd(), super::overlay::OverlayXattrs::current())
                            .map_err(|e| Fault::io(&path, e))?;
                    }
                    fresh
                }
                other => other,
            }
            .map_err(|e| leaves(&path, e))?;
        }
        Ok(current)
    }
}

/// Makes a directory with exactly this mode.
pub(crate) fn make_dir(parent: BorrowedFd<'_>, name: &OsStr, mode: u32) -> Result<(), Errno> {
    let mode = Mode::from_bits_truncate(mode);
    mkdirat(parent, name, mode)?;
    fchmodat(parent, name, mode, FchmodatFlags::FollowSymlink)
}

/// What is there under this name, symbolic links not followed.
pub(crate) fn look(parent: BorrowedFd<'_>, name: &OsStr) -> Result<Option<FileStat>, Errno> {
    match fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn kind_of(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

fn is_whiteout(parent: BorrowedFd<'_>, name: &OsStr) -> bool {
    matches!(look(parent, name), Ok(Some(stat)) if super::overlay::is_whiteout(&stat))
}

/// Removes whatever stands under this name, directories with all they hold.
pub(crate) fn remove(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    match unlinkat(parent, name, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        // The standard library's removal does not follow links either, and survives races.
        Err(Errno::EISDIR | Errno::EPERM) => std::fs::remove_dir_all(proc_path(parent).join(name)),
        Err(error) => Err(error.into()),
    }
}

/// Creates a file that must not be there yet.
pub(crate) fn create(parent: BorrowedFd<'_>, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(parent, name, flags, Mode::from_bits_truncate(0o600)).map(File::from)
}

/// A path for calls that know only paths; it leads to exactly this open directory.
pub(crate) fn proc_path(fd: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Explains why a directory of the layer could not be entered.
pub(crate) fn leaves(path: &Path, error: Errno) -> Fault {
    let shown = show(path.as_os_str().as_bytes());
    match error {
        Errno::EXDEV | Errno::ELOOP => {
            Fault::Unsafe(format!("`{shown}` leads out of the image through a symbolic link"))
        }
        Errno::ENOTDIR => Fault::Unsafe(format!("`{shown}` is used as a directory but is none")),
        Errno::EEXIST | Errno::ENOENT => Fault::Unsafe(format!(
            "`{shown}` is a symbolic link to nothing in its layer, and is used as a directory"
        )),
        Errno::ENAMETOOLONG => Fault::Unsafe(format!("`{shown}` is too long")),
        Errno::ENOSYS => Fault::io(
            path,
            io::Error::other("this kernel has no openat2; Linux 5.6 or later is needed"),
        ),
        other => Fault::io(path, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_and_cleaned() {
        let place = |raw: &[u8]| Place::parse(raw, 8).map(|p| (p.dir, p.name));
        assert_eq!(
            place(b"./usr//bin/./env/").unwrap(),
            (PathBuf::from("usr/bin"), Some("env".into()))
        );
        assert_eq!(place(b"env").unwrap(), (PathBuf::new(), Some("env".into())));
        for root in [&b"."[..], b"./", b"/", b""] {
            assert_eq!(place(root).unwrap(), (PathBuf::new(), None));
        }
        for bad in [
            &b"/etc/passwd"[..],
            b"../x",
            b"a/../../x",
            b"a/..",
            b"a\0b",
            b"1/2/3/4/5/6/7/8/9",
            &[b'a'; 256],
            &[b'/'; 5000],
        ] {
            assert!(matches!(place(bad), Err(Fault::Unsafe(_))), "{}", show(bad));
        }
    }
}
