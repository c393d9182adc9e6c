//! Logging in: basic, and tokens from the server that a challenge names.

use base64::Engine as _;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Response, Url};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::http::{Clients, explain, is_loopback};
use crate::credentials::Credentials;

/// The right to read one repository, renewed when it runs out.
pub(super) struct Authority {
    registry: String,
    repository: String,
    /// As they were given.
    given: Credentials,
    /// Looked up when the registry first asks for them.
    credentials: OnceCell<Credentials>,
    header: Mutex<Option<String>>,
}

/// Why logging in failed.
pub(super) enum Refusal {
    Denied(String),
    Unreachable(String),
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    /// The name that OAuth 2 gives it; some servers send both.
    access_token: Option<String>,
}

impl Authority {
    pub(super) fn new(registry: &str, repository: &str, given: Credentials) -> Self {
        let header = match &given {
            Credentials::Bearer { token } => Some(format!("Bearer {token}")),
            _ => None,
        };
        Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            given,
            credentials: OnceCell::new(),
            header: Mutex::new(header),
        }
    }

    /// The value for `Authorization` that was accepted last.
    pub(super) async fn header(&self) -> Option<String> {
        self.header.lock().await.clone()
    }

    /// Answers the challenge of a 401. `used` is the header that was refused: a parallel request may have renewed it.
    pub(super) async fn login(
        &self,
        clients: &Clients,
        response: &Response,
        used: Option<String>,
    ) -> Result<(), Refusal> {
        let mut header = self.header.lock().await;
        if *header != used {
            return Ok(());
        }
        let credentials = self
            .credentials
            .get_or_try_init(|| self.given.or_stored(&self.registry))
            .await
            .map_err(Refusal::Denied)?;
        if let Credentials::Bearer { .. } = credentials {
            return Err(Refusal::Denied("the given token was not accepted".to_owned()));
        }
        let challenges: Vec<&str> = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .collect();
        let challenges = challenges.join(", ");
        let challenges = http_auth::parse_challenges(&challenges)
            .map_err(|_| Refusal::Denied("its way of logging in is not understood".to_owned()))?;
        let basic = match credentials {
            Credentials::Basic { username, password } => {
                let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
                Some(format!("Basic {pair}"))
            }
            _ => None,
        };
        for challenge in &challenges {
            let parameter = |name: &str| {
                challenge
                    .params
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, v)| v.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                let Some(realm) = parameter("realm") else { continue };
                let token = self
                    .token(
                        clients,
                        response.url(),
                        &realm,
                        parameter("service"),
                        parameter("scope"),
                        basic,
                    )
                    .await?;
                *header = Some(format!("Bearer {token}"));
                return Ok(());
            }
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                return match basic {
                    None => Err(Refusal::Denied("it wants a user name and a password".to_owned())),
                    Some(basic) if used.as_ref() == Some(&basic) => {
                        Err(Refusal::Denied("the user name or the password is wrong".to_owned()))
                    }
                    Some(basic) => {
                        *header = Some(basic);
                        Ok(())
                    }
                };
            }
        }
        Err(Refusal::Denied(
            "it offers neither basic nor token authentication".to_owned(),
        ))
    }

    async fn token(
        &self,
        clients: &Clients,
        registry: &Url,
        realm: &str,
        service: Option<String>,
        scope: Option<String>,
        basic: Option<String>,
    ) -> Result<String, Refusal> {
        let broken = |reason: String| Refusal::Denied(format!("its token server {reason}"));
        let mut url = Url::parse(realm).map_err(|_| broken("has no usable address".to_owned()))?;
        if is_loopback(&url) && !is_loopback(registry) {
            return Err(broken("is said to be on this machine".to_owned()));
        }
        // The password goes there: over HTTPS, or not beyond this machine.
        let client = clients
            .for_url(&url)
            .map_err(|reason| broken(format!("cannot be used: {reason}")))?;
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.repository));
        url.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", &service);
        }
        let with_login = basic.is_some();
        let mut request = client.get(url);
        if let Some(basic) = basic {
            request = request.header(reqwest::header::AUTHORIZATION, basic);
        }
        let unreachable =
            |error: reqwest::Error| Refusal::Unreachable(format!("its token server: {}", explain(&error)));
        let mut response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(if response.status().is_server_error() {
                Refusal::Unreachable(format!("its token server answered {}", response.status()))
            } else if with_login {
                Refusal::Denied("the user name or the password is wrong".to_owned())
            } else {
                Refusal::Denied("it wants a user name and a password".to_owned())
            });
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&part);
            if body.len() > 1 << 20 {
                return Err(broken("sent more than a token".to_owned()));
            }
        }
        let token: Token = serde_json::from_slice(&body).map_err(|_| broken("did not send a token".to_owned()))?;
        token
            .token
            .or(token.access_token)
            .ok_or_else(|| broken("did not send a token".to_owned()))
    }
}
