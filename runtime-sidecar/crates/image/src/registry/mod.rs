//! A registry that speaks the OCI distribution protocol.

mod auth;
mod http;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_client::Reference;
use reqwest::header::{ACCEPT, RANGE, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url};
use tokio::sync::OnceCell;

use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::ImageError;
use crate::options::StoreOptions;
use crate::source::{BlobStream, FetchError};
use auth::Authority;
pub(crate) use http::Clients;

const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// One repository of a registry, for one pull.
pub(crate) struct Registry {
    reference: Reference,
    /// As the user knows the image.
    shown: String,
    clients: Clients,
    authority: Authority,
    base: OnceCell<Url>,
    options: StoreOptions,
}

impl Registry {
    pub(crate) fn new(
        reference: Reference,
        shown: String,
        credentials: Credentials,
        clients: Clients,
        options: StoreOptions,
    ) -> Self {
        let authority = Authority::new(reference.registry(), reference.repository(), credentials);
        Self {
            reference,
            shown,
            clients,
            authority,
            base: OnceCell::new(),
            options,
        }
    }

    /// Host and port as the user wrote them.
    pub(crate) fn name(&self) -> &str {
        self.reference.registry()
    }

    /// The digest that the tag stands for now, by the cheapest request; None when the registry does not say.
    pub(crate) async fn head(&self) -> Result<Option<Digest>, FetchError> {
        let response = self.send(Method::HEAD, &self.manifest_path(None), None).await?;
        Ok(content_digest(&response))
    }

    /// A manifest or an index, unverified; and the digest that the registry announced.
    pub(crate) async fn manifest(&self, digest: Option<&Digest>) -> Result<(Bytes, Option<Digest>), FetchError> {
        let response = self.send(Method::GET, &self.manifest_path(digest), None).await?;
        let announced = content_digest(&response);
        let body = self.body(response, self.options.limits.document_bytes).await?;
        Ok((body, announced))
    }

    /// The bytes of a blob from `offset` on.
    pub(crate) async fn blob(&self, digest: &Digest, offset: u64) -> Result<BlobStream, FetchError> {
        let response = self
            .send(Method::GET, &format!("blobs/{digest}"), (offset > 0).then_some(offset))
            .await?;
        // A registry without ranges sends all of it again.
        let start = if response.status() == StatusCode::PARTIAL_CONTENT {
            offset
        } else {
            0
        };
        let stream = response.bytes_stream().map_err(|error| http::broken_off(&error));
        Ok(BlobStream {
            start,
            stream: stream.boxed(),
        })
    }

    fn manifest_path(&self, digest: Option<&Digest>) -> String {
        let which = digest.map(Digest::as_str).or(self.reference.digest());
        format!("manifests/{}", which.or(self.reference.tag()).unwrap_or("latest"))
    }

