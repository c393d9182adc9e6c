//! Puts the entries of an archive into a directory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{
    FchmodatFlags, Mode, SFlag, UtimensatFlags, fchmod, fchmodat, futimens, makedev, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, fchown, fchownat, getegid, geteuid, linkat, symlinkat};
use std::io::BufRead;
use xattr::FileExt as _;

use super::fault::{Fault, show};
use super::limits::Limits;
use super::overlay::{OverlayXattrs, is_whiteout, set_opaque, write_whiteout};
use super::tar_reader::{Entry, Kind, TarReader};
use super::tree::{Place, Tree, create, kind_of, leaves, look, make_dir, remove};

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const NOTES: usize = 20;

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// Space that the files take, in bytes, rounded up to pages of 4 KiB each.
    pub(crate) disk_bytes: u64,
    /// What was left out and why, at most a few.
    pub(crate) notes: Vec<String>,
}

/// What a directory gets when all its entries are there: a mode or a default ACL would change how these are made,
/// and they would change its time.
struct DirMeta {
    mode: u32,
    uid: u64,
    gid: u64,
    mtime: (i64, i64),
    xattrs: Vec<(OsString, Vec<u8>)>,
}

struct Writer {
    tree: Tree,
    xattrs: OverlayXattrs,
    depth: usize,
    dirs: BTreeMap<PathBuf, DirMeta>,
    /// Files get these without asking.
    own: (Uid, Gid),
    done: Unpacked,
}

/// Unpacks the whole archive into `root`, an empty directory that belongs to this process. Returns the input too, at
/// the end of the archive.
pub(crate) fn unpack<R: BufRead>(input: R, root: OwnedFd, limits: &Limits) -> Result<(Unpacked, R), (Fault, R)> {
    let mut tar = TarReader::new(input, limits);
    let mut writer = Writer {
        tree: Tree::new(root),
        xattrs: OverlayXattrs::current(),
        depth: limits.depth,
        dirs: BTreeMap::new(),
        own: (geteuid(), getegid()),
        done: Unpacked::default(),
    };
    match writer.run(&mut tar) {
        Ok(()) => Ok((writer.done, tar.into_inner())),
        Err(fault) => Err((fault, tar.into_inner())),
    }
}

impl Writer {
    fn run<R: BufRead>(&mut self, tar: &mut TarReader<R>) -> Result<(), Fault> {
        while let Some(entry) = tar.next()? {
            let place = Place::parse(&entry.path, self.depth)?;
            // aufs kept its own files in such directories; they mean nothing to anybody else.
            if place.dir.iter().any(|part| part.as_bytes().starts_with(WHITEOUT)) {
                continue;
            }
            match place.name.clone() {
                None if entry.kind == Kind::Directory => self.directory_meta(PathBuf::new(), entry),
                None => return Err(Fault::Unsafe("its root is not a directory".to_owned())),
                Some(name) if name.as_bytes().starts_with(WHITEOUT) => self.whiteout(&place, &name)?,
                Some(name) => self.entry(&place, &name, entry, tar)?,
            }
        }
        self.finish_directories()
    }

