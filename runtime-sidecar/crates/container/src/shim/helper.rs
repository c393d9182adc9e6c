//! Processes that prepare the container's own. libcontainer changes the process that it runs in (its directory, its
//! dumpability, its out-of-memory score) and takes memory; in a process of its own, which ends when the container runs,
//! none of that stays with the shim.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libcontainer::container::builder::ContainerBuilder;
use libcontainer::error::LibcontainerError;
use libcontainer::syscall::syscall::SyscallType;
use nix::fcntl::OFlag;
use nix::sys::signal::SigSet;
use nix::unistd::{ForkResult, Gid, Uid, fchown, fork, pipe2};

use super::executor::{Entry, Launcher};
use super::report::{Launch, Report, pair, send, send_with_fd};
use super::rootfs;
use crate::bundle::{self, ProcessParts, capabilities, seccomp, users};
use crate::directory::{Blueprint, Directory, write_json};
use crate::error::{ContainerError, ErrorKind, Failure, Result};
use crate::node::Node;
use crate::protocol::ExecRequest;
use crate::terminal;

/// The container's ends of its stdio. All absent with a terminal, which the container makes itself.
#[derive(Default)]
pub(super) struct Stdio {
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

pub(super) struct Helper<'a> {
    pub dir: &'a Directory,
    pub blueprint: &'a Blueprint,
    pub node: &'a Node,
}

