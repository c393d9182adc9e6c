//! Which images there are: one file for each reference in `images/`.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::ImageConfig;
use crate::digest::Digest;
use crate::json_file;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    pub(crate) reference: String,
    /// Registry and repository.
    pub(crate) repository: String,
    /// Of the manifest.
    pub(crate) digest: String,
    /// What the reference stood for: the manifest or an index that lists it.
    pub(crate) resolved: String,
    pub(crate) size_bytes: u64,
    pub(crate) config: ImageConfig,
    /// The topmost first, each once.
    pub(crate) diff_ids: Vec<String>,
    /// Its name was taken away while containers may use it. It is no longer shown, and keeps its layers.
    #[serde(default)]
    pub(crate) retired: bool,
}

impl ImageRecord {
    pub(crate) fn layer_digests(&self) -> Vec<Digest> {
        self.diff_ids.iter().filter_map(|id| Digest::parse(id).ok()).collect()
    }

    /// A name that stays true whatever its tag stands for now.
    fn pinned_name(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

#[derive(Clone)]
pub(crate) struct Records {
    dir: PathBuf,
    /// Held while several files change together.
    gate: Arc<Mutex<()>>,
}

impl Records {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            gate: Arc::default(),
        }
    }

    /// All, the retired included, in the order of their names.
    pub(crate) fn all(&self) -> io::Result<Vec<ImageRecord>> {
        let mut records = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "json") {
                records.extend(json_file::read::<ImageRecord>(&path)?);
            }
        }
        records.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(records)
    }

    /// By reference; else, when the user named a digest, any image of that repository with that digest.
    pub(crate) fn find(
        &self,
        reference: &str,
        repository: &str,
        digest: Option<&Digest>,
    ) -> io::Result<Option<ImageRecord>> {
        if let Some(record) = self.named(reference)? {
            return Ok(Some(record));
        }
        let Some(digest) = digest else { return Ok(None) };
        let matches = |r: &ImageRecord| {
            r.repository == repository && (r.digest == digest.as_str() || r.resolved == digest.as_str())
        };
        Ok(self.all()?.into_iter().find(matches))
    }

    /// Adds or replaces. What its name stood for before stays, retired, until nobody uses it.
    pub(crate) fn put(&self, record: &ImageRecord) -> io::Result<()> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = self.named(&record.reference)?
            && old.digest != record.digest
        {
            self.write_retired(old)?;
        }
        json_file::write(&self.path(&record.reference), record)
    }

    pub(crate) fn remove(&self, record: &ImageRecord) -> io::Result<()> {
        match std::fs::remove_file(self.path(&record.reference)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Takes the name away and keeps the rest.
    pub(crate) fn retire(&self, record: ImageRecord) -> io::Result<()> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_retired(record.clone())?;
        if record.reference != record.pinned_name() {
            self.remove(&record)
        } else {
            Ok(())
        }
    }

    /// Removes the retired images that no container uses; returns their names.
    pub(crate) fn drop_retired(&self, in_use: &[String]) -> io::Result<Vec<String>> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        for record in self.all()? {
            if record.retired && !in_use.contains(&record.digest) {
                self.remove(&record)?;
                gone.push(record.reference);
            }
        }
        Ok(gone)
    }

    fn write_retired(&self, record: ImageRecord) -> io::Result<()> {
        let reference = record.pinned_name();
        // Wanted under that very name: it needs no other.
        if reference != record.reference && self.named(&reference)?.is_some_and(|r| !r.retired) {
            return Ok(());
        }
        let path = self.path(&reference);
        json_file::write(
            &path,
            &ImageRecord {
                reference,
                retired: true,
                ..record
            },
        )
    }

    fn named(&self, reference: &str) -> io::Result<Option<ImageRecord>> {
        Ok(json_file::read(&self.path(reference))?.filter(|r: &ImageRecord| r.reference == reference))
    }

    fn path(&self, reference: &str) -> PathBuf {
        self.dir
            .join(format!("{}.json", &Digest::of(reference.as_bytes()).hex()[..32]))
    }
}