    async fn body(&self, response: Response, limit: u64) -> Result<Bytes, FetchError> {
        let mut stream = response.bytes_stream();
        let mut body = Vec::new();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| self.unreachable(http::explain(&error)))?;
            body.extend_from_slice(&part);
            if body.len() as u64 > limit {
                return Err(FetchError::Fatal(ImageError::Unsafe {
                    reference: self.shown.clone(),
                    reason: format!("its manifest is larger than {limit} bytes"),
                }));
            }
        }
        Ok(body.into())
    }

    /// Sends a request, logs in when asked to, and turns every answer but a success into an error.
    async fn send(&self, method: Method, path: &str, offset: Option<u64>) -> Result<Response, FetchError> {
        let base = self.base().await?;
        let url = base
            .join(&format!("v2/{}/{path}", self.reference.repository()))
            .map_err(|error| {
                FetchError::Fatal(ImageError::InvalidReference {
                    reference: self.shown.clone(),
                    reason: error.to_string(),
                })
            })?;
        let client = self
            .clients
            .for_url(&url)
            .map_err(|reason| FetchError::Fatal(self.unreachable_now(reason)))?;
        let mut logged_in = false;
        loop {
            let mut request = client.request(method.clone(), url.clone()).header(ACCEPT, MANIFESTS);
            if let Some(offset) = offset {
                request = request.header(RANGE, format!("bytes={offset}-"));
            }
            let used = self.authority.header().await;
            if let Some(header) = &used {
                request = request.header(reqwest::header::AUTHORIZATION, header);
            }
            let response = request
                .send()
                .await
                .map_err(|error| self.unreachable(http::explain(&error)))?;
            match response.status() {
                status if status.is_success() => return Ok(response),
                StatusCode::UNAUTHORIZED if !logged_in => {
                    logged_in = true;
                    self.authority
                        .login(&self.clients, &response, used)
                        .await
                        .map_err(|refusal| match refusal {
                            auth::Refusal::Denied(reason) => FetchError::Fatal(self.needs_login(reason)),
                            auth::Refusal::Unreachable(reason) => self.unreachable(reason),
                        })?;
                }
                status => return Err(self.refused(status, response).await),
            }
        }
    }

    async fn refused(&self, status: StatusCode, response: Response) -> FetchError {
        let wait = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.parse().ok());
        let method = response.url().path().contains("/blobs/");
        let said = self
            .body(response, 64 << 10)
            .await
            .ok()
            .and_then(|body| http::said(&body));
        let reason = said.unwrap_or_else(|| format!("it answered {status}"));
        let reference = self.shown.clone();
        let registry = self.name().to_owned();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FetchError::Fatal(self.needs_login(reason)),
            StatusCode::NOT_FOUND if method => FetchError::Fatal(ImageError::NotFound {
                reference,
                place: registry,
                reason: format!("the registry has its manifest, but not all of its parts ({reason})"),
            }),
            StatusCode::NOT_FOUND => FetchError::Fatal(ImageError::NotFound {
                reference,
                place: registry,
                reason,
            }),
            StatusCode::RANGE_NOT_SATISFIABLE => FetchError::Exhausted,
            StatusCode::TOO_MANY_REQUESTS => FetchError::Retry {
                error: ImageError::RegistryFailed {
                    reference,
                    registry,
                    reason: format!("it has had too many requests ({reason})"),
                },
                after: wait.map(Duration::from_secs),
            },
            status if status.is_server_error() => FetchError::Retry {
                error: ImageError::RegistryFailed {
                    reference,
                    registry,
                    reason,
                },
                after: wait.map(Duration::from_secs),
            },
            _ => FetchError::Fatal(ImageError::RegistryFailed {
                reference,
                registry,
                reason,
            }),
        }
    }

    /// HTTPS everywhere; on loopback whatever is spoken there.
    async fn base(&self) -> Result<&Url, FetchError> {
        self.base
            .get_or_try_init(|| async {
                let host = self.reference.resolve_registry();
                let parse = |scheme: &str| {
                    Url::parse(&format!("{scheme}://{host}/")).map_err(|error| {
                        FetchError::Fatal(ImageError::InvalidReference {
                            reference: self.shown.clone(),
                            reason: format!("`{host}` is not a host ({error})"),
                        })
                    })
                };
                let secure = parse("https")?;
                if !http::is_loopback(&secure) {
                    return Ok(secure);
                }
                let plain = parse("http")?;
                match self.clients.speaks_plain_http(&plain).await {
                    Ok(true) => Ok(plain),
                    Ok(false) => Ok(secure),
                    Err(reason) => Err(self.unreachable(reason)),
                }
            })
            .await
    }

    fn needs_login(&self, reason: String) -> ImageError {
        ImageError::NeedsLogin {
            reference: self.shown.clone(),
            registry: self.name().to_owned(),
            reason,
        }
    }

    /// Worth another attempt.
    pub(crate) fn unreachable(&self, reason: String) -> FetchError {
        FetchError::Retry {
            error: self.unreachable_now(reason),
            after: None,
        }
    }

    fn unreachable_now(&self, reason: String) -> ImageError {
        let loopback =
            Url::parse(&format!("https://{}/", self.reference.resolve_registry())).is_ok_and(|u| http::is_loopback(&u));
        let remedy = if reason.contains("certificate") {
            "Add its authority to this machine's certificates, or name the file in SSL_CERT_FILE"
        } else if reason.contains("too long") || reason.contains("in time") {
            "It may be overloaded, or the network slow; try again later"
        } else if loopback {
            "Is the registry running on this machine?"
        } else {
            "Check the name, the network and the proxy settings"
        };
        ImageError::Unreachable {
            reference: self.shown.clone(),
            registry: self.name().to_owned(),
            reason,
            remedy: remedy.to_owned(),
        }
    }
}

fn content_digest(response: &Response) -> Option<Digest> {
    response
        .headers()
        .get("docker-content-digest")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| Digest::parse(v).ok())
}
