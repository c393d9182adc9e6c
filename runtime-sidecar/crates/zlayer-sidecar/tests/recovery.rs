//! A sidecar that dies takes nothing with it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Sidecar, exists, service, spec};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_during_a_flood_and_a_scale_up_loses_nothing() {
    const LINES: usize = 200_000;
    let mut sidecar = Sidecar::start().await;
    let flood = format!("sleep 1; seq 1 {LINES}; echo end; while true; do sleep 1; done");
    let text = format!(
        "version: v1\ndeployment: busy\nservices:\n{}{}",
        service("flood", &flood, ""),
        service("web", "sleep 1000", "    scale: { mode: fixed, replicas: 2 }\n"),
    );
    sidecar.deploy(&text).await;
    sidecar.until_phase("busy", "running").await;
    let flood = sidecar.ids("flood").await.remove(0);
    let web = sidecar.ids("web").await;
    let path = format!("/api/v1/containers/{flood}/logs?follow=true&tail=0");
    let mut lines = sidecar.client().lines(&path).await;
    lines.next().await.unwrap();
    sidecar
        .client()
        .post(
            "/api/v1/deployments/busy/services/web/scale",
            &json!({ "replicas": 12 }),
        )
        .await;
    sidecar.kill();
    sidecar.start_again().await;

    let state = sidecar
        .until("busy", "as wanted", |s| {
            s["phase"] == "running" && s["services"][1]["running"] == 12
        })
        .await;
    assert_eq!(state["services"][0]["replicas"][0]["restarts"], 0);
    assert_eq!(sidecar.ids("flood").await, [flood]);
    let now = sidecar.ids("web").await;
    assert_eq!(now.len(), 12);
    assert!(web.iter().all(|id| now.contains(id)), "those that ran go on");

    let mut lines = sidecar.client().lines(&path).await;
    for number in 1..=LINES {
        let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
        assert_eq!(line["data"], format!("{number}\n"), "no line is lost or doubled");
    }
    let end: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
    assert_eq!(end["data"], "end\n");
    sidecar.delete("busy").await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_ended_meanwhile_is_restarted() {
    let mut sidecar = Sidecar::start().await;
    sidecar.deploy(&spec("one", "echo begin; sleep 1000", "")).await;
    let state = sidecar.until_phase("one", "running").await;
    let pid = state["services"][0]["replicas"][0]["pid"].as_i64().unwrap();
    let id = sidecar.ids("web").await;
    sidecar.kill();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid as i32),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
    while std::path::Path::new(&format!("/proc/{pid}")).exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sidecar.start_again().await;
    sidecar
        .until("one", "restarted", |s| {
            s["phase"] == "running" && s["services"][0]["replicas"][0]["restarts"] == 1
        })
        .await;
    assert_eq!(sidecar.ids("web").await, id);
    sidecar.kill();
    sidecar.start_again().await;
    let state = sidecar.until_phase("one", "running").await;
    assert_eq!(state["services"][0]["replicas"][0]["restarts"], 1, "the count goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_during_a_removal_does_not_stop_it() {
    let mut sidecar = Sidecar::start().await;
    let stubborn = "trap '' TERM; while true; do sleep 1; done";
    sidecar
        .deploy(&spec("gone", stubborn, "    stop_grace_period: 2s\n"))
        .await;
    sidecar.until_phase("gone", "running").await;
    let client = sidecar.client();
    let deleting = tokio::spawn(async move { client.send("DELETE", "/api/v1/deployments/gone", String::new()).await });
    sidecar.until_phase("gone", "stopping").await;
    sidecar.kill();
    deleting.abort();
    sidecar.start_again().await;
    let mut lines = sidecar.client().lines("/sidecar/v1/status?follow=true").await;
    let mut known = false;
    loop {
        let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
        known |= line["type"] == "deployment";
        if line["type"] == "removed" || (line["type"] == "synced" && !known) {
            break;
        }
    }
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
}

/// What is wanted, by name.
async fn wanted(sidecar: &Sidecar) -> Vec<String> {
    let (_, list) = sidecar.client().get("/api/v1/deployments").await;
    let names = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

const NOTHING: &str =
    "  web:\n    image: { name: oci-layout.localhost/box:1 }\n    scale: { mode: fixed, replicas: 0 }\n";

/// As above, once what was begun has come to its end: changes are made one after the other, so a later one waits for it.
async fn settled(sidecar: &Sidecar) -> Vec<String> {
    loop {
        let before = wanted(sidecar).await;
        for _ in 0..3 {
            sidecar
                .deploy(&format!("version: v1\ndeployment: last\nservices:\n{NOTHING}"))
                .await;
            sidecar.delete("last").await;
        }
        if wanted(sidecar).await == before {
            return before;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_given_up_leaves_memory_and_disk_the_same() {
    let mut sidecar = Sidecar::start().await;
    let requests = |method: &'static str| {
        (0..24).map(move |number| {
            let name = format!("gone-{number}");
            let spec = format!("version: v1\ndeployment: {name}\nservices:\n{NOTHING}");
            let (path, body) = match method {
                "POST" => ("/api/v1/deployments".to_owned(), json!({ "spec": spec }).to_string()),
                _ => (format!("/api/v1/deployments/{name}"), String::new()),
            };
            (number, method, path, body)
        })
    };
    for method in ["POST", "DELETE"] {
        if method == "DELETE" {
            // All of them are there.
            for (_, _, path, body) in requests("POST") {
                sidecar.client().raw("POST", &path, body).await;
            }
        }
        for (number, method, path, body) in requests(method) {
            let client = sidecar.client();
            let sent = client.send(method, &path, body);
            // At a different moment of its work each time.
            let _ = tokio::time::timeout(Duration::from_micros(number * 200), sent).await;
        }
        let before = settled(&sidecar).await;
        sidecar.kill();
        sidecar.start_again().await;
        assert_eq!(settled(&sidecar).await, before, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_or_a_call_ends_the_sidecar_and_leaves_the_containers() {
    let mut sidecar = Sidecar::start().await;
    sidecar.deploy(&spec("one", "sleep 1000", "")).await;
    sidecar.until_phase("one", "running").await;
    let id = sidecar.ids("web").await;
    let mut open = sidecar.client().lines("/sidecar/v1/status?follow=true").await;
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(sidecar.pid() as i32),
        nix::sys::signal::Signal::SIGTERM,
    )
    .unwrap();
    while open.next().await.is_some() {}
    assert_eq!(sidecar.wait().code(), Some(0));
    assert!(!exists(&sidecar.socket()));
    sidecar.start_again().await;
    sidecar.until_phase("one", "running").await;
    assert_eq!(sidecar.ids("web").await, id);
    assert_eq!(sidecar.client().post("/sidecar/v1/shutdown", &Value::Null).await.0, 202);
    assert_eq!(sidecar.wait().code(), Some(0));
}