impl Helper<'_> {
    /// Starts the container's first process.
    pub fn start(&self, stdio: Stdio) -> nix::Result<Launch> {
        self.in_child(|report| self.run(report, stdio))
    }

    /// Starts another process in the running container. `number` tells its files from those of others.
    pub fn exec(&self, exec: &ExecRequest, number: u64, init: i32, stdio: Stdio) -> nix::Result<Launch> {
        self.in_child(|report| self.run_tenant(report, exec, number, init, stdio))
    }

    fn in_child(&self, work: impl FnOnce(&OwnedFd) -> Result<()>) -> nix::Result<Launch> {
        let (ours, theirs) = pair()?;
        // SAFETY: the shim has one thread, so that the child may go on as if nothing had happened.
        match unsafe { fork() }? {
            ForkResult::Parent { .. } => Ok(Launch::new(ours)),
            ForkResult::Child => {
                drop(ours);
                let _ = SigSet::empty().thread_set_mask();
                if let Err(error) = work(&theirs) {
                    send(
                        theirs.as_raw_fd(),
                        &Report::Failed {
                            failure: Failure::from(&error),
                        },
                    );
                }
                std::process::exit(0);
            }
        }
    }

    fn run(&self, report: &OwnedFd, stdio: Stdio) -> Result<()> {
        let config = &self.blueprint.config;
        rootfs::mount_overlay(self.dir, &config.rootfs, self.node)?;
        bundle::write(self.dir, self.blueprint, self.node)?;
        self.give_stdio(&stdio, config.user.as_deref())?;

        let state = self.dir.runtime_state();
        if state.exists() {
            fs::remove_dir_all(&state).map_err(|e| ContainerError::io("cannot remove", &state, e))?;
        }
        fs::create_dir_all(&state).map_err(|e| ContainerError::io("cannot create", &state, e))?;
        let console = config.terminal.then(|| Console::listen(self.dir, 0)).transpose()?;
        let builder = self.builder(report, stdio, console.as_ref(), Entry::default())?;
        let mut container = builder
            .as_init(self.dir.bundle())
            .with_systemd(false)
            .with_detach(true)
            .as_sibling(true)
            .build()
            .map_err(|e| self.explain(&e))?;
        let pid = container.pid().map_or(0, nix_pid);
        send(report.as_raw_fd(), &Report::Created { pid });
        bundle::make_late_workdir(config, pid)?;
        if let Some(console) = console {
            let uid = users::lookup(&self.dir.rootfs(), config.user.as_deref(), &[])?.uid;
            send_with_fd(
                report.as_raw_fd(),
                &Report::Console,
                Some(console.take(uid)?.as_raw_fd()),
            );
        }
        container.start().map_err(|e| self.explain(&e))
    }

    fn run_tenant(&self, report: &OwnedFd, exec: &ExecRequest, number: u64, init: i32, stdio: Stdio) -> Result<()> {
        let config = &self.blueprint.config;
        let cwd = exec.cwd.clone().unwrap_or_else(|| config.cwd.clone());
        check_directory(init, &cwd)?;
        let user = exec.user.as_deref().or(config.user.as_deref());
        self.give_stdio(&stdio, user)?;
        let mut env: Vec<String> = config.env.clone();
        for variable in &exec.env {
            let name = variable.split_once('=').map_or(variable.as_str(), |(name, _)| name);
            env.retain(|have| have.split_once('=').is_none_or(|(have, _)| have != name));
            env.push(variable.clone());
        }
        bundle::default_env(&mut env, config);
        if exec.terminal.is_some() && !env.iter().any(|variable| variable.starts_with("TERM=")) {
            env.push("TERM=xterm".to_owned());
        }
        let process = bundle::process(
            self.dir,
            self.blueprint,
            self.node,
            ProcessParts {
                args: exec.args.clone(),
                env,
                cwd,
                user,
                terminal: exec.terminal.is_some(),
            },
        )?;
        let path = self.dir.path().join(format!("exec-{number}.json"));
        write_json(&path, &process, false)?;
        let console = exec
            .terminal
            .is_some()
            .then(|| Console::listen(self.dir, number))
            .transpose()?;
        let uid = users::lookup(&self.dir.rootfs(), user, &[])?.uid;
        // Closed when the terminal is the user's.
        let pipe = console
            .is_some()
            .then(|| pipe2(OFlag::O_CLOEXEC))
            .transpose()
            .map_err(|e| ContainerError::internal("cannot make a pipe", e))?;
        let entry = Entry {
            size: exec.terminal,
            wait_for: pipe.as_ref().map(|(read, write)| (read.as_raw_fd(), write.as_raw_fd())),
        };
        let builder = self.builder(report, stdio, console.as_ref(), entry)?;
        let (_read, write) = pipe.unzip();
        // Beside what follows, which returns only once the program runs. Nobody waits for it when that fails: this process ends.
        let terminal = console.map(|console| {
            std::thread::spawn(move || {
                let terminal = console.take(uid);
                drop(write);
                terminal
            })
        });
        let built = builder
            .as_tenant()
            .with_process(Some(&path))
            .with_detach(true)
            .as_sibling(true)
            .build()
            .map_err(|e| self.explain(&e));
        let _ = fs::remove_file(&path);
        send(report.as_raw_fd(), &Report::Created { pid: built?.as_raw() });
        if let Some(terminal) = terminal {
            let broken = |_| ContainerError::new(ErrorKind::Internal, "the terminal was not taken".to_owned());
            let terminal = terminal.join().map_err(broken)??;
            send_with_fd(report.as_raw_fd(), &Report::Console, Some(terminal.as_raw_fd()));
        }
        Ok(())
    }

    fn builder(
        &self,
        report: &OwnedFd,
        stdio: Stdio,
        console: Option<&Console>,
        entry: Entry,
    ) -> Result<ContainerBuilder> {
        let config = &self.blueprint.config;
        let allowed = capabilities::of(&config.security, self.node, self.blueprint.cgroup_parent.is_some())?;
        let filter = Rc::new(seccomp::load_or_compile(&self.dir.seccomp_cache(), &allowed)?);
        let mut builder = ContainerBuilder::new(config.id.clone(), SyscallType::default())
            .with_executor(Launcher {
                report: report.as_raw_fd(),
                filter,
                entry,
                late_workdir: bundle::late_workdir(config).map(Path::to_owned),
            })
            .with_console_socket(console.map(|console| console.path.clone()))
            .with_root_path(self.dir.runtime_state())
            .map_err(|e| self.explain(&e))?;
        if let Some(fd) = stdio.stdin {
            builder = builder.with_stdin(fd);
        }
        if let Some(fd) = stdio.stdout {
            builder = builder.with_stdout(fd);
        }
        if let Some(fd) = stdio.stderr {
            builder = builder.with_stderr(fd);
        }
        Ok(builder)
    }

    /// A program may open its stdio again, as `/dev/stdout`, with its own user's rights.
    fn give_stdio(&self, stdio: &Stdio, user: Option<&str>) -> Result<()> {
        let user = users::lookup(&self.dir.rootfs(), user, &[])?;
        if user.uid != 0 {
            for fd in [&stdio.stdin, &stdio.stdout, &stdio.stderr].into_iter().flatten() {
                let _ = fchown(fd, Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)));
            }
        }
        Ok(())
    }

    fn explain(&self, error: &LibcontainerError) -> ContainerError {
        let text = chain(error);
        if let Some(limit) = self.blueprint.config.limits.memory_bytes {
            // Either the kernel refuses the limit, or it kills one of the processes on the way, whose channel then breaks.
            if text.contains("memory limit")
                || text.contains("memory.")
                || text.contains("BrokenChannel")
                || text.contains("notify socket")
            {
                return memory_limit_too_low(limit);
            }
        }
        let kind = if text.contains("mount") {
            ErrorKind::MountFailed
        } else {
            ErrorKind::Internal
        };
        ContainerError::new(kind, format!("cannot start the container: {text}"))
    }
}

