//! The containers that exist.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sidecar_api_types::label;
use sidecar_container::{Container, ContainerStatus};
use sidecar_network::PublishedPort;
use tokio::sync::{Notify, watch};

/// Labels that only the engine reads.
pub(crate) mod own_label {
    /// Hash of everything about the container that the spec decides.
    pub const CONFIG: &str = "zlayer.config";
    /// RFC 3339.
    pub const CREATED: &str = "zlayer.created";
    pub const IMAGE: &str = "zlayer.image";
    pub const IMAGE_DIGEST: &str = "zlayer.image-digest";
    /// JSON list of the published ports.
    pub const PORTS: &str = "zlayer.ports";
}

/// What somebody asks of a replica's task, out of turn.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub wake: Notify,
    restart: AtomicBool,
    remove: AtomicBool,
    /// Milliseconds for the next stop, instead of what the spec says; 0: as the spec says.
    grace_ms: AtomicU64,
}

impl Control {
    pub fn ask_restart(&self, grace: Option<Duration>) {
        self.set_grace(grace);
        self.restart.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub fn ask_remove(&self) {
        self.remove.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub fn restart_wanted(&self) -> bool {
        self.restart.load(Ordering::Acquire)
    }

    pub fn remove_wanted(&self) -> bool {
        self.remove.load(Ordering::Acquire)
    }

    pub fn take_restart(&self) -> bool {
        self.restart.swap(false, Ordering::AcqRel)
    }

    pub fn take_remove(&self) -> bool {
        self.remove.swap(false, Ordering::AcqRel)
    }

    /// The grace asked for, once; otherwise `usual`.
    pub fn grace(&self, usual: Duration) -> Duration {
        match self.grace_ms.swap(0, Ordering::AcqRel) {
            0 => usual,
            ms => Duration::from_millis(ms),
        }
    }

    fn set_grace(&self, grace: Option<Duration>) {
        // A grace of nothing is asked for as the shortest there is.
        let ms = grace.map_or(0, |grace| (grace.as_millis() as u64).max(1));
        self.grace_ms.store(ms, Ordering::Release);
    }
}

/// A container with what the engine knows of it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub container: Container,
    pub deployment: String,
    pub service: String,
    pub replica: u32,
    pub address: Option<Ipv4Addr>,
    pub ports: Vec<PublishedPort>,
    pub control: Arc<Control>,
}

/// A container as the API shows it.
#[derive(Clone)]
pub struct ContainerView {
    pub container: Container,
    pub deployment: String,
    pub service: String,
    pub replica: u32,
    pub address: Option<Ipv4Addr>,
    pub ports: Vec<PublishedPort>,
}

impl ContainerView {
    pub fn id(&self) -> &str {
        &self.container.config().id
    }

    pub fn status(&self) -> ContainerStatus {
        self.container.status().borrow().clone()
    }

    pub fn label(&self, name: &str) -> Option<&str> {
        self.container.config().labels.get(name).map(String::as_str)
    }

    /// The reference it was created from.
    pub fn image(&self) -> &str {
        self.label(own_label::IMAGE).unwrap_or_default()
    }

    /// RFC 3339.
    pub fn created_at(&self) -> &str {
        self.label(own_label::CREATED).unwrap_or_default()
    }
}

/// Which containers use an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUse {
    pub digest: String,
    pub container: String,
}

/// Every container of this sidecar, by id.
pub(crate) struct Registry {
    entries: Mutex<BTreeMap<String, Entry>>,
    changed: watch::Sender<u64>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            changed: watch::channel(0).0,
        }
    }
}

impl Registry {
    pub fn put(&self, entry: Entry) {
        self.lock().insert(entry.container.config().id.clone(), entry);
        self.changed.send_modify(|n| *n += 1);
    }

    pub fn remove(&self, id: &str) {
        self.lock().remove(id);
        self.changed.send_modify(|n| *n += 1);
    }

    pub fn get(&self, id: &str) -> Option<Entry> {
        self.lock().get(id).cloned()
    }

    pub fn all(&self) -> Vec<Entry> {
        self.lock().values().cloned().collect()
    }

    /// Changes when a container comes or goes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn images_in_use(&self) -> Vec<ImageUse> {
        let entries = self.lock();
        let used = entries.values().filter_map(|entry| {
            let config = entry.container.config();
            let digest = config.labels.get(own_label::IMAGE_DIGEST)?.clone();
            Some(ImageUse {
                digest,
                container: config.id.clone(),
            })
        });
        used.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Entry> for ContainerView {
    fn from(entry: Entry) -> Self {
        let Entry {
            container,
            deployment,
            service,
            replica,
            address,
            ports,
            control: _,
        } = entry;
        Self {
            container,
            deployment,
            service,
            replica,
            address,
            ports,
        }
    }
}

/// Deployment, service and replica that a container's labels name.
pub(crate) fn identity(container: &Container) -> Option<(String, String, u32)> {
    let labels = &container.config().labels;
    let replica = labels.get(label::REPLICA)?.parse().ok()?;
    Some((
        labels.get(label::DEPLOYMENT)?.clone(),
        labels.get(label::SERVICE)?.clone(),
        replica,
    ))
}

/// `[a-z0-9][a-z0-9-]*`, at most 64 characters, different for each container: `shop-web-0-3f9a2c`.
pub(crate) fn new_id(deployment: &str, service: &str, replica: u32) -> String {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(replica) & 0xff_ffff;
    format!(
        "{}-{}-{replica}-{random:06x}",
        plain(deployment, 22),
        plain(service, 22)
    )
}

/// The characters of `text` that a container id or a host name may have.
pub(crate) fn plain(text: &str, longest: usize) -> String {
    let mut plain: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(longest)
        .collect();
    while plain.starts_with('-') {
        plain.remove(0);
    }
    let plain = plain.trim_end_matches('-');
    if plain.is_empty() {
        "x".to_owned()
    } else {
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_short_and_different() {
        let id = new_id("Shop", "Wéb_Frontend!", 3);
        assert!(id.starts_with("shop-w-b-frontend-3-"), "{id}");
        let long = new_id(&"d".repeat(63), &"s".repeat(300), u32::MAX);
        assert!(long.len() <= 64, "{long}");
        assert_ne!(new_id("a", "b", 0), new_id("a", "b", 0));
        assert_eq!(plain("--", 9), "x");
    }
}
