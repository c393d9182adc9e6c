//! As an unprivileged user, which the test makes. It needs root for that.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/image.rs"]
mod image;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmodat, makedev, mknod};
use nix::unistd::{Gid, Pid, Uid, User, setgid, setgroups, setuid};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// A user with a home directory, gone when this is dropped, with all processes.
struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
    home: tempfile::TempDir,
}

impl Account {
    fn new() -> Self {
        let name = format!("zlsidecar{}", std::process::id());
        run(&["useradd", "--no-create-home", "--no-user-group", &name]);
        let ids = "910000000-910065535";
        run(&["usermod", "--add-subuids", ids, "--add-subgids", ids, &name]);
        let user = User::from_name(&name).unwrap().unwrap();
        let home = tempfile::Builder::new().prefix("zlu").tempdir_in("/tmp").unwrap();
        image::write(&home.path().join("data/images/layouts/box"));
        // The directory that the tests are built in may be closed to other users.
        std::fs::copy(env!("CARGO_BIN_EXE_zlayer-sidecar"), home.path().join("zlayer-sidecar")).unwrap();
        let owner = format!("{}:{}", user.uid, user.gid);
        run(&["chown", "-R", &owner, home.path().to_str().unwrap()]);
        Self {
            name,
            uid: user.uid,
            gid: user.gid,
            home,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let (uid, gid) = (self.uid, self.gid);
        let mut command = Command::new(program);
        command.env("HOME", self.home.path()).stdin(Stdio::null());
        // SAFETY: system calls only.
        unsafe {
            command.pre_exec(move || {
                offer_tun()?;
                setgroups(&[])?;
                setgid(gid)?;
                Ok(setuid(uid)?)
            });
        }
        command
    }

    fn serve(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = self.command(self.path("zlayer-sidecar"));
        command
            .args(["serve", "--rootless", "--data-dir"])
            .arg(self.path("data"));
        command.arg("--socket").arg(self.path("s")).stderr(log).spawn().unwrap()
    }

    /// The first line of the answer; `Null` when nobody answers. The API answers only the user's own processes.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut command = self.command("curl");
        command
            .args(["--silent", "--request", method, "--unix-socket"])
            .arg(self.path("s"));
        if !body.is_null() {
            command.args(["--json", &body.to_string()]);
        }
        let output = command.arg(format!("http://localhost{path}")).output().unwrap();
        let line = output.stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
        serde_json::from_slice(line).unwrap_or(Value::Null)
    }

    fn until<T>(&self, what: &str, attempt: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = attempt() {
                return found;
            }
            let log = || std::fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "{what}\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Process ids of the running replicas, as soon as all three run.
    fn pids(&self) -> Vec<u64> {
        self.until("three replicas run", || {
            let replicas = self.ask("GET", "/sidecar/v1/status", &Value::Null)["deployment"]["services"][0]["replicas"]
                .as_array()?
                .clone();
            let pids: Vec<u64> = replicas.iter().filter_map(|replica| replica["pid"].as_u64()).collect();
            (pids.len() == 3).then_some(pids)
        })
    }

    /// Zombies count: whoever starts a process has to wait for it.
    fn processes(&self) -> Vec<Pid> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            if status.contains(&format!("\nUid:\t{}\t", self.uid)) {
                found.push(Pid::from_raw(pid));
            }
        }
        found
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.processes().is_empty() && Instant::now() < deadline {
            for pid in self.processes() {
                let _ = kill(pid, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        run(&["userdel", &self.name]);
    }
}

/// On most systems everybody may open the TUN device, and here the user shall.
fn offer_tun() -> nix::Result<()> {
    let none = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(
        Some("tmpfs"),
        "/dev/net",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )?;
    let all = Mode::from_bits_truncate(0o666);
    mknod("/dev/net/tun", SFlag::S_IFCHR, all, makedev(10, 200))?;
    fchmodat(nix::fcntl::AT_FDCWD, "/dev/net/tun", all, FchmodatFlags::FollowSymlink)
}

fn run(line: &[&str]) {
    let status = Command::new(line[0]).args(&line[1..]).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{line:?}");
}

#[test]
fn containers_outlive_a_crash_and_nothing_outlives_them() {
    let user = Account::new();
    let mut sidecar = user.serve();
    let listens = || (!user.ask("GET", "/api/v1/deployments", &Value::Null).is_null()).then_some(());
    user.until("the sidecar listens", listens);
    let spec = "version: v1\ndeployment: shop\nservices:\n  web:\n    image: { name: oci-layout.localhost/box:1 }\n    command: { args: [sleep, '1000'] }\n    stop_signal: SIGKILL\n    scale: { mode: fixed, replicas: 3 }\n";
    user.ask("POST", "/api/v1/deployments", &json!({ "spec": spec }));
    let before = user.pids();

    sidecar.kill().unwrap();
    sidecar.wait().unwrap();
    let mut sidecar = user.serve();
    user.until("the sidecar listens again", listens);
    assert_eq!(user.pids(), before);

    user.ask("DELETE", "/api/v1/deployments/shop", &Value::Null);
    assert_eq!(user.ask("GET", "/api/v1/containers", &Value::Null), json!([]));
    kill(Pid::from_raw(sidecar.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert!(sidecar.wait().unwrap().success());
    user.until("the helpers end", || user.processes().is_empty().then_some(()));
}
