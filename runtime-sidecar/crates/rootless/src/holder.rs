//! The process that keeps the namespaces alive. It does nothing else, so nothing makes it end.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{ForkResult, Pid, fork, pipe};

use crate::error::RootlessError;
use crate::id_map;
use crate::process::{Process, detach};

/// What the holder was doing when it failed, as it tells its parent.
const STEPS: [&str; 4] = [
    "detach the holder",
    "make a user namespace",
    "make a mount and a network namespace",
    "set up the namespaces",
];
const READY: u8 = 255;

/// A new holder, and whether subordinate ids are mapped. `resolv_conf` is shown inside as /etc/resolv.conf.
pub fn start(resolv_conf: &Path) -> Result<(Process, bool), RootlessError> {
    let failed = |source: nix::Error| RootlessError::kernel("start the holder", source);
    let (answers, answer) = pipe().map_err(failed)?;
    let (permission, permit) = pipe().map_err(failed)?;
    // SAFETY: the caller has checked that there is one thread, so the child may do whatever its parent could.
    let child = match unsafe { fork() }.map_err(failed)? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop((answers, permit));
            hold(answer, permission, resolv_conf)
        }
    };
    drop((answer, permission));
    let (mut answers, mut permit) = (File::from(answers), File::from(permit));
    wait(&mut answers)?;
    let subordinate_ids = id_map::write(child)?;
    permit
        .write_all(&[READY])
        .map_err(|e| RootlessError::kernel("start the holder", e))?;
    wait(&mut answers)?;
    let holder =
        Process::of(child).ok_or_else(|| RootlessError::kernel("start the holder", io::Error::other("it ended")))?;
    Ok((holder, subordinate_ids))
}

fn wait(answers: &mut File) -> Result<(), RootlessError> {
    let mut answer = [0; 5];
    answers
        .read_exact(&mut answer)
        .map_err(|e| RootlessError::kernel("start the holder", e))?;
    let [step, code @ ..] = answer;
    let source = io::Error::from_raw_os_error(i32::from_ne_bytes(code));
    match (step, STEPS.get(usize::from(step))) {
        (1, _) => Err(RootlessError::NoUserNamespaces { source }),
        (_, Some(action)) => Err(RootlessError::kernel(action, source)),
        _ => Ok(()),
    }
}

fn hold(answer: OwnedFd, permission: OwnedFd, resolv_conf: &Path) -> ! {
    let kept = [answer.as_fd(), permission.as_fd()];
    let detached = detach(c"zlayer-holder", &kept);
    let (mut answer, mut permission) = (File::from(answer), File::from(permission));
    let mut tell = |step: u8, result: io::Result<()>| {
        let (step, code) = match result {
            Ok(()) => (READY, 0),
            Err(error) => (step, error.raw_os_error().unwrap_or(libc::EIO)),
        };
        let mut message = vec![step];
        message.extend(code.to_ne_bytes());
        if answer.write_all(&message).is_err() || step != READY {
            // SAFETY: ends this process without running its parent's exit handlers.
            unsafe { libc::_exit(1) }
        }
    };
    if let Err(error) = detached {
        tell(0, Err(error));
    }
    tell(1, unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from));
    if permission.read_exact(&mut [0]).is_err() {
        // SAFETY: as above.
        unsafe { libc::_exit(1) }
    }
    if let Err(error) = unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET) {
        tell(2, Err(error.into()));
    }
    tell(3, set_up(resolv_conf));
    drop((answer, permission));
    loop {
        nix::unistd::pause();
    }
}

/// Inside: what is mounted outside later is seen, what is mounted inside stays inside; names are resolved by the way out.
fn set_up(resolv_conf: &Path) -> io::Result<()> {
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_SLAVE,
        None::<&str>,
    )?;
    start_loopback()?;
    // Without the file there are no names in either case.
    let _ = mount(
        Some(resolv_conf),
        "/etc/resolv.conf",
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    );
    Ok(())
}

fn start_loopback() -> io::Result<()> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0))?;
    // SAFETY: a zeroed request is a valid one; the name fits with its final zero byte.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    // SAFETY: the request outlives the call and is of the kind that it takes.
    let result = unsafe { libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&socket), libc::SIOCSIFFLAGS, &request) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Enters the namespaces of a holder. The process is root in them from then on.
pub fn enter(holder: Process) -> Result<(), RootlessError> {
    let failed = |source| RootlessError::kernel("enter the namespaces", source);
    let directory = PathBuf::from(format!("/proc/{}/ns", holder.pid));
    let working_directory = std::env::current_dir();
    // All are opened first: afterwards this process is another user's to the ones outside.
    let kinds = [
        ("user", CloneFlags::CLONE_NEWUSER),
        ("net", CloneFlags::CLONE_NEWNET),
        ("mnt", CloneFlags::CLONE_NEWNS),
    ];
    let files = kinds.map(|(name, kind)| File::open(directory.join(name)).map(|file| (file, kind)));
    for file in files {
        let (file, kind) = file.map_err(failed)?;
        setns(file, kind).map_err(|e| failed(e.into()))?;
    }
    // Entering a mount namespace leads to its root directory.
    if let Ok(directory) = working_directory {
        let _ = std::env::set_current_dir(directory);
    }
    Ok(())
}

/// Whether a process may be entered: it is the user's own and in a user namespace that is not this one.
pub fn can_enter(holder: Process) -> bool {
    let id = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/user")).ok();
    let pid = Pid::from_raw(holder.pid).to_string();
    holder.is_alive() && id(&pid).is_some_and(|theirs| id("self").is_some_and(|own| own != theirs))
}
