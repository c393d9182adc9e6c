//! As a second, unprivileged user, which the test makes. It needs root for that.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::CString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{Gid, Pid, Uid, User, setgid, setgroups, setuid};
use serde_json::Value;

/// A user with a home directory, gone when this is dropped, with all processes.
struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
    home: tempfile::TempDir,
}

impl Account {
    fn new(name: &str, subordinate_ids: bool) -> Self {
        let name = format!("zl{name}{}", std::process::id());
        run("useradd", &["--no-create-home", "--no-user-group", &name]);
        if subordinate_ids {
            run(
                "usermod",
                &[
                    "--add-subuids",
                    "900000000-900065535",
                    "--add-subgids",
                    "900000000-900065535",
                    &name,
                ],
            );
        } else {
            // Some systems give every new user a range.
            for file in ["/etc/subuid", "/etc/subgid"] {
                let lines = std::fs::read_to_string(file).unwrap_or_default();
                let others: Vec<&str> = lines
                    .lines()
                    .filter(|line| !line.starts_with(&format!("{name}:")))
                    .collect();
                std::fs::write(file, others.join("\n") + "\n").unwrap();
            }
        }
        let user = User::from_name(&name).unwrap().unwrap();
        let home = tempfile::tempdir().unwrap();
        nix::unistd::chown(home.path(), Some(user.uid), Some(user.gid)).unwrap();
        // The directory that the tests are built in may be closed to other users.
        let helper = home.path().join("rootless_helper");
        copy_program(&built_helper(), &helper);
        Self {
            name,
            uid: user.uid,
            gid: user.gid,
            home,
        }
    }

    fn start(&self, arguments: &[&str]) -> Run {
        let (uid, gid) = (self.uid, self.gid);
        let [what, rest @ ..] = arguments else {
            panic!("nothing to do")
        };
        let mut command = Command::new(self.home.path().join("rootless_helper"));
        command
            .arg(what)
            .arg(self.home.path().join("data"))
            .args(rest)
            .env("HOME", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // SAFETY: system calls only.
        unsafe {
            command.pre_exec(move || {
                offer_tun()?;
                setgroups(&[])?;
                setgid(gid)?;
                Ok(setuid(uid)?)
            });
        }
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Run { child, out }
    }

    /// The answers of a helper that ends by itself.
    fn ask(&self, arguments: &[&str]) -> Vec<Value> {
        let mut run = self.start(arguments);
        let answers = run
            .out
            .by_ref()
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        assert!(run.child.wait().unwrap().success());
        answers
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        for pid in processes_of(self.uid) {
            let _ = kill(pid, Signal::SIGKILL);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while !processes_of(self.uid).is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        run("userdel", &[&self.name]);
    }
}

struct Run {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Run {
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

/// On most systems everybody may open the TUN device, and here the user shall.
fn offer_tun() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )?;
    mount(
        Some("tmpfs"),
        "/dev/net",
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=755"),
    )?;
    let all = Mode::from_bits_truncate(0o666);
    mknod("/dev/net/tun", SFlag::S_IFCHR, all, makedev(10, 200))?;
    nix::sys::stat::fchmodat(
        nix::fcntl::AT_FDCWD,
        "/dev/net/tun",
        all,
        nix::sys::stat::FchmodatFlags::FollowSymlink,
    )
}

/// Copies by another process: a fork of another test's thread would inherit a descriptor of ours that is open for writing, and while it
/// lives nobody can execute the copy (ETXTBSY).
fn copy_program(from: &Path, to: &Path) {
    run("cp", &[from.to_str().unwrap(), to.to_str().unwrap()]);
}

fn processes_of(uid: Uid) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        if status.contains(&format!("\nUid:\t{uid}\t")) && !status.contains("\nState:\tZ") {
            found.push(Pid::from_raw(pid));
        }
    }
    found
}

fn built_helper() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples/rootless_helper")
}

fn run(program: &str, arguments: &[&str]) {
    let program = CString::new(program).unwrap();
    let status = Command::new(program.to_str().unwrap())
        .args(arguments)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{program:?} {arguments:?}");
}

