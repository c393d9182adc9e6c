//! What a container needs to know of an image.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oci_spec::image::ImageConfiguration;
use serde::{Deserialize, Serialize};

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
    pub labels: BTreeMap<String, String>,
}

/// Empty texts mean the same as missing ones.
pub(crate) fn config_of(image: &ImageConfiguration) -> ImageConfig {
    let Some(config) = image.config() else {
        return ImageConfig::default();
    };
    let text = |value: &Option<String>| value.clone().filter(|v| !v.is_empty());
    let list = |value: &Option<Vec<String>>| value.clone().unwrap_or_default();
    ImageConfig {
        entrypoint: list(config.entrypoint()),
        cmd: list(config.cmd()),
        env: list(config.env()),
        working_dir: text(config.working_dir()),
        user: text(config.user()),
        exposed_ports: list(config.exposed_ports()),
        volumes: list(config.volumes()),
        stop_signal: text(config.stop_signal()),
        labels: config.labels().clone().unwrap_or_default().into_iter().collect(),
    }
}