    fn entry<R: BufRead>(
        &mut self,
        place: &Place,
        name: &OsStr,
        entry: Entry,
        tar: &mut TarReader<R>,
    ) -> Result<(), Fault> {
        let path = place.path();
        match entry.kind {
            Kind::Directory => self.directory(place, name, entry)?,
            Kind::File => {
                let parent = self.tree.enter(&place.dir)?;
                let file = match create(parent, name) {
                    Err(Errno::EEXIST) => {
                        self.make_room(place, name)?;
                        create(self.tree.enter(&place.dir)?, name)
                    }
                    other => other,
                };
                let file = file.map_err(|e| refused(&path, e))?;
                write_data(&file, &path, &entry, tar)?;
                self.file_meta(&file, &path, &entry)?;
                self.done.disk_bytes += stored_bytes(&entry).next_multiple_of(4096);
            }
            Kind::HardLink => self.hard_link(place, name, &entry)?,
            Kind::Symlink => {
                if entry.link.is_empty() || entry.link.contains(&0) || entry.link.len() > 4095 {
                    return Err(Fault::Unsafe(format!(
                        "the symbolic link `{}` has an impossible target",
                        show(&entry.path)
                    )));
                }
                self.make_room(place, name)?;
                let parent = self.tree.enter(&place.dir)?;
                symlinkat(OsStr::from_bytes(&entry.link), parent, name).map_err(|e| refused(&path, e))?;
                self.node_meta(place, name, &entry, false)?;
            }
            Kind::Fifo => {
                self.make_room(place, name)?;
                let parent = self.tree.enter(&place.dir)?;
                mknodat(parent, name, SFlag::S_IFIFO, Mode::from_bits_truncate(0o600), 0)
                    .map_err(|e| refused(&path, e))?;
                self.node_meta(place, name, &entry, true)?;
            }
            Kind::Char { major, minor } if is_harmless_device(major, minor) => {
                self.make_room(place, name)?;
                let parent = self.tree.enter(&place.dir)?;
                let device = makedev(u64::from(major), u64::from(minor));
                match mknodat(parent, name, SFlag::S_IFCHR, Mode::from_bits_truncate(0o600), device) {
                    Ok(()) => self.node_meta(place, name, &entry, true)?,
                    Err(Errno::EPERM | Errno::EACCES) => {
                        self.note(format!("the device `{}` needs root and was left out", path.display()));
                    }
                    Err(error) => return Err(refused(&path, error)),
                }
            }
            Kind::Char { .. } | Kind::Block => {
                self.note(format!(
                    "the device `{}` gives access to hardware and was left out",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    fn directory(&mut self, place: &Place, name: &OsStr, entry: Entry) -> Result<(), Fault> {
        let path = place.path();
        let kind = self.xattrs;
        let parent = self.tree.enter(&place.dir)?;
        // Its owner alone may use it until it gets its mode; that it may do so is what the rest of the unpacking needs.
        match make_dir(parent, name, 0o700) {
            Ok(()) => self.done.disk_bytes += 4096,
            Err(Errno::EEXIST) => {
                let existing = look(parent, name).map_err(|e| Fault::io(&path, e))?;
                let is_dir = existing.as_ref().is_some_and(|s| kind_of(s) == SFlag::S_IFDIR);
                if !is_dir {
                    remove(parent, name).map_err(|e| Fault::io(&path, e))?;
                    make_dir(parent, name, 0o700).map_err(|e| refused(&path, e))?;
                    if existing.as_ref().is_some_and(is_whiteout) {
                        let fd = open_child(parent, name).map_err(|e| Fault::io(&path, e))?;
                        set_opaque(fd.as_fd(), kind).map_err(|e| Fault::io(&path, e))?;
                    }
                    self.tree.forget();
                }
            }
            Err(error) => return Err(refused(&path, error)),
        }
        self.directory_meta(path, entry);
        Ok(())
    }

    fn directory_meta(&mut self, path: PathBuf, entry: Entry) {
        let Entry {
            mode,
            uid,
            gid,
            mtime,
            xattrs,
            ..
        } = entry;
        self.dirs.insert(
            path,
            DirMeta {
                mode,
                uid,
                gid,
                mtime,
                xattrs,
            },
        );
    }

    /// Removes what an earlier entry put under this name; a later one wins.
    fn make_room(&mut self, place: &Place, name: &OsStr) -> Result<(), Fault> {
        let parent = self.tree.enter(&place.dir)?;
        if look(parent, name).map_err(|e| refused(&place.path(), e))?.is_some() {
            remove(parent, name).map_err(|e| Fault::io(place.path(), e))?;
            self.tree.forget();
        }
        Ok(())
    }

    fn hard_link(&mut self, place: &Place, name: &OsStr, entry: &Entry) -> Result<(), Fault> {
        let refuse = |why: &str| {
            Fault::Unsafe(format!(
                "the hard link `{}` to `{}` {why}",
                show(&entry.path),
                show(&entry.link)
            ))
        };
        // Absolute targets are taken from the image's root, as other tools do.
        let target = entry.link.strip_prefix(b"/").unwrap_or(&entry.link);
        let target = Place::parse(target, self.depth)?;
        let Some(target_name) = &target.name else {
            return Err(refuse("points to the root directory"));
        };
        let target_dir = self.tree.open_dir(&target.dir).map_err(|e| match e {
            Errno::ENOENT => refuse("points to nothing in its layer"),
            other => leaves(&target.dir, other),
        })?;
        match look(target_dir.as_fd(), target_name).map_err(|e| refused(&target.path(), e))? {
            None => return Err(refuse("points to nothing in its layer")),
            Some(stat) if kind_of(&stat) == SFlag::S_IFDIR => return Err(refuse("points to a directory")),
            Some(stat) => {
                let parent = self.tree.enter(&place.dir)?;
                // Already the same file: removing it first would lose it.
                if look(parent, name)
                    .map_err(|e| refused(&place.path(), e))?
                    .is_some_and(|s| (s.st_dev, s.st_ino) == (stat.st_dev, stat.st_ino))
                {
                    return Ok(());
                }
            }
        }
        self.make_room(place, name)?;
        let parent = self.tree.enter(&place.dir)?;
        linkat(&target_dir, target_name.as_os_str(), parent, name, AtFlags::empty()).map_err(|e| match e {
            // `make_room` may have removed the directory that held the target.
            Errno::ENOENT => refuse("points to nothing in its layer"),
            Errno::EMLINK => refuse("is one too many for its file"),
            other => refused(&place.path(), other),
        })
    }

    /// `.wh.NAME` deletes NAME of the layers below, `.wh..wh..opq` all of its directory. Neither touches this layer.
    fn whiteout(&mut self, place: &Place, name: &OsStr) -> Result<(), Fault> {
        let kind = self.xattrs;
        let dir = place.dir.clone();
        let parent = self.tree.enter(&dir)?;
        if name.as_bytes() == OPAQUE {
            return set_opaque(parent, kind).map_err(|e| Fault::io(&dir, e));
        }
        let hidden = &name.as_bytes()[WHITEOUT.len()..];
        // Left by aufs, for its own use.
        if hidden.starts_with(WHITEOUT) {
            return Ok(());
        }
        if matches!(hidden, b"" | b"." | b"..") {
            return Err(Fault::Unsafe(format!(
                "`{}` deletes no name",
                show(place.path().as_os_str().as_bytes())
            )));
        }
        let hidden = OsStr::from_bytes(hidden);
        let path = dir.join(hidden);
        match look(parent, hidden).map_err(|e| refused(&path, e))? {
            None => write_whiteout(parent, hidden, kind).map_err(|e| Fault::io(&path, e)),
            Some(stat) if kind_of(&stat) == SFlag::S_IFDIR => {
                let fd = open_child(parent, hidden).map_err(|e| Fault::io(&path, e))?;
                set_opaque(fd.as_fd(), kind).map_err(|e| Fault::io(&path, e))
            }
            // A file of this layer hides those below by itself.
            Some(_) => Ok(()),
        }
    }

    fn file_meta(&mut self, file: &File, path: &Path, entry: &Entry) -> Result<(), Fault> {
        if (entry.uid, entry.gid) != (u64::from(self.own.0.as_raw()), u64::from(self.own.1.as_raw())) {
            let (uid, gid) = ids(entry.uid, entry.gid, path)?;
            fchown(file, Some(uid), Some(gid)).map_err(|e| unmapped(path, entry.uid, entry.gid, e))?;
        }
        // After the owner: changing that clears the bits for set-user-id and the capabilities.
        fchmod(file, Mode::from_bits_truncate(entry.mode)).map_err(|e| Fault::io(path, e))?;
        self.set_xattrs(file, path, &entry.xattrs)?;
        let time = time(entry.mtime);
        futimens(file, &time, &time).map_err(|e| Fault::io(path, e))
    }

    /// For what cannot be opened without side effects.
    fn node_meta(&mut self, place: &Place, name: &OsStr, entry: &Entry, has_mode: bool) -> Result<(), Fault> {
        let path = place.path();
        let (uid, gid) = ids(entry.uid, entry.gid, &path)?;
        let own = self.own;
        let parent = self.tree.enter(&place.dir)?;
        if (uid, gid) != own {
            fchownat(parent, name, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW)
                .map_err(|e| unmapped(&path, entry.uid, entry.gid, e))?;
        }
        if has_mode {
            fchmodat(
                parent,
                name,
                Mode::from_bits_truncate(entry.mode),
                FchmodatFlags::FollowSymlink,
            )
            .map_err(|e| Fault::io(&path, e))?;
        }
        let time = time(entry.mtime);
        utimensat(parent, name, &time, &time, UtimensatFlags::NoFollowSymlink).map_err(|e| Fault::io(&path, e))
    }

    fn finish_directories(&mut self) -> Result<(), Fault> {
        // Children first: a parent's mode may shut this process out.
        for (path, meta) in std::mem::take(&mut self.dirs).into_iter().rev() {
            let dir = match self.tree.open_dir(&path) {
                Ok(fd) => File::from(fd),
                // A later entry replaced it.
                Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV) => continue,
                Err(error) => return Err(Fault::io(&path, error)),
            };
            let (uid, gid) = ids(meta.uid, meta.gid, &path)?;
            if (uid, gid) != self.own {
                fchown(&dir, Some(uid), Some(gid)).map_err(|e| unmapped(&path, meta.uid, meta.gid, e))?;
            }
            self.set_xattrs(&dir, &path, &meta.xattrs)?;
            fchmod(&dir, Mode::from_bits_truncate(meta.mode)).map_err(|e| Fault::io(&path, e))?;
            let time = time(meta.mtime);
            futimens(&dir, &time, &time).map_err(|e| Fault::io(&path, e))?;
        }
        Ok(())
    }

    fn set_xattrs(&mut self, file: &File, path: &Path, xattrs: &[(OsString, Vec<u8>)]) -> Result<(), Fault> {
        for (name, value) in xattrs {
            if !is_wanted_xattr(name) {
                continue;
            }
            match file.set_xattr(name, value) {
                Ok(()) => {}
                Err(error) if crate::error::is_disk_full(&error) => return Err(Fault::io(path, error)),
                // Many file systems know only some attributes, and few images need the others.
                Err(error) => {
                    self.note(format!(
                        "the attribute {} of `{}` was left out: {error}",
                        name.display(),
                        path.display()
                    ));
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, note: String) {
        if self.done.notes.len() < NOTES {
            self.done.notes.push(note);
        }
    }
}

fn write_data<R: BufRead>(mut file: &File, path: &Path, entry: &Entry, tar: &mut TarReader<R>) -> Result<(), Fault> {
    let whole = [(0, entry.size)];
    let parts = entry.sparse.as_deref().unwrap_or(&whole);
    for (offset, length) in parts {
        if *offset > 0 {
            file.seek(SeekFrom::Start(*offset)).map_err(|e| Fault::io(path, e))?;
        }
        let mut left = *length;
        while left > 0 {
            let data = tar.data()?;
            let step = usize::try_from(left).map_or(data.len(), |l| data.len().min(l));
            if step == 0 {
                return Err(Fault::Corrupt("it ends in the middle of a file".to_owned()));
            }
            file.write_all(&data[..step]).map_err(|e| Fault::io(path, e))?;
            tar.consume(step);
            left -= step as u64;
        }
    }
    if entry.sparse.is_some() {
        file.set_len(entry.size).map_err(|e| Fault::io(path, e))?;
    }
    Ok(())
}

fn stored_bytes(entry: &Entry) -> u64 {
    entry
        .sparse
        .as_ref()
        .map_or(entry.size, |parts| parts.iter().map(|(_, length)| length).sum())
}

fn open_child(parent: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    nix::fcntl::openat(parent, name, flags, Mode::empty())
}

/// The devices that every container gets anyway. Any other would let whoever reaches the file use the hardware.
fn is_harmless_device(major: u32, minor: u32) -> bool {
    matches!((major, minor), (1, 3 | 5 | 7 | 8 | 9) | (5, 0..=2))
}

/// overlayfs' own attributes would let an image redirect names; `trusted.*` and labels are this machine's business.
fn is_wanted_xattr(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name == b"security.capability"
        || name.starts_with(b"system.posix_acl_")
        || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

fn ids(uid: u64, gid: u64, path: &Path) -> Result<(Uid, Gid), Fault> {
    match (u32::try_from(uid), u32::try_from(gid)) {
        // The highest number means "leave as it is".
        (Ok(uid), Ok(gid)) if uid != u32::MAX && gid != u32::MAX => Ok((Uid::from_raw(uid), Gid::from_raw(gid))),
        _ => Err(Fault::Unsafe(format!(
            "`{}` has the impossible owner {uid}:{gid}",
            path.display()
        ))),
    }
}

fn unmapped(path: &Path, uid: u64, gid: u64, error: Errno) -> Fault {
    match error {
        Errno::EINVAL | Errno::EPERM | Errno::EOVERFLOW => Fault::UnmappedId {
            entry: show(path.as_os_str().as_bytes()),
            uid,
            gid,
        },
        other => Fault::io(path, other),
    }
}

fn refused(path: &Path, error: Errno) -> Fault {
    match error {
        Errno::ENAMETOOLONG | Errno::EINVAL => Fault::Unsafe(format!(
            "`{}` cannot be a file name here ({error})",
            show(path.as_os_str().as_bytes())
        )),
        other => Fault::io(path, other),
    }
}

/// File systems hold 34 bits of seconds or less.
fn time((seconds, nanos): (i64, i64)) -> TimeSpec {
    TimeSpec::new(seconds.clamp(-(1 << 31), (1 << 34) - 1), nanos.clamp(0, 999_999_999))
}
