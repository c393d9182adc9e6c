//! A reader's query and the stream that answers it.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use tokio::sync::{mpsc, watch};

pub use super::reader::LogPosition;
use super::reader::{Chunk, LogReader};
use super::record::{LogRecord, now_ns};
use super::start;
use crate::error::{ContainerError, ErrorKind, Result};
use crate::runtime::Shared;

/// Batches that are read ahead of the consumer; with the reader's chunk size this bounds the memory of a stream.
const READ_AHEAD: usize = 2;

#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only the last n lines of what is there now; `None`: all.
    pub tail: Option<usize>,
    pub since_ms: Option<u64>,
    pub until_ms: Option<u64>,
    pub stdout: bool,
    pub stderr: bool,
    /// Go on until the container is removed (a restart does not end the stream).
    pub follow: bool,
}

impl LogQuery {
    fn source(&self, record: &LogRecord) -> bool {
        if record.stderr { self.stderr } else { self.stdout }
    }

    fn wants(&self, record: &LogRecord) -> bool {
        const MS: u64 = 1_000_000;
        self.source(record)
            && self.since_ms.is_none_or(|ms| record.time_ns >= ms.saturating_mul(MS))
            && self.until_ms.is_none_or(|ms| record.time_ns <= ms.saturating_mul(MS))
    }
}

struct Batch {
    file: u64,
    records: Vec<(LogRecord, u64)>,
}

/// Lines in the order they were written. `impl Stream<Item = Result<LogRecord, ContainerError>>`.
///
/// An error with the code `log-skipped` tells that rotation removed lines that this reader was too slow for; the stream
/// goes on behind the gap. Any other error ends it.
pub struct LogStream {
    batches: mpsc::Receiver<Result<Batch>>,
    file: u64,
    current: std::vec::IntoIter<(LogRecord, u64)>,
    position: Option<LogPosition>,
}

impl LogStream {
    pub(crate) fn open(
        directory: PathBuf,
        query: LogQuery,
        position: Option<LogPosition>,
        shared: Arc<Shared>,
        removed: watch::Receiver<bool>,
    ) -> Self {
        let (sender, batches) = mpsc::channel(READ_AHEAD);
        tokio::spawn(async move {
            let follower = Follower {
                directory,
                query,
                position,
                shared,
                removed,
            };
            if let Err(error) = follower.run(&sender).await {
                // The consumer may be gone already.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self {
            batches,
            file: 0,
            current: Vec::new().into_iter(),
            position,
        }
    }

    /// Behind the record that was delivered last; `None` before the first.
    pub fn position(&self) -> Option<LogPosition> {
        self.position
    }

    /// Many records at once, for a consumer that handles them in bulk; `None` at the end of the stream.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<LogRecord>>> {
        let mut records = std::mem::take(&mut self.current);
        if records.len() == 0 {
            match self.batches.recv().await? {
                Ok(batch) => {
                    self.file = batch.file;
                    records = batch.records.into_iter();
                }
                Err(error) => return Some(Err(error)),
            }
        }
        if let Some((_, offset)) = records.as_slice().last() {
            self.position = Some(LogPosition {
                file: self.file,
                offset: *offset,
            });
        }
        Some(Ok(records.map(|(record, _)| record).collect()))
    }
}

impl Stream for LogStream {
    type Item = Result<LogRecord>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some((record, offset)) = self.current.next() {
                self.position = Some(LogPosition {
                    file: self.file,
                    offset,
                });
                return Poll::Ready(Some(Ok(record)));
            }
            match ready!(self.batches.poll_recv(cx)) {
                Some(Ok(batch)) => {
                    self.file = batch.file;
                    self.current = batch.records.into_iter();
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

struct Follower {
    directory: PathBuf,
    query: LogQuery,
    position: Option<LogPosition>,
    shared: Arc<Shared>,
    removed: watch::Receiver<bool>,
}

impl Follower {
    async fn run(mut self, consumer: &mpsc::Sender<Result<Batch>>) -> Result<()> {
        let failed = |directory: &Path, e: std::io::Error| ContainerError::io("cannot read the log in", directory, e);
        // Before the first look, so that no change falls between the two.
        let mut changes = None;
        if self.query.follow {
            changes = Some(
                self.shared
                    .watcher
                    .watch(&self.directory)
                    .map_err(|e| failed(&self.directory, e))?,
            );
        }
        let (directory, query, position) = (self.directory.clone(), self.query.clone(), self.position);
        let (mut reader, end) = blocking(move || {
            let end = start::end(&directory).map_err(|e| failed(&directory, e))?;
            let start = start_of(&directory, &query, position, end).map_err(|e| failed(&directory, e))?;
            Ok((LogReader::new(directory, start), end))
        })
        .await?;
        // Without following, what is written from now on belongs to no answer.
        let end = (!self.query.follow).then_some(end);
        loop {
            let query = self.query.clone();
            let (returned, chunk) = blocking(move || {
                let chunk = reader.next().map(|chunk| match chunk {
                    Chunk::Records(mut records) => {
                        let file = reader.position().file;
                        records.retain(|(record, offset)| {
                            let behind = LogPosition { file, offset: *offset };
                            query.wants(record) && end.is_none_or(|end| behind <= end)
                        });
                        Chunk::Records(records)
                    }
                    other => other,
                });
                Ok((reader, chunk))
            })
            .await?;
            reader = returned;
            let ended = end.is_some_and(|end| reader.position() >= end);
            let item = match chunk.map_err(|e| failed(&self.directory, e))? {
                Chunk::Records(records) if records.is_empty() && ended => return Ok(()),
                Chunk::Records(records) if records.is_empty() => continue,
                Chunk::Records(records) => Ok(Batch {
                    file: reader.position().file,
                    records,
                }),
                Chunk::Skipped => Err(ContainerError::new(
                    ErrorKind::LogSkipped,
                    "lines are missing here: the log was rotated away before they were read; let the service keep larger logs",
                )),
                Chunk::End => {
                    if !self.wait(changes.as_mut(), consumer).await {
                        return Ok(());
                    }
                    continue;
                }
            };
            if consumer.send(item).await.is_err() || ended {
                return Ok(());
            }
        }
    }

    /// Until there may be more to read. False when there will not.
    async fn wait(
        &mut self,
        changes: Option<&mut watch::Receiver<()>>,
        consumer: &mpsc::Sender<Result<Batch>>,
    ) -> bool {
        let Some(changes) = changes else { return false };
        if *self.removed.borrow_and_update() && !self.directory.exists() {
            return false;
        }
        let until = async {
            match self.query.until_ms {
                Some(ms) => {
                    let now_ms = now_ns() / 1_000_000;
                    tokio::time::sleep(Duration::from_millis(ms.saturating_sub(now_ms))).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changes.changed() => changed.is_ok(),
            removed = self.removed.changed() => removed.is_ok(),
            () = until => false,
            () = consumer.closed() => false,
        }
    }
}

fn start_of(
    directory: &Path,
    query: &LogQuery,
    position: Option<LogPosition>,
    end: LogPosition,
) -> std::io::Result<LogPosition> {
    if let Some(position) = position {
        return Ok(position);
    }
    let since = match query.since_ms {
        Some(ms) => start::since(directory, ms.saturating_mul(1_000_000))?,
        None => start::beginning(directory)?,
    };
    Ok(match query.tail {
        Some(lines) => since.max(start::tail(directory, end, lines, |record| query.source(record))?),
        None => since,
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ContainerError::internal("the reading of the log was interrupted", e))?
}
