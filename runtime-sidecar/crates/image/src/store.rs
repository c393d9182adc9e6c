//! The store: pull, look up, remove.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::ImageError;
use crate::flights::Flights;
use crate::image::Image;
use crate::json_file;
use crate::layers::Layers;
use crate::local_layouts;
use crate::options::StoreOptions;
use crate::progress::{PullPhase, PullProgress, Reporter};
use crate::pull::Plan;
use crate::records::{ImageRecord, Records};
use crate::reference::Location;
use crate::registry::Clients;
use crate::source::Source;
use crate::temp;
use crate::unpack::OverlayXattrs;

/// When to ask the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPolicy {
    Always,
    /// Ask the registry for the digest; fetch when it differs; use the local image when the registry cannot be reached.
    Newer,
    IfNotPresent,
    Never,
}

/// Images and unpacked layers below one directory. Cheap to clone; safe to use from many tasks and after a crash.
#[derive(Clone)]
pub struct ImageStore {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    layers: Layers,
    records: Records,
    flights: Flights,
    clients: Clients,
    options: StoreOptions,
}

/// `store.json`: how the layers were written, which decides how they are mounted.
#[derive(Serialize, Deserialize)]
struct Format {
    overlay_xattrs: OverlayXattrs,
}

impl ImageStore {
    /// Opens (or makes) the store below `dir` and removes what an interrupted pull left behind.
    pub async fn open(dir: &Path) -> Result<Self, ImageError> {
        Self::open_with(dir, StoreOptions::default()).await
    }

    /// As `open`, with other time-outs or limits.
    pub async fn open_with(dir: &Path, options: StoreOptions) -> Result<Self, ImageError> {
        let dir = dir.to_owned();
        let shown = dir.clone();
        blocking("", &shown, move || Inner::open(dir, options))
            .await
            .map(|inner| Self { inner: Arc::new(inner) })
    }

