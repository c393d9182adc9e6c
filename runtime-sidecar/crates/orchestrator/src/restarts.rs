//! How often containers were started again: counted across the lives of the sidecar.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Of one container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Restarts of its replica in all.
    pub restarts: u32,
    /// Ends in a row, which decide how long the next start waits.
    pub attempts: u32,
}

/// `data_dir/restarts/<container>.json`, for containers that were started again.
#[derive(Debug, Clone)]
pub(crate) struct Restarts(PathBuf);

impl Restarts {
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("restarts"))
    }

    fn file(&self, container: &str) -> PathBuf {
        self.0.join(format!("{container}.json"))
    }

    /// None of a container that was never started again, or whose counts were lost in a crash of the machine.
    pub async fn read(&self, container: &str) -> Counts {
        let text = tokio::fs::read(self.file(container)).await.unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub async fn write(&self, container: &str, counts: Counts) -> io::Result<()> {
        let file = self.file(container);
        let half = file.with_extension("new");
        tokio::fs::create_dir_all(&self.0).await?;
        tokio::fs::write(&half, serde_json::to_vec(&counts)?).await?;
        tokio::fs::rename(half, file).await
    }

    pub async fn remove(&self, container: &str) -> io::Result<()> {
        match tokio::fs::remove_file(self.file(container)).await {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Forgets containers that do not exist any more.
    pub async fn sweep(&self, containers: &[String]) -> io::Result<()> {
        let mut entries = match tokio::fs::read_dir(&self.0).await {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            if !containers.iter().any(|id| path == self.file(id)) {
                tokio::fs::remove_file(path).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_are_kept_as_long_as_the_container() {
        let dir = tempfile::tempdir().unwrap();
        let restarts = Restarts::new(dir.path());
        let counts = Counts {
            restarts: 7,
            attempts: 2,
        };
        assert_eq!(restarts.read("a").await, Counts::default());
        for id in ["a", "b"] {
            restarts.write(id, counts).await.unwrap();
        }
        restarts.sweep(&["a".to_owned()]).await.unwrap();
        assert_eq!(
            (restarts.read("a").await, restarts.read("b").await),
            (counts, Counts::default())
        );
        restarts.remove("a").await.unwrap();
        assert_eq!(restarts.read("a").await, Counts::default());
        restarts.remove("a").await.unwrap();
    }
}
