//! A token server as Docker's registry wants it: RS256 tokens for those who know the password.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub struct Server {
    dir: Arc<tempfile::TempDir>,
    address: String,
    scopes: Arc<Mutex<Vec<String>>>,
}

type Shared = (Arc<tempfile::TempDir>, Arc<Mutex<Vec<String>>>);

impl Server {
    pub async fn start() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=tokens",
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
            ])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success());
        let scopes: Arc<Mutex<Vec<String>>> = Arc::default();
        let router = axum::Router::new()
            .route("/token", axum::routing::get(token))
            .with_state((dir.clone(), scopes.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { dir, address, scopes }
    }
    pub fn realm(&self) -> String {
        format!("http://{}/token", self.address)
    }
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }
    pub fn scopes(&self) -> Vec<String> {
        self.scopes.lock().unwrap().clone()
    }
}

async fn token(
    State((dir, scopes)): State<Shared>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, StatusCode> {
    let expected = format!("Basic {}", STANDARD.encode("me:s3cret"));
    if headers.get("authorization").and_then(|v| v.to_str().ok()) != Some(&expected) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let scope = query["scope"].clone();
    let mut parts = scope.split(':');
    let (kind, name, actions) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let pem = std::fs::read_to_string(dir.path().join("cert.pem")).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [der] });
    let claims = json!({
        "iss": "test", "sub": "me", "aud": query["service"], "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1",
        "access": [{ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() }],
    });
    scopes.lock().unwrap().push(scope.clone());
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign", "key.pem"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut openssl.stdin.take().unwrap(), signed.as_bytes()).unwrap();
    let signature = openssl.wait_with_output().unwrap().stdout;
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(axum::Json(
        json!({ "token": token, "access_token": token, "expires_in": 300 }),
    ))
}
