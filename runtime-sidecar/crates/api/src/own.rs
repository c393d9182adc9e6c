//! The sidecar's own calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::unfold;
use sidecar_api_types::{ContainerMetrics, Feature, SidecarInfo, StatusLine, UndoRequest};
use tokio::sync::broadcast::error::RecvError;

use crate::Api;
use crate::body::JsonBody;
use crate::error::Result;
use crate::path::Path;
use crate::query::Query;
use crate::stream::{self, until_shutdown};

/// Changes that come faster are sent together.
const STATUS_PAUSE: Duration = Duration::from_millis(40);

pub(crate) async fn info(State(api): State<Arc<Api>>) -> Json<SidecarInfo> {
    let started: chrono::DateTime<chrono::Utc> = api.started.into();
    Json(SidecarInfo {
        version: api.version.to_owned(),
        pid: std::process::id(),
        started_at: started.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        data_dir: api.engine.data_dir().display().to_string(),
        rootless: api.engine.is_rootless(),
        features: vec![
            Feature::Tty,
            Feature::Metrics,
            Feature::Status,
            Feature::Shutdown,
            Feature::Undo,
        ],
        limitations: api.limitations.clone(),
    })
}

/// All deployments, then each change. A reader that is slow gets the last state of what changed meanwhile.
pub(crate) async fn status(State(api): State<Arc<Api>>, query: Query) -> Result<Response> {
    let follow = query.flag("follow")?.unwrap_or(false);
    let board = api.engine.board();
    let reader = StatusReader {
        revisions: board.revisions(),
        images: board.image_revisions(),
        api: Arc::clone(&api),
        seen: BTreeMap::new(),
        first: true,
    };
    let lines = unfold(Some(reader), move |reader| async move {
        let mut reader = reader?;
        let lines = reader.next().await?;
        Some((lines, follow.then_some(reader)))
    });
    Ok(stream::response("application/x-ndjson", until_shutdown(&api, lines)))
}

struct StatusReader {
    revisions: tokio::sync::watch::Receiver<u64>,
    images: tokio::sync::watch::Receiver<u64>,
    api: Arc<Api>,
    seen: BTreeMap<String, u64>,
    first: bool,
}

impl StatusReader {
    async fn next(&mut self) -> Option<Bytes> {
        let mut lines = Vec::new();
        if self.first {
            self.revisions.borrow_and_update();
            self.images.borrow_and_update();
            self.deployments(&mut lines);
            lines.extend_from_slice(&stream::line(&StatusLine::Synced));
            self.first = false;
            return Some(lines.into());
        }
        while lines.is_empty() {
            tokio::select! {
                changed = self.revisions.changed() => changed.ok()?,
                changed = self.images.changed() => {
                    changed.ok()?;
                    lines.extend_from_slice(&stream::line(&StatusLine::Images));
                }
            }
            tokio::time::sleep(STATUS_PAUSE).await;
            self.revisions.borrow_and_update();
            self.deployments(&mut lines);
        }
        Some(lines.into())
    }

    fn deployments(&mut self, lines: &mut Vec<u8>) {
        let (changed, gone) = self.api.engine.board().changes(&mut self.seen);
        for name in gone {
            lines.extend_from_slice(&stream::line(&StatusLine::Removed { name }));
        }
        for deployment in changed {
            lines.extend_from_slice(&stream::line(&StatusLine::Deployment { deployment }));
        }
    }
}

pub(crate) async fn metrics(State(api): State<Arc<Api>>, query: Query) -> Result<Json<Vec<ContainerMetrics>>> {
    let since_ms = query.number("since_ms")?.unwrap_or(0);
    let step_ms = query.number("step_ms")?.unwrap_or(0);
    Ok(Json(api.engine.metrics(
        query.text("deployment"),
        query.text("service"),
        since_ms,
        step_ms,
    )))
}

pub(crate) async fn metrics_stream(State(api): State<Arc<Api>>, query: Query) -> Response {
    let deployment = query.text("deployment").map(str::to_owned);
    let service = query.text("service").map(str::to_owned);
    let receiver = api.engine.meter().subscribe();
    let lines = unfold(
        (receiver, deployment, service),
        |(mut receiver, deployment, service)| async move {
            loop {
                match receiver.recv().await {
                    Ok(sample)
                        if deployment.as_ref().is_none_or(|name| *name == sample.deployment)
                            && service.as_ref().is_none_or(|name| *name == sample.service) =>
                    {
                        return Some((stream::line(&*sample), (receiver, deployment, service)));
                    }
                    // What a slow reader misses here it finds in the history.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        },
    );
    stream::response("application/x-ndjson", until_shutdown(&api, lines))
}

pub(crate) async fn undo(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<UndoRequest>,
) -> Result<StatusCode> {
    api.engine.undo(&name, &request.spec).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn shutdown(State(api): State<Arc<Api>>) -> StatusCode {
    api.shutdown.cancel();
    StatusCode::ACCEPTED
}
