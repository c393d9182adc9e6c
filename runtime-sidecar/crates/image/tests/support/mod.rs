//! What the tests of images share: archives, images, registries, and name spaces to try them in.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod archive;
pub mod faulty;
pub mod images;
pub mod namespaces;
pub mod registry;
pub mod tokens;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sidecar_image::{Credentials, Image, ImageError, ImageStore, PullPolicy, PullProgress, StoreOptions};

/// A store that gives up fast, and has no need to outlive a power cut.
pub async fn store(dir: &Path) -> ImageStore {
    ImageStore::open_with(dir, impatient()).await.unwrap()
}

pub fn impatient() -> StoreOptions {
    StoreOptions {
        connect_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_millis(400),
        attempts: 2,
        retry_delay: Duration::from_millis(10),
        write_through: false,
        ..StoreOptions::default()
    }
}

pub async fn pull(store: &ImageStore, reference: &str) -> Result<Image, ImageError> {
    pull_as(store, reference, PullPolicy::Always, Credentials::Anonymous).await
}

pub async fn pull_as(
    store: &ImageStore,
    reference: &str,
    policy: PullPolicy,
    credentials: Credentials,
) -> Result<Image, ImageError> {
    store.pull(reference, policy, credentials, Arc::new(|_| {})).await
}

/// Collects what a pull reports.
pub type Reports = Arc<Mutex<Vec<PullProgress>>>;

pub fn reports() -> (Reports, Arc<dyn Fn(PullProgress) + Send + Sync>) {
    let reports: Reports = Arc::default();
    let sink = reports.clone();
    (reports, Arc::new(move |progress| sink.lock().unwrap().push(progress)))
}

/// The names below the store's `layers` and `tmp`, and of its image records: what a failed pull must not add to.
pub fn contents(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = ["layers", "tmp", "images"]
        .iter()
        .flat_map(|sub| std::fs::read_dir(dir.join(sub)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

/// Waits until the threads of a cancelled pull have cleaned up, and nothing is left at all.
pub async fn becomes_empty(dir: &Path) {
    temp_becomes_empty(dir).await;
    assert_eq!(contents(dir), [""; 0]);
}

/// Waits until the threads of a failed pull have cleaned up.
pub async fn temp_becomes_empty(dir: &Path) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let count = || {
        std::fs::read_dir(dir.join("tmp"))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name() != ".lock")
            .count()
    };
    while count() > 0 {
        assert!(std::time::Instant::now() < deadline, "left behind: {:?}", contents(dir));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
