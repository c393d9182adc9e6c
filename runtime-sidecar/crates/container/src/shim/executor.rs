//! The last steps inside the container, before its program replaces this one.

use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libcontainer::workload::{Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError};
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use oci_spec::runtime::Spec;

use super::report::{Report, send};
use crate::bundle::seccomp;
use crate::error::{ErrorKind, Failure};
use crate::terminal;

/// Finds the command, closes the system call filter over it and runs it.
#[derive(Clone)]
pub(super) struct Launcher {
    pub report: RawFd,
    pub filter: Rc<seccomp::Program>,
    pub entry: Entry,
    /// The working directory of a first process, where it is made only after everything else.
    pub late_workdir: Option<PathBuf>,
}

/// What a process that enters a running container with a terminal has to do.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    /// Columns and rows of the terminal, where it has one with a size.
    pub size: Option<(u16, u16)>,
    /// Both ends of a pipe. The program runs once the helper has closed its own writing end.
    pub wait_for: Option<(RawFd, RawFd)>,
}

impl Launcher {
    fn fail(&self, kind: ErrorKind, message: String) -> String {
        send(
            self.report,
            &Report::Failed {
                failure: Failure {
                    kind,
                    message: message.clone(),
                },
            },
        );
        message
    }
}

impl Executor for Launcher {
    fn validate(&self, spec: &Spec) -> Result<(), ExecutorValidationError> {
        let (args, env) = args_and_env(spec);
        // A relative command can be found only from there.
        if self.late_workdir.is_some() && args.first().is_some_and(|command| command.contains('/')) {
            return Ok(());
        }
        match find(args, env) {
            Ok(_) => Ok(()),
            Err(failure) => Err(ExecutorValidationError::ArgValidationError(
                self.fail(failure.kind, failure.message),
            )),
        }
    }

    fn setup_envs(&self, _: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        // `exec` hands the specification's variables over as they are, in their order.
        Ok(())
    }

    fn exec(&self, spec: &Spec) -> Result<(), ExecutorError> {
        let (args, env) = args_and_env(spec);
        if let Some((read, write)) = self.entry.wait_for {
            // This process has a copy of the writing end, which would keep the pipe open.
            let _ = nix::unistd::close(write);
            // SAFETY: the descriptor is open: the helper had it when this process was made of it.
            let read = unsafe { BorrowedFd::borrow_raw(read) };
            while nix::unistd::read(read, &mut [0]) == Err(nix::errno::Errno::EINTR) {}
        }
        if let Some(cwd) = &self.late_workdir
            && let Err(e) = nix::unistd::chdir(cwd)
        {
            let message = format!("cannot enter the working directory {}: {e}", cwd.display());
            return Err(ExecutorError::Other(self.fail(ErrorKind::WorkdirFailed, message)));
        }
        let path = find(args, env).map_err(|f| ExecutorError::Other(self.fail(f.kind, f.message)))?;
        let strings = |texts: &[String]| {
            texts
                .iter()
                .map(|text| CString::new(text.as_str()))
                .collect::<Result<Vec<_>, _>>()
        };
        let mut env = env.to_vec();
        if !env.iter().any(|variable| variable.starts_with("HOME=")) {
            env.push(format!("HOME={}", home()));
        }
        let (Ok(program), Ok(args), Ok(env)) = (
            CString::new(path.to_string_lossy().as_bytes()),
            strings(args),
            strings(&env),
        ) else {
            return Err(ExecutorError::InvalidArg);
        };
        if let Some((cols, rows)) = self.entry.size {
            terminal::resize(&std::io::stdin(), cols, rows);
        }
        reset_signals();
        // The container ends with its shim, which alone knows its stdio and its exit status.
        let _ = prctl::set_pdeathsig(Signal::SIGKILL);
        send(self.report, &Report::Executing);
        if let Err(e) = seccomp::apply(&self.filter) {
            return Err(ExecutorError::Other(self.fail(
                ErrorKind::Internal,
                format!("cannot apply the system call filter: {e}"),
            )));
        }
        let Err(errno) = nix::unistd::execve(&program, &args, &env);
        let why = match errno {
            nix::errno::Errno::ENOEXEC => {
                "it is built for another processor, or it is a script without a \"#!\" line".to_owned()
            }
            nix::errno::Errno::ENOENT => "its interpreter or dynamic loader is missing in the image".to_owned(),
            other => other.desc().to_owned(),
        };
        let message = format!("cannot run {}: {why}", path.display());
        Err(ExecutorError::Other(
            self.fail(ErrorKind::CommandNotExecutable, message),
        ))
    }
}

fn args_and_env(spec: &Spec) -> (&[String], &[String]) {
    let process = spec.process().as_ref();
    let args = process.and_then(|p| p.args().as_deref()).unwrap_or_default();
    let env = process.and_then(|p| p.env().as_deref()).unwrap_or_default();
    (args, env)
}

fn find(args: &[String], env: &[String]) -> Result<PathBuf, Failure> {
    let command = args.first().map_or("", String::as_str);
    let mut not_executable = None;
    let mut check = |path: PathBuf| match executable(&path) {
        Ok(true) => Some(path),
        Ok(false) => {
            not_executable = Some(path);
            None
        }
        Err(()) => None,
    };
    let search = env
        .iter()
        .find_map(|variable| variable.strip_prefix("PATH="))
        .unwrap_or_default();
    let found = if command.contains('/') {
        check(PathBuf::from(command))
    } else {
        search
            .split(':')
            .filter(|dir| !dir.is_empty())
            .find_map(|dir| check(Path::new(dir).join(command)))
    };
    if let Some(path) = found {
        return Ok(path);
    }
    if let Some(path) = not_executable {
        let hint = "set its execute permission in the image, or run it through an interpreter";
        return Err(Failure {
            kind: ErrorKind::CommandNotExecutable,
            message: format!(
                "{} may not be executed by this user, or is a directory; {hint}",
                path.display()
            ),
        });
    }
    let place = if command.contains('/') {
        "in the image".to_owned()
    } else {
        format!("in the container's PATH ({search})")
    };
    Err(Failure {
        kind: ErrorKind::CommandNotFound,
        message: format!("the command {command:?} is not {place}; check its spelling and the image"),
    })
}

fn executable(path: &Path) -> Result<bool, ()> {
    let metadata = path.metadata().map_err(|_| ())?;
    let allowed = nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok();
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 && allowed)
}

fn home() -> String {
    let uid = nix::unistd::getuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&uid.as_str()));
    entry
        .and_then(|fields| fields.get(5).map(|home| (*home).to_owned()))
        .filter(|home| !home.is_empty())
        .unwrap_or("/".into())
}

/// A program expects the default actions and an empty mask; the shim has neither. By the plain system call, because the C
/// library keeps two signals for itself.
fn reset_signals() {
    let default_action = [0_u64; 4];
    for number in 1..=64 {
        let (old, size) = (std::ptr::null::<u64>(), size_of::<u64>());
        // SAFETY: the kernel reads one `sigaction` of at most 32 bytes; all zeros is the default action, which runs no code.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, default_action.as_ptr(), old, size) };
    }
    let _ = SigSet::empty().thread_set_mask();
}
