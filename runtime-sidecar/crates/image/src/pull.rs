//! One pull: resolve, choose the platform, fetch what is missing, write the record.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType};
use serde::Deserialize;

use crate::digest::Digest;
use crate::error::ImageError;
use crate::flights::{Flight, Flights};
use crate::image::config_of;
use crate::layers::Layers;
use crate::platform::{Platform, describe};
use crate::progress::{PullPhase, Reporter};
use crate::records::ImageRecord;
use crate::source::{Blob, Source};
use crate::unpack::Limits;

const REPORT_EVERY: Duration = Duration::from_millis(50);

/// A manifest for this platform, with its config, both verified.
pub(crate) struct Plan {
    digest: Digest,
    resolved: Digest,
    size_bytes: u64,
    config: ImageConfiguration,
    /// Each layer, the lowest first.
    layers: Vec<(Blob, Digest)>,
}

impl Plan {
    pub(crate) async fn make(source: &Source, platform: &Platform, limits: &Limits) -> Result<Self, ImageError> {
        let reference = source.shown();
        let invalid = |reason: String| ImageError::Invalid {
            reference: reference.to_owned(),
            reason,
        };
        let (mut body, resolved) = source.manifest(None).await?;
        let mut digest = resolved.clone();
        // An index may list another one, but nobody needs more than a few.
        let mut depth = 0;
        while is_index(&body).map_err(invalid)? {
            if depth == 3 {
                return Err(invalid("its indexes are nested too deeply".to_owned()));
            }
            depth += 1;
            let index: ImageIndex =
                serde_json::from_slice(&body).map_err(|e| invalid(format!("its index cannot be read ({e})")))?;
            let entry = platform.select(&index).map_err(|available| ImageError::WrongPlatform {
                reference: reference.to_owned(),
                wanted: platform.to_string(),
                available,
            })?;
            let wanted = Digest::parse(entry.digest().as_ref()).map_err(invalid)?;
            let size = entry.size();
            (body, digest) = source.manifest(Some(&wanted)).await?;
            if body.len() as u64 != size {
                return Err(ImageError::DigestMismatch {
                    reference: reference.to_owned(),
                    what: "the manifest".to_owned(),
                    expected: format!("{size} bytes"),
                    actual: format!("{} bytes", body.len()),
                });
            }
        }
        let manifest: ImageManifest =
            serde_json::from_slice(&body).map_err(|e| invalid(format!("its manifest cannot be read ({e})")))?;
        if manifest.layers().len() > limits.layers {
            return Err(ImageError::Unsafe {
                reference: reference.to_owned(),
                reason: format!(
                    "it has {} layers; {} are allowed",
                    manifest.layers().len(),
                    limits.layers
                ),
            });
        }
        check_config_type(manifest.config()).map_err(invalid)?;
        let config_blob = blob(manifest.config(), "the config".to_owned()).map_err(invalid)?;
        let config = source.document(&config_blob).await?;
        let config: ImageConfiguration =
            serde_json::from_slice(&config).map_err(|e| invalid(format!("its config cannot be read ({e})")))?;
        let variant = config.variant().clone().unwrap_or_default();
        let (os, architecture) = (config.os().to_string(), config.architecture().to_string());
        if !platform.accepts(&os, &architecture, &variant) {
            return Err(ImageError::WrongPlatform {
                reference: reference.to_owned(),
                wanted: platform.to_string(),
                available: describe(&os, &architecture, &variant),
            });
        }
        let diff_ids = config.rootfs().diff_ids();
        if diff_ids.len() != manifest.layers().len() {
            return Err(invalid(format!(
                "its manifest lists {} layers and its config {}",
                manifest.layers().len(),
                diff_ids.len()
            )));
        }
        let count = diff_ids.len();
        let mut layers = Vec::with_capacity(count);
        for (i, (descriptor, diff_id)) in manifest.layers().iter().zip(diff_ids).enumerate() {
            check_layer_type(descriptor.media_type()).map_err(invalid)?;
            let blob = blob(descriptor, format!("layer {} of {count}", i + 1)).map_err(invalid)?;
            layers.push((blob, Digest::parse(diff_id).map_err(invalid)?));
        }
        let size_bytes = layers
            .iter()
            .try_fold(config_blob.size, |sum, (blob, _)| sum.checked_add(blob.size));
        let size_bytes = size_bytes.ok_or_else(|| invalid("its layers are impossibly large".to_owned()))?;
        Ok(Self {
            digest,
            resolved,
            size_bytes,
            config,
            layers,
        })
    }

