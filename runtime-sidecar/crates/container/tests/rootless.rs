//! The same as an ordinary user, in a user namespace: made here with `unshare`, elsewhere by the sidecar.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::*;
use sidecar_container::{LogQuery, NetworkNamespace, Runtime, RuntimeConfig};

/// An unprivileged user of this machine that is removed at the end of the test.
struct User {
    name: String,
    temp: Temp,
}

impl User {
    fn new() -> Self {
        let name = format!("ct{}", std::process::id());
        assert!(
            Command::new("useradd")
                .args(["--no-create-home", &name])
                .status()
                .unwrap()
                .success()
        );
        Self {
            name,
            temp: Temp::new("rootless"),
        }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // After a failure there may be containers left; a user who runs something cannot be removed.
        for pid in processes_with(self.temp.path().to_str().unwrap()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = Command::new("userdel").arg(&self.name).status();
    }
}

fn copy(from: &Path, to: PathBuf) -> PathBuf {
    std::fs::copy(from, &to).unwrap();
    std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755)).unwrap();
    to
}

#[test]
fn everything_works_for_an_unprivileged_user() {
    let user = User::new();
    let temp = &user.temp;
    let shim = copy(&shim_exe(), temp.path().join("shim"));
    let test = copy(&std::env::current_exe().unwrap(), temp.path().join("test"));
    let layer = make_layer(&temp.path().join("layer"));
    let state = temp.path().join("state");
    std::fs::create_dir(&state).unwrap();
    assert!(
        Command::new("chown")
            .arg("-R")
            .arg(format!("{0}:{0}", user.name))
            .args([&state, &layer])
            .status()
            .unwrap()
            .success()
    );
    let output = Command::new("setpriv")
        .args(["--reuid", &user.name, "--regid", &user.name, "--init-groups", "--"])
        .args(["unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--"])
        .arg(&test)
        .args(["--exact", "inside", "--nocapture"])
        .envs([
            ("INSIDE_STATE", &state),
            ("INSIDE_SHIM", &shim),
            ("INSIDE_LAYER", &layer),
        ])
        .env("HOME", temp.path())
        .current_dir("/")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("all of it works"),
        "{text}{errors}"
    );
    assert_eq!(
        std::fs::read_dir(&state)
            .unwrap()
            .flatten()
            .filter(|e| e.file_name() != ".seccomp" && e.file_name() != ".skeleton")
            .count(),
        0
    );
}

/// Does nothing among the other tests: it is the part that runs as the user.
#[tokio::test]
async fn inside() {
    let Some(state) = std::env::var_os("INSIDE_STATE") else {
        return;
    };
    let variable = |name| PathBuf::from(std::env::var_os(name).unwrap());
    let runtime = Runtime::new(RuntimeConfig {
        state_dir: state.into(),
        shim_exe: variable("INSIDE_SHIM"),
        cgroup_parent: None,
        rootless: true,
    });
    let with_layer = |mut config: sidecar_container::ContainerConfig| {
        config.rootfs.layers = vec![variable("INSIDE_LAYER")];
        config
    };

    let script = "id -un; id -G; touch /tmp/x && echo wrote; ls /sys/class/net; grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | cut -f2";
    let mut config = with_layer(sh("user", script));
    config.user = Some("web".into());
    let container = runtime.run(config).await.unwrap();
    assert_eq!(exited(&container).await.0, 0);
    let expected = ["web", "34 50", "wrote", "lo", "0000000000000000", "1", "2"];
    assert_eq!(lines(&container, all()).await, expected);
    container.restart().await.unwrap();
    assert_eq!(exited(&container).await.0, 0);
    container.remove().await.unwrap();

    let mut config = with_layer(sh("long", "rm /etc/group; seq 0 99999; while :; do :; done"));
    config.network = NetworkNamespace::Host;
    config.limits.oom_score_adj = Some(-500);
    let container = runtime.run(config).await.unwrap();
    let done = exec(&container, command(&["sh", "-c", "ls /etc; id -u; hostname"])).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stdout.ends_with("0\nlong\n") && !done.stdout.contains("group"),
        "{}",
        done.stdout
    );
    let terminal = sidecar_container::ExecConfig {
        terminal: Some((90, 20)),
        ..command(&["stty", "size"])
    };
    assert_eq!(exec(&container, terminal).await.stdout, "20 90\r\n");
    let busy = async {
        while container.stats().await.unwrap().cpu_ns < 50_000_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), busy)
        .await
        .expect("the time it uses is counted");
    let stats = container.stats().await.unwrap();
    assert!(stats.memory_bytes > 0 && stats.pids == 1, "{stats:?}");
    assert_eq!(container.processes().await.unwrap().len(), 1);
    assert_eq!(lines(&container, LogQuery { tail: Some(1), ..all() }).await, ["99999"]);
    assert_eq!(runtime.adopt().await.unwrap().len(), 1);
    container.stop(Duration::from_millis(50)).await.unwrap();
    assert_eq!(exited(&container).await, (137, Some(9), false));
    container.remove().await.unwrap();
    println!("all of it works");
}
