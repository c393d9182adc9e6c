//! Request bodies.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// No request of this API is larger, in bytes: a spec of this size has ten thousand services.
pub(crate) const LIMIT: usize = 4 << 20;

/// A JSON body, whatever its content type says. An empty body counts as `{}` where the type allows it.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = axum::body::to_bytes(request.into_body(), LIMIT)
            .await
            .map_err(|cause| {
                let message = format!("The request body could not be read, or is larger than {LIMIT} bytes: {cause}");
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message)
            })?;
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
