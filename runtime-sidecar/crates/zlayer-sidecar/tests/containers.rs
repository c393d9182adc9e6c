//! Calls on one container.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::{Sidecar, spec};
use tokio::net::UnixStream;
use tokio_tungstenite::tungstenite::Message;

const COUNTER: &str =
    "trap 'exit 0' TERM; i=0; while true; do i=$((i+1)); echo out $i; echo err $i >&2; sleep 0.05; done";

async fn one(sidecar: &Sidecar, script: &str, rest: &str) -> String {
    sidecar.deploy(&spec("one", script, rest)).await;
    sidecar.until_phase("one", "running").await;
    sidecar.ids("web").await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_of_several_replicas_are_in_the_order_of_time() {
    let sidecar = Sidecar::start().await;
    let script = "for i in 1 2 3 4; do echo $i; sleep 0.2; done; echo end; sleep 1000";
    sidecar
        .deploy(&spec("two", script, "    scale: { mode: fixed, replicas: 2 }\n"))
        .await;
    let state = sidecar.until_phase("two", "running").await;
    let client = sidecar.client();
    let mut expected = Vec::new();
    for replica in state["services"][0]["replicas"].as_array().unwrap() {
        let id = replica["id"].as_str().unwrap();
        let mut lines = client
            .lines(&format!("/api/v1/containers/{id}/logs?follow=true&tail=0"))
            .await;
        loop {
            let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
            let data = line["data"].as_str().unwrap();
            expected.push((
                line["timestamp"].as_str().unwrap().to_owned(),
                format!("{} | {data}", replica["index"]),
            ));
            if data == "end\n" {
                break;
            }
        }
    }
    expected.sort();
    let expected: String = expected.into_iter().map(|(_, line)| line).collect();
    let path = "/api/v1/deployments/two/services/web/logs";
    let (status, text) = client.raw("GET", path, String::new()).await;
    assert_eq!((status, text), (200, expected));
    sidecar.delete("two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_log_tells_the_replicas_apart_once_there_are_several() {
    let sidecar = Sidecar::start().await;
    sidecar
        .deploy(&spec("one", "while true; do echo tick; sleep 0.1; done", ""))
        .await;
    sidecar.until_phase("one", "running").await;
    let client = sidecar.client();
    let mut lines = client
        .lines("/api/v1/deployments/one/services/web/logs?follow=true")
        .await;
    assert_eq!(lines.next().await.unwrap(), "data: tick");
    let scale = json!({ "replicas": 2 });
    client.post("/api/v1/deployments/one/services/web/scale", &scale).await;
    for wanted in ["data: 1 | tick", "data: 0 | tick"] {
        while lines.next().await.unwrap() != wanted {}
    }
    sidecar.delete("one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_followed_cut_and_filtered() {
    let sidecar = Sidecar::start().await;
    let id = one(&sidecar, COUNTER, "").await;
    let mut lines = sidecar
        .client()
        .lines(&format!(
            "/api/v1/containers/{id}/logs?follow=true&tail=0&stderr=false&stdout=true"
        ))
        .await;
    for number in 1..=20 {
        let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
        assert_eq!(
            (&line["stream"], &line["data"]),
            (&json!("stdout"), &json!(format!("out {number}\n")))
        );
    }
    let (_, tail) = sidecar
        .client()
        .raw("GET", &format!("/api/v1/containers/{id}/logs?tail=3"), String::new())
        .await;
    assert_eq!(tail.lines().count(), 3);
    let (_, nothing) = sidecar
        .client()
        .raw(
            "GET",
            &format!("/api/v1/containers/{id}/logs?since=99999999999"),
            String::new(),
        )
        .await;
    assert_eq!(nothing, "");
    let mut events = sidecar
        .client()
        .lines("/api/v1/deployments/one/services/web/logs?follow=true&lines=1")
        .await;
    assert!(events.next().await.unwrap().starts_with("data: "));
    let (status, refused) = sidecar
        .client()
        .get(&format!("/api/v1/containers/{id}/logs?tail=some"))
        .await;
    assert_eq!((status, &refused["code"]), (400, &json!("invalid-parameter")));
    assert!(refused["error"].as_str().unwrap().contains("tail"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_inside() {
    let sidecar = Sidecar::start().await;
    let id = one(
        &sidecar,
        "sleep 1000",
        "    hostname: inside\n    user: app\n    read_only_root_fs: true\n",
    )
    .await;
    let answer = sidecar
        .exec(&id, "hostname; id -u; echo no >&2; touch /x; exit 7")
        .await;
    assert_eq!(
        (&answer["exit_code"], &answer["stdout"]),
        (&json!(7), &json!("inside\n1000\n"))
    );
    assert!(answer["stderr"].as_str().unwrap().starts_with("no\n"), "{answer}");
    let path = format!("/api/v1/containers/{id}/exec");
    let body = json!({ "command": ["sh", "-c", "echo a; echo b; exit 2"], "user": "0" });
    let (_, events) = sidecar
        .client()
        .raw("POST", &format!("{path}?stream=true"), body.to_string())
        .await;
    assert_eq!(
        events,
        "event: stdout\ndata: a\n\nevent: stdout\ndata: b\n\nevent: exit\ndata: {\"exit_code\":2}\n\n"
    );
    let (status, refused) = sidecar
        .client()
        .post(&path, &json!({ "command": ["no-such-command"] }))
        .await;
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("command-not-found")),
        "{refused}"
    );
    let (status, refused) = sidecar.client().post(&path, &json!({ "command": [] })).await;
    assert_eq!((status, &refused["code"]), (400, &json!("no-command")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_a_websocket() {
    let sidecar = Sidecar::start().await;
    let id = one(&sidecar, "sleep 1000", "").await;
    let stream = UnixStream::connect(sidecar.socket()).await.unwrap();
    let url = format!("ws://localhost/sidecar/v1/containers/{id}/tty?cols=100&rows=30");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    socket.send(Message::binary("stty size\n")).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("30 100") {
        if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
            seen += &String::from_utf8_lossy(&bytes);
        }
    }
    let resize = json!({ "type": "resize", "cols": 120, "rows": 40 }).to_string();
    socket.send(Message::text(resize)).await.unwrap();
    socket.send(Message::binary("stty size; exit 5\n")).await.unwrap();
    let last = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Binary(bytes) => seen += &String::from_utf8_lossy(&bytes),
            Message::Text(text) => break serde_json::from_str::<Value>(&text).unwrap(),
            _ => {}
        }
    };
    assert!(seen.contains("40 120"), "{seen}");
    assert_eq!(last, json!({ "type": "exit", "code": 5 }));

    // A large paste to a command that answers each line while it reads.
    let stream = tokio::net::UnixStream::connect(sidecar.socket()).await.unwrap();
    let url = format!("ws://localhost/sidecar/v1/containers/{id}/tty?command=cat");
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let (mut paste, mut answers) = socket.split();
    let sent = tokio::spawn(async move {
        for _ in 0..40 {
            paste
                .send(Message::binary("0123456789abcde\n".repeat(4096)))
                .await
                .unwrap();
        }
        paste.send(Message::binary("over\n")).await.unwrap();
        paste
    });
    let mut tail = String::new();
    let pasted = async {
        while !tail.contains("over") {
            if let Message::Binary(bytes) = answers.next().await.unwrap().unwrap() {
                tail += &String::from_utf8_lossy(&bytes);
                tail.drain(..tail.len().saturating_sub(8));
            }
        }
    };
    tokio::time::timeout(support::PATIENCE, pasted)
        .await
        .expect("the paste hangs");
    drop((sent.await.unwrap(), answers));

    let plain = sidecar.client().get(&format!("/sidecar/v1/containers/{id}/tty")).await;
    assert_eq!((plain.0, &plain.1["code"]), (426, &json!("websocket-required")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_measured() {
    let sidecar = Sidecar::start().await;
    let id = one(
        &sidecar,
        "while true; do true; done",
        "    resources: { memory: 64Mi, cpu: 0.5 }\n",
    )
    .await;
    let mut lines = sidecar
        .client()
        .lines("/sidecar/v1/metrics/stream?deployment=one")
        .await;
    let mut last = 0;
    for _ in 0..3 {
        let line: Value = serde_json::from_str(&lines.next().await.unwrap()).unwrap();
        assert_eq!(
            (&line["id"], &line["memory_limit_bytes"]),
            (&json!(id), &json!(64 << 20))
        );
        assert_eq!(line["cpu_limit_millicores"], 500);
        let cpu = line["samples"][0]["cpu_ns"].as_u64().unwrap();
        assert!(cpu > last, "a busy loop uses time");
        last = cpu;
        assert!(line["samples"][0]["memory_bytes"].as_u64().unwrap() > 0);
    }
    let (_, history) = sidecar
        .client()
        .get("/sidecar/v1/metrics?deployment=one&service=web")
        .await;
    assert!(history[0]["samples"].as_array().unwrap().len() >= 3, "{history}");
    let (_, stats) = sidecar.client().get(&format!("/api/v1/containers/{id}/stats")).await;
    assert_eq!(stats["memory_limit"], 64 << 20);
    assert!(stats["cpu_usage_usec"].as_u64().unwrap() > 0);
    let (_, top) = sidecar.client().get(&format!("/api/v1/containers/{id}/top")).await;
    assert!(
        top["Processes"][0]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .as_str()
            .unwrap()
            .contains("while true"),
        "{top}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_start_restart_kill_and_remove() {
    let sidecar = Sidecar::start().await;
    let client = sidecar.client();
    let id = one(
        &sidecar,
        "trap 'exit 0' TERM; echo begin; while true; do sleep 0.1; done",
        "",
    )
    .await;
    let path = format!("/api/v1/containers/{id}");
    let pid = |container: &Value| container["pid"].as_u64();
    // A process that has printed has set its trap; one that is stopped before would end by the signal.
    let begun = async |times: usize| {
        let mut log = client.lines(&format!("{path}/logs?follow=true")).await;
        for _ in 0..times {
            assert!(log.next().await.unwrap().contains("begin"));
        }
    };
    let before = pid(&client.get(&path).await.1);
    assert!(before.is_some());
    begun(1).await;

    assert_eq!(client.post(&format!("{path}/stop"), &Value::Null).await.0, 204);
    let state = sidecar.until_phase("one", "stopped").await;
    assert_eq!(state["services"][0]["replicas"][0]["exit_code"], 0);
    assert_eq!(client.get(&path).await.1["state"], "exited");
    assert_eq!(client.post(&format!("{path}/kill"), &json!({})).await.0, 409);
    assert_eq!(client.get(&format!("{path}/wait")).await.1["exit_code"], 0);

    assert_eq!(client.post(&format!("{path}/start"), &Value::Null).await.0, 204);
    sidecar.until_phase("one", "running").await;
    begun(2).await;
    assert_eq!(
        client
            .post(&format!("{path}/restart"), &json!({ "timeout": 1 }))
            .await
            .0,
        204
    );
    let after = client.get(&path).await.1;
    assert!(pid(&after).is_some() && pid(&after) != before, "{after}");
    // The log goes on.
    begun(3).await;

    assert_eq!(
        client
            .post(&format!("{path}/kill"), &json!({ "signal": "SIGNONE" }))
            .await
            .1["code"],
        "invalid-signal"
    );
    assert_eq!(
        client
            .post(&format!("{path}/kill"), &json!({ "signal": "KILL" }))
            .await
            .0,
        204
    );
    sidecar
        .until("one", "restarted", |s| {
            s["services"][0]["replicas"][0]["restarts"] == 3 && s["phase"] == "running"
        })
        .await;

    assert_eq!(client.delete(&path).await.0, 204);
    assert_eq!(client.get(&path).await.0, 404);
    sidecar
        .until("one", "replaced", |s| {
            s["phase"] == "running" && s["services"][0]["replicas"][0]["id"] != id
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told() {
    let sidecar = Sidecar::start().await;
    let mut events = sidecar.client().lines("/api/v1/events").await;
    let mut labelled = sidecar
        .client()
        .lines("/api/v1/events?label=zlayer.service%3Dweb")
        .await;
    let id = one(&sidecar, "trap 'exit 4' TERM; while true; do sleep 0.1; done", "").await;
    sidecar.delete("one").await;
    let mut seen = Vec::new();
    while seen.last().map(String::as_str) != Some("deployment delete") {
        let event: Value = serde_json::from_str(&events.next().await.unwrap()).unwrap();
        seen.push(format!(
            "{} {}",
            event["resource"].as_str().unwrap(),
            event["kind"].as_str().unwrap()
        ));
        if event["kind"] == "die" {
            assert_eq!((&event["id"], &event["exit_code"]), (&json!(id), &json!(4)));
        }
    }
    for wanted in [
        "deployment create",
        "container create",
        "container start",
        "container destroy",
    ] {
        assert!(seen.iter().any(|event| event == wanted), "{wanted} in {seen:?}");
    }
    let first: Value = serde_json::from_str(&labelled.next().await.unwrap()).unwrap();
    assert_eq!(first["resource"], "container");
}
