//! Images made by hand, written as an OCI layout or pushed to a registry.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sidecar_image::Platform;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Dialect {
    Oci,
    Docker,
}

/// All blobs of an image, by digest, and the digest of its manifest (or index).
#[derive(Clone)]
pub struct Built {
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub top: String,
    pub media_type: &'static str,
    /// Of the layers, compressed, the lowest first.
    pub layers: Vec<String>,
    pub manifests: Vec<String>,
}

pub struct ImageBuilder {
    layers: Vec<(Vec<u8>, Compression)>,
    dialect: Dialect,
    config: Value,
    platform: (String, String),
    diff_ids: Option<Vec<String>>,
}

impl ImageBuilder {
    pub fn new() -> Self {
        Self {
            layers: Vec::new(),
            dialect: Dialect::Oci,
            config: json!({}),
            platform: ("linux".to_owned(), Platform::host().architecture),
            diff_ids: None,
        }
    }
    pub fn layer(self, tar: Vec<u8>) -> Self {
        self.layer_as(tar, Compression::Gzip)
    }
    pub fn layer_as(mut self, tar: Vec<u8>, compression: Compression) -> Self {
        self.layers.push((tar, compression));
        self
    }
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }
    pub fn config(self, config: Value) -> Self {
        Self { config, ..self }
    }
    pub fn platform(self, os: &str, architecture: &str) -> Self {
        Self {
            platform: (os.to_owned(), architecture.to_owned()),
            ..self
        }
    }
    /// Lies about the unpacked layers.
    pub fn diff_ids(self, diff_ids: Vec<String>) -> Self {
        Self {
            diff_ids: Some(diff_ids),
            ..self
        }
    }

    pub fn build(self) -> Built {
        let docker = self.dialect == Dialect::Docker;
        let mut blobs = BTreeMap::new();
        let mut descriptors = Vec::new();
        let mut diff_ids = Vec::new();
        let mut layers = Vec::new();
        for (tar, compression) in self.layers {
            diff_ids.push(digest(&tar));
            let (data, suffix) = match compression {
                Compression::None => (tar, ""),
                Compression::Gzip => (gzip(&tar), if docker { ".gzip" } else { "+gzip" }),
                Compression::Zstd => (zstd::encode_all(tar.as_slice(), 3).unwrap(), "+zstd"),
            };
            let kind = if docker {
                "application/vnd.docker.image.rootfs.diff.tar"
            } else {
                "application/vnd.oci.image.layer.v1.tar"
            };
            let descriptor = add(&mut blobs, data, &format!("{kind}{suffix}"));
            layers.push(descriptor["digest"].as_str().unwrap().to_owned());
            descriptors.push(descriptor);
        }
        let config = json!({
            "os": self.platform.0, "architecture": self.platform.1, "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": self.diff_ids.unwrap_or(diff_ids) }, "history": [],
        });
        let config_type = if docker {
            "application/vnd.docker.container.image.v1+json"
        } else {
            "application/vnd.oci.image.config.v1+json"
        };
        let config = add(&mut blobs, serde_json::to_vec(&config).unwrap(), config_type);
        let media_type = if docker {
            "application/vnd.docker.distribution.manifest.v2+json"
        } else {
            "application/vnd.oci.image.manifest.v1+json"
        };
        let manifest = json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": descriptors });
        let manifest = add(&mut blobs, serde_json::to_vec(&manifest).unwrap(), media_type);
        let top = manifest["digest"].as_str().unwrap().to_owned();
        Built {
            blobs,
            manifests: vec![top.clone()],
            top,
            media_type,
            layers,
        }
    }
}

/// An index of several images with their platforms.
pub fn index(dialect: Dialect, images: Vec<(&str, &str, Built)>) -> Built {
    let media_type = if dialect == Dialect::Docker {
        "application/vnd.docker.distribution.manifest.list.v2+json"
    } else {
        "application/vnd.oci.image.index.v1+json"
    };
    let mut blobs = BTreeMap::new();
    let mut entries = Vec::new();
    let mut manifests = Vec::new();
    for (os, architecture, image) in images {
        entries.push(json!({
            "mediaType": image.media_type, "digest": image.top, "size": image.blobs[&image.top].len(),
            "platform": { "os": os, "architecture": architecture },
        }));
        manifests.extend(image.manifests);
        blobs.extend(image.blobs);
    }
    let body = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries });
    let top = add(&mut blobs, serde_json::to_vec(&body).unwrap(), media_type)["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    manifests.push(top.clone());
    Built {
        blobs,
        top,
        media_type,
        layers: Vec::new(),
        manifests,
    }
}

impl Built {
    /// Writes an OCI layout and returns its reference.
    pub fn write_layout(&self, dir: &Path, tag: &str) -> String {
        let blobs = dir.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        for (digest, data) in &self.blobs {
            std::fs::write(blobs.join(&digest[7..]), data).unwrap();
        }
        let index = json!({ "schemaVersion": 2, "manifests": [{
            "mediaType": self.media_type, "digest": self.top, "size": self.blobs[&self.top].len(),
            "annotations": { "org.opencontainers.image.ref.name": tag },
        }] });
        std::fs::write(dir.join("index.json"), index.to_string()).unwrap();
        std::fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        format!("oci-layout:{}:{tag}", dir.display())
    }

    pub fn blob_path(&self, layout: &Path, digest: &str) -> PathBuf {
        layout.join("blobs/sha256").join(&digest[7..])
    }

    pub fn compressed_bytes(&self) -> u64 {
        self.blobs
            .iter()
            .filter(|(digest, _)| !self.manifests.contains(digest))
            .map(|(_, data)| data.len() as u64)
            .sum()
    }
}

pub fn digest(data: &[u8]) -> String {
    format!(
        "sha256:{}",
        Sha256::digest(data)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    )
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that do not compress, the same each time.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(length)
    .collect()
}

fn add(blobs: &mut BTreeMap<String, Vec<u8>>, data: Vec<u8>, media_type: &str) -> Value {
    let digest = digest(&data);
    let descriptor = json!({ "mediaType": media_type, "digest": digest, "size": data.len() });
    blobs.insert(digest, data);
    descriptor
}
