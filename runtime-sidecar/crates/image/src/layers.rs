//! Unpacked layers: `layers/<16 hex>/`, one for all images that have it, and a record beside each.
//!
//! Names are short, because overlayfs takes all of them in one page of mount options. A layer counts as there when its
//! record is, which is written last.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::fcntl::FlockArg;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json_file;
use crate::temp::{self, TempDir};
use crate::unpack::Unpacked;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LayerRecord {
    pub(crate) diff_id: String,
    pub(crate) disk_bytes: u64,
    /// The boot in which it was written, until its files are known to be on the disk. A power cut leaves files empty
    /// that were only in memory, so a record of another boot is not trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsynced_in: Option<String>,
    /// What the image asked for and did not get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Layers {
    dir: PathBuf,
    temp: PathBuf,
    boot: Arc<str>,
    /// Layers that a running pull counts on.
    pins: Arc<Mutex<HashMap<String, usize>>>,
}

/// Keeps layers from being collected while a pull needs them.
pub(crate) struct Pins {
    layers: Layers,
    names: Vec<String>,
}

impl Layers {
    /// Removes what is not complete.
    pub(crate) fn open(dir: PathBuf, temp: PathBuf) -> io::Result<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .unwrap_or_default()
            .trim()
            .to_owned();
        let layers = Self {
            dir,
            temp,
            boot: boot.into(),
            pins: Arc::default(),
        };
        // Another process may be about to publish a layer, whose parts appear one after the other.
        let gate = temp::gate(&layers.temp, FlockArg::LockExclusive)?;
        layers.remove_incomplete()?;
        drop(gate);
        Ok(layers)
    }

    fn remove_incomplete(&self) -> io::Result<()> {
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let list = if entry.file_type()?.is_dir() {
                &mut dirs
            } else {
                &mut files
            };
            list.push(entry.file_name().to_string_lossy().into_owned());
        }
        for name in &dirs {
            if self.record(name)?.is_none() {
                // The record first: without it what is left of the layer is removed the next time.
                present(std::fs::remove_file(self.record_path(name)))?;
                std::fs::remove_dir_all(self.dir.join(name))?;
            }
        }
        for name in &files {
            let belongs = name
                .strip_suffix(".json")
                .is_some_and(|stem| self.dir.join(stem).is_dir());
            if !belongs {
                present(std::fs::remove_file(self.dir.join(name)))?;
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self, diff_id: &Digest) -> PathBuf {
        self.dir.join(name(diff_id))
    }

    /// Whether it is there in full.
    pub(crate) fn has(&self, diff_id: &Digest) -> io::Result<bool> {
        match self.record(&name(diff_id))? {
            None => Ok(false),
            Some(record) if record.diff_id == diff_id.as_str() => Ok(self.path(diff_id).is_dir()),
            // The names are cut off digests: to hit one by chance, or on purpose, is next to impossible.
            Some(record) => Err(io::Error::other(format!(
                "layers {} and {diff_id} have the same name",
                record.diff_id
            ))),
        }
    }

    pub(crate) fn disk_bytes(&self, diff_id: &Digest) -> io::Result<u64> {
        Ok(self.record(&name(diff_id))?.map_or(0, |record| record.disk_bytes))
    }

    pub(crate) fn temp_dir(&self) -> io::Result<TempDir> {
        TempDir::new(&self.temp)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a verified layer visible. `root` lies in a temporary directory of this store.
    pub(crate) fn publish(&self, diff_id: &Digest, root: &Path, unpacked: Unpacked) -> io::Result<()> {
        let pins = self.pins();
        let _gate = temp::gate(&self.temp, FlockArg::LockShared)?;
        if self.has(diff_id)? {
            return Ok(());
        }
        let target = self.path(diff_id);
        if target.exists() {
            // Without a record: another process was interrupted there.
            self.discard(&name(diff_id))?;
        }
        std::fs::rename(root, &target)?;
        let record = LayerRecord {
            diff_id: diff_id.to_string(),
            disk_bytes: unpacked.disk_bytes,
            unsynced_in: Some(self.boot.to_string()),
            notes: unpacked.notes,
        };
        json_file::write(&self.record_path(&name(diff_id)), &record)?;
        drop(pins);
        Ok(())
    }

    /// Waits until all that was written is on the disk, and notes it.
    pub(crate) fn sync(&self, diff_ids: &[Digest]) -> io::Result<()> {
        nix::unistd::syncfs(std::fs::File::open(&self.dir)?)?;
        for diff_id in diff_ids {
            let _pins = self.pins();
            if let Some(record) = self.record(&name(diff_id))?
                && record.unsynced_in.is_some()
            {
                json_file::write(
                    &self.record_path(&name(diff_id)),
                    &LayerRecord {
                        unsynced_in: None,
                        ..record
                    },
                )?;
            }
        }
        Ok(())
    }

    pub(crate) fn pin(&self, diff_ids: &[Digest]) -> Pins {
        let names: Vec<String> = diff_ids.iter().map(name).collect();
        let mut pins = self.pins();
        for name in &names {
            *pins.entry(name.clone()).or_default() += 1;
        }
        drop(pins);
        Pins {
            layers: self.clone(),
            names,
        }
    }

    /// Removes the layers that are neither wanted nor pinned. `wanted` is asked while no pull can pin or publish.
    /// Returns the bytes that this frees.
    pub(crate) fn collect(&self, wanted: impl FnOnce() -> io::Result<Vec<Digest>>) -> io::Result<u64> {
        let pins = self.pins();
        let wanted: Vec<String> = wanted()?.iter().map(name).collect();
        let mut gone = Vec::new();
        let mut freed = 0;
        for entry in std::fs::read_dir(&self.dir)? {
            let file_name = entry?.file_name();
            let Some(stem) = file_name.to_str().and_then(|n| n.strip_suffix(".json")) else {
                continue;
            };
            if wanted.iter().any(|w| w == stem) || pins.contains_key(stem) {
                continue;
            }
            freed += self.record(stem)?.map_or(0, |record| record.disk_bytes);
            // Out of sight at once; the slow part follows when nobody waits.
            let temp = self.temp_dir()?;
            std::fs::remove_file(self.record_path(stem))?;
            present(std::fs::rename(self.dir.join(stem), temp.path().join("layer")))?;
            gone.push(temp);
        }
        drop(pins);
        drop(gone);
        Ok(freed)
    }

    fn record(&self, name: &str) -> io::Result<Option<LayerRecord>> {
        let record: Option<LayerRecord> = json_file::read(&self.record_path(name))?;
        Ok(record.filter(|r| r.unsynced_in.as_deref().is_none_or(|boot| *boot == *self.boot)))
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }

    fn discard(&self, name: &str) -> io::Result<()> {
        let temp = self.temp_dir()?;
        present(std::fs::remove_file(self.record_path(name)))?;
        std::fs::rename(self.dir.join(name), temp.path().join("layer"))
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // The map is whole after each statement, so a panic elsewhere does no harm.
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        let mut pins = self.layers.pins();
        for name in &self.names {
            if let Some(count) = pins.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    pins.remove(name);
                }
            }
        }
    }
}

/// What is gone already need not be removed.
fn present(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn name(diff_id: &Digest) -> String {
    diff_id.hex()[..16].to_owned()
}
