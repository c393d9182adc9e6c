//! `GET /api/v1/containers/{id}/logs`, and what all logs have in common.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::stream::Peekable;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use sidecar_container::{ContainerError, LogQuery, LogRecord, LogStream};
use sidecar_orchestrator::EngineError;

use crate::Api;
use crate::error::{ApiError, Result};
use crate::path::Path;
use crate::query::Query;
use crate::stream::{self, until_shutdown};

/// Lines are put together up to about this many bytes, so that a flood costs few system calls and wake-ups.
pub(crate) const CHUNK: usize = 64 << 10;
const DEFAULT_LINES: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Sse,
    /// Docker's frames: stream, three zeros, length, bytes.
    Raw,
}

/// `GET /api/v1/containers/{id}/logs`
pub(crate) async fn container(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let container = api.engine.container(&id)?.container;
    let accepts_events = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"));
    let format = match query.text("format") {
        None if accepts_events => Format::Sse,
        Some("json") if accepts_events => Format::Sse,
        None | Some("json") => Format::Json,
        Some("sse") => Format::Sse,
        Some("raw") => Format::Raw,
        Some(other) => {
            let message = format!("The parameter format must be json, sse or raw, not “{other}”.");
            return Err(ApiError::bad_request("invalid-parameter", message));
        }
    };
    let wanted = log_query(&query, "tail")?;
    let follow = wanted.follow;
    let mut records = container.logs(wanted).peekable();
    // A log that is followed may have nothing to say for a long time, and its answer must begin at once.
    if !follow
        && let Some(Err(error)) = Pin::new(&mut records).peek().await
        && is_gone(error)
    {
        return Err(EngineError::NoContainer(id).into());
    }
    let content_type = match format {
        Format::Json => "application/x-ndjson",
        Format::Sse => "text/event-stream",
        Format::Raw => "application/vnd.docker.multiplexed-stream",
    };
    let batches = Batches::new(records, move |record: LogRecord, out: &mut Vec<u8>| {
        write(&record, format, out);
    });
    Ok(stream::response(content_type, until_shutdown(&api, batches)))
}

/// `lines` names the parameter with the number of lines; 0 and `all` mean all.
pub(crate) fn log_query(query: &Query, lines: &str) -> Result<LogQuery> {
    let tail = match query.text(lines) {
        None => Some(DEFAULT_LINES),
        Some("all") => None,
        Some(_) => query.number(lines)?.filter(|lines| *lines > 0),
    };
    let (stdout, stderr) = (query.flag("stdout")?, query.flag("stderr")?);
    let neither = stdout.is_none() && stderr.is_none();
    let seconds = |name| {
        Ok::<_, ApiError>(
            query
                .number::<f64>(name)?
                .map(|seconds| (seconds.max(0.0) * 1000.0) as u64),
        )
    };
    Ok(LogQuery {
        tail,
        since_ms: seconds("since")?,
        until_ms: seconds("until")?,
        stdout: neither || stdout.unwrap_or(false),
        stderr: neither || stderr.unwrap_or(false),
        follow: query.flag("follow")?.unwrap_or(false),
    })
}

/// Turns records into chunks of bytes: all that is at hand, up to [`CHUNK`], in one. Runs within the connection's own
/// task, and only when the client takes more.
pub(crate) struct Batches<W> {
    records: Peekable<LogStream>,
    write: W,
    ended: bool,
}

impl<W: FnMut(LogRecord, &mut Vec<u8>) + Unpin> Batches<W> {
    /// `write` appends a record to a chunk.
    pub fn new(records: Peekable<LogStream>, write: W) -> Self {
        Self {
            records,
            write,
            ended: false,
        }
    }
}

