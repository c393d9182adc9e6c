//! Directories that vanish unless they are kept, even when this process is killed.
//!
//! Each is locked by whoever fills it. `sweep` removes those that nobody holds, so that another process that uses the
//! same store loses nothing.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{Flock, FlockArg};

/// A locked directory below the store's `tmp`, removed when dropped.
pub(crate) struct TempDir {
    path: PathBuf,
    _lock: Flock<File>,
}

impl TempDir {
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Nobody sweeps between the making and the locking.
        let _gate = gate(parent, FlockArg::LockShared)?;
        loop {
            let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = parent.join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let held = lock(&path, FlockArg::LockExclusive)?;
                    return Ok(Self { path, _lock: held });
                }
                // Left by an earlier process with the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a temporary directory could not be removed");
        }
    }
}

/// Removes what nobody holds.
pub(crate) fn sweep(parent: &Path) -> io::Result<()> {
    let _gate = gate(parent, FlockArg::LockExclusive)?;
    for entry in std::fs::read_dir(parent)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if lock(&path, FlockArg::LockExclusiveNonblock).is_ok() {
            std::fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// Held exclusively by who cleans up the store, and shared by who adds to it.
pub(crate) fn gate(parent: &Path, how: FlockArg) -> io::Result<Flock<File>> {
    lock(&parent.join(".lock"), how)
}

fn lock(path: &Path, how: FlockArg) -> io::Result<Flock<File>> {
    let file = if path.is_dir() {
        File::open(path)?
    } else {
        File::options().create(true).append(true).open(path)?
    };
    Flock::lock(file, how).map_err(|(_, errno)| errno.into())
}