    /// Fetches and unpacks. Dropping the future cancels and leaves nothing visible behind. Two pulls of one layer share
    /// the work.
    pub async fn pull(
        &self,
        reference: &str,
        policy: PullPolicy,
        credentials: Credentials,
        progress: Arc<dyn Fn(PullProgress) + Send + Sync>,
    ) -> Result<Image, ImageError> {
        let location = Location::parse(reference)?;
        let reference = location.canonical();
        let mut reporter = Reporter::new(progress);
        reporter.report(PullPhase::Resolving, 0, None);
        let present = self.find(&location).await?;
        let local = local_layouts::find(&location, &self.inner.dir.join("layouts"));
        // Asking costs nothing on this machine, and a layout that was built again is meant to be used.
        let policy = if local.is_some() && policy == PullPolicy::IfNotPresent {
            PullPolicy::Newer
        } else {
            policy
        };
        let present = match (policy, present) {
            (PullPolicy::IfNotPresent | PullPolicy::Never, Some(record)) => {
                return self.keep(record, &reference, &mut reporter).await;
            }
            (PullPolicy::Never, None) => return Err(ImageError::NotPresent { reference }),
            (_, present) => present,
        };
        let repository = location.repository();
        let is_local = local.is_some();
        let source = Arc::new(Source::new(
            local.unwrap_or(location),
            credentials,
            self.inner.clients.clone(),
            self.inner.options.clone(),
        ));
        if let (PullPolicy::Newer, Some(record)) = (policy, present) {
            match source.head().await {
                Ok(Some(digest)) if digest.as_str() == record.resolved || digest.as_str() == record.digest => {
                    return self.keep(record, &reference, &mut reporter).await;
                }
                Err(error)
                    if is_local
                        || matches!(
                            error,
                            ImageError::Unreachable { .. } | ImageError::RegistryFailed { .. }
                        ) =>
                {
                    tracing::warn!(%error, "the local image is used");
                    return self.keep(record, &reference, &mut reporter).await;
                }
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        let options = &self.inner.options;
        let plan = Plan::make(&source, &options.platform, &options.limits).await?;
        let diff_ids = plan.diff_ids();
        let pins = self.inner.layers.pin(&diff_ids);
        plan.fetch(&source, &self.inner.layers, &self.inner.flights, &mut reporter)
            .await?;
        let record = plan.record(reference.clone(), repository);
        let image = self.inner.image(&record);
        self.run(&reference, move |inner| {
            inner.records.put(&record)?;
            // Released only when the record protects the layers.
            drop(pins);
            Ok(())
        })
        .await?;
        if options.write_through {
            self.sync_later(diff_ids);
        }
        reporter.report(PullPhase::Done, plan.size_bytes(), Some(plan.size_bytes()));
        Ok(image)
    }

    /// The image of this reference, or None when it is not here in full.
    pub async fn get(&self, reference: &str) -> Result<Option<Image>, ImageError> {
        let location = Location::parse(reference)?;
        Ok(self.find(&location).await?.map(|record| self.inner.image(&record)))
    }

    /// All images, sorted by reference.
    pub async fn list(&self) -> Result<Vec<Image>, ImageError> {
        let records = self.run("", |inner| inner.complete()).await?;
        Ok(records
            .iter()
            .filter(|r| !r.retired)
            .map(|r| self.inner.image(r))
            .collect())
    }

    /// `in_use`: digests of images that containers use; without `force`, removing one of them is an error. With it the
    /// image loses its name, and its layers stay until no container uses them.
    pub async fn remove(&self, reference: &str, in_use: &[String], force: bool) -> Result<(), ImageError> {
        let location = Location::parse(reference)?;
        let reference = location.canonical();
        let found = self.find_any(&location).await?.filter(|r| !r.retired);
        let record = found.ok_or_else(|| ImageError::NotFound {
            reference: reference.clone(),
            place: "the images of this machine".to_owned(),
            reason: "it is not there".to_owned(),
        })?;
        let used = in_use.contains(&record.digest);
        // Another name for the same image keeps it whole.
        let shared = self.run(&reference, {
            let record = record.clone();
            move |inner| {
                Ok(inner
                    .records
                    .all()?
                    .iter()
                    .any(|r| r.digest == record.digest && r.reference != record.reference && !r.retired))
            }
        });
        if used && !force && !shared.await? {
            return Err(ImageError::InUse { reference });
        }
        let in_use = in_use.to_vec();
        self.run(&reference, move |inner| {
            if used {
                inner.records.retire(record)?
            } else {
                inner.records.remove(&record)?
            }
            inner.records.drop_retired(&in_use)?;
            inner.collect().map(|_| ())
        })
        .await
    }

    /// Removes all images that no container uses, and layers that no image uses. Returns (references, bytes freed).
    pub async fn prune(&self, in_use: &[String]) -> Result<(Vec<String>, u64), ImageError> {
        let in_use = in_use.to_vec();
        self.run("", move |inner| {
            let mut gone = Vec::new();
            for record in inner.records.all()? {
                if !record.retired && !in_use.contains(&record.digest) {
                    inner.records.remove(&record)?;
                    gone.push(record.reference);
                }
            }
            gone.extend(inner.records.drop_retired(&in_use)?);
            Ok((gone, inner.collect()?))
        })
        .await
    }

    /// Space that this image's unpacked layers take, in bytes. Layers that it shares with others are counted in full.
    pub async fn disk_bytes(&self, image: &Image) -> Result<u64, ImageError> {
        let digest = image.digest.clone();
        self.run(&image.reference, move |inner| {
            let record = inner.records.all()?.into_iter().find(|r| r.digest == digest);
            let layers = record.map(|r| r.layer_digests()).unwrap_or_default();
            layers.iter().map(|layer| inner.layers.disk_bytes(layer)).sum()
        })
        .await
    }

    /// How deletions are marked in this store's layers, which decides the option that an overlay mount needs.
    pub fn overlay_xattrs(&self) -> OverlayXattrs {
        OverlayXattrs::current()
    }

    async fn keep(&self, record: ImageRecord, reference: &str, reporter: &mut Reporter) -> Result<Image, ImageError> {
        let image = Image {
            reference: reference.to_owned(),
            ..self.inner.image(&record)
        };
        if record.retired || record.reference != reference {
            let record = ImageRecord {
                reference: reference.to_owned(),
                retired: false,
                ..record
            };
            self.run(reference, move |inner| inner.records.put(&record)).await?;
        }
        reporter.report(PullPhase::Done, image.size_bytes, Some(image.size_bytes));
        Ok(image)
    }

    /// The record, if all its layers are there.
    async fn find(&self, location: &Location) -> Result<Option<ImageRecord>, ImageError> {
        let found = self.find_any(location).await?;
        let reference = location.canonical();
        self.run(&reference, move |inner| match found {
            Some(record) if inner.is_complete(&record)? => Ok(Some(record)),
            _ => Ok(None),
        })
        .await
    }

    async fn find_any(&self, location: &Location) -> Result<Option<ImageRecord>, ImageError> {
        let (reference, repository, digest) = (location.canonical(), location.repository(), location.digest());
        self.run(&location.canonical(), move |inner| {
            inner.records.find(&reference, &repository, digest.as_ref())
        })
        .await
    }

    /// Nobody waits for the disk: until it is done, the records say so.
    fn sync_later(&self, diff_ids: Vec<Digest>) {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.layers.sync(&diff_ids) {
                tracing::warn!(%error, "new layers could not be written to the disk yet");
            }
        });
    }