fn hear(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// The way out looks for new listeners once a second.
fn until<T>(what: &str, attempt: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn limitations(answer: &Value) -> Vec<&str> {
    answer["limitations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect()
}

#[test]
fn the_engine_works_for_an_ordinary_user() {
    let user = Account::new("a", true);
    let answers = user.ask(&["overlay"]);
    assert_eq!(answers[0]["uid"], 0);
    assert_eq!(answers[0]["real_uid"], user.uid.as_raw());
    assert_eq!(answers[0]["subordinate_ids"], true);
    assert_eq!(answers[0]["resumed"], false);
    let missing = limitations(&answers[0]);
    assert!(
        missing
            .iter()
            .all(|code| ["no-cgroup-delegation", "udp-ports-on-loopback-only"].contains(code)),
        "{missing:?}"
    );
    assert_eq!(answers[1]["names"], serde_json::json!(["kept", "made"]));
    assert_eq!(answers[1]["chown"], true);

    // Two containers reach each other, and the host reaches one by its published ports.
    let mut engine = user.start(&["serve"]);
    let entered = engine.next();
    assert_eq!(entered["resumed"], true);
    assert_eq!(entered["namespaces"], answers[0]["namespaces"]);
    let served = engine.next();
    assert_eq!(served["heard"], "web");
    let [tcp, udp] = [0, 1].map(|at| u16::try_from(served["ports"][at].as_u64().unwrap()).unwrap());
    until("the published port is not forwarded", || {
        hear(tcp).ok().filter(|text| text == "web")
    });
    let answers_over_udp = || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        socket.send_to(b"ping", (Ipv4Addr::LOCALHOST, udp)).unwrap();
        socket.recv(&mut [0; 10]).ok()
    };
    until("the published UDP port is not forwarded", answers_over_udp);

    // The engine is killed. The next one enters the same namespaces and finds the network there.
    engine.child.kill().unwrap();
    engine.child.wait().unwrap();
    let mut engine = user.start(&["serve"]);
    let again = engine.next();
    assert_eq!(again["resumed"], true);
    assert_eq!(again["namespaces"], entered["namespaces"]);
    let served_again = engine.next();
    assert_eq!(served_again["address"], served["address"]);
    assert_eq!(served_again["ports"], served["ports"]);
    until("the published port is not forwarded any more", || {
        hear(tcp).ok().filter(|text| text == "web")
    });

    // A server on the host's loopback is reached from inside, as a registry on this machine must be.
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let _ = stream.unwrap().write_all(b"registry");
        }
    });
    assert_eq!(user.ask(&["connect", &port.to_string()])[1]["heard"], "registry");

    // Closing its input ends the engine, which takes its networks away.
    drop(engine.child.stdin.take());
    assert!(engine.child.wait().unwrap().success());
    until("the helpers stay", || processes_of(user.uid).is_empty().then_some(()));
}

#[test]
fn the_api_can_tell_the_user_from_others() {
    let user = Account::new("d", true);
    let mut engine = user.start(&["peers"]);
    engine.next();
    engine.next();
    let socket = user.home.path().join("data/socket");
    let _root = UnixStream::connect(&socket).unwrap();
    assert_eq!(engine.next()["peer"], 65534);
    // A thread of its own becomes the user, by the call that changes only the thread.
    let (uid, path) = (user.uid, socket.clone());
    std::thread::spawn(move || {
        // SAFETY: the call takes three numbers.
        assert_eq!(
            unsafe { nix::libc::syscall(nix::libc::SYS_setresuid, uid.as_raw(), uid.as_raw(), uid.as_raw()) },
            0
        );
        UnixStream::connect(path).unwrap();
    });
    let own = engine.next();
    assert_eq!(
        (&own["peer"], &own["own"]),
        (&serde_json::json!(0), &serde_json::json!(0))
    );
    assert!(engine.child.wait().unwrap().success());
}

#[test]
fn the_way_out_is_kept_running_and_ends_with_the_namespaces() {
    let user = Account::new("b", true);
    user.ask(&["enter"]);
    let named = |name: &str| {
        let comm = |pid: &Pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        processes_of(user.uid)
            .into_iter()
            .find(|pid| comm(pid).starts_with(name))
    };
    // Its program file may be called pasta or passt.
    let first = named("pas").expect("pasta runs");
    kill(first, Signal::SIGKILL).unwrap();
    until("pasta was not started again", || {
        named("pas").filter(|pid| *pid != first)
    });
    // Without its keeper, the next engine starts another one, and still only one pasta runs.
    let keeper = named("zlayer-keeper").unwrap();
    kill(keeper, Signal::SIGKILL).unwrap();
    until("the killed keeper stays", || {
        (named("zlayer-keeper") != Some(keeper)).then_some(())
    });
    assert_eq!(user.ask(&["enter"])[0]["resumed"], true);
    until("no keeper was started", || named("zlayer-keeper"));
    // New namespaces are made when the holder was killed, and the old ones leave nothing.
    kill(named("zlayer-holder").unwrap(), Signal::SIGKILL).unwrap();
    until("the helpers stay", || processes_of(user.uid).is_empty().then_some(()));
    assert_eq!(user.ask(&["enter"])[0]["resumed"], false);
}

#[test]
fn without_subordinate_ids_it_is_a_limitation() {
    let user = Account::new("c", false);
    let answers = user.ask(&["overlay"]);
    assert_eq!(answers[0]["subordinate_ids"], false);
    assert!(limitations(&answers[0]).contains(&"no-subordinate-ids"));
    assert_eq!(answers[1]["names"], serde_json::json!(["kept", "made"]));
    assert_eq!(answers[1]["chown"], false);
}
