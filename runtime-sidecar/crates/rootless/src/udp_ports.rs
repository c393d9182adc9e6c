//! UDP ports for a `pasta` that looks for them only when it starts: another one beside it, started again whenever the
//! ports change, forwards them from the host's loopback. The connections of the first one go on.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::process::Process;

const LINK: &str = "zl-udp";
const LOWEST_PORT: u16 = 1024;

pub struct UdpPorts {
    pasta: PathBuf,
    holder: Process,
    /// As they were at the last look. A port counts when it is there twice, so that a moment's socket is no reason to start.
    seen: BTreeSet<u16>,
    forwarded: BTreeSet<u16>,
    child: Option<Child>,
}

impl UdpPorts {
    pub fn new(pasta: PathBuf, holder: Process) -> Self {
        Self {
            pasta,
            holder,
            seen: BTreeSet::new(),
            forwarded: BTreeSet::new(),
            child: None,
        }
    }

    /// The process that forwards them now.
    pub fn process(&self) -> Option<Process> {
        let child = self.child.as_ref()?;
        Process::of(nix::unistd::Pid::from_raw(child.id().cast_signed()))
    }

    /// Looks at the ports, and starts a process for them when they changed. `true` when it did.
    pub fn update(&mut self) -> bool {
        let inside = bound_ports(&fs::read_to_string(format!("/proc/{}/net/udp", self.holder.pid)).unwrap_or_default());
        let outside = bound_ports(&fs::read_to_string("/proc/self/net/udp").unwrap_or_default());
        // Ports that other programs have outside cannot be taken there.
        let free = |port: &u16| self.forwarded.contains(port) || !outside.contains(port);
        let wanted: BTreeSet<u16> = inside.intersection(&self.seen).copied().filter(free).collect();
        self.seen = inside;
        let ended = self
            .child
            .as_mut()
            .is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
        if wanted == self.forwarded && !ended {
            return false;
        }
        self.stop();
        self.forwarded = wanted;
        if !self.forwarded.is_empty() {
            let ports: Vec<String> = self.forwarded.iter().map(u16::to_string).collect();
            let mut command = Command::new(&self.pasta);
            command.args([
                "--foreground",
                "--quiet",
                "--ns-ifname",
                LINK,
                "-t",
                "none",
                "-T",
                "none",
                "-U",
                "none",
            ]);
            command.args(["-u", &ports.join(",")]).arg(self.holder.pid.to_string());
            self.child = command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok();
        }
        true
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for UdpPorts {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The ports of sockets that are bound and not connected, on any address or the loopback.
fn bound_ports(table: &str) -> BTreeSet<u16> {
    let port = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote) = (fields.next()?, fields.next()?);
        let (address, port) = local.split_once(':')?;
        let open = remote.bytes().all(|byte| matches!(byte, b'0' | b':')) && matches!(address, "00000000" | "0100007F");
        u16::from_str_radix(port, 16)
            .ok()
            .filter(|port| open && *port >= LOWEST_PORT)
    };
    table.lines().skip(1).filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::bound_ports;

    #[test]
    fn only_open_ports_count() {
        let table = "  sl  local_address rem_address   st\n\
            1: 00000000:C35B 00000000:0000 07\n\
            2: 0100007F:0800 00000000:0000 07\n\
            3: 00000000:C35C 0100007F:0035 01\n\
            4: 0100590A:1F90 00000000:0000 07\n\
            5: 00000000:0035 00000000:0000 07\n";
        assert_eq!(bound_ports(table).into_iter().collect::<Vec<_>>(), [0x0800, 0xC35B]);
    }
}
