//! `/api/v1/images` and `/api/v1/system/prune`

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use sidecar_image::{Credentials, Image, PullPhase, PullPolicy, PullProgress};
use tokio::sync::watch;
use zlayer_types::api::images::{PruneResultDto, PullProgressDto};
use zlayer_types::spec::{RegistryAuth, RegistryAuthType};

use crate::Api;
use crate::body::JsonBody;
use crate::error::{ApiError, Result};
use crate::path::Path;
use crate::query::Query;
use crate::stream::{self, until_shutdown};

/// Progress is sent this often at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// ZLayer's `ImageInfoDto` and `PullImageResponse`. Theirs take references of registries only; ours may name a directory.
#[derive(Debug, Serialize)]
pub(crate) struct ImageInfo {
    reference: String,
    digest: Option<String>,
    size_bytes: Option<u64>,
}

impl From<Image> for ImageInfo {
    fn from(image: Image) -> Self {
        Self {
            reference: image.reference,
            digest: Some(image.digest),
            size_bytes: Some(image.size_bytes),
        }
    }
}

/// ZLayer's `PullImageRequest`.
#[derive(Deserialize)]
pub(crate) struct PullRequest {
    reference: String,
    #[serde(default)]
    pull_policy: Option<String>,
    #[serde(default)]
    registry_credential_id: Option<String>,
    #[serde(default)]
    registry_auth: Option<RegistryAuth>,
}

pub(crate) async fn list(State(api): State<Arc<Api>>) -> Result<Json<Vec<ImageInfo>>> {
    Ok(Json(api.engine.images().await?.into_iter().map(Into::into).collect()))
}

pub(crate) async fn pull(
    State(api): State<Arc<Api>>,
    query: Query,
    JsonBody(request): JsonBody<PullRequest>,
) -> Result<Response> {
    if request.registry_credential_id.is_some() {
        let message =
            "Stored registry credentials are not served yet; send registry_auth instead of registry_credential_id.";
        return Err(ApiError::bad_request("not-served", message));
    }
    let policy = match request.pull_policy.as_deref() {
        None | Some("always") => PullPolicy::Always,
        Some("newer") => PullPolicy::Newer,
        Some("if_not_present") => PullPolicy::IfNotPresent,
        Some("never") => PullPolicy::Never,
        Some(other) => {
            let message = format!("pull_policy must be always, newer, if_not_present or never, not “{other}”.");
            return Err(ApiError::bad_request("invalid-parameter", message));
        }
    };
    let credentials = match request.registry_auth {
        None => Credentials::Anonymous,
        Some(RegistryAuth {
            username,
            password,
            auth_type: RegistryAuthType::Basic,
        }) => Credentials::Basic { username, password },
        Some(RegistryAuth {
            password,
            auth_type: RegistryAuthType::Token,
            ..
        }) => Credentials::Bearer { token: password },
    };
    let reference = request.reference;
    if !query.flag("stream")?.unwrap_or(false) {
        let pulled = api.engine.pull(&reference, policy, credentials, Arc::new(|_| {}));
        let image = tokio::select! {
            image = pulled => image?,
            () = api.shutdown.cancelled() => {
                return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "The sidecar is ending."));
            }
        };
        return Ok(Json(ImageInfo::from(image)).into_response());
    }
    // The pull runs within the stream: it is cancelled when the client goes.
    let (sender, progress) = watch::channel(None);
    let last = Mutex::new(None::<Instant>);
    let report = Arc::new(move |now: PullProgress| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if now.phase == PullPhase::Done || last.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY) {
            *last = Some(Instant::now());
            sender.send_replace(Some(now));
        }
    });
    let engine = Arc::clone(&api.engine);
    let name = reference.clone();
    let pulled = async move { engine.pull(&name, policy, credentials, report).await }.boxed();
    let lines = unfold(Some((pulled, progress)), move |state| {
        let reference = reference.clone();
        async move {
            let (mut pulled, mut progress) = state?;
            let news = async {
                // An error says that the pull has ended; its result comes then.
                if progress.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let ended = tokio::select! {
                biased;
                ended = &mut pulled => Some(ended),
                () = news => None,
            };
            let line = match ended {
                Some(Ok(image)) => {
                    return Some((
                        stream::line(&PullProgressDto::Done {
                            reference,
                            digest: Some(image.digest),
                        }),
                        None,
                    ));
                }
                Some(Err(error)) => return Some((ApiError::from(error).line().into(), None)),
                None => stream::line(&status(&reference, *progress.borrow_and_update())),
            };
            Some((line, Some((pulled, progress))))
        }
    });
    Ok(stream::response("application/x-ndjson", until_shutdown(&api, lines)))
}

fn status(reference: &str, progress: Option<PullProgress>) -> PullProgressDto {
    let words = match progress.map(|progress| progress.phase) {
        None | Some(PullPhase::Resolving) => "Resolving",
        Some(PullPhase::Fetching) => "Downloading",
        Some(PullPhase::Done) => "Pull complete",
    };
    PullProgressDto::Status {
        id: Some(reference.to_owned()),
        status: words.to_owned(),
        progress: None,
        current: progress.map(|progress| progress.done_bytes),
        total: progress.and_then(|progress| progress.total_bytes),
    }
}

pub(crate) async fn remove(State(api): State<Arc<Api>>, Path(image): Path<String>, query: Query) -> Result<StatusCode> {
    api.engine
        .remove_image(&image, query.flag("force")?.unwrap_or(false))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn prune(State(api): State<Arc<Api>>) -> Result<Json<PruneResultDto>> {
    let (deleted, space_reclaimed) = api.engine.prune_images().await?;
    Ok(Json(PruneResultDto {
        deleted,
        space_reclaimed,
    }))
}
