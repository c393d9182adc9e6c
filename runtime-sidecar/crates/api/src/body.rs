//! Request bodies.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// No request of this API is larger, in bytes: a spec of this size has ten thousand services.
pub(crate) const LIMIT: usize = 4 << 20;

/// A JSON body, whatever its content type says. An empty body counts as `{}` where the type allows it.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request.into_body()).await?;
        let text = if bytes.iter().all(u8::is_ascii_whitespace) {
            b"{}"
        } else {
            &*bytes
        };
        let mut reader = serde_json::Deserializer::from_slice(text);
        serde_path_to_error::deserialize(&mut reader)
            .map(Self)
            .map_err(|cause| {
                let path = cause.path().to_string();
                let place = if path == "." {
                    String::new()
                } else {
                    format!(" at “{path}”")
                };
                ApiError::bad_request(
                    "invalid-json",
                    format!("The request body is not what is expected{place}: {}", cause.inner()),
                )
            })
    }
}

/// Reads a body to its end; of one that is too large, as much as is needed for the client to see our answer.
async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut length = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|cause| {
            ApiError::bad_request(
                "body-incomplete",
                format!("The request body could not be read: {cause}"),
            )
        })?;
        length += chunk.len();
        if length <= LIMIT {
            bytes.extend_from_slice(&chunk);
        } else if length > 4 * LIMIT {
            break;
        }
    }
    if length > LIMIT {
        let message = format!("The request body is larger than {LIMIT} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message));
    }
    Ok(bytes)
}
