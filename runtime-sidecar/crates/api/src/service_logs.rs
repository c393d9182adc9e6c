//! The logs of a service: those of its containers as one.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{Peekable, SelectAll, unfold};
use sidecar_container::{LogQuery, LogRecord, LogStream};
use sidecar_orchestrator::ContainerView;

use crate::Api;
use crate::error::{ApiError, Result};
use crate::logs::{Batches, CHUNK, is_gone, log_query};
use crate::path::Path;
use crate::query::Query;
use crate::services;
use crate::stream::{self, until_shutdown};

/// `GET /api/v1/deployments/{deployment}/services/{service}/logs`: plain text, or events when followed. With more than one
/// replica each line begins with the replica's number. Plain text is in the order of time; events come as they happen, and
/// containers that come while it is followed are followed too.
pub(crate) async fn logs(
    State(api): State<Arc<Api>>,
    Path((deployment, service)): Path<(String, String)>,
    query: Query,
) -> Result<Response> {
    let stored = api.engine.deployment(&deployment)?;
    services::require(&stored, &service)?;
    let wanted = log_query(&query, "lines")?;
    let follow = wanted.follow;
    let changes = api.engine.container_changes();
    let mut logs = ServiceLogs {
        api: Arc::clone(&api),
        prefixed: Arc::new(AtomicBool::new(false)),
        instance: query.text("instance").map(str::to_owned),
        deployment,
        service,
        wanted,
        known: Vec::new(),
        open: SelectAll::new(),
    };
    if !follow {
        let merged = unfold(logs.merged(), |mut merged| async move {
            merged.next().await.map(|chunk| (chunk, merged))
        });
        return Ok(stream::response(
            "text/plain; charset=utf-8",
            until_shutdown(&api, merged),
        ));
    }
    logs.open_new();
    // What comes later is read from its beginning.
    logs.wanted.tail = None;
    let chunks = unfold((logs, changes), |(mut logs, mut changes)| async move {
        loop {
            tokio::select! {
                Some(chunk) = logs.open.next(), if !logs.open.is_empty() => return Some((chunk, (logs, changes))),
                changed = changes.changed() => {
                    changed.ok()?;
                    logs.open_new();
                }
            }
        }
    });
    Ok(stream::response("text/event-stream", until_shutdown(&api, chunks)))
}

/// Appends a record to a chunk.
type Writer = Box<dyn FnMut(LogRecord, &mut Vec<u8>) + Send>;

/// The logs of a service's containers, as one.
struct ServiceLogs {
    api: Arc<Api>,
    deployment: String,
    service: String,
    instance: Option<String>,
    /// There is, or was while it is followed, more than one replica.
    prefixed: Arc<AtomicBool>,
    wanted: LogQuery,
    known: Vec<String>,
    open: SelectAll<Batches<Writer>>,
}

impl ServiceLogs {
    /// The containers that were not found before.
    fn find_new(&mut self) -> Vec<ContainerView> {
        let several = self
            .api
            .engine
            .deployment(&self.deployment)
            .is_ok_and(|deployment| deployment.desired(&self.service) > 1);
        if several && self.instance.is_none() {
            self.prefixed.store(true, Ordering::Relaxed);
        }
        let mut found = self.api.engine.containers();
        let instance = self.instance.as_deref();
        found.retain(|container| {
            container.deployment == self.deployment
                && container.service == self.service
                && instance.is_none_or(|wanted| container.id() == wanted || container.replica.to_string() == wanted)
                && !self.known.iter().any(|id| id == container.id())
        });
        self.known
            .extend(found.iter().map(|container| container.id().to_owned()));
        found
    }

    /// Follows the logs of the containers that are not followed yet.
    fn open_new(&mut self) {
        for container in self.find_new() {
            let (replica, prefixed) = (container.replica, Arc::clone(&self.prefixed));
            let write = move |record: LogRecord, out: &mut Vec<u8>| {
                // A carriage return would end the line for the reader of the events.
                let text = String::from_utf8_lossy(&record.data).replace('\r', "");
                let _ = if prefixed.load(Ordering::Relaxed) {
                    write!(out, "data: {replica} | {text}\n\n")
                } else {
                    write!(out, "data: {text}\n\n")
                };
            };
            let records = container.container.logs(self.wanted.clone()).peekable();
            self.open.push(Batches::new(records, Box::new(write)));
        }
    }

    /// What the logs hold now.
    fn merged(mut self) -> Merged {
        let found = self.find_new();
        let logs = found.into_iter().map(|container| {
            let records = container.container.logs(self.wanted.clone()).peekable();
            (container.replica, records)
        });
        Merged {
            logs: logs.collect(),
            prefixed: self.prefixed.load(Ordering::Relaxed),
        }
    }
}

/// The logs of several containers, that end, as one: in the order of time.
struct Merged {
    /// With the replica's number.
    logs: Vec<(u32, Peekable<LogStream>)>,
    prefixed: bool,
}

impl Merged {
    /// About [`CHUNK`] bytes of lines.
    async fn next(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK
            && let Some(at) = self.earliest().await
        {
            let Some((replica, log)) = self.logs.get_mut(at) else {
                break;
            };
            match log.next().await {
                Some(Ok(record)) => {
                    let text = String::from_utf8_lossy(&record.data);
                    let _ = if self.prefixed {
                        writeln!(chunk, "{replica} | {text}")
                    } else {
                        writeln!(chunk, "{text}")
                    };
                }
                Some(Err(error)) => {
                    // That a container was removed is the end of its log and no failure.
                    if !is_gone(&error) {
                        chunk.extend_from_slice(&ApiError::from(error).line());
                    }
                    drop(self.logs.remove(at));
                }
                None => drop(self.logs.remove(at)),
            }
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }

    /// The log with the oldest line; one that ended or failed comes first, to be put away.
    async fn earliest(&mut self) -> Option<usize> {
        let mut earliest = None;
        for (at, (_, log)) in self.logs.iter_mut().enumerate() {
            match Pin::new(log).peek().await {
                Some(Ok(record)) => {
                    if earliest.is_none_or(|(time, _)| record.time_ns < time) {
                        earliest = Some((record.time_ns, at));
                    }
                }
                Some(Err(_)) | None => return Some(at),
            }
        }
        earliest.map(|(_, at)| at)
    }
}
