//! One sidecar for a data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// Held as long as this lives, and released by the kernel however the process ends.
pub(crate) struct DataDirLock {
    _file: Flock<File>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("Another sidecar ({}) holds {}. Use that one, or choose another --data-dir.", holder.as_deref().unwrap_or("its pid is not known"), data_dir.display())]
    Held { data_dir: PathBuf, holder: Option<String> },
    #[error("{} cannot be used: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl DataDirLock {
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let path = data_dir.join("lock");
        let failed = |cause| LockError::Io {
            path: path.clone(),
            cause,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        let mut holder = String::new();
        // Only a hint; another process may be writing it.
        let _ = (&file).take(64).read_to_string(&mut holder);
        let mut file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => file,
            Err((_, Errno::EWOULDBLOCK)) => {
                let holder = holder.trim().parse::<u32>().ok().map(|pid| format!("pid {pid}"));
                return Err(LockError::Held {
                    data_dir: data_dir.to_owned(),
                    holder,
                });
            }
            Err((_, errno)) => return Err(failed(errno.into())),
        };
        file.rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}
