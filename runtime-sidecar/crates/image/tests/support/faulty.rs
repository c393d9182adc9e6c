//! A registry that misbehaves in a chosen way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::watch;

use super::images::Built;

#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    /// Layers are cut off after so many bytes, each time; ranges work.
    Cut {
        after: usize,
    },
    /// As `Cut`, but only the first time, and ranges are ignored.
    CutOnceNoRanges {
        after: usize,
    },
    /// Half of each layer, and then nothing more until the gate opens.
    Gate,
    /// Manifests are changed on the way, with a digest header that hides it or not.
    ForgedManifest,
    /// The first so many requests fail with this status.
    Status {
        code: u16,
        times: usize,
    },
}

pub struct Faulty {
    pub address: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    image: Built,
    fault: Fault,
    requests: Mutex<HashMap<String, usize>>,
    gate: watch::Sender<bool>,
}

impl Faulty {
    pub async fn start(image: Built, fault: Fault) -> Self {
        let shared = Arc::new(Shared {
            image,
            fault,
            requests: Mutex::default(),
            gate: watch::channel(false).0,
        });
        let router = Router::new()
            .route("/v2/", get(|| async {}))
            .route("/v2/{name}/manifests/{reference}", get(manifest))
            .route("/v2/{name}/blobs/{digest}", get(blob))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    pub fn reference(&self) -> String {
        format!("{}/app:1", self.address)
    }

    pub fn open_gate(&self) {
        self.shared.gate.send_replace(true);
    }

    /// How often a blob or a manifest was asked for.
    pub fn requests(&self, digest: &str) -> usize {
        self.shared.requests.lock().unwrap().get(digest).copied().unwrap_or(0)
    }

    pub fn all_requests(&self) -> usize {
        self.shared.requests.lock().unwrap().values().sum()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Counts; the answer is the number of this request.
    fn count(&self, what: &str) -> usize {
        let mut requests = self.requests.lock().unwrap();
        let count = requests.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn failure(&self) -> Option<Response<Body>> {
        let total: usize = self.requests.lock().unwrap().values().sum();
        match self.fault {
            Fault::Status { code, times } if total <= times => Some(
                Response::builder()
                    .status(code)
                    .header("retry-after", "0")
                    .body(Body::empty())
                    .unwrap(),
            ),
            _ => None,
        }
    }
}

async fn manifest(State(shared): State<Arc<Shared>>, Path((_, reference)): Path<(String, String)>) -> Response<Body> {
    let digest = if reference.starts_with("sha256:") {
        reference
    } else {
        shared.image.top.clone()
    };
    shared.count(&digest);
    if let Some(failure) = shared.failure() {
        return failure;
    }
    let mut data = shared.image.blobs[&digest].clone();
    if shared.fault == Fault::ForgedManifest {
        data.push(b' ');
    }
    Response::builder()
        .header("content-type", shared.image.media_type)
        .header("docker-content-digest", digest)
        .body(data.into())
        .unwrap()
}

async fn blob(
    State(shared): State<Arc<Shared>>,
    Path((_, digest)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let number = shared.count(&digest);
    if let Some(failure) = shared.failure() {
        return failure;
    }
    let data = Bytes::from(shared.image.blobs[&digest].clone());
    let is_layer = shared.image.layers.contains(&digest);
    let range = headers
        .get("range")
        .and_then(|v| v.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start = match shared.fault {
        Fault::CutOnceNoRanges { .. } => 0,
        _ => range.unwrap_or(0usize),
    };
    if start >= data.len() {
        return Response::builder()
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .body(Body::empty())
            .unwrap();
    }
    let status = if start > 0 {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let rest = data.slice(start..);
    let response = Response::builder().status(status).header("content-length", rest.len());
    let cut = |after: usize| {
        let first = Ok(rest.slice(..after.min(rest.len())));
        // Pending once, so that what came before is sent.
        let then = stream::once(async {
            tokio::task::yield_now().await;
            Err(std::io::Error::other("cut"))
        });
        Body::from_stream(stream::iter([first]).chain(then))
    };
    let body = match shared.fault {
        Fault::Cut { after } if is_layer && after < rest.len() => cut(after),
        Fault::CutOnceNoRanges { after } if is_layer && number == 1 => cut(after),
        Fault::Gate if is_layer => {
            let (first, second) = (rest.slice(..rest.len() / 2), rest.slice(rest.len() / 2..));
            let mut gate = shared.gate.subscribe();
            let later = stream::once(async move {
                let _ = gate.wait_for(|open| *open).await;
                Ok::<_, std::io::Error>(second)
            });
            Body::from_stream(stream::iter([Ok(first)]).chain(later))
        }
        _ => rest.into(),
    };
    response.body(body).unwrap()
}
