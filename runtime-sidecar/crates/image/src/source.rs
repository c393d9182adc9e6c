//! Where the bytes come from: a registry or a layout. Nothing that passes here unverified is believed.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::ImageError;
use crate::layout::Layout;
use crate::options::StoreOptions;
use crate::reference::Location;
use crate::registry::{Clients, Registry};
use crate::unpack::Piece;

/// A blob's bytes from `start` on.
pub(crate) struct BlobStream {
    pub(crate) start: u64,
    pub(crate) stream: BoxStream<'static, io::Result<Bytes>>,
}

/// Why a request failed, and whether another attempt makes sense.
pub(crate) enum FetchError {
    Fatal(ImageError),
    Retry {
        error: ImageError,
        after: Option<Duration>,
    },
    /// The blob ends before the offset that was asked for.
    Exhausted,
}

/// A part of an image: its digest and its size in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// For messages: `layer 2 of 5`.
    pub(crate) what: String,
}

enum Origin {
    Registry(Box<Registry>),
    Layout(Layout),
}

pub(crate) struct Source {
    origin: Origin,
    shown: String,
    options: StoreOptions,
}

impl Source {
    pub(crate) fn new(location: Location, credentials: Credentials, clients: Clients, options: StoreOptions) -> Self {
        let shown = location.canonical();
        let origin = match location {
            Location::Registry(reference) => Origin::Registry(Box::new(Registry::new(
                reference,
                shown.clone(),
                credentials,
                clients,
                options.clone(),
            ))),
            Location::Layout { dir, selector } => {
                Origin::Layout(Layout::new(dir, selector, shown.clone(), options.limits.document_bytes))
            }
        };
        Self { origin, shown, options }
    }

    /// As the user knows the image.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The digest that the reference stands for now, when that can be had without the manifest.
    pub(crate) async fn head(&self) -> Result<Option<Digest>, ImageError> {
        match &self.origin {
            Origin::Layout(layout) => layout.resolve().await.map(Some),
            Origin::Registry(registry) => self.retry(|| registry.head()).await,
        }
    }

    /// The manifest or index that the reference stands for, or that has this digest. Verified.
    pub(crate) async fn manifest(&self, digest: Option<&Digest>) -> Result<(Bytes, Digest), ImageError> {
        let (body, expected) = match &self.origin {
            Origin::Layout(layout) => {
                let digest = match digest {
                    Some(digest) => digest.clone(),
                    None => layout.resolve().await?,
                };
                (layout.manifest(&digest).await?, Some(digest))
            }
            Origin::Registry(registry) => {
                let (body, announced) = self.retry(|| registry.manifest(digest)).await?;
                (body, digest.cloned().or(announced))
            }
        };
        let actual = Digest::of(&body);
        match expected {
            Some(expected) if expected != actual => Err(ImageError::DigestMismatch {
                reference: self.shown.clone(),
                what: "the manifest".to_owned(),
                expected: expected.to_string(),
                actual: actual.to_string(),
            }),
            _ => Ok((body, actual)),
        }
    }

    /// A small blob, in memory. Verified.
    pub(crate) async fn document(&self, blob: &Blob) -> Result<Bytes, ImageError> {
        let limit = self.options.limits.document_bytes;
        if blob.size > limit {
            return Err(ImageError::Unsafe {
                reference: self.shown.clone(),
                reason: format!("{} is larger than {limit} bytes", blob.what),
            });
        }
        let (sender, mut receiver) = mpsc::channel::<Piece<Bytes>>(4);
        let collect = async {
            let mut data = Vec::new();
            while let Some(Piece::Data(part)) = receiver.recv().await {
                data.extend_from_slice(&part);
            }
            data
        };
        let (fetched, data) = tokio::join!(self.fetch(blob, sender, |_| {}), collect);
        fetched?;
        let actual = Digest::of(&data);
        if actual != blob.digest {
            return Err(ImageError::DigestMismatch {
                reference: self.shown.clone(),
                what: blob.what.clone(),
                expected: blob.digest.to_string(),
                actual: actual.to_string(),
            });
        }
        Ok(data.into())
    }

