//! The process outside the namespaces that keeps the way out running for as long as the holder lives.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork};

use crate::error::RootlessError;
use crate::process::{Process, detach};
use crate::udp_ports::UdpPorts;
use crate::way_out::WayOut;

/// As often as pasta itself looks for TCP ports.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts a keeper. `note` is a file that holds the processes it runs, so that the next keeper can end what one
/// that was killed left.
pub fn start(way_out: &WayOut, holder: Process, log: &Path, note: &Path) -> Result<Process, RootlessError> {
    let failed = |source: io::Error| RootlessError::kernel("start the keeper", source);
    // SAFETY: the caller has checked that there is one thread, so the child may do whatever its parent could.
    match unsafe { fork() }.map_err(|e| failed(e.into()))? {
        ForkResult::Parent { child } => Process::of(child).ok_or_else(|| failed(io::Error::other("it ended"))),
        ForkResult::Child => {
            if detach(c"zlayer-keeper", &[]).is_ok() {
                end_leftover(note);
                let _ = keep(way_out, holder, log, note);
            }
            // SAFETY: ends this process without running its parent's exit handlers.
            unsafe { libc::_exit(0) }
        }
    }
}

fn end_leftover(note: &Path) {
    let leftover: Vec<Process> = fs::read(note)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    for process in leftover.into_iter().filter(|process| process.is_alive()) {
        let Ok(ended) = process.open() else { continue };
        let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        wait_for(&[&ended], Some(Duration::from_secs(5)));
    }
}

fn keep(way_out: &WayOut, holder: Process, log: &Path, note: &Path) -> io::Result<()> {
    let holder_ended = holder.open()?;
    let mut pause = SHORTEST_PAUSE;
    let mut udp_ports = way_out.udp_ports(holder);
    loop {
        let started = std::time::Instant::now();
        if let Ok(child) = way_out.command(holder, log).spawn()
            && watch(child, &holder_ended, udp_ports.as_mut(), note)? == Ended::Holder
        {
            return Ok(());
        }
        // One that ran for a while is tried again at once; one that fails at once must not keep the machine busy.
        pause = if started.elapsed() > LONGEST_PAUSE {
            SHORTEST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        if wait_for(&[&holder_ended], Some(pause / 2)) {
            return Ok(());
        }
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Program,
    Holder,
}

fn watch(
    mut child: Child,
    holder_ended: &OwnedFd,
    mut udp_ports: Option<&mut UdpPorts>,
    note: &Path,
) -> io::Result<Ended> {
    let pid = Pid::from_raw(child.id().cast_signed());
    let Some(process) = Process::of(pid) else {
        child.wait()?;
        return Ok(Ended::Program);
    };
    write_note(note, process, udp_ports.as_deref());
    let program_ended = process.open();
    if let Ok(program_ended) = &program_ended {
        let look_again = udp_ports.is_some().then_some(BETWEEN_LOOKS);
        while !wait_for(&[holder_ended, program_ended], look_again) {
            if let Some(udp_ports) = &mut udp_ports
                && udp_ports.update()
            {
                write_note(note, process, Some(udp_ports));
            }
        }
    }
    if wait_for(&[holder_ended], Some(Duration::ZERO)) {
        child.kill()?;
        child.wait()?;
        return Ok(Ended::Holder);
    }
    child.wait()?;
    Ok(Ended::Program)
}

fn write_note(note: &Path, program: Process, udp_ports: Option<&UdpPorts>) {
    let running: Vec<Process> = [Some(program), udp_ports.and_then(UdpPorts::process)]
        .into_iter()
        .flatten()
        .collect();
    let _ = fs::write(note, serde_json::to_vec(&running).unwrap_or_default());
}

/// Waits until one of the processes has ended; `false` when the time is over first.
fn wait_for(processes: &[&OwnedFd], patience: Option<Duration>) -> bool {
    let mut fds: Vec<PollFd<'_>> = processes
        .iter()
        .map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN))
        .collect();
    let timeout = patience.map_or(PollTimeout::NONE, |time| {
        PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX)
    });
    loop {
        match poll(&mut fds, timeout) {
            Err(nix::Error::EINTR) => {}
            result => return result.is_ok_and(|ready| ready > 0),
        }
    }
}
