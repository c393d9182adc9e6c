//! Bodies that go on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde::Serialize;

use crate::Api;

/// A value as a line of NDJSON.
pub(crate) fn line<T: Serialize + ?Sized>(value: &T) -> Bytes {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// Ends a stream when the sidecar ends. It also ends when its client goes, because nobody polls it then.
pub(crate) fn until_shutdown<S: Stream>(api: &Arc<Api>, stream: S) -> impl Stream<Item = S::Item> + use<S> {
    stream.take_until(api.shutdown.clone().cancelled_owned())
}

pub(crate) fn response<S>(content_type: &'static str, stream: S) -> Response
where
    S: Stream<Item = Bytes> + Send + 'static,
{
    let body = Body::from_stream(stream.map(Ok::<_, std::convert::Infallible>));
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store"),
        ],
        body,
    )
        .into_response()
}
