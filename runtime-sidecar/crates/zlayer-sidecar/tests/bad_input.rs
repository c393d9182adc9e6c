//! What is wrong is said: what, where, why, and what to do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::process::Command;

use serde_json::{Value, json};
use support::{Sidecar, service, spec};

async fn refused(sidecar: &Sidecar, spec: &str) -> Value {
    let (status, body) = sidecar
        .client()
        .post("/api/v1/deployments", &json!({ "spec": spec }))
        .await;
    assert_eq!((status, &body["code"]), (400, &json!("invalid-spec")), "{body}");
    body["problems"][0].clone()
}

/// Path and line of the first problem.
async fn check(sidecar: &Sidecar, spec: &str, path: &str, line: u64) {
    let problem = refused(sidecar, spec).await;
    assert_eq!(
        (problem["path"].as_str(), problem["line"].as_u64()),
        (Some(path), Some(line)),
        "{problem}"
    );
    assert!(problem["message"].as_str().unwrap().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_that_cannot_work_is_refused_with_the_place() {
    let sidecar = Sidecar::start().await;
    check(&sidecar, "version: v1\ndeployment: [", "", 2).await;
    check(
        &sidecar,
        &spec("shop", "true", "    privileged: true\n"),
        "services.web.privileged",
        9,
    )
    .await;
    check(
        &sidecar,
        &spec("shop", "true", "    env: { A: $E:NOT_SET_ANYWHERE }\n"),
        "services.web.env.A",
        9,
    )
    .await;
    let scale = "    scale: { mode: fixed, replicas: 4294967295 }\n";
    check(&sidecar, &spec("shop", "true", scale), "services.web.scale.replicas", 8).await;
    let age = "18446744073709551615s";
    for (rest, path) in [
        (
            format!("    health: {{ start_grace: {age}, check: {{ type: tcp, port: 80 }} }}\n"),
            "health.start_grace",
        ),
        (
            format!("    health: {{ interval: {age}, check: {{ type: tcp, port: 80 }} }}\n"),
            "health.interval",
        ),
        (format!("    stop_grace_period: {age}\n"), "stop_grace_period"),
    ] {
        let line = if path == "stop_grace_period" { 8 } else { 9 };
        check(
            &sidecar,
            &spec("shop", "true", &rest),
            &format!("services.web.{path}"),
            line,
        )
        .await;
    }
    let bind = "    storage:\n      - { type: bind, source: ./data, target: /data }\n";
    check(
        &sidecar,
        &spec("shop", "true", bind),
        "services.web.storage[0].source",
        10,
    )
    .await;
    let port = "    port_mappings: [{ host_port: 28081, container_port: 80 }]\n";
    let twice = format!(
        "version: v1\ndeployment: shop\nservices:\n{}{}",
        service("a", "true", port),
        service("b", "true", port)
    );
    check(&sidecar, &twice, "services.b.port_mappings[0].host_port", 15).await;
    let ring = format!(
        "version: v1\ndeployment: shop\nservices:\n{}{}",
        service("a", "true", "    depends: [{ service: b }]\n"),
        service("b", "true", "    depends: [{ service: a }]\n")
    );
    check(&sidecar, &ring, "services.a.depends[0].service", 9).await;
    assert_eq!(sidecar.client().get("/api/v1/deployments").await.1, json!([]));
}

/// Code and path of the reason for which a deployment fails.
async fn fails(sidecar: &Sidecar, name: &str, text: &str, code: &str, path: &str) -> String {
    sidecar.deploy(text).await;
    let state = sidecar.until_phase(name, "failed").await;
    let service = &state["services"][0];
    let reason = if service["reason"].is_null() {
        &service["replicas"][0]["reason"]
    } else {
        &service["reason"]
    };
    assert_eq!(
        (reason["code"].as_str(), reason["path"].as_str()),
        (Some(code), Some(path)),
        "{state:#}"
    );
    assert_eq!(service["running"], 0);
    let message = reason["message"].as_str().unwrap().to_owned();
    sidecar.delete(name).await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_run_says_why() {
    let sidecar = Sidecar::start().await;
    let image = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: oci-layout.localhost/none:1 }\n";
    fails(&sidecar, "shop", image, "image-not-found", "services.web.image.name").await;
    let command = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: oci-layout.localhost/box:1 }\n    command: { args: [no-such-command] }\n";
    let message = fails(&sidecar, "shop", command, "command-not-found", "services.web.command").await;
    assert!(message.contains("no-such-command"), "{message}");
    let nothing = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: oci-layout.localhost/box:1 }\n";
    fails(&sidecar, "shop", nothing, "no-command", "services.web.command").await;
    let little = spec("shop", "true", "    resources: { memory: 64Ki }\n");
    fails(
        &sidecar,
        "shop",
        &little,
        "memory-limit-too-low",
        "services.web.resources.memory",
    )
    .await;
    let user = spec("shop", "true", "    user: nobody-of-this-name\n");
    fails(&sidecar, "shop", &user, "user-not-found", "services.web.user").await;
    let missing = spec(
        "shop",
        "true",
        "    storage: [{ type: bind, source: /no/such/directory, target: /data }]\n",
    );
    fails(&sidecar, "shop", &missing, "mount-failed", "services.web.storage[0]").await;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mapping = format!("    port_mappings: [{{ container_port: 80, host_port: {port}, host_ip: 127.0.0.1 }}]\n");
    let message = fails(
        &sidecar,
        "shop",
        &spec("shop", "sleep 1000", &mapping),
        "port-in-use",
        "services.web.port_mappings",
    )
    .await;
    assert!(message.contains(&port.to_string()), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_forks_without_end_is_held() {
    let sidecar = Sidecar::start().await;
    let bomb = "bomb() { bomb | bomb & }; bomb; while true; do sleep 1; done";
    sidecar
        .deploy(&spec("bomb", bomb, "    resources: { pids_limit: 50 }\n"))
        .await;
    sidecar.until_phase("bomb", "running").await;
    let (_, live) = sidecar.client().get("/health/live").await;
    assert_eq!(live["status"], "ok");
    sidecar.delete("bomb").await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_makes_no_sense_is_answered_in_json() {
    let sidecar = Sidecar::start().await;
    let client = sidecar.client();
    let code = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned());
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(client.get("/api/v1/volumes").await), is(501, "not-served"));
    assert_eq!(
        code(client.post("/api/v1/containers", &json!({ "image": "x" })).await),
        is(501, "not-served")
    );
    assert_eq!(code(client.get("/nothing").await), is(404, "no-such-call"));
    assert_eq!(code(client.get("/api/v1/containers/none").await), is(404, "not-found"));
    assert_eq!(
        code(client.get("/api/v1/deployments/none/services").await),
        is(404, "not-found")
    );
    assert_eq!(
        code(client.get("/api/v1/deployments/%ff").await),
        is(400, "invalid-path")
    );
    let (status, text) = client.raw("POST", "/api/v1/deployments", "{ not json".to_owned()).await;
    assert_eq!((status, text.contains("invalid-json")), (400, true), "{text}");
    let (status, text) = client
        .raw("POST", "/api/v1/deployments", r#"{"spec": 7}"#.to_owned())
        .await;
    assert_eq!((status, text.contains("“spec”")), (400, true), "{text}");
    let (status, text) = client.raw("POST", "/api/v1/deployments", "x".repeat(5 << 20)).await;
    assert_eq!((status, text.contains("body-too-large")), (413, true), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_character_is_refused_with_its_field() {
    let sidecar = Sidecar::start().await;
    sidecar.deploy(&spec("one", "sleep 1000", "")).await;
    sidecar.until_phase("one", "running").await;
    let exec = format!("/api/v1/containers/{}/exec", sidecar.ids("web").await[0]);
    for (field, value) in [
        ("command", json!(["true", "a\0b"])),
        ("env", json!(["A=a\0b"])),
        ("working_dir", json!("/a\0b")),
        ("user", json!("a\0b")),
    ] {
        let mut body = json!({ "command": ["true"] });
        body[field] = value;
        let (status, answer) = sidecar.client().post(&exec, &body).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid-config")), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(field), "{answer}");
    }
    let env = "    env: { A: \"a\\0b\" }\n";
    check(&sidecar, &spec("two", "true", env), "services.web.env.A", 9).await;
    sidecar.delete("one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sidecar_holds_a_data_directory() {
    let sidecar = Sidecar::start().await;
    let second = sidecar.command().output().unwrap();
    assert_eq!(second.status.code(), Some(3));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(&format!("pid {}", sidecar.pid())), "{said}");
    assert_eq!(sidecar.client().get("/health/ready").await.0, 200);
}

fn serve(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zlayer-sidecar"))
        .arg("serve")
        .args(args)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_command_line_that_cannot_be_served_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let long = dir.path().join("x".repeat(120)).display().to_string();
    let (code, said) = serve(&["--data-dir", &data, "--socket", &long]);
    assert_eq!(
        (code, said.contains("at most 107") && said.contains("--socket")),
        (Some(1), true),
        "{said}"
    );
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, said) = serve(&["--data-dir", &data, "--socket", &file.display().to_string()]);
    assert_eq!((code, said.contains("is no socket")), (Some(1), true), "{said}");
    let (code, said) = serve(&["--data-dir", &data, "--socket", "/tmp/s", "--listen", "127.0.0.1:0"]);
    assert_eq!((code, said.contains("authentication")), (Some(2), true), "{said}");
    let (code, _) = serve(&["--socket", "/tmp/s"]);
    assert_eq!(code, Some(2));
}

#[test]
fn validate_tells_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good.yml");
    std::fs::write(&good, "version: v1\ndeployment: shop\nservices: { web: { image: { name: nginx:1 }, init: { steps: [{ id: a, uses: init.run }] } } }\n").unwrap();
    let bad = dir.path().join("bad.yml");
    std::fs::write(&bad, "version: v2\ndeployment: shop\n").unwrap();
    let validate = |file: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_zlayer-sidecar"))
            .args(["validate", "--json"])
            .arg(file)
            .output()
            .unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            serde_json::from_str::<Value>(line.lines().next().unwrap_or("null")).unwrap(),
        )
    };
    let (code, line) = validate(&good);
    assert_eq!((code, &line["severity"]), (Some(0), &json!("warning")), "{line}");
    let impossible = dir.path().join("impossible.yml");
    std::fs::write(
        &impossible,
        "version: v1\ndeployment: shop\nservices: { web: { image: { name: nginx:1 }, depends: [{ service: web }] } }\n",
    )
    .unwrap();
    let (code, line) = validate(&impossible);
    assert_eq!(
        (code, &line["path"], &line["code"], &line["severity"]),
        (
            Some(1),
            &json!("services.web.depends[0].service"),
            &json!("self-dependency"),
            &json!("error")
        )
    );
    let (code, line) = validate(&bad);
    assert_eq!(
        (code, &line["path"], &line["line"], &line["severity"]),
        (Some(1), &json!("version"), &json!(1), &json!("error"))
    );
    assert_eq!(validate(&dir.path().join("none")).0, Some(2));
}
