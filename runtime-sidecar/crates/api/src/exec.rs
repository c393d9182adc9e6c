//! `POST /api/v1/containers/{id}/exec`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use sidecar_container::{Container, ContainerStatus, ExecConfig, ExecControl, ExecSession, ExecStream};
use sidecar_orchestrator::EngineError;
use tokio::io::{AsyncRead, AsyncReadExt};
use zlayer_types::api::containers::{ContainerExecRequest, ContainerExecResponse};

use crate::Api;
use crate::body::JsonBody;
use crate::error::{ApiError, Result};
use crate::path::Path;
use crate::query::Query;
use crate::stream::{self, until_shutdown};

/// Output that a buffered call may collect, in bytes of each stream.
const BUFFERED: u64 = 16 << 20;
/// A line of streamed output is cut here, in bytes.
const LINE: usize = 16 << 10;

pub(crate) async fn exec(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    query: Query,
    JsonBody(request): JsonBody<ContainerExecRequest>,
) -> Result<Response> {
    let container = api.engine.container(&id)?.container;
    let session = start(&id, &container, request).await?;
    if query.flag("stream")?.unwrap_or(false) {
        let events = unfold(Streamed::new(session), |mut streamed| async move {
            streamed.next().await.map(|event| (event, streamed))
        });
        return Ok(stream::response("text/event-stream", until_shutdown(&api, events)));
    }
    let answer = tokio::select! {
        answer = buffered(session) => answer?,
        () = api.shutdown.cancelled() => return Err(ending()),
    };
    Ok(Json(answer).into_response())
}

fn ending() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "The sidecar is ending.")
}

async fn start(id: &str, container: &Container, request: ContainerExecRequest) -> Result<ExecSession> {
    if request.command.first().is_none_or(String::is_empty) {
        return Err(ApiError::bad_request(
            "no-command",
            "The field command must name a command to run.",
        ));
    }
    let fields = [("user", &request.user), ("working_dir", &request.working_dir)];
    let single = fields.iter().flat_map(|(field, text)| Some((*field, text.as_deref()?)));
    let command = request.command.iter().map(|text| ("command", text.as_str()));
    let env = request.env.iter().map(|text| ("env", text.as_str()));
    refuse_nul(single.chain(command).chain(env))?;
    if !matches!(*container.status().borrow(), ContainerStatus::Running { .. }) {
        return Err(EngineError::NotRunning(id.to_owned()).into());
    }
    let ContainerExecRequest {
        command,
        user,
        working_dir,
        env,
    } = request;
    let config = ExecConfig {
        args: command,
        env,
        cwd: working_dir,
        user,
        terminal: None,
    };
    Ok(container.exec(config).await?)
}

/// The kernel would take such a text only up to there. `texts` come with the field that holds them.
pub(crate) fn refuse_nul<'a>(mut texts: impl Iterator<Item = (&'a str, &'a str)>) -> Result<()> {
    match texts.find(|(_, text)| text.contains('\0')) {
        None => Ok(()),
        Some((field, _)) => Err(ApiError::bad_request(
            "invalid-config",
            format!("The field {field} holds a NUL character, which no program can be given. Remove it."),
        )),
    }
}

async fn buffered(session: ExecSession) -> Result<ContainerExecResponse> {
    let ExecSession {
        stdin,
        stdout,
        stderr,
        mut control,
    } = session;
    drop(stdin);
    let read_errors = async {
        match stderr {
            Some(stderr) => collect(stderr).await,
            None => Ok(Vec::new()),
        }
    };
    let (stdout, stderr) = tokio::try_join!(collect(stdout), read_errors).map_err(|cause| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            format!("The output could not be read: {cause}"),
        )
    })?;
    let exit_code = control.wait().await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(ContainerExecResponse {
        exit_code,
        stdout: text(stdout),
        stderr: text(stderr),
    })
}

/// Keeps the first [`BUFFERED`] bytes and reads on, so that the command does not block.
async fn collect(mut from: impl AsyncRead + Unpin) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut from).take(BUFFERED).read_to_end(&mut bytes).await?;
    let rest = tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    if rest > 0 {
        bytes.extend_from_slice(format!("\n[{rest} more bytes were left out]\n").as_bytes());
    }
    Ok(bytes)
}

/// A session as server-sent events: a line of output each, and at last the exit. Dropping it ends the command.
struct Streamed {
    stdout: Output,
    stderr: Output,
    control: Option<ExecControl>,
}

/// One of the streams, read line by line.
struct Output {
    name: &'static str,
    from: Option<ExecStream>,
    pending: Vec<u8>,
}

impl Streamed {
    fn new(session: ExecSession) -> Self {
        let ExecSession {
            stdin,
            stdout,
            stderr,
            control,
        } = session;
        drop(stdin);
        let output = |name, from| Output {
            name,
            from,
            pending: Vec::new(),
        };
        Self {
            stdout: output("stdout", Some(stdout)),
            stderr: output("stderr", stderr),
            control: Some(control),
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let events = tokio::select! {
                events = self.stdout.read(), if self.stdout.from.is_some() => events,
                events = self.stderr.read(), if self.stderr.from.is_some() => events,
                else => break,
            };
            if !events.is_empty() {
                return Some(events.into());
            }
        }
        let mut control = self.control.take()?;
        Some(match control.wait().await {
            Ok(code) => format!("event: exit\ndata: {{\"exit_code\":{code}}}\n\n").into(),
            Err(error) => {
                let error = ApiError::from(error);
                format!(
                    "event: error\ndata: {}\n\n",
                    String::from_utf8_lossy(&error.line()).trim_end()
                )
                .into()
            }
        })
    }
}

impl Output {
    /// Reads once; the events of the lines that are complete then.
    async fn read(&mut self) -> String {
        let mut chunk = [0; LINE];
        let read = match &mut self.from {
            Some(from) => from.read(&mut chunk).await.unwrap_or(0),
            None => 0,
        };
        self.pending.extend_from_slice(&chunk[..read]);
        let mut events = String::new();
        loop {
            let end = self.pending.iter().position(|byte| *byte == b'\n');
            let Some(end) = end.or_else(|| (self.pending.len() >= LINE).then_some(LINE - 1)) else {
                break;
            };
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            push(&mut events, self.name, line.strip_suffix(b"\n").unwrap_or(&line));
        }
        if read == 0 {
            self.from = None;
            if !self.pending.is_empty() {
                push(&mut events, self.name, &std::mem::take(&mut self.pending));
            }
        }
        events
    }
}

fn push(events: &mut String, name: &str, line: &[u8]) {
    // A carriage return within a line would end it for the reader of the events.
    let text = String::from_utf8_lossy(line).replace('\r', "");
    events.push_str(&format!("event: {name}\ndata: {text}\n\n"));
}
