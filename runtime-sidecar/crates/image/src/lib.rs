//! Images: fetched from a registry or an OCI layout, verified, unpacked once, shared by all containers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Images and unpacked layers below one directory. Cheap to clone; safe to use from many tasks and after a crash.
#[derive(Clone)]
pub struct ImageStore {}

/// An image whose layers are all unpacked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// As the user wrote it, canonical: `docker.io/library/nginx:1.27`, `localhost:5000/app:1`, `oci-layout:/path:tag`.
    pub reference: String,
    /// `sha256:…` of the manifest.
    pub digest: String,
    /// Compressed size of config and layers, in bytes.
    pub size_bytes: u64,
    pub config: ImageConfig,
    /// Unpacked layers, the topmost first: overlayfs' `lowerdir` order.
    pub layers: Vec<PathBuf>,
}

/// What of the image's config a container needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub env: Vec<String>,
    pub working_dir: Option<String>,
    pub user: Option<String>,
    pub exposed_ports: Vec<String>,
    pub volumes: Vec<String>,
    pub stop_signal: Option<String>,
    pub labels: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPolicy {
    Always,
    /// Ask the registry for the digest; fetch when it differs; use the local image when the registry cannot be reached.
    Newer,
    IfNotPresent,
    Never,
}

#[derive(Clone)]
pub enum Credentials {
    Anonymous,
    Basic { username: String, password: String },
    Bearer { token: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullProgress {
    pub phase: PullPhase,
    /// Compressed bytes done, layers that were already here included.
    pub done_bytes: u64,
    /// Known once the manifest is read.
    pub total_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPhase {
    Resolving,
    /// Layers are fetched and unpacked as they arrive.
    Fetching,
    Done,
}

impl ImageStore {
    /// Opens (or makes) the store below `dir` and removes what an interrupted pull left behind.
    pub async fn open(dir: &Path) -> Result<Self, ImageError> { let _ = dir; todo!() }
    /// Fetches and unpacks. Dropping the future cancels and leaves nothing visible behind. Two pulls of one layer share the work.
    pub async fn pull(
        &self, reference: &str, policy: PullPolicy, credentials: Credentials,
        progress: Arc<dyn Fn(PullProgress) + Send + Sync>,
    ) -> Result<Image, ImageError> { let _ = (reference, policy, credentials, progress); todo!() }
    pub async fn get(&self, reference: &str) -> Result<Option<Image>, ImageError> { let _ = reference; todo!() }
    pub async fn list(&self) -> Result<Vec<Image>, ImageError> { todo!() }
    /// `in_use`: digests of images that containers use; without `force`, removing one of them is an error.
    pub async fn remove(&self, reference: &str, in_use: &[String], force: bool) -> Result<(), ImageError> { let _ = (reference, in_use, force); todo!() }
    /// Removes all images that no container uses, and layers that no image uses. Returns (references, bytes freed).
    pub async fn prune(&self, in_use: &[String]) -> Result<(Vec<String>, u64), ImageError> { let _ = in_use; todo!() }
}

/// Every variant names the reference (or file), says why, and what to do. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error("to be replaced")]
    ToBeReplaced,
}

impl ImageError {
    /// `image-not-found`, `image-needs-login`, `image-digest-mismatch`, `image-wrong-platform`, `image-truncated`,
    /// `registry-unreachable`, `disk-full`, `image-invalid-reference`, `image-unsafe` (a hostile archive), `image-in-use`, …
    pub fn code(&self) -> &'static str { "to-be-replaced" }
}
