//! Directories for named and anonymous storage.

use std::io;
use std::path::{Path, PathBuf};

/// `data_dir/volumes/<name>`, kept after its deployment; `data_dir/anonymous/<container>/<n>`, removed with its container.
#[derive(Debug, Clone)]
pub(crate) struct Volumes {
    named: PathBuf,
    anonymous: PathBuf,
}

impl Volumes {
    pub fn new(data_dir: &Path) -> Self {
        Self {
            named: data_dir.join("volumes"),
            anonymous: data_dir.join("anonymous"),
        }
    }

    /// `name` is one that the spec may use, so it stays below its directory.
    pub fn named(&self, name: &str) -> PathBuf {
        self.named.join(name)
    }

    pub fn anonymous(&self, container: &str, index: usize) -> PathBuf {
        self.anonymous.join(container).join(index.to_string())
    }

    pub async fn remove_anonymous(&self, container: &str) -> io::Result<()> {
        match tokio::fs::remove_dir_all(self.anonymous.join(container)).await {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Removes the anonymous storage of containers that do not exist any more.
    pub async fn sweep(&self, containers: &[String]) -> io::Result<()> {
        let mut entries = match tokio::fs::read_dir(&self.anonymous).await {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            if !containers.iter().any(|id| name.to_str() == Some(id)) {
                tokio::fs::remove_dir_all(entry.path()).await?;
            }
        }
        Ok(())
    }
}
