//! Who we are to a registry.

mod helper;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use serde::Deserialize;

/// How to log in to a registry.
#[derive(Clone)]
pub enum Credentials {
    /// None given: what `docker login` or `podman login` stored is used where there is something.
    Anonymous,
    Basic {
        username: String,
        password: String,
    },
    Bearer {
        token: String,
    },
}

/// Secrets are never printed.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { username, .. } => f
                .debug_struct("Basic")
                .field("username", username)
                .finish_non_exhaustive(),
            Self::Bearer { .. } => f.write_str("Bearer { .. }"),
        }
    }
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(default)]
    auths: HashMap<String, Login>,
    /// Helper programs for single registries.
    #[serde(default, rename = "credHelpers")]
    helpers: HashMap<String, String>,
    /// The helper program for all others.
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

#[derive(Deserialize)]
struct Login {
    auth: Option<String>,
}

impl Credentials {
    /// The caller's own, else what a login on this machine stored for `registry`, in a file or with a helper program.
    ///
    /// # Errors
    /// In words, when a helper program that keeps them does not work.
    pub(crate) async fn or_stored(&self, registry: &str) -> Result<Self, String> {
        if !matches!(self, Self::Anonymous) {
            return Ok(self.clone());
        }
        for path in login_files() {
            // A file that is missing or broken has no logins: the registry then says whether one is needed.
            let text = tokio::fs::read(path).await.unwrap_or_default();
            let Ok(file) = serde_json::from_slice::<ConfigFile>(&text) else {
                continue;
            };
            if let Some(helper) = file.helper(registry)
                && let Some(found) = helper::ask(&helper, registry).await?
            {
                return Ok(found);
            }
            if let Some(found) = file.login(registry) {
                return Ok(found);
            }
        }
        Ok(Self::Anonymous)
    }
}

/// Docker's file, then podman's.
fn login_files() -> Vec<PathBuf> {
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let docker = var("DOCKER_CONFIG").or_else(|| var("HOME").map(|home| home.join(".docker")));
    let podman =
        var("REGISTRY_AUTH_FILE").or_else(|| var("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json")));
    docker
        .map(|dir| dir.join("config.json"))
        .into_iter()
        .chain(podman)
        .collect()
}

impl ConfigFile {
    /// The name of the program that keeps the login of this registry, without its prefix.
    fn helper(&self, registry: &str) -> Option<String> {
        let own = self.helpers.iter().find(|(key, _)| names(key, registry));
        own.map(|(_, helper)| helper).or(self.store.as_ref()).cloned()
    }

    fn login(&self, registry: &str) -> Option<Credentials> {
        let auth = self
            .auths
            .iter()
            .find(|(key, _)| names(key, registry))
            .and_then(|(_, login)| login.auth.as_deref())?;
        let decoded = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(auth).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Credentials::Basic {
            username: username.to_owned(),
            password: password.trim_end_matches('\0').to_owned(),
        })
    }
}

/// Keys are hosts, or URLs from older times.
fn names(key: &str, registry: &str) -> bool {
    let host = key.trim_start_matches("https://").trim_start_matches("http://");
    let host = host.split('/').next().unwrap_or(host);
    host == registry || (registry == "docker.io" && matches!(host, "index.docker.io" | "registry-1.docker.io"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_login_wrote() {
        let text = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"aHViOnNlY3JldA=="},"localhost:5000":{"auth":"bWU6YTpi"},"x.example":{}},
            "credHelpers":{"y.example":"pass"}}"#;
        let mut file: ConfigFile = serde_json::from_str(text).unwrap();
        let login = |registry: &str| match file.login(registry) {
            Some(Credentials::Basic { username, password }) => Some((username, password)),
            _ => None,
        };
        assert_eq!(login("docker.io"), Some(("hub".into(), "secret".into())));
        assert_eq!(login("localhost:5000"), Some(("me".into(), "a:b".into())));
        assert_eq!(login("x.example"), None);
        assert_eq!(login("localhost"), None);
        assert_eq!(file.helper("y.example").as_deref(), Some("pass"));
        assert_eq!(file.helper("x.example"), None);
        file.store = Some("desktop".into());
        assert_eq!(file.helper("x.example").as_deref(), Some("desktop"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!(
            "{:?}",
            Credentials::Basic {
                username: "me".into(),
                password: "hunter2".into()
            }
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
