//! Limits and statistics.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::*;
use sidecar_container::{EnforcedLimits, Limits, Runtime, RuntimeConfig};

#[tokio::test]
async fn too_much_memory_is_an_out_of_memory_kill() {
    let bed = Bed::new("oom");
    let mut config = sh("one", "x=x; while :; do x=$x$x; done");
    config.limits.memory_bytes = Some(16 << 20);
    let container = bed.runtime.run(config).await.unwrap();
    let (code, signal, oom_killed) = exited(&container).await;
    assert_eq!((code, signal, oom_killed), (137, Some(9), true));
    assert!(container.stats().await.unwrap().oom_kills >= 1);
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn a_fork_bomb_stays_within_its_limit() {
    let bed = Bed::new("bomb");
    let mut config = sh("one", "f() { f | f & }; f; while :; do f; sleep 0.01; done 2>/dev/null");
    config.limits.pids = Some(50);
    let container = bed.runtime.run(config).await.unwrap();
    let full = async {
        while container.stats().await.unwrap().pids < 40 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), full).await;
    assert!(container.stats().await.unwrap().pids <= 50);
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn only_limits_that_hold_are_told() {
    let bed = Bed::new("told");
    let limits = || Limits {
        cpu_millicores: Some(250),
        memory_bytes: Some(64 << 20),
        ..Limits::default()
    };
    let mut held = config("one", &["sleep", "1000"]);
    held.limits = limits();
    let container = bed.runtime.run(held).await.unwrap();
    assert_eq!(
        container.enforced_limits(),
        EnforcedLimits {
            cpu_millicores: Some(250),
            memory_bytes: Some(64 << 20),
        }
    );
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();

    // As for a user who may not make cgroups.
    let without = Runtime::new(RuntimeConfig {
        state_dir: bed.temp.path().join("without"),
        shim_exe: shim_exe(),
        cgroup_parent: None,
        rootless: false,
    });
    let mut free = config("two", &["sleep", "1000"]);
    free.limits = limits();
    let container = without.run(free).await.unwrap();
    assert_eq!(container.enforced_limits(), EnforcedLimits::default());
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn limits_are_in_the_cgroup() {
    let bed = Bed::new("limits");
    let mut config = config("one", &["sleep", "1000"]);
    config.limits = Limits {
        cpu_millicores: Some(250),
        cpu_shares: Some(512),
        cpuset: Some("0".into()),
        memory_bytes: Some(64 << 20),
        pids: Some(77),
        ..Limits::default()
    };
    let container = bed.runtime.run(config).await.unwrap();
    let read = |controller: &str, file: &str| {
        let path = format!("/sys/fs/cgroup/{controller}/{}/one/{file}", bed.cgroup_parent);
        std::fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{path}: {e}"))
            .trim()
            .to_owned()
    };
    assert_eq!(read("cpu", "cpu.cfs_quota_us"), "25000");
    assert_eq!(read("cpu", "cpu.shares"), "512");
    assert_eq!(read("cpuset", "cpuset.cpus"), "0");
    assert_eq!(read("memory", "memory.limit_in_bytes"), (64 << 20).to_string());
    assert_eq!(read("pids", "pids.max"), "77");
    // The container may read its limits; it cannot lift them.
    let script = "cd /sys/fs/cgroup; \
                  for limit in memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us; do \
                  cat $limit; (echo -1 > $limit) 2>/dev/null && echo lifted $limit; done; true";
    let seen = exec(&container, command(&["sh", "-c", script])).await;
    assert_eq!(seen.stdout, format!("{}\n77\n25000\n", 64 << 20));
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn counters_grow_and_do_not_go_back_at_a_restart() {
    let bed = Bed::new("stats");
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; dd if=/dev/zero of=/f bs=1M count=8 2>/dev/null; sync; sleep 1000";
    let container = bed.runtime.run(sh("one", script)).await.unwrap();
    let busy = async {
        while container.stats().await.unwrap().cpu_ns < 5_000_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), busy)
        .await
        .expect("it uses the processor");
    let first = container.stats().await.unwrap();
    assert!(first.memory_bytes > 0 && first.pids >= 1, "{first:?}");
    container.stop(Duration::ZERO).await.unwrap();
    let stopped = container.stats().await.unwrap();
    assert!(stopped.cpu_ns >= first.cpu_ns && stopped.pids == 0, "{stopped:?}");
    container.restart().await.unwrap();
    let again = container.stats().await.unwrap();
    assert!(
        again.cpu_ns >= stopped.cpu_ns && again.write_bytes >= stopped.write_bytes,
        "{again:?}"
    );
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn without_a_cgroup_a_container_runs_too() {
    use sidecar_container::{Runtime, RuntimeConfig};
    let temp = Temp::new("no-cgroup");
    let runtime = Runtime::new(RuntimeConfig {
        state_dir: temp.path().join("containers"),
        shim_exe: shim_exe(),
        cgroup_parent: None,
        rootless: false,
    });
    let container = runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    let cgroups = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    assert_eq!(cgroups(&pid(&container).to_string()), cgroups("self"));
    assert_eq!(container.stats().await.unwrap().pids, 1);
    assert_eq!(exec(&container, command(&["echo", "hello"])).await.stdout, "hello\n");
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
}
