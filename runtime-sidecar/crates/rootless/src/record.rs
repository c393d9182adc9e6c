//! What an engine needs to know to enter the namespaces of the last one, on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use serde::{Deserialize, Serialize};

use crate::error::RootlessError;
use crate::process::Process;

const LOCK_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub holder: Process,
    pub keeper: Option<Process>,
    /// Whether the user's subordinate ids are mapped.
    pub subordinate_ids: bool,
}

/// The directory `rootless` below the data directory.
pub struct RecordDir {
    path: PathBuf,
    _lock: fs::File,
}

impl RecordDir {
    /// Opens the directory for this process alone, for as long as the value lives.
    pub fn open(data_dir: &Path) -> Result<Self, RootlessError> {
        let path = data_dir.join("rootless");
        let failed = |action| {
            let path = path.clone();
            move |source| RootlessError::State { path, action, source }
        };
        fs::create_dir_all(&path).map_err(failed("created"))?;
        let path = path.canonicalize().map_err(failed("opened"))?;
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"));
        let lock = lock.map_err(failed("opened"))?;
        // A lock of this kind is not handed on to the helpers that are forked while it is held.
        let whole = libc::flock {
            l_type: libc::F_WRLCK as i16,
            l_whence: libc::SEEK_SET as i16,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        let started = Instant::now();
        while let Err(error) = fcntl(&lock, FcntlArg::F_SETLK(&whole)) {
            if !matches!(error, nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) {
                return Err(failed("locked")(error.into()));
            }
            if started.elapsed() > LOCK_PATIENCE {
                return Err(RootlessError::Locked {
                    path,
                    seconds: LOCK_PATIENCE.as_secs(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { path, _lock: lock })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The last record, when there is a readable one.
    pub fn load(&self) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.file("record.json")).ok()?).ok()
    }

    /// There is nothing to enter any more.
    pub fn forget(&self) -> Result<(), RootlessError> {
        let path = self.file("record.json");
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(RootlessError::State {
                path,
                action: "removed",
                source,
            }),
            _ => Ok(()),
        }
    }

    pub fn save(&self, record: &Record) -> Result<(), RootlessError> {
        let (path, draft) = (self.file("record.json"), self.file("record.json.new"));
        let written = serde_json::to_vec(record)
            .map_err(io::Error::other)
            .and_then(|text| fs::write(&draft, text));
        written
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(|source| RootlessError::State {
                path,
                action: "written",
                source,
            })
    }
}
