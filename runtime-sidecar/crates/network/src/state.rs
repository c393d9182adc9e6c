//! The records on disk: a file for each deployment and for each attachment, replaced in one step.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::NetworkError;
use crate::model::{Attachment, PublishedPort};

/// A deployment's bridge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeploymentRecord {
    pub deployment: String,
    pub bridge: String,
    /// In the order they were added; the bridge has the gateway address of each.
    pub subnets: Vec<Ipv4Net>,
}

/// One container's place in the network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttachmentRecord {
    pub container: String,
    pub deployment: String,
    /// The host's end of the veth pair.
    pub host_link: String,
    pub attachment: Attachment,
    /// All with a host port.
    pub ports: Vec<PublishedPort>,
}

/// One service's names, as the orchestrator set them last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NamesRecord {
    pub deployment: String,
    pub services: std::collections::BTreeMap<String, Vec<(u32, Ipv4Addr)>>,
}

/// The first `length` hex digits of a digest over the parts.
pub fn short_hash(parts: &[&str], length: usize) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest
        .finalize()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(length)
        .filter_map(|d| char::from_digit(u32::from(d), 16))
        .collect()
}

/// The directories below `state_dir`.
#[derive(Debug, Clone)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// Creates the directories that are missing.
    pub fn open(root: &Path) -> Result<Self, NetworkError> {
        for name in ["deployments", "attachments", "names", "netns"] {
            let path = root.join(name);
            std::fs::create_dir_all(&path).map_err(|source| NetworkError::State {
                path,
                action: "created",
                source,
            })?;
        }
        let root = root.canonicalize().map_err(|source| NetworkError::State {
            path: root.to_owned(),
            action: "opened",
            source,
        })?;
        Ok(Self { root })
    }

    /// Tells this manager's links and rules from those of another one on the same machine.
    pub fn tag(&self) -> String {
        short_hash(&[&self.root.to_string_lossy()], 8)
    }

    /// Absolute and without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn netns_dir(&self) -> PathBuf {
        self.root.join("netns")
    }

    /// Where the namespace of a container is pinned.
    pub fn netns(&self, container: &str) -> PathBuf {
        self.netns_dir().join(file_name(container))
    }

    pub fn deployments(&self) -> Result<Vec<DeploymentRecord>, NetworkError> {
        read_all(&self.root.join("deployments"))
    }

    pub fn attachments(&self) -> Result<Vec<AttachmentRecord>, NetworkError> {
        read_all(&self.root.join("attachments"))
    }

    pub fn names(&self) -> Result<Vec<NamesRecord>, NetworkError> {
        read_all(&self.root.join("names"))
    }

    pub fn save_deployment(&self, record: &DeploymentRecord) -> Result<(), NetworkError> {
        write(&self.record("deployments", &record.deployment), record)
    }

    pub fn save_attachment(&self, record: &AttachmentRecord) -> Result<(), NetworkError> {
        write(&self.record("attachments", &record.container), record)
    }

    pub fn save_names(&self, record: &NamesRecord) -> Result<(), NetworkError> {
        write(&self.record("names", &record.deployment), record)
    }

    /// The deployment has no bridge any more; its names stay.
    pub fn forget_bridge(&self, deployment: &str) -> Result<(), NetworkError> {
        remove(&self.record("deployments", deployment))
    }

    pub fn forget_names(&self, deployment: &str) -> Result<(), NetworkError> {
        remove(&self.record("names", deployment))
    }

    pub fn remove_attachment(&self, container: &str) -> Result<(), NetworkError> {
        remove(&self.record("attachments", container))
    }

    fn record(&self, directory: &str, name: &str) -> PathBuf {
        self.root.join(directory).join(file_name(name) + ".json")
    }
}

/// A name as it is where that is safe and short, otherwise a digest of it.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= 128 && !name.starts_with(['.', '#']) && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("#{}", short_hash(&[name], 32))
    }
}

fn read_all<T: DeserializeOwned>(directory: &Path) -> Result<Vec<T>, NetworkError> {
    let failed = |path: &Path, source| NetworkError::State {
        path: path.to_owned(),
        action: "read",
        source,
    };
    let mut records = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|e| failed(directory, e))? {
        let path = entry.map_err(|e| failed(directory, e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            remove(&path)?;
            continue;
        }
        let text = std::fs::read(&path).map_err(|e| failed(&path, e))?;
        match serde_json::from_slice(&text) {
            Ok(record) => records.push(record),
            // A power failure can leave an empty file. What it described did not outlive the power failure either.
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "dropping an unreadable network record");
                remove(&path)?;
            }
        }
    }
    Ok(records)
}

fn write(path: &Path, record: &impl Serialize) -> Result<(), NetworkError> {
    let failed = |source| NetworkError::State {
        path: path.to_owned(),
        action: "written",
        source,
    };
    let text = serde_json::to_vec(record).map_err(|e| failed(io::Error::other(e)))?;
    let draft = path.with_extension("new");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(failed)
}

fn remove(path: &Path) -> Result<(), NetworkError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(NetworkError::State {
            path: path.to_owned(),
            action: "removed",
            source,
        }),
        _ => Ok(()),
    }
}