    /// Sends exactly the blob's bytes and then `End`, whatever interruptions there are. Unverified but for the size.
    /// Ends early, without an error, when nobody receives any more. `arrived` is told each number of new bytes.
    pub(crate) async fn fetch(
        &self,
        blob: &Blob,
        sink: mpsc::Sender<Piece<Bytes>>,
        arrived: impl Fn(u64),
    ) -> Result<(), ImageError> {
        let mut offset = 0u64;
        let mut attempt = 0;
        while offset < blob.size {
            let before = offset;
            let failure = match self.open(blob, offset).await {
                Err(failure) => failure,
                Ok(mut body) => {
                    // A source without ranges begins again; what is known already is skipped.
                    let mut skip = offset.saturating_sub(body.start);
                    loop {
                        match body.stream.next().await {
                            Some(Ok(mut part)) => {
                                let known = usize::try_from(skip).map_or(part.len(), |s| part.len().min(s));
                                skip -= known as u64;
                                bytes::Buf::advance(&mut part, known);
                                let length = part.len() as u64;
                                if length > blob.size - offset {
                                    return Err(self.too_long(blob));
                                }
                                if length > 0 {
                                    offset += length;
                                    arrived(length);
                                    if sink.send(Piece::Data(part)).await.is_err() {
                                        return Ok(());
                                    }
                                }
                            }
                            Some(Err(error)) => break self.interrupted(blob, offset, error),
                            None => break self.interrupted(blob, offset, io::ErrorKind::UnexpectedEof.into()),
                        }
                    }
                }
            };
            if offset == blob.size {
                break;
            }
            if offset > before {
                attempt = 0;
            }
            attempt += 1;
            match failure {
                FetchError::Fatal(error) => return Err(error),
                FetchError::Exhausted => return Err(self.truncated(blob, offset)),
                FetchError::Retry { error, after } => {
                    if attempt >= self.options.attempts {
                        return Err(error);
                    }
                    tracing::debug!(image = self.shown, blob = %blob.digest, offset, %error, "fetching again");
                    self.wait(attempt, after).await;
                }
            }
        }
        // A receiver that is gone needs no end.
        let _ = sink.send(Piece::End).await;
        Ok(())
    }

    async fn open(&self, blob: &Blob, offset: u64) -> Result<BlobStream, FetchError> {
        match &self.origin {
            Origin::Registry(registry) => registry.blob(&blob.digest, offset).await,
            Origin::Layout(layout) => layout.blob(&blob.digest, offset).await,
        }
    }

    fn interrupted(&self, blob: &Blob, offset: u64, error: io::Error) -> FetchError {
        match &self.origin {
            // It may be there in full, and only the connection broke.
            Origin::Registry(_) if error.kind() == io::ErrorKind::UnexpectedEof => FetchError::Retry {
                error: self.truncated(blob, offset),
                after: None,
            },
            Origin::Registry(registry) => registry.unreachable(error.to_string()),
            Origin::Layout(_) => FetchError::Exhausted,
        }
    }

    fn truncated(&self, blob: &Blob, actual: u64) -> ImageError {
        ImageError::Truncated {
            reference: self.shown.clone(),
            what: blob.what.clone(),
            expected: blob.size,
            actual,
        }
    }

    fn too_long(&self, blob: &Blob) -> ImageError {
        ImageError::DigestMismatch {
            reference: self.shown.clone(),
            what: blob.what.clone(),
            expected: format!("{} bytes", blob.size),
            actual: "more".to_owned(),
        }
    }

    async fn retry<T, F>(&self, request: impl Fn() -> F) -> Result<T, ImageError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let mut attempt = 1;
        loop {
            match request().await {
                Ok(value) => return Ok(value),
                Err(FetchError::Fatal(error)) => return Err(error),
                Err(FetchError::Exhausted) => {
                    return Err(ImageError::Invalid {
                        reference: self.shown.clone(),
                        reason: "its manifest is empty".into(),
                    });
                }
                Err(FetchError::Retry { error, after }) => {
                    if attempt >= self.options.attempts {
                        return Err(error);
                    }
                    self.wait(attempt, after).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Waits as long as the registry asks, within reason, or longer after each attempt.
    async fn wait(&self, attempt: u32, asked: Option<Duration>) {
        let own = self
            .options
            .retry_delay
            .saturating_mul(1 << attempt.min(6).saturating_sub(1));
        let longest = Duration::from_secs(20);
        tokio::time::sleep(asked.unwrap_or(own).max(own).min(longest)).await;
    }
}
