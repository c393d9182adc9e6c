//! HTTP clients, and what their errors mean.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use crate::options::StoreOptions;

/// How long a connection is kept for the next request.
const POOL_IDLE: Duration = Duration::from_secs(5);

/// A client for each kind of place, made when first needed: reading this machine's certificates takes a while.
#[derive(Clone)]
pub(crate) struct Clients(Arc<Inner>);

struct Inner {
    options: StoreOptions,
    remote: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
    plain: OnceLock<Result<Client, String>>,
}

impl Clients {
    pub(crate) fn new(options: StoreOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            remote: OnceLock::new(),
            loopback: OnceLock::new(),
            plain: OnceLock::new(),
        }))
    }

    /// A client that may be used for this URL. Plain HTTP is for this machine only, whoever asks for it.
    pub(crate) fn for_url(&self, url: &Url) -> Result<Client, String> {
        let inner = &self.0;
        let slot = match (url.scheme(), is_loopback(url)) {
            ("https", false) => &inner.remote,
            ("https", true) => &inner.loopback,
            ("http", true) => &inner.plain,
            _ => {
                return Err(format!(
                    "{url} is not HTTPS, and plain HTTP is allowed only on this machine"
                ));
            }
        };
        slot.get_or_init(|| inner.build(url)).clone()
    }

    /// Whether plain HTTP is spoken on this loopback port. False: something answers, so TLS may be.
    pub(crate) async fn speaks_plain_http(&self, base: &Url) -> Result<bool, String> {
        let url = base.join("v2/").map_err(|e| e.to_string())?;
        match self.for_url(base)?.get(url).send().await {
            // What servers say to plain HTTP on a TLS port.
            Ok(response) => Ok(response.status() != StatusCode::BAD_REQUEST),
            Err(error) if error.is_connect() || error.is_timeout() => Err(explain(&error)),
            Err(_) => Ok(false),
        }
    }
}

impl Inner {
    fn build(&self, url: &Url) -> Result<Client, String> {
        // Fails when the program chose a provider already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("zlayer-sidecar/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.stall_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(Policy::custom(|attempt| {
                // A registry elsewhere has no business with the services of this machine.
                let from_here = attempt.previous().iter().all(is_loopback);
                if attempt.previous().len() > 10 {
                    attempt.error("too many redirects")
                } else if is_loopback(attempt.url()) && !from_here {
                    attempt.error("a redirect to this machine")
                } else if attempt.url().scheme() == "https" || is_loopback(attempt.url()) {
                    attempt.follow()
                } else {
                    attempt.error("a redirect to plain HTTP")
                }
            }));
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // No certificates are needed, so a machine without any can still use its own registry.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| explain(&error))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The cause at the bottom, which says more than the layers above it; without the URL.
pub(crate) fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return if error.is_connect() {
            "it did not answer in time".into()
        } else {
            "it stopped sending for too long".into()
        };
    }
    let mut cause = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    let text = text.unwrap_or_else(|| error.to_string());
    if error.is_connect() && text.contains("onnection refused") {
        "nothing listens there (connection refused)".into()
    } else {
        text
    }
}

/// A body that stopped: `UnexpectedEof` when the other side closed it early.
pub(crate) fn broken_off(error: &reqwest::Error) -> io::Error {
    let reason = explain(error);
    let early = reason.contains("end of file before message length reached");
    io::Error::new(
        if early {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::Other
        },
        reason,
    )
}

/// What the body of an error says, in the registry's own words.
pub(crate) fn said(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    let reason = body.errors.into_iter().next()?;
    let text = if reason.message.is_empty() {
        reason.code
    } else {
        reason.message
    };
    // A registry's words go to a terminal.
    Some(text.chars().filter(|c| !c.is_control()).take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let clients = Clients::new(StoreOptions::default());
        for (url, allowed) in [
            ("http://localhost:5000/", true),
            ("http://127.8.9.1/", true),
            ("http://[::1]:5000/", true),
            ("http://registry.localhost/", true),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
            ("ftp://localhost/", false),
        ] {
            assert_eq!(clients.for_url(&Url::parse(url).unwrap()).is_ok(), allowed, "{url}");
        }
    }
}
