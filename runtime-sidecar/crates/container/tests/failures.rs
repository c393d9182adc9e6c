//! Bad input: each has its code, says what to do and leaves nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::*;
use sidecar_container::{ContainerConfig, Mount};

async fn check(name: &str, args: &[&str], change: impl FnOnce(&mut ContainerConfig), code: &str, word: &str) {
    let bed = Bed::new(name);
    let mut config = config("one", args);
    change(&mut config);
    let error = run_error(&bed, config).await;
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(word), "{error}");
    bed.assert_clean();
}

#[tokio::test]
async fn command_not_found() {
    check(
        "command",
        &["no-such-command"],
        |_| {},
        "command-not-found",
        "\"no-such-command\"",
    )
    .await;
    check(
        "path",
        &["/bin/no-such-command"],
        |_| {},
        "command-not-found",
        "/bin/no-such-command",
    )
    .await;
}

#[tokio::test]
async fn command_that_cannot_be_executed() {
    check(
        "executable",
        &["/etc/passwd"],
        |_| {},
        "command-not-executable",
        "/etc/passwd",
    )
    .await;
    let layer = Temp::new("layer");
    std::fs::create_dir(layer.path().join("bin")).unwrap();
    let script = layer.path().join("bin/garbage");
    std::fs::write(&script, "no program").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = layer.path().to_owned();
    check(
        "garbage",
        &["garbage"],
        |config| config.rootfs.layers.insert(0, path),
        "command-not-executable",
        "#!",
    )
    .await;
}

#[tokio::test]
async fn unknown_user_and_group() {
    check(
        "user",
        &["true"],
        |config| config.user = Some("nobody".into()),
        "user-not-found",
        "\"nobody\"",
    )
    .await;
    check(
        "group",
        &["true"],
        |config| config.user = Some("web:staff".into()),
        "group-not-found",
        "\"staff\"",
    )
    .await;
}

#[tokio::test]
async fn mount_source_missing() {
    let bind = Mount::Bind {
        source: "/no/such/dir".into(),
        target: "/data".into(),
        read_only: false,
    };
    check(
        "mount",
        &["true"],
        |config| config.mounts = vec![bind],
        "mount-source-missing",
        "/no/such/dir",
    )
    .await;
}

#[tokio::test]
async fn network_missing() {
    let network = sidecar_container::NetworkNamespace::Path("/run/netns/no-such-network".into());
    let word = "/run/netns/no-such-network";
    check(
        "network",
        &["true"],
        |config| config.network = network,
        "network-missing",
        word,
    )
    .await;
}

#[tokio::test]
async fn layer_missing() {
    check(
        "layer",
        &["true"],
        |config| config.rootfs.layers[0] = "/no/such/layer".into(),
        "mount-failed",
        "/no/such/layer",
    )
    .await;
}

#[tokio::test]
async fn memory_limit_too_low() {
    for bytes in [4096, 65536, 131_072] {
        check(
            "memory",
            &["true"],
            |config| config.limits.memory_bytes = Some(bytes),
            "memory-limit-too-low",
            "memory limit",
        )
        .await;
    }
}

#[tokio::test]
async fn configurations_are_checked_first() {
    check(
        "id",
        &["true"],
        |config| config.id = "../x".into(),
        "invalid-config",
        "id",
    )
    .await;
    check("args", &[""], |_| {}, "invalid-config", "command").await;
    check(
        "env",
        &["true"],
        |config| config.env = vec!["=x".into()],
        "invalid-config",
        "env",
    )
    .await;
    check(
        "cwd",
        &["true"],
        |config| config.cwd = "work".into(),
        "invalid-config",
        "cwd",
    )
    .await;
    check(
        "caps",
        &["true"],
        |config| config.security.cap_add = vec!["FLY".into()],
        "invalid-config",
        "FLY",
    )
    .await;
}

#[tokio::test]
async fn a_link_of_the_image_does_not_lead_outside() {
    let (layer, outside) = (Temp::new("layer"), Temp::new("outside"));
    std::fs::create_dir(layer.path().join("etc")).unwrap();
    std::os::unix::fs::symlink("/../../../../../../etc/shadow", layer.path().join("etc/passwd")).unwrap();
    std::os::unix::fs::symlink(outside.path(), layer.path().join("work")).unwrap();
    let bed = Bed::new("links");
    let mut config = sh("one", "true");
    config.rootfs.layers.insert(0, layer.path().to_owned());
    config.cwd = "/work/made".into();
    assert_eq!(run_error(&bed, config).await.code(), "workdir-failed");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    let mut config = common::config("one", &["true"]);
    config.rootfs.layers.insert(0, layer.path().to_owned());
    config.user = Some("daemon".into());
    assert_eq!(run_error(&bed, config).await.code(), "user-not-found");
    bed.assert_clean();
}

#[tokio::test]
async fn a_long_path_is_no_problem() {
    use sidecar_container::{Runtime, RuntimeConfig};
    let bed = Bed::new("long");
    let state_dir = bed.temp.path().join("d".repeat(120)).join("e".repeat(120));
    let runtime = Runtime::new(RuntimeConfig {
        state_dir: state_dir.clone(),
        shim_exe: shim_exe(),
        cgroup_parent: Some(bed.cgroup_parent.clone()),
        rootless: false,
    });
    let mut config = sh("one", "stty size; sleep 1000");
    config.terminal = true;
    let container = runtime.run(config).await.unwrap();
    assert_eq!(exec(&container, command(&["echo", "hello"])).await.stdout, "hello\n");
    container.stop(std::time::Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
}
