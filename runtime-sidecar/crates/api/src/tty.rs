//! `GET /sidecar/v1/containers/{id}/tty`: a terminal over a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use sidecar_api_types::TtyControl;
use sidecar_container::{ContainerStatus, ExecConfig, ExecSession};
use sidecar_orchestrator::EngineError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Api;
use crate::error::{ApiError, Result};
use crate::exec::refuse_nul;
use crate::path::Path;
use crate::query::Query;

const CHUNK: usize = 16 << 10;
/// A message of a client is not larger, in bytes: a large paste.
const MESSAGE: usize = 4 << 20;
/// While the command has so many bytes of input before it, the client has to wait.
const INPUT: usize = 1 << 20;
/// A client that has to wait is asked this often whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Tried in this order when the client names no command.
const SHELLS: [&str; 2] = ["bash", "sh"];

pub(crate) async fn tty(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    query: Query,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let container = api.engine.container(&id)?.container;
    if !matches!(*container.status().borrow(), ContainerStatus::Running { .. }) {
        return Err(EngineError::NotRunning(id).into());
    }
    let size = (
        query.number("cols")?.unwrap_or(80).max(1),
        query.number("rows")?.unwrap_or(24).max(1),
    );
    let upgrade = upgrade.map_err(|cause| {
        let message = format!("A terminal is a WebSocket: {cause}");
        ApiError::new(StatusCode::UPGRADE_REQUIRED, "websocket-required", message)
    })?;
    let command = query.all("command");
    let user = query.text("user").map(str::to_owned);
    let texts = command.iter().map(|text| ("command", text.as_str()));
    refuse_nul(texts.chain(user.iter().map(|text| ("user", text.as_str()))))?;
    // Started before the answer, so that a command that cannot be run is a plain error.
    let session = start(&container, command, user, size).await?;
    Ok(upgrade
        .max_message_size(MESSAGE)
        .on_upgrade(move |socket| run(api, socket, session)))
}

async fn start(
    container: &sidecar_container::Container,
    command: Vec<String>,
    user: Option<String>,
    size: (u16, u16),
) -> Result<ExecSession> {
    let candidates: Vec<Vec<String>> = if command.is_empty() {
        SHELLS.iter().map(|shell| vec![(*shell).to_owned()]).collect()
    } else {
        vec![command]
    };
    let mut last = None;
    for args in candidates {
        let env = vec!["TERM=xterm-256color".to_owned()];
        let config = ExecConfig {
            args,
            env,
            cwd: None,
            user: user.clone(),
            terminal: Some(size),
        };
        match container.exec(config).await {
            Ok(session) => return Ok(session),
            Err(error) if error.code() == "command-not-found" => last = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.map_or_else(
        || ApiError::bad_request("no-command", "There is no command to run."),
        Into::into,
    ))
}

/// Carries bytes until the command ends, the client goes, or the sidecar ends. Dropping the session ends the command.
async fn run(api: Arc<Api>, socket: WebSocket, session: ExecSession) {
    let ExecSession {
        mut stdin,
        mut stdout,
        stderr: _,
        mut control,
    } = session;
    let (mut to_client, mut from_client) = socket.split();
    let mut chunk = vec![0; CHUNK];
    let mut open = true;
    // Written beside everything else: a command that answers its input takes no more of it until its answer was read.
    let mut input = BytesMut::new();
    let last = loop {
        let full = input.len() >= INPUT;
        tokio::select! {
            read = stdout.read(&mut chunk), if open => match read {
                // A terminal whose last process has ended reports an error instead of an end.
                Ok(0) | Err(_) => open = false,
                Ok(n) => {
                    if to_client.send(Message::Binary(Bytes::copy_from_slice(&chunk[..n]))).await.is_err() {
                        return;
                    }
                }
            },
            code = control.wait(), if !open => break match code {
                Ok(code) => TtyControl::Exit { code },
                Err(error) => TtyControl::Error { error: ApiError::from(error).body },
            },
            written = stdin.write(&input), if !input.is_empty() => match written {
                Ok(0) | Err(_) => {
                    input.clear();
                    open = false;
                }
                Ok(n) => input.advance(n),
            },
            () = tokio::time::sleep(PING_EVERY), if full => {
                if to_client.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
            }
            message = from_client.next(), if !full => match message {
                Some(Ok(Message::Binary(bytes))) => input.extend_from_slice(&bytes),
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                    Ok(TtyControl::Resize { cols, rows }) => {
                        if let Err(cause) = control.resize(cols.max(1), rows.max(1)).await {
                            tracing::debug!(%cause, "a terminal was not resized");
                        }
                    }
                    Ok(_) | Err(_) => tracing::debug!("a terminal sent a text frame that is no request"),
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            () = api.shutdown.cancelled() => return,
        }
    };
    if let Ok(text) = serde_json::to_string(&last) {
        let _ = to_client.send(Message::Text(text.into())).await;
    }
    let _ = to_client.close().await;
}
