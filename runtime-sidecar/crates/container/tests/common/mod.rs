//! Real containers on a root file system of busybox.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use sidecar_container::{
    Container, ContainerConfig, ContainerError, ContainerStatus, ExecConfig, Limits, LogConfig, LogQuery,
    NetworkNamespace, Rootfs, Runtime, RuntimeConfig, Security,
};
use tokio::io::AsyncReadExt;

/// A directory that is removed at the end of the test.
pub struct Temp(PathBuf);

impl Temp {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("container-test-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The example that is nothing but a shim; cargo builds examples before it runs tests.
pub fn shim_exe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let exe = test.parent().and_then(Path::parent).unwrap().join("examples/shim");
    assert!(exe.exists(), "{} is missing: cargo build --examples", exe.display());
    exe
}

/// A layer with busybox, an `/etc/passwd` and an `/etc/group`; made once, in cargo's directory for such things.
pub fn layer() -> PathBuf {
    static LAYER: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("busybox-layer");
        if !path.exists() {
            let own = path.with_extension(std::process::id().to_string());
            make_layer(&own);
            if std::fs::rename(&own, &path).is_err() {
                // Another test binary was first.
                std::fs::remove_dir_all(&own).unwrap();
            }
        }
        path
    };
    LAYER.get_or_init(make).clone()
}

pub fn make_layer(root: &Path) -> PathBuf {
    for dir in ["bin", "etc", "tmp", "proc", "sys", "dev", "root", "home/web"] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    std::fs::copy("/usr/bin/busybox", root.join("bin/busybox")).unwrap();
    let list = Command::new("/usr/bin/busybox").arg("--list").output().unwrap();
    for applet in String::from_utf8(list.stdout)
        .unwrap()
        .lines()
        .filter(|name| *name != "busybox")
    {
        let _ = std::os::unix::fs::symlink("busybox", root.join("bin").join(applet));
    }
    std::fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/home/web:/bin/sh\n",
    )
    .unwrap();
    std::fs::write(root.join("etc/group"), "root:x:0:\nweb:x:34:\nlogs:x:50:web\n").unwrap();
    Command::new("chmod").args(["-R", "a+rX"]).arg(root).status().unwrap();
    Command::new("chmod")
        .arg("1777")
        .arg(root.join("tmp"))
        .status()
        .unwrap();
    root.to_owned()
}

pub struct Bed {
    pub temp: Temp,
    pub runtime: Runtime,
    pub cgroup_parent: String,
}

impl Bed {
    pub fn new(name: &str) -> Self {
        let temp = Temp::new(name);
        let cgroup_parent = format!("container-test-{}-{name}", std::process::id());
        let runtime = Runtime::new(Self::config(&temp, &cgroup_parent));
        Self {
            temp,
            runtime,
            cgroup_parent,
        }
    }

    fn config(temp: &Temp, cgroup_parent: &str) -> RuntimeConfig {
        RuntimeConfig {
            state_dir: temp.path().join("containers"),
            shim_exe: shim_exe(),
            cgroup_parent: Some(cgroup_parent.to_owned()),
            rootless: false,
        }
    }

    /// What a new sidecar would have.
    pub fn second_runtime(&self) -> Runtime {
        Runtime::new(Self::config(&self.temp, &self.cgroup_parent))
    }

    pub fn dir(&self, id: &str) -> PathBuf {
        self.temp.path().join("containers").join(id)
    }

    /// Nothing of any container may be left: no process, mount, cgroup or directory.
    pub fn assert_clean(&self) {
        let state = self.temp.path().join("containers");
        let left: Vec<_> = std::fs::read_dir(&state)
            .map(|entries| {
                entries
                    .flatten()
                    .map(|e| e.file_name())
                    .filter(|name| name != ".seccomp" && name != ".skeleton")
                    .collect()
            })
            .unwrap_or_default();
        assert!(left.is_empty(), "{left:?}");
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(state.to_str().unwrap()), "{mounts}");
        for controller in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            let parent = controller.path().join(&self.cgroup_parent);
            let children: Vec<_> = std::fs::read_dir(&parent)
                .map(|entries| {
                    entries
                        .flatten()
                        .filter(|e| e.path().is_dir())
                        .map(|e| e.path())
                        .collect()
                })
                .unwrap_or_default();
            assert!(children.is_empty(), "{children:?}");
        }
        let processes = processes_with(state.to_str().unwrap());
        assert!(processes.is_empty(), "{processes:?}");
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // Only what this test started: its shims carry the test's own directory in their arguments.
        for pid in processes_with(self.temp.path().to_str().unwrap()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        for controller in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            let parent = controller.path().join(&self.cgroup_parent);
            for _ in 0..50 {
                for child in std::fs::read_dir(&parent).into_iter().flatten().flatten() {
                    let _ = std::fs::remove_dir(child.path());
                }
                let _ = std::fs::remove_dir(&parent);
                if !parent.exists() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Processes that have the text in their arguments, but this one.
pub fn processes_with(text: &str) -> Vec<i32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let arguments = std::fs::read(entry.path().join("cmdline")).ok()?;
            let arguments = String::from_utf8_lossy(&arguments);
            (arguments.contains(text) && pid != std::process::id() as i32).then_some(pid)
        })
        .collect()
}

