//! From a spec to running containers and back to nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Sidecar, exists, service, spec};

const SERVER: &str = "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait";

#[tokio::test(flavor = "multi_thread")]
async fn services_start_in_the_order_of_their_dependencies_and_leave_nothing() {
    let sidecar = Sidecar::start().await;
    let text = format!(
        "version: v1\ndeployment: shop\nservices:\n{}{}",
        service(
            "web",
            SERVER,
            "    endpoints: [{ name: http, protocol: http, port: 8080 }]\n    health: { interval: 1s, check: { type: http, url: \"http://localhost:8080/index.html\" } }\n    port_mappings: [{ container_port: 8080, host_ip: 127.0.0.1 }]\n",
        ),
        service(
            "client",
            "trap 'exit 0' TERM; wget -qO- http://web:8080/; echo $GREETING; while true; do sleep 1; done",
            "    env: { GREETING: hi }\n    depends: [{ service: web, condition: healthy }]\n    storage: [{ type: anonymous, target: /data }, { type: named, name: kept, target: /kept }]\n",
        ),
    );
    sidecar.deploy(&text).await;
    let first = sidecar.client().get("/api/v1/deployments/shop").await.1;
    assert_eq!(first["status"], "deploying", "{first}");
    let waiting = sidecar
        .until("shop", "waiting for web", |state| {
            state["services"][0]["reason"]["code"] == "waiting-for-dependency" || state["phase"] == "running"
        })
        .await;
    assert_eq!(waiting["services"][0]["name"], "client");
    let state = sidecar.until_phase("shop", "running").await;
    assert_eq!(state["services"][1]["healthy"], 1, "{state:#}");
    let started = |service: usize| {
        state["services"][service]["replicas"][0]["started_at"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(started(1) <= started(0), "client starts after web");

    let address = state["services"][1]["addresses"][0]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let answer = tokio::task::spawn_blocking(move || fetch(&address)).await.unwrap();
    assert!(answer.ends_with("hello\n"), "{answer}");

    let client = sidecar.ids("client").await.remove(0);
    let (_, log) = sidecar
        .client()
        .raw("GET", "/api/v1/deployments/shop/services/client/logs", String::new())
        .await;
    assert_eq!(log, "hello\nhi\n");
    sidecar.exec(&client, "echo x > /data/a; echo y > /kept/b").await;

    let (status, scaled) = sidecar
        .client()
        .post("/api/v1/deployments/shop/services/web/scale", &json!({ "replicas": 5 }))
        .await;
    assert_eq!((status, &scaled["desired_replicas"]), (200, &json!(5)));
    let state = sidecar
        .until("shop", "scaled", |s| {
            s["services"][1]["healthy"] == 5 && s["phase"] == "running"
        })
        .await;
    assert_eq!(state["generation"], 2);
    let names = sidecar.exec(&client, "nslookup web").await;
    let addresses = names["stdout"].as_str().unwrap().matches("Address: ").count();
    assert!(addresses >= 5, "{names}");
    assert!(
        !sidecar.leftovers().is_empty(),
        "the check for leftovers sees what runs"
    );

    sidecar.delete("shop").await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
    assert!(
        exists(&sidecar.data_dir().join("volumes/kept/b")),
        "a named volume stays"
    );
    assert_eq!(sidecar.client().get("/api/v1/deployments/shop").await.0, 404);
}

fn fetch(address: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redeploy_replaces_only_what_changed() {
    let sidecar = Sidecar::start().await;
    let text = |env: &str| {
        let other = service("other", "sleep 1000", "    stop_signal: SIGKILL\n");
        let web = service(
            "web",
            "sleep 1000",
            &format!("    stop_signal: SIGKILL\n    scale: {{ mode: fixed, replicas: 2 }}\n    env: {{ A: {env} }}\n"),
        );
        format!("version: v1\ndeployment: shop\nservices:\n{other}{web}")
    };
    sidecar.deploy(&text("one")).await;
    sidecar.until_phase("shop", "running").await;
    let (web, other) = (sidecar.ids("web").await, sidecar.ids("other").await);

    sidecar.deploy(&text("one")).await;
    let state = sidecar.until_phase("shop", "running").await;
    assert_eq!(state["generation"], 1);
    assert_eq!(sidecar.ids("web").await, web);

    sidecar.deploy(&text("two")).await;
    let state = sidecar.until_phase("shop", "running").await;
    assert_eq!(state["generation"], 2);
    assert_eq!(sidecar.ids("other").await, other);
    let new = sidecar.ids("web").await;
    assert!(
        new.len() == 2 && new.iter().all(|id| !web.contains(id)),
        "{web:?} {new:?}"
    );

    // A service that the new spec does not have goes.
    sidecar
        .deploy(&spec("shop", "sleep 1000", "    stop_signal: SIGKILL\n"))
        .await;
    sidecar
        .until("shop", "without other", |s| {
            s["services"].as_array().unwrap().len() == 1 && s["phase"] == "running"
        })
        .await;
    assert!(sidecar.ids("other").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_ignore_sigterm_cost_one_grace_period() {
    let sidecar = Sidecar::start().await;
    let text = spec(
        "stubborn",
        "trap '' TERM; while true; do sleep 1; done",
        "    stop_grace_period: 3s\n    scale: { mode: fixed, replicas: 8 }\n",
    );
    sidecar.deploy(&text).await;
    sidecar.until_phase("stubborn", "running").await;
    let before = Instant::now();
    sidecar.delete("stubborn").await;
    assert!(before.elapsed() >= Duration::from_secs(3));
    assert!(before.elapsed() < Duration::from_secs(3 * 8), "one after the other");
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_stops_is_waited_for_by_its_successor() {
    let sidecar = Sidecar::start().await;
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = |env: &str| {
        let rest = format!(
            "    stop_grace_period: 2s\n    env: {{ A: {env} }}\n    port_mappings: [{{ container_port: 8080, host_port: {port}, host_ip: 127.0.0.1 }}]\n"
        );
        spec("stubborn", "trap '' TERM; while true; do sleep 1; done", &rest)
    };
    let stopping = |s: &Value| s["services"][0]["replicas"][0]["phase"] == "stopping";
    let id = |s: &Value| s["services"][0]["replicas"][0]["id"].as_str().map(str::to_owned);
    let scale = async |replicas: u32| {
        let path = "/api/v1/deployments/stubborn/services/web/scale";
        let (status, body) = sidecar.client().post(path, &json!({ "replicas": replicas })).await;
        assert_eq!(status, 200, "{body}");
    };
    let another = async |former: Option<String>| {
        let runs = |s: &Value| s["phase"] == "running" && id(s) != former;
        id(&sidecar.until("stubborn", "running anew", runs).await)
    };
    sidecar.deploy(&text("one")).await;
    let first = another(None).await;

    scale(0).await;
    sidecar.until("stubborn", "stopping", stopping).await;
    scale(1).await;
    let second = another(first).await;

    for env in ["two", "three"] {
        sidecar.deploy(&text(env)).await;
        sidecar.until("stubborn", "stopping", stopping).await;
    }
    another(second).await;
    assert_eq!(sidecar.ids("web").await.len(), 1);
    sidecar.delete("stubborn").await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_does_not_stay_up_stops_the_roll_out() {
    let sidecar = Sidecar::start().await;
    let text = |script: &str| {
        spec(
            "shop",
            script,
            "    stop_signal: SIGKILL\n    scale: { mode: fixed, replicas: 3 }\n",
        )
    };
    sidecar.deploy(&text("sleep 1000")).await;
    sidecar.until_phase("shop", "running").await;
    let good = sidecar.ids("web").await;
    sidecar.deploy(&text("sleep 0.1; exit 1")).await;
    let halted = |s: &Value| s["services"][0]["reason"]["code"] == "rollout-halted";
    sidecar.until("shop", "halted", halted).await;
    let ids = sidecar.ids("web").await;
    assert_eq!(ids.iter().filter(|id| good.contains(id)).count(), 2, "{good:?} {ids:?}");

    // Another change of the deployment is no reason to go on.
    let scale = json!({ "replicas": 2 });
    sidecar
        .client()
        .post("/api/v1/deployments/shop/services/web/scale", &scale)
        .await;
    let fewer = |s: &Value| halted(s) && s["services"][0]["replicas"].as_array().unwrap().len() == 2;
    sidecar.until("shop", "halted with two", fewer).await;
    assert!(sidecar.ids("web").await.contains(&good[1]), "{good:?}");

    // The next deploy is judged by itself.
    sidecar.deploy(&text("sleep 1001")).await;
    let first = sidecar.client().lines("/sidecar/v1/status").await.next().await.unwrap();
    let first: Value = serde_json::from_str(&first).unwrap();
    let replicas = first["deployment"]["services"][0]["replicas"].as_array().unwrap();
    assert!(
        replicas
            .iter()
            .all(|r| r["phase"] != "failed" && r["phase"] != "backoff"),
        "{first:#}"
    );
    sidecar.until_phase("shop", "running").await;
    assert_eq!(sidecar.ids("web").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_is_cancelled_by_deleting_it() {
    let sidecar = Sidecar::start().await;
    sidecar
        .deploy(&spec(
            "shop",
            "sleep 1000",
            "    scale: { mode: fixed, replicas: 20 }\n",
        ))
        .await;
    sidecar.delete("shop").await;
    assert_eq!(sidecar.leftovers(), Vec::<String>::new());
    assert_eq!(sidecar.client().get("/api/v1/deployments").await.1, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_follow_the_restart_policy() {
    let sidecar = Sidecar::start().await;
    sidecar
        .deploy(&spec(
            "loop",
            "echo once; exit 3",
            "    restart_policy: { kind: always, delay: 50ms }\n",
        ))
        .await;
    let state = sidecar
        .until("loop", "crashing", |s| {
            let replica = &s["services"][0]["replicas"][0];
            replica["reason"]["code"] == "crash-loop" && replica["restarts"].as_u64() >= Some(2)
        })
        .await;
    assert_eq!(state["phase"], "backoff");
    let message = state["services"][0]["replicas"][0]["reason"]["message"]
        .as_str()
        .unwrap();
    assert!(message.starts_with("ended with status 3 ("), "{message}");
    sidecar.delete("loop").await;

    let twice = "    restart_policy: { kind: on_failure, max_attempts: 2, delay: 10ms }\n";
    sidecar.deploy(&spec("twice", "exit 1", twice)).await;
    let state = sidecar.until_phase("twice", "failed").await;
    assert_eq!(state["services"][0]["replicas"][0]["restarts"], 2);
    assert_eq!(state["services"][0]["replicas"][0]["exit_code"], 1);

    sidecar
        .deploy(&spec("done", "exit 0", "    restart_policy: { kind: on_failure }\n"))
        .await;
    let state = sidecar.until_phase("done", "stopped").await;
    assert_eq!(state["services"][0]["replicas"][0]["reason"]["code"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_what_the_check_says() {
    let sidecar = Sidecar::start().await;
    let check = "    health: { start_grace: 1s, interval: 200ms, retries: 2, check: { type: command, command: \"grep ok /tmp/state\" } }\n";
    sidecar
        .deploy(&spec("sick", "echo bad > /tmp/state; sleep 1000", check))
        .await;
    let unhealthy = |s: &Value| s["services"][0]["replicas"][0]["health"] == "unhealthy";
    let state = sidecar.until("sick", "unhealthy", unhealthy).await;
    assert_eq!(
        (&state["phase"], &state["services"][0]["running"]),
        (&json!("unhealthy"), &json!(1))
    );
    assert_eq!(state["services"][0]["healthy"], 0);
    let id = sidecar.ids("web").await.remove(0);
    sidecar.exec(&id, "echo ok > /tmp/state").await;
    sidecar.until_phase("sick", "running").await;
    sidecar.exec(&id, "echo bad > /tmp/state").await;
    sidecar.until("sick", "unhealthy again", unhealthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependency_that_does_not_come_up_is_given_up() {
    let sidecar = Sidecar::start().await;
    let never = "    health: { start_grace: 1h, check: { type: command, command: \"false\" } }\n";
    let depends = |on_timeout: &str| {
        format!("    depends: [{{ service: db, condition: healthy, timeout: 1s, on_timeout: {on_timeout} }}]\n")
    };
    let text = format!(
        "version: v1\ndeployment: shop\nservices:\n{}{}{}",
        service("db", "sleep 1000", never),
        service("fails", "sleep 1000", &depends("fail")),
        service("warns", "sleep 1000", &depends("warn")),
    );
    sidecar.deploy(&text).await;
    let state = sidecar
        .until("shop", "given up", |s| {
            s["services"][1]["phase"] == "failed" && s["services"][2]["phase"] == "running"
        })
        .await;
    assert_eq!(state["services"][1]["reason"]["code"], "dependency-timeout");
    assert_eq!(state["services"][1]["reason"]["path"], "services.fails.depends[0]");
    assert_eq!(state["services"][1]["running"], 0);
}