impl<W: FnMut(LogRecord, &mut Vec<u8>) + Unpin> Stream for Batches<W> {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            match this.records.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(record))) => (this.write)(record, &mut chunk),
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    // That a container was removed is the end of its log and no failure.
                    if !is_gone(&error) {
                        chunk.extend_from_slice(&ApiError::from(error).line());
                    }
                    break;
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    break;
                }
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if chunk.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Ready(Some(chunk.into()))
        }
    }
}

/// Whether a log cannot be read because its container was removed meanwhile.
pub(crate) fn is_gone(error: &ContainerError) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
}

#[derive(Serialize)]
struct LogChunk<'a> {
    stream: &'static str,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<WithEnd<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_b64: Option<String>,
}

/// Nanoseconds since the Unix epoch, as RFC 3339.
struct Timestamp(u64);

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let seconds = i64::try_from(self.0 / 1_000_000_000).unwrap_or(i64::MAX);
        let time = chrono::DateTime::from_timestamp(seconds, (self.0 % 1_000_000_000) as u32).unwrap_or_default();
        serializer.collect_str(&time.format_with_items(ITEMS.iter()))
    }
}

/// `%Y-%m-%dT%H:%M:%S%.9fZ`, parsed once.
static ITEMS: std::sync::LazyLock<Vec<chrono::format::Item<'static>>> =
    std::sync::LazyLock::new(|| chrono::format::StrftimeItems::new("%Y-%m-%dT%H:%M:%S%.9fZ").collect());

/// A line with the end that it had.
struct WithEnd<'a> {
    text: &'a str,
    partial: bool,
}

impl Serialize for WithEnd<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.partial {
            serializer.serialize_str(self.text)
        } else {
            serializer.collect_str(&format_args!("{}\n", self.text))
        }
    }
}

fn write(record: &LogRecord, format: Format, out: &mut Vec<u8>) {
    if format == Format::Raw {
        let length = record.data.len() + usize::from(!record.partial);
        out.extend_from_slice(&[if record.stderr { 2 } else { 1 }, 0, 0, 0]);
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&record.data);
        if !record.partial {
            out.push(b'\n');
        }
        return;
    }
    let text = std::str::from_utf8(&record.data).ok();
    let chunk = LogChunk {
        stream: if record.stderr { "stderr" } else { "stdout" },
        timestamp: Timestamp(record.time_ns),
        data: text.map(|text| WithEnd {
            text,
            partial: record.partial,
        }),
        data_b64: text.is_none().then(|| {
            let mut bytes = record.data.to_vec();
            if !record.partial {
                bytes.push(b'\n');
            }
            BASE64.encode(bytes)
        }),
    };
    if format == Format::Sse {
        out.extend_from_slice(b"data: ");
    }
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(&mut *out, &chunk);
    let _ = out.write_all(if format == Format::Sse { b"\n\n" } else { b"\n" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &[u8], partial: bool, format: Format, want: &[u8]) {
        let record = LogRecord {
            time_ns: 1_700_000_000_000_000_007,
            stderr: true,
            data: Bytes::copy_from_slice(data),
            partial,
        };
        let mut out = Vec::new();
        write(&record, format, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(want));
    }

    #[test]
    fn records_in_each_format() {
        check(
            b"a \"b\"",
            false,
            Format::Json,
            b"{\"stream\":\"stderr\",\"timestamp\":\"2023-11-14T22:13:20.000000007Z\",\"data\":\"a \\\"b\\\"\\n\"}\n",
        );
        check(
            b"half",
            true,
            Format::Sse,
            b"data: {\"stream\":\"stderr\",\"timestamp\":\"2023-11-14T22:13:20.000000007Z\",\"data\":\"half\"}\n\n",
        );
        check(
            b"\xff",
            false,
            Format::Json,
            b"{\"stream\":\"stderr\",\"timestamp\":\"2023-11-14T22:13:20.000000007Z\",\"data_b64\":\"/wo=\"}\n",
        );
        check(b"x", false, Format::Raw, b"\x02\0\0\0\0\0\0\x02x\n");
    }
}
