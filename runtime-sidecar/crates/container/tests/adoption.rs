//! What happens when the process that started a container, or its shim, dies.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sidecar_container::{Container, ContainerStatus, LogQuery};

async fn adopt(bed: &Bed) -> Container {
    let mut containers = bed.second_runtime().adopt().await.unwrap();
    assert_eq!(containers.len(), 1);
    containers.pop().unwrap()
}

async fn finish(bed: &Bed, container: Container) {
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn another_runtime_takes_over() {
    let bed = Bed::new("adopt");
    let first = bed.runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    let second = adopt(&bed).await;
    assert_eq!(*first.status().borrow(), *second.status().borrow());
    assert_eq!(second.config().labels["service"], "test");
    second.signal(9).await.unwrap();
    assert_eq!(exited(&first).await, (137, Some(9), false));
    let third = adopt(&bed).await;
    assert_eq!(exited(&third).await, (137, Some(9), false));
    finish(&bed, third).await;
}

/// `host` below, in a process of its own.
fn start_host(bed: &Bed) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "host", "--nocapture"])
        .env("HOST_DIR", bed.temp.path())
        .env("HOST_CGROUP", &bed.cgroup_parent)
        .env("HOST_LAYER", layer())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Does nothing among the other tests: it is the process that the next one kills.
#[tokio::test]
async fn host() {
    let Ok(dir) = std::env::var("HOST_DIR") else { return };
    let runtime = sidecar_container::Runtime::new(sidecar_container::RuntimeConfig {
        state_dir: std::path::Path::new(&dir).join("containers"),
        shim_exe: shim_exe(),
        cgroup_parent: Some(std::env::var("HOST_CGROUP").unwrap()),
        rootless: false,
    });
    let mut config = sh("one", "seq 0 999999; sleep 1000");
    config.rootfs.layers = vec![std::env::var("HOST_LAYER").unwrap().into()];
    let container = runtime.run(config).await.unwrap();
    println!("started {}", pid(&container));
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_starter_takes_nothing_with_it_and_no_line_is_lost() {
    let bed = Bed::new("killed");
    let mut host = start_host(&bed);
    let mut output = BufReader::new(host.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("started ") {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the host died");
    }
    kill(Pid::from_raw(host.id() as i32), Signal::SIGKILL).unwrap();
    host.wait().unwrap();
    let container = adopt(&bed).await;
    assert_eq!(
        pid(&container),
        line.trim().rsplit(' ').next().unwrap().parse::<u32>().unwrap()
    );
    let mut stream = container.logs(LogQuery { follow: true, ..all() });
    let mut next = 0;
    let counted = async {
        while next < 1_000_000 {
            for record in stream.next_batch().await.unwrap().unwrap() {
                assert_eq!(std::str::from_utf8(&record.data).unwrap(), next.to_string());
                next += 1;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), counted)
        .await
        .expect("all lines");
    finish(&bed, container).await;
}

fn alive(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
}

/// The parent of the container's first process. Others may carry the shim's arguments for a moment: what it forks, before
/// that executes something else.
fn shim(container: &Container) -> Pid {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid(container))).unwrap();
    let parent = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap();
    Pid::from_raw(parent.parse().unwrap())
}

#[tokio::test]
async fn a_killed_shim_is_the_end_of_its_container() {
    let bed = Bed::new("shim");
    let container = bed.runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    let init = pid(&container);
    kill(shim(&container), Signal::SIGKILL).unwrap();
    assert_eq!(exited(&container).await, (137, Some(9), false));
    assert!(!alive(init));
    container.restart().await.unwrap();
    assert!(matches!(*container.status().borrow(), ContainerStatus::Running { .. }));
    finish(&bed, container).await;
}

#[tokio::test]
async fn a_shim_that_died_meanwhile_is_found_out() {
    let bed = Bed::new("found");
    let mut config = sh("one", "trap '' HUP TERM; while :; do sleep 1; done");
    config.user = Some("web".into());
    let first = bed.runtime.run(config).await.unwrap();
    let init = pid(&first);
    kill(shim(&first), Signal::SIGKILL).unwrap();
    let second = adopt(&bed).await;
    assert_eq!(exited(&second).await, (137, Some(9), false));
    assert!(!alive(init));
    assert_eq!(second.signal(15).await.unwrap_err().code(), "not-running");
    finish(&bed, second).await;
}
