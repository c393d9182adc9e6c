//! Processes in a running container.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::*;
use sidecar_container::{Container, ExecConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn sleeper(bed: &Bed) -> Container {
    let mut config = config("one", &["sleep", "1000"]);
    config.env = vec!["A=container".into(), "B=container".into()];
    bed.runtime.run(config).await.unwrap()
}

async fn finish(bed: &Bed, container: Container) {
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn output_and_exit_status() {
    let bed = Bed::new("exec");
    let container = sleeper(&bed).await;
    let done = exec(&container, command(&["sh", "-c", "echo out; echo err >&2; exit 5"])).await;
    assert_eq!(
        (done.code, done.stdout.as_str(), done.stderr.as_str()),
        (5, "out\n", "err\n")
    );
    let killed = exec(&container, command(&["sh", "-c", "kill -9 $$"])).await;
    assert_eq!(killed.code, 137);
    finish(&bed, container).await;
}

#[tokio::test]
async fn input_until_its_end() {
    let bed = Bed::new("stdin");
    let container = sleeper(&bed).await;
    let mut session = container.exec(command(&["wc", "-c"])).await.unwrap();
    session.stdin.write_all(&vec![b'x'; 300_000]).await.unwrap();
    let sidecar_container::ExecSession {
        stdin,
        mut stdout,
        mut control,
        ..
    } = session;
    drop(stdin);
    let mut text = String::new();
    stdout.read_to_string(&mut text).await.unwrap();
    assert_eq!(text.trim(), "300000");
    assert_eq!(control.wait().await.unwrap(), 0);
    finish(&bed, container).await;
}

#[tokio::test]
async fn it_is_confined_as_the_container_is() {
    let bed = Bed::new("confined");
    let container = sleeper(&bed).await;
    let script = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t' ' '; \
                  unshare -U true 2>/dev/null || echo refused; for ns in pid net ipc uts mnt cgroup; do \
                  [ $(readlink /proc/1/ns/$ns) = $(readlink /proc/self/ns/$ns) ] || echo $ns differs; done";
    let done = exec(&container, command(&["sh", "-c", script])).await;
    let expected = "CapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\nNoNewPrivs: 1\nSeccomp: 2\nrefused\n";
    assert_eq!(done.stdout, expected, "{}", done.stderr);
    let mut session = container.exec(command(&["sleep", "1000"])).await.unwrap();
    let processes = container.processes().await.unwrap();
    assert_eq!(
        processes.iter().map(|p| p.command.as_str()).collect::<Vec<_>>(),
        ["sleep 1000", "sleep 1000"]
    );
    assert_eq!(container.stats().await.unwrap().pids, 2);
    container.stop(Duration::ZERO).await.unwrap();
    assert_eq!(session.wait().await.unwrap(), 137);
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn variables_directory_and_user() {
    let bed = Bed::new("parts");
    let container = sleeper(&bed).await;
    let config = ExecConfig {
        env: vec!["A=exec".into()],
        cwd: Some("/etc".into()),
        user: Some("web".into()),
        ..command(&[
            "sh",
            "-c",
            "echo $A $B $HOME; pwd; id -un; id -G; grep CapEff /proc/self/status | cut -f2",
        ])
    };
    let done = exec(&container, config).await;
    assert_eq!(
        done.stdout, "exec container /home/web\n/etc\nweb\n34 50\n0000000000000000\n",
        "{}",
        done.stderr
    );
    finish(&bed, container).await;
}

#[tokio::test]
async fn errors_are_told_at_once() {
    let bed = Bed::new("errors");
    let container = sleeper(&bed).await;
    let code = |result: Result<_, sidecar_container::ContainerError>| {
        result.map(|_: sidecar_container::ExecSession| ()).unwrap_err().code()
    };
    assert_eq!(code(container.exec(command(&["nope"])).await), "command-not-found");
    let unknown = ExecConfig {
        user: Some("nobody".into()),
        ..command(&["true"])
    };
    assert_eq!(code(container.exec(unknown).await), "user-not-found");
    let nowhere = ExecConfig {
        cwd: Some("/no/where".into()),
        ..command(&["true"])
    };
    assert_eq!(code(container.exec(nowhere).await), "workdir-failed");
    container.stop(Duration::ZERO).await.unwrap();
    assert_eq!(code(container.exec(command(&["true"])).await), "not-running");
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn a_terminal_has_a_size_and_changes_it() {
    let bed = Bed::new("terminal");
    let container = sleeper(&bed).await;
    let config = ExecConfig {
        terminal: Some((100, 30)),
        ..command(&["sh"])
    };
    let mut session = container.exec(config).await.unwrap();
    let mut seen = String::new();
    session
        .stdin
        .write_all(b"stty -echo; PS1=; stty size; tty\n")
        .await
        .unwrap();
    read_until(&mut session.stdout, &mut seen, "/dev/pts/0").await;
    assert!(seen.contains("30 100\r\n"), "{seen:?}");
    session.resize(80, 24).await.unwrap();
    session.stdin.write_all(b"stty size; exit 4\n").await.unwrap();
    read_until(&mut session.stdout, &mut seen, "24 80").await;
    session.stdout.read_to_string(&mut seen).await.unwrap();
    assert_eq!(session.wait().await.unwrap(), 4);
    finish(&bed, container).await;
}

async fn read_until(stream: &mut sidecar_container::ExecStream, seen: &mut String, text: &str) {
    let mut buffer = [0; 1024];
    while !seen.contains(text) {
        let n = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer))
            .await
            .expect(seen)
            .unwrap();
        assert!(n > 0, "{seen:?}");
        seen.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
    }
}

#[tokio::test]
async fn dropping_the_session_ends_the_process() {
    let bed = Bed::new("drop");
    let container = sleeper(&bed).await;
    for script in ["sleep 500", "trap '' HUP; while :; do sleep 0.1; done"] {
        let session = container.exec(command(&["sh", "-c", script])).await.unwrap();
        assert!(container.processes().await.unwrap().len() > 1);
        drop(session);
        let alone = async {
            while container.processes().await.unwrap().len() > 1 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), alone)
            .await
            .expect("the process ends");
    }
    finish(&bed, container).await;
}

#[tokio::test]
async fn a_container_with_a_terminal() {
    let bed = Bed::new("console");
    let mut config = sh("one", "tty; test -t 1 && echo terminal");
    config.terminal = true;
    assert_eq!(output(&bed, config).await, "/dev/pts/0\r\nterminal\r");
    bed.assert_clean();
}

#[tokio::test]
async fn a_terminal_belongs_to_its_user() {
    let bed = Bed::new("tty-owner");
    // What cannot be opened leaves its reason here.
    let own = "echo $(($(stat -c %u $(tty)) - $(id -u))); echo ok > $(tty); true";
    let mut config = sh("one", own);
    (config.terminal, config.user) = (true, Some("web".into()));
    assert_eq!(output(&bed, config).await, "0\r\nok\r");
    let container = sleeper(&bed).await;
    for _ in 0..5 {
        let config = ExecConfig {
            terminal: Some((80, 24)),
            user: Some("web".into()),
            ..command(&["sh", "-c", own])
        };
        let mut session = container.exec(config).await.unwrap();
        let mut seen = String::new();
        session.stdout.read_to_string(&mut seen).await.unwrap();
        assert_eq!((session.wait().await.unwrap(), seen.as_str()), (0, "0\r\nok\r\n"));
    }
    finish(&bed, container).await;
}
