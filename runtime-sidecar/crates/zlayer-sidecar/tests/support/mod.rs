//! A real sidecar with a data directory, a cgroup and a network of its own, and a client for its socket.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod client;
pub mod image;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

pub use client::Client;

/// Everything here takes milliseconds; a busy machine may need much longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct Sidecar {
    pub dir: tempfile::TempDir,
    pub cgroup: String,
    pool: String,
    child: Option<Child>,
}

impl Sidecar {
    /// Starts one with the image `oci-layout.localhost/box:1`, which holds busybox.
    pub async fn start() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let mut sidecar = Self {
            dir: tempfile::Builder::new().prefix("zls").tempdir_in("/tmp").unwrap(),
            cgroup: format!("zlayer-test-{pid}-{number}"),
            pool: format!("10.{}.{}.0/20", 160 + number % 90, (pid % 16) * 16),
            child: None,
        };
        image::write(&sidecar.data_dir().join("images/layouts/box"));
        sidecar.start_again().await;
        sidecar
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    pub fn client(&self) -> Client {
        Client::new(self.socket())
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zlayer-sidecar"));
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(self.data_dir())
            .arg("--socket")
            .arg(self.socket());
        command.args(["--cgroup-parent", &self.cgroup, "--pool", &self.pool]);
        command
    }

    pub async fn start_again(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        self.child = Some(self.command().stderr(log).stdin(Stdio::null()).spawn().unwrap());
        self.client().until_ready().await;
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }

    pub async fn deploy(&self, spec: &str) {
        let (status, body) = self
            .client()
            .post("/api/v1/deployments", &json!({ "spec": spec }))
            .await;
        assert_eq!(status, 201, "{body}");
    }

    pub async fn delete(&self, name: &str) {
        let (status, body) = self.client().delete(&format!("/api/v1/deployments/{name}")).await;
        assert_eq!(status, 204, "{body}");
    }

    /// Follows a deployment until its state satisfies a condition.
    pub async fn until(&self, name: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let mut lines = self.client().lines("/sidecar/v1/status?follow=true").await;
        let mut last = Value::Null;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let line = lines.next().await.expect("the status stream ended");
                let line: Value = serde_json::from_str(&line).unwrap();
                if line["deployment"]["name"] == name {
                    last = line["deployment"].clone();
                    if condition(&last) {
                        return last.clone();
                    }
                }
            }
        })
        .await;
        found.unwrap_or_else(|_| panic!("{name} is not {what}; last {last:#}\n{}", self.log()))
    }

    pub async fn until_phase(&self, name: &str, phase: &str) -> Value {
        self.until(name, phase, |state| state["phase"] == phase).await
    }

    pub async fn containers(&self) -> Vec<Value> {
        self.client()
            .get("/api/v1/containers")
            .await
            .1
            .as_array()
            .unwrap()
            .clone()
    }

    /// Ids of a service's containers, by replica.
    pub async fn ids(&self, service: &str) -> Vec<String> {
        let containers = self.containers().await;
        let of_service = containers.iter().filter(|c| c["labels"]["zlayer.service"] == service);
        of_service.map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn exec(&self, id: &str, script: &str) -> Value {
        let body = json!({ "command": ["sh", "-c", script] });
        let (status, answer) = self
            .client()
            .post(&format!("/api/v1/containers/{id}/exec"), &body)
            .await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Processes, mounts, cgroups, network namespaces and files of containers that are still there.
    pub fn leftovers(&self) -> Vec<String> {
        let mut found = Vec::new();
        let data = self.data_dir().canonicalize().unwrap().display().to_string();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(&data) && Some(pid) != self.child.as_ref().map(Child::id) {
                found.push(format!("process {pid} {line}"));
            }
            let cgroups = std::fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
            if cgroups.contains(&format!("/{}/", self.cgroup)) {
                found.push(format!("process {pid} in a container's cgroup"));
            }
        }
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        found.extend(
            mounts
                .lines()
                .filter(|line| line.contains(&data))
                .map(|line| format!("mount {line}")),
        );
        for controller in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            let containers = std::fs::read_dir(controller.path().join(&self.cgroup))
                .into_iter()
                .flatten()
                .flatten();
            let dirs = containers.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            found.extend(dirs.map(|entry| format!("cgroup {}", entry.path().display())));
        }
        for name in ["containers", "anonymous", "network/netns", "network/attachments"] {
            let entries = std::fs::read_dir(self.data_dir().join(name))
                .into_iter()
                .flatten()
                .flatten();
            // The cache of the compiled seccomp filter and the like belong to no container.
            let own = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
            found.extend(own.map(|entry| format!("file {}", entry.path().display())));
        }
        found
    }
}

impl Drop for Sidecar {
    /// Also after a failed test nothing stays: a sidecar removes what its predecessor left.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the sidecar ---\n{}", self.log());
        }
        let socket = self.socket();
        let mut child = self
            .child
            .take()
            .or_else(|| self.command().stderr(Stdio::null()).spawn().ok());
        let cleaned = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = Client::new(socket);
                client.until_ready().await;
                let (_, deployments) = client.get("/api/v1/deployments").await;
                for deployment in deployments.as_array().into_iter().flatten() {
                    client
                        .delete(&format!("/api/v1/deployments/{}", deployment["name"].as_str().unwrap()))
                        .await;
                }
            });
        });
        let _ = cleaned.join();
        if let Some(child) = &mut child {
            let _ = child.kill();
            let _ = child.wait();
        }
        for controller in std::fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
            let _ = std::fs::remove_dir(controller.path().join(&self.cgroup));
        }
    }
}

/// A spec with one service `web` of busybox; `rest` is indented by four.
pub fn spec(name: &str, script: &str, rest: &str) -> String {
    format!(
        "version: v1\ndeployment: {name}\nservices:\n{}",
        service("web", script, rest)
    )
}

pub fn service(name: &str, script: &str, rest: &str) -> String {
    let script = serde_json::to_string(script).unwrap();
    let scale = if rest.contains("scale:") {
        ""
    } else {
        "    scale: { mode: fixed, replicas: 1 }\n"
    };
    let grace = if rest.contains("stop_grace_period:") {
        ""
    } else {
        "    stop_grace_period: 500ms\n"
    };
    format!(
        "  {name}:\n    image: {{ name: oci-layout.localhost/box:1 }}\n    command: {{ args: [sh, -c, {script}] }}\n{scale}{grace}{rest}"
    )
}

pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
