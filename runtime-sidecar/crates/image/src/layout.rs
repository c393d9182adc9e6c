//! An OCI image layout: a directory with `oci-layout`, `index.json` and `blobs/sha256/`.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;
use oci_spec::image::{Descriptor, ImageIndex, OciLayout};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::digest::Digest;
use crate::error::ImageError;
use crate::reference::LayoutSelector;
use crate::source::{BlobStream, FetchError};

const TAG: &str = "org.opencontainers.image.ref.name";
const READ: usize = 512 * 1024;

pub(crate) struct Layout {
    dir: PathBuf,
    selector: LayoutSelector,
    shown: String,
    document_bytes: u64,
}

impl Layout {
    pub(crate) fn new(dir: PathBuf, selector: LayoutSelector, shown: String, document_bytes: u64) -> Self {
        Self {
            dir,
            selector,
            shown,
            document_bytes,
        }
    }

    pub(crate) fn place(&self) -> String {
        self.dir.display().to_string()
    }

    /// The digest that the reference stands for now.
    pub(crate) async fn resolve(&self) -> Result<Digest, ImageError> {
        let version: OciLayout = self.document("oci-layout").await?;
        if !version.image_layout_version().starts_with("1.") {
            return Err(self.invalid(format!("its layout has the version {}", version.image_layout_version())));
        }
        if let LayoutSelector::Digest(digest) = &self.selector {
            return Ok(digest.clone());
        }
        let index: ImageIndex = self.document("index.json").await?;
        let tag_of = |entry: &Descriptor| entry.annotations().as_ref().and_then(|a| a.get(TAG)).cloned();
        let found = match &self.selector {
            LayoutSelector::Tag(tag) => index
                .manifests()
                .iter()
                .find(|entry| tag_of(entry).as_ref() == Some(tag)),
            _ if index.manifests().len() == 1 => index.manifests().first(),
            _ => None,
        };
        let entry = found.ok_or_else(|| {
            let mut tags: Vec<_> = index.manifests().iter().filter_map(tag_of).collect();
            tags.sort();
            self.missing(match (&self.selector, tags.is_empty()) {
                (_, true) => format!("it holds {} images and none has a tag", index.manifests().len()),
                (LayoutSelector::Tag(tag), false) => format!("no tag `{tag}`; there are {}", tags.join(", ")),
                (_, false) => format!("it holds several images; add one of the tags {}", tags.join(", ")),
            })
        })?;
        Digest::parse(entry.digest().as_ref()).map_err(|reason| self.invalid(reason))
    }

    pub(crate) async fn manifest(&self, digest: &Digest) -> Result<Bytes, ImageError> {
        self.read(&blob_path(digest)).await
    }

    pub(crate) async fn blob(&self, digest: &Digest, offset: u64) -> Result<BlobStream, FetchError> {
        let path = self.dir.join(blob_path(digest));
        let mut file = self.open(&path).await.map_err(FetchError::Fatal)?;
        file.seek(io::SeekFrom::Start(offset))
            .await
            .map_err(|e| FetchError::Fatal(ImageError::io(&self.shown, &path, e)))?;
        Ok(BlobStream {
            start: offset,
            stream: tokio_util::io::ReaderStream::with_capacity(file, READ).boxed(),
        })
    }

    async fn document<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, ImageError> {
        let data = self.read(Path::new(name)).await?;
        serde_json::from_slice(&data).map_err(|error| self.invalid(format!("its `{name}` cannot be read ({error})")))
    }

    async fn read(&self, name: &Path) -> Result<Bytes, ImageError> {
        let path = self.dir.join(name);
        let mut data = Vec::new();
        let file = self.open(&path).await?;
        file.take(self.document_bytes + 1)
            .read_to_end(&mut data)
            .await
            .map_err(|e| ImageError::io(&self.shown, &path, e))?;
        if data.len() as u64 > self.document_bytes {
            return Err(ImageError::Unsafe {
                reference: self.shown.clone(),
                reason: format!("`{}` is larger than {} bytes", name.display(), self.document_bytes),
            });
        }
        Ok(data.into())
    }

    /// Opens a file without waiting for a writer, should it be a pipe, and takes nothing but files.
    async fn open(&self, path: &Path) -> Result<tokio::fs::File, ImageError> {
        let opened = tokio::fs::OpenOptions::new()
            .read(true)
            .custom_flags(nix::libc::O_NONBLOCK)
            .open(path)
            .await;
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => self.missing(format!(
                "there is no `{}`",
                path.strip_prefix(&self.dir).unwrap_or(path).display()
            )),
            _ => ImageError::io(&self.shown, path, error),
        })?;
        let is_file = file.metadata().await.is_ok_and(|m| m.is_file());
        if is_file {
            Ok(file)
        } else {
            Err(self.invalid(format!("`{}` is not a file", path.display())))
        }
    }

    fn missing(&self, reason: String) -> ImageError {
        ImageError::NotFound {
            reference: self.shown.clone(),
            place: self.place(),
            reason,
        }
    }

    fn invalid(&self, reason: String) -> ImageError {
        ImageError::Invalid {
            reference: self.shown.clone(),
            reason,
        }
    }
}

fn blob_path(digest: &Digest) -> PathBuf {
    Path::new("blobs/sha256").join(digest.hex())
}
