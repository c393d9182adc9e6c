//! Layers on their way. All pulls that want a layer wait for the same work; when the last of them is dropped, the work
//! stops and leaves nothing behind.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

use crate::digest::Digest;
use crate::error::ImageError;
use crate::layers::Layers;
use crate::source::{Blob, Source};
use crate::temp::TempDir;
use crate::unpack::{Chunks, Fault, Limits, Unpacked, decompress, unpack};

/// Buffers between the network, the decompressor and the file system: enough that none waits for a short pause of
/// another, few enough that a pull stays small.
const ARRIVING: usize = 8;
const UNPACKING: usize = 8;

type Outcome = Option<Result<(), ImageError>>;

#[derive(Clone)]
pub(crate) struct Flights {
    layers: Layers,
    limits: Limits,
    slots: Arc<Semaphore>,
    running: Arc<Mutex<HashMap<Digest, Weak<Flight>>>>,
}

/// One layer's work.
pub(crate) struct Flight {
    arrived: Arc<AtomicU64>,
    outcome: watch::Receiver<Outcome>,
    task: AbortHandle,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Flight {
    /// Compressed bytes that have arrived.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Waits for the end of the work. None when it ended without a word, which a stopping runtime does.
    async fn finished(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        outcome.wait_for(Option::is_some).await.ok().and_then(|o| (*o).clone())
    }
}

impl Flights {
    pub(crate) fn new(layers: Layers, limits: Limits, parallel: usize) -> Self {
        Self {
            layers,
            limits,
            slots: Arc::new(Semaphore::new(parallel.max(1))),
            running: Arc::default(),
        }
    }

    /// Fetches, verifies and unpacks a layer, or waits for whoever does. `watch` is given each work that is waited for.
    pub(crate) async fn layer(
        &self,
        source: &Arc<Source>,
        blob: &Blob,
        diff_id: &Digest,
        watch: impl Fn(Arc<Flight>),
    ) -> Result<(), ImageError> {
        loop {
            let (flight, ours) = self.join(source, blob, diff_id);
            watch(flight.clone());
            match flight.finished().await {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) if ours => return Err(error),
                None if ours => {
                    return Err(Fault::Stopped.for_image(source.shown(), &blob.what, self.layers.dir()));
                }
                // Its failure may come from its registry or its login; ours may work.
                _ => {}
            }
        }
    }

    fn join(&self, source: &Arc<Source>, blob: &Blob, diff_id: &Digest) -> (Arc<Flight>, bool) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, flight| flight.strong_count() > 0);
        if let Some(flight) = running.get(diff_id).and_then(Weak::upgrade)
            // One that has failed waits only to be dropped.
            && !matches!(&*flight.outcome.borrow(), Some(Err(_)))
        {
            return (flight, false);
        }
        let (sender, outcome) = watch::channel(None);
        let arrived = Arc::new(AtomicU64::new(0));
        let work = Work {
            layers: self.layers.clone(),
            limits: self.limits.clone(),
            source: source.clone(),
            blob: blob.clone(),
            diff_id: diff_id.clone(),
            arrived: arrived.clone(),
        };
        let slots = self.slots.clone();
        let task = tokio::spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await.ok();
            let result = work.run().await;
            sender.send_replace(Some(result));
        });
        let flight = Arc::new(Flight {
            arrived,
            outcome,
            task: task.abort_handle(),
        });
        running.insert(diff_id.clone(), Arc::downgrade(&flight));
        (flight, true)
    }
}

struct Work {
    layers: Layers,
    limits: Limits,
    source: Arc<Source>,
    blob: Blob,
    diff_id: Digest,
    arrived: Arc<AtomicU64>,
}

impl Work {
    async fn run(self) -> Result<(), ImageError> {
        // Another pull may have finished it since it was found missing.
        if self.layers.has(&self.diff_id).is_ok_and(|has| has) {
            self.arrived.store(self.blob.size, Ordering::Relaxed);
            return Ok(());
        }
        let (compressed, arriving) = mpsc::channel(ARRIVING);
        let (plain, unpacking) = std::sync::mpsc::sync_channel(UNPACKING);
        let (recycle, recycled) = std::sync::mpsc::sync_channel(UNPACKING + 2);
        let digest = self.blob.digest.clone();
        let decompressor = tokio::task::spawn_blocking(move || decompress(arriving, &digest, &plain, &recycled));
        let unpacker = {
            let layers = self.layers.clone();
            let limits = self.limits.clone();
            let diff_id = self.diff_id.clone();
            let chunks = Chunks::new(unpacking, recycle, limits.layer_bytes);
            tokio::task::spawn_blocking(move || unpack_into_temp(&layers, chunks, &limits, &diff_id))
        };
        let arrived = self.arrived.clone();
        let fetched = self.source.fetch(&self.blob, compressed, |n| {
            arrived.fetch_add(n, Ordering::Relaxed);
        });
        let (fetched, decompressed, unpacked) = tokio::join!(fetched, decompressor, unpacker);
        let reference = self.source.shown().to_owned();
        let fail = |fault: Fault| fault.for_image(&reference, &self.blob.what, self.layers.dir());
        // The first in the pipeline that failed explains the others, except for what has nothing to do with the bytes.
        let decompressed = decompressed.unwrap_or(Err(Fault::Stopped));
        let (temp, root, done) = match (fetched, decompressed, unpacked.unwrap_or(Err(Fault::Stopped))) {
            (_, _, Err(fault)) if !matches!(fault, Fault::Stopped) && !fault.is_about_content() => {
                return Err(fail(fault));
            }
            (Err(error), _, _) => return Err(error),
            (_, Err(fault), _) if !matches!(fault, Fault::Stopped) => return Err(fail(fault)),
            (_, _, Err(fault)) => return Err(fail(fault)),
            (_, Err(fault), _) => return Err(fail(fault)),
            (Ok(()), Ok(()), Ok(done)) => done,
        };
        for note in &done.notes {
            tracing::warn!(image = reference, "{note}");
        }
        let layers = self.layers.clone();
        let diff_id = self.diff_id.clone();
        let published = tokio::task::spawn_blocking(move || {
            let published = layers.publish(&diff_id, &root, done);
            drop(temp);
            published
        });
        match published.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ImageError::io(&reference, self.layers.dir(), error)),
            Err(_) => Err(fail(Fault::Stopped)),
        }
    }
}

/// Unpacks in this thread. The temporary directory goes away with the result, whoever drops it.
fn unpack_into_temp(
    layers: &Layers,
    chunks: Chunks,
    limits: &Limits,
    diff_id: &Digest,
) -> Result<(TempDir, PathBuf, Unpacked), Fault> {
    let temp = layers.temp_dir().map_err(|e| Fault::io(layers.dir(), e))?;
    let root = temp.path().join("layer");
    let opened = std::fs::DirBuilder::new()
        .mode(0o755)
        .create(&root)
        .and_then(|()| std::fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o755)))
        // Below a directory with the bit for set-group-id it would have that one's group.
        .and_then(|()| {
            std::os::unix::fs::chown(
                &root,
                Some(nix::unistd::geteuid().as_raw()),
                Some(nix::unistd::getegid().as_raw()),
            )
        })
        .and_then(|()| std::fs::File::open(&root))
        .map_err(|e| Fault::io(&root, e))?;
    match unpack(chunks, OwnedFd::from(opened), limits) {
        Ok((done, rest)) => {
            rest.finish(diff_id)?;
            Ok((temp, root, done))
        }
        Err((fault, rest)) => {
            // Frees the threads before it before the files are removed, which takes long.
            drop(rest);
            drop(temp);
            Err(fault)
        }
    }
}