    /// The lowest first, as listed.
    pub(crate) fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|(_, diff_id)| diff_id.clone()).collect()
    }

    pub(crate) fn record(&self, reference: String, repository: String) -> ImageRecord {
        // A layer that occurs twice counts where it is topmost: what it holds hides its own lower copy, and overlayfs
        // refuses to stack a directory twice.
        let mut diff_ids: Vec<String> = Vec::new();
        for (_, diff_id) in self.layers.iter().rev() {
            if !diff_ids.iter().any(|known| known == diff_id.as_str()) {
                diff_ids.push(diff_id.to_string());
            }
        }
        ImageRecord {
            reference,
            repository,
            digest: self.digest.to_string(),
            resolved: self.resolved.to_string(),
            size_bytes: self.size_bytes,
            config: config_of(&self.config),
            diff_ids,
            retired: false,
        }
    }

    /// Fetches the layers that are not here. The caller has pinned them all.
    pub(crate) async fn fetch(
        &self,
        source: &Arc<Source>,
        layers: &Layers,
        flights: &Flights,
        reporter: &mut Reporter,
    ) -> Result<(), ImageError> {
        let mut here = self.size_bytes;
        let mut missing: HashMap<&Digest, &Blob> = HashMap::new();
        for (blob, diff_id) in &self.layers {
            let known = layers
                .has(diff_id)
                .map_err(|e| ImageError::io(source.shown(), layers.dir(), e))?;
            if !known && missing.insert(diff_id, blob).is_none() {
                here = here.saturating_sub(blob.size);
            }
        }
        let watched: Mutex<HashMap<&Digest, Arc<Flight>>> = Mutex::default();
        let mut done: Vec<_> = missing.into_iter().collect();
        // The largest first: the last one to end decides.
        done.sort_by_key(|(_, blob)| std::cmp::Reverse(blob.size));
        let sizes: HashMap<&Digest, u64> = done.iter().map(|(diff_id, blob)| (*diff_id, blob.size)).collect();
        let work = try_join_all(done.into_iter().map(|(diff_id, blob)| {
            let watched = &watched;
            flights.layer(source, blob, diff_id, move |flight| {
                watched
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(diff_id, flight);
            })
        }));
        let mut report = || {
            let watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            let arrived: u64 = watched
                .iter()
                .map(|(id, flight)| flight.arrived().min(sizes[*id]))
                .sum();
            reporter.report(PullPhase::Fetching, here + arrived, Some(self.size_bytes));
        };
        report();
        let mut work = std::pin::pin!(work);
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        loop {
            tokio::select! {
                finished = &mut work => {
                    report();
                    return finished.map(|_| ());
                }
                _ = ticks.tick() => report(),
            }
        }
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

/// Looks at the fields themselves: the media type may be missing, and does not bind.
fn is_index(body: &[u8]) -> Result<bool, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        schema_version: Option<u64>,
        manifests: Option<serde::de::IgnoredAny>,
        layers: Option<serde::de::IgnoredAny>,
    }
    let shape: Shape = serde_json::from_slice(body).map_err(|e| format!("its manifest cannot be read ({e})"))?;
    match (shape.schema_version, shape.manifests, shape.layers) {
        (Some(2), Some(_), Some(_)) => Err("its manifest is also an index".to_owned()),
        (Some(2), Some(_), None) => Ok(true),
        (Some(2), None, _) => Ok(false),
        (version, ..) => Err(format!(
            "its manifest has the version {}; 2 is needed",
            version.unwrap_or(0)
        )),
    }
}

fn check_config_type(config: &Descriptor) -> Result<(), String> {
    match config.media_type() {
        MediaType::ImageConfig => Ok(()),
        MediaType::Other(name) if name == "application/vnd.docker.container.image.v1+json" => Ok(()),
        other => Err(format!("it is no container image: its config has the type {other}")),
    }
}

fn check_layer_type(media_type: &MediaType) -> Result<(), String> {
    let name = media_type.to_string();
    if name.contains("encrypted") {
        return Err("it has encrypted layers, which are not served".to_owned());
    }
    let is_layer = (name.starts_with("application/vnd.oci.image.layer.")
        || name.starts_with("application/vnd.docker.image.rootfs."))
        && name.contains("tar");
    if is_layer {
        Ok(())
    } else {
        Err(format!("it is no container image: a layer has the type {name}"))
    }
}

fn blob(descriptor: &Descriptor, what: String) -> Result<Blob, String> {
    Ok(Blob {
        digest: Digest::parse(descriptor.digest().as_ref())?,
        size: descriptor.size(),
        what,
    })
}