/// The container's own mounts count, so that its first process's root is looked at.
fn check_directory(init: i32, cwd: &str) -> Result<()> {
    let root = File::open(format!("/proc/{init}/root/")).ok();
    let found = root.and_then(|root| pathrs::Root::from_fd(root).resolve(cwd).ok());
    let directory = found.is_some_and(|handle| File::from(OwnedFd::from(handle)).metadata().is_ok_and(|m| m.is_dir()));
    if directory && cwd.starts_with('/') {
        return Ok(());
    }
    let message =
        format!("the working directory {cwd:?} is no directory in the container; give the absolute path of one");
    Err(ContainerError::new(ErrorKind::WorkdirFailed, message))
}

pub(super) fn memory_limit_too_low(limit: u64) -> ContainerError {
    ContainerError::new(
        ErrorKind::MemoryLimitTooLow,
        format!(
            "the memory limit of {limit} bytes is too low to start the container; give it a few megabytes at least"
        ),
    )
}

/// The error with its causes; libcontainer puts most of what it knows there.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn nix_pid(pid: impl ToString) -> i32 {
    pid.to_string().parse().unwrap_or(0)
}

/// Receives the terminal that the container made.
struct Console {
    listener: UnixListener,
    path: PathBuf,
}

impl Console {
    fn listen(dir: &Directory, number: u64) -> Result<Self> {
        // Relative, because the shim works in the container's directory, whose path may be too long for a socket.
        let name = format!("console-{number}.sock");
        let _ = fs::remove_file(&name);
        let path = dir.path().join(&name);
        match UnixListener::bind(&name) {
            Ok(listener) => Ok(Self { listener, path }),
            Err(e) => Err(ContainerError::io("cannot create", &path, e)),
        }
    }

    /// Receives the terminal that the container made, and makes it its user's, as with its other stdio: a program may open it
    /// again by its name.
    fn take(self, uid: u32) -> Result<OwnedFd> {
        let terminal = self.accept()?;
        if uid != 0
            && let Some(peer) = terminal::peer(&terminal)
        {
            let _ = fchown(&peer, Some(Uid::from_raw(uid)), None);
        }
        Ok(terminal)
    }

    fn accept(self) -> Result<OwnedFd> {
        use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
        let failed = |e: std::io::Error| ContainerError::internal("cannot receive the container's terminal", e);
        let (stream, _) = self.listener.accept().map_err(failed)?;
        let _ = fs::remove_file(&self.path);
        let mut bytes = [0; 256];
        let mut control = nix::cmsg_space!([std::os::fd::RawFd; 1]);
        let mut parts = [std::io::IoSliceMut::new(&mut bytes)];
        let message = recvmsg::<()>(
            stream.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )
        .map_err(|e| failed(e.into()))?;
        for part in message.cmsgs().map_err(|e| failed(e.into()))? {
            if let ControlMessageOwned::ScmRights(fds) = part
                && let Some(fd) = fds.first()
            {
                // SAFETY: the kernel just made this descriptor for us; nobody else owns it.
                return Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(*fd) });
            }
        }
        Err(failed(std::io::Error::other("it sent none")))
    }
}
