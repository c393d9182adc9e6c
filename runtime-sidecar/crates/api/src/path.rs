//! Parts of a request's path.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// What stands in the path where the route has names. Text that is not UTF-8 is an error in JSON, as all others are.
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(found)) => Ok(Self(found)),
            Err(cause) => Err(ApiError::bad_request(
                "invalid-path",
                format!(
                    "The path {} cannot be read: {}. Percent-encode names as UTF-8.",
                    parts.uri.path(),
                    cause.body_text().trim_end_matches('.')
                ),
            )),
        }
    }
}
