//! HTTP over the sidecar's socket.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::PATIENCE;

pub struct Client {
    socket: PathBuf,
}

impl Client {
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    pub async fn until_ready(&self) {
        let ready = async {
            while UnixStream::connect(&self.socket).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .expect("the sidecar does not become ready");
    }

    pub async fn send(&self, method: &str, path: &str, body: String) -> Response<Incoming> {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        sender
            .send_request(request.body(Full::new(Bytes::from(body))).unwrap())
            .await
            .unwrap()
    }

    pub async fn raw(&self, method: &str, path: &str, body: String) -> (u16, String) {
        let answer = self.send(method, path, body).await;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn json(&self, method: &str, path: &str, body: String) -> (u16, Value) {
        let (status, text) = self.raw(method, path, body).await;
        (
            status,
            if text.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            },
        )
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.json("GET", path, String::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.json("POST", path, body).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.json("DELETE", path, String::new()).await
    }

    /// A body that goes on, line by line.
    pub async fn lines(&self, path: &str) -> Lines {
        let answer = self.send("GET", path, String::new()).await;
        assert_eq!(answer.status(), 200, "{path}");
        Lines {
            body: answer.into_body(),
            pending: Vec::new(),
            at: 0,
        }
    }
}

pub struct Lines {
    body: Incoming,
    pending: Vec<u8>,
    at: usize,
}

impl Lines {
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(length) = self.pending[self.at..].iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8(self.pending[self.at..self.at + length].to_vec()).unwrap();
                self.at += length + 1;
                return Some(line);
            }
            self.pending.drain(..self.at);
            self.at = 0;
            let frame = self.body.frame().await?.ok()?;
            self.pending.extend_from_slice(&frame.into_data().ok()?);
        }
    }
}