pub fn config(id: &str, args: &[&str]) -> ContainerConfig {
    ContainerConfig {
        id: id.to_owned(),
        rootfs: Rootfs {
            layers: vec![layer()],
            read_only: false,
        },
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: Vec::new(),
        cwd: "/".into(),
        user: None,
        extra_groups: Vec::new(),
        hostname: id.to_owned(),
        network: NetworkNamespace::None,
        nameservers: vec!["10.0.0.53".into()],
        search_domains: vec!["app.internal".into()],
        extra_hosts: vec![("10.0.0.7".into(), "db".into())],
        mounts: Vec::new(),
        limits: Limits {
            pids: Some(200),
            ..Limits::default()
        },
        security: Security::default(),
        terminal: false,
        stdin_open: false,
        stop_signal: "SIGTERM".into(),
        log: LogConfig {
            max_bytes: 64 << 20,
            keep_files: 5,
        },
        labels: BTreeMap::from([("service".to_owned(), "test".to_owned())]),
    }
}

pub fn sh(id: &str, script: &str) -> ContainerConfig {
    config(id, &["sh", "-c", script])
}

pub fn all() -> LogQuery {
    LogQuery {
        stdout: true,
        stderr: true,
        ..LogQuery::default()
    }
}

pub async fn exited(container: &Container) -> (i32, Option<i32>, bool) {
    let mut status = container.status();
    let ended = tokio::time::timeout(
        Duration::from_secs(60),
        status.wait_for(|s| matches!(s, ContainerStatus::Exited { .. })),
    );
    match *ended.await.expect("it ends").unwrap() {
        ContainerStatus::Exited {
            code,
            signal,
            oom_killed,
            ..
        } => (code, signal, oom_killed),
        ContainerStatus::Running { .. } => unreachable!(),
    }
}

pub fn pid(container: &Container) -> u32 {
    match *container.status().borrow() {
        ContainerStatus::Running { pid, .. } => pid,
        ContainerStatus::Exited { .. } => panic!("not running"),
    }
}

pub async fn lines(container: &Container, query: LogQuery) -> Vec<String> {
    let records: Vec<_> = container.logs(query).collect().await;
    records
        .into_iter()
        .map(|r| String::from_utf8_lossy(&r.unwrap().data).into_owned())
        .collect()
}

/// Runs the script to its end and returns what it printed.
pub async fn output(bed: &Bed, config: ContainerConfig) -> String {
    let container = bed.runtime.run(config).await.unwrap();
    let (code, ..) = exited(&container).await;
    let text = lines(&container, all()).await.join("\n");
    assert_eq!(code, 0, "{text}");
    container.remove().await.unwrap();
    text
}

pub async fn run_error(bed: &Bed, config: ContainerConfig) -> ContainerError {
    match tokio::time::timeout(Duration::from_secs(20), bed.runtime.run(config))
        .await
        .expect("an answer in time")
    {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

pub struct Executed {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub async fn exec(container: &Container, config: ExecConfig) -> Executed {
    let mut session = container.exec(config).await.unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    session.stdout.read_to_end(&mut stdout).await.unwrap();
    if let Some(stream) = &mut session.stderr {
        stream.read_to_end(&mut stderr).await.unwrap();
    }
    let code = session.wait().await.unwrap();
    Executed {
        code,
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

pub fn command(args: &[&str]) -> ExecConfig {
    ExecConfig {
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        ..ExecConfig::default()
    }
}