    async fn run<T: Send + 'static>(
        &self,
        reference: &str,
        work: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ImageError> {
        let inner = self.inner.clone();
        blocking(reference, &self.inner.dir, move || work(&inner)).await
    }
}

impl Inner {
    fn open(dir: PathBuf, options: StoreOptions) -> io::Result<Self> {
        // Layers hold programs that run as root and files of all users: nobody else may come near them.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        std::fs::set_permissions(&dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let dir = dir.canonicalize()?;
        check_format(&dir)?;
        let (layers, images, temp) = (dir.join("layers"), dir.join("images"), dir.join("tmp"));
        for sub in [&layers, &images, &temp] {
            std::fs::create_dir_all(sub)?;
        }
        temp::sweep(&temp)?;
        let layers = Layers::open(layers, temp)?;
        Ok(Self {
            records: Records::new(images),
            flights: Flights::new(layers.clone(), options.limits.clone(), options.parallel_layers),
            clients: Clients::new(options.clone()),
            layers,
            dir,
            options,
        })
    }

    fn image(&self, record: &ImageRecord) -> Image {
        Image {
            reference: record.reference.clone(),
            digest: record.digest.clone(),
            size_bytes: record.size_bytes,
            config: record.config.clone(),
            layers: record
                .layer_digests()
                .iter()
                .map(|layer| self.layers.path(layer))
                .collect(),
        }
    }

    fn is_complete(&self, record: &ImageRecord) -> io::Result<bool> {
        for layer in record.layer_digests() {
            if !self.layers.has(&layer)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn complete(&self) -> io::Result<Vec<ImageRecord>> {
        let mut complete = Vec::new();
        for record in self.records.all()? {
            if self.is_complete(&record)? {
                complete.push(record);
            }
        }
        Ok(complete)
    }

    /// Removes the layers of no image. Returns the bytes freed.
    fn collect(&self) -> io::Result<u64> {
        self.layers.collect(|| {
            Ok(self
                .records
                .all()?
                .iter()
                .flat_map(ImageRecord::layer_digests)
                .collect())
        })
    }
}

/// Layers that root wrote cannot be mounted without root, and the other way round.
fn check_format(dir: &Path) -> io::Result<()> {
    let path = dir.join("store.json");
    let current = OverlayXattrs::current();
    match json_file::read::<Format>(&path)? {
        None => json_file::write(
            &path,
            &Format {
                overlay_xattrs: current,
            },
        ),
        Some(format) if format.overlay_xattrs == current => Ok(()),
        Some(format) => Err(io::Error::other(match format.overlay_xattrs {
            OverlayXattrs::Trusted => "it was made by root, and this is rootless mode. Use another data directory",
            OverlayXattrs::User => "it was made in rootless mode, and this is root. Use another data directory",
        })),
    }
}

async fn blocking<T: Send + 'static>(
    reference: &str,
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ImageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| ImageError::io(reference, path, error)),
        Err(error) => Err(ImageError::Store {
            path: path.to_owned(),
            reason: error.to_string(),
            source: None,
        }),
    }
}
