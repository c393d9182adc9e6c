//! The program that connects the network namespace with the outside: `pasta`, or `slirp4netns` where that is all there is.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sidecar_api_types::Limitation;

use crate::process::Process;
use crate::udp_ports::UdpPorts;

/// Where names are asked inside; the program hands the questions to the host's resolvers.
const PASTA_RESOLVER: &str = "169.254.1.1";
const SLIRP_RESOLVER: &str = "10.0.2.3";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOut {
    Pasta(PathBuf),
    Slirp(PathBuf),
}

impl WayOut {
    /// The better of the installed ones, or the limitation that there is none.
    pub fn find() -> Result<Self, Limitation> {
        if OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_err() {
            return Err(limitation(
                "no-tun-device",
                "Containers have no network to the outside, and their ports cannot be reached: this user may not open /dev/net/tun.",
                "Run `sudo modprobe tun && sudo chmod 666 /dev/net/tun`, then restart the engine.",
            ));
        }
        let installed = |name| find_program(name);
        installed("pasta").map(Self::Pasta).or_else(|| installed("slirp4netns").map(Self::Slirp)).ok_or_else(|| {
            limitation(
                "no-way-out",
                "Containers have no network to the outside, and their ports cannot be reached: neither pasta nor slirp4netns is installed.",
                "Run `sudo apt-get install passt`, then restart the engine.",
            )
        })
    }

    pub fn resolver(&self) -> &'static str {
        match self {
            Self::Pasta(_) => PASTA_RESOLVER,
            Self::Slirp(_) => SLIRP_RESOLVER,
        }
    }

    /// What this program cannot do.
    pub fn limitation(&self) -> Option<Limitation> {
        match self {
            Self::Slirp(_) => Some(limitation(
                "no-published-ports",
                "Published ports of containers cannot be reached from this machine: slirp4netns does not forward them.",
                "Run `sudo apt-get install passt`, then restart the engine.",
            )),
            Self::Pasta(program) if !notices_udp_ports(program) => Some(limitation(
                "udp-ports-on-loopback-only",
                "Published UDP ports of containers are reached from this machine's own loopback (127.0.0.1) only: the installed pasta is older than November 2023.",
                "Install a newer passt package (https://passt.top) and restart the engine, or run the engine as root.",
            )),
            Self::Pasta(_) => None,
        }
    }

    /// Whether UDP ports need a helper.
    pub fn udp_ports(&self, holder: Process) -> Option<UdpPorts> {
        match self {
            Self::Pasta(program) if !notices_udp_ports(program) => Some(UdpPorts::new(program.clone(), holder)),
            _ => None,
        }
    }

    /// The command, in the foreground. Containers get no way to the services on the host's loopback; the engine itself
    /// does (a registry on this machine), since pasta shows those on the namespace's own loopback.
    pub fn command(&self, holder: Process, log: &Path) -> Command {
        let pid = holder.pid.to_string();
        let mut command = match self {
            Self::Pasta(program) => {
                let mut command = Command::new(program);
                command.args([
                    "--foreground",
                    "--quiet",
                    "--config-net",
                    "--no-map-gw",
                    "--dns-forward",
                    PASTA_RESOLVER,
                ]);
                command
                    .args(["-t", "auto", "-u", "auto", "-T", "auto", "-U", "auto"])
                    .arg(pid);
                command
            }
            Self::Slirp(program) => {
                let mut command = Command::new(program);
                command
                    .args(["--configure", "--mtu=65520", "--disable-host-loopback"])
                    .args([pid.as_str(), "tap0"]);
                command
            }
        };
        let log = OpenOptions::new().create(true).write(true).truncate(true).open(log);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
        command
    }
}

/// Versions before 2023_11_10 look for UDP ports only when they start.
fn notices_udp_ports(pasta: &Path) -> bool {
    let output = Command::new(pasta).arg("--version").stdin(Stdio::null()).output();
    output.is_ok_and(|output| {
        version_date(&String::from_utf8_lossy(&output.stdout)).is_some_and(|date| date >= 20_231_110)
    })
}

/// The date in a version such as `pasta 2024_02_20.1e6f92b`, as a number. Packages with other versions are the oldest.
fn version_date(text: &str) -> Option<u32> {
    let word = text.lines().next()?.split_whitespace().nth(1)?;
    let date: String = word.split('.').next()?.split('_').collect();
    if date.len() == 8 { date.parse().ok() } else { None }
}

/// Whether the namespace of the holder has a default route.
pub fn is_connected(holder: Process) -> bool {
    // With an address: the link alone is there a moment before it can be used.
    let routes = fs::read_to_string(format!("/proc/{}/net/route", holder.pid)).unwrap_or_default();
    routes
        .lines()
        .skip(1)
        .any(|line| line.split_whitespace().nth(1) == Some("00000000"))
}

/// The limitation when the program runs but connects nothing.
pub fn not_connected(log: &Path) -> Limitation {
    let text = fs::read_to_string(log).unwrap_or_default();
    let last = text
        .lines()
        .rfind(|line| !line.contains("syslog"))
        .unwrap_or("it gave no reason")
        .trim()
        .to_owned();
    limitation(
        "no-way-out",
        &format!("Containers have no network to the outside, and their ports cannot be reached: {last}."),
        "Check that this machine has a default route, then restart the engine.",
    )
}

/// A program on the PATH or in the directories that ordinary users' PATH often lacks.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(name))
        .find(|file| nix::unistd::access(file, nix::unistd::AccessFlags::X_OK).is_ok() && file.is_file())
}

pub fn limitation(code: &str, message: &str, remedy: &str) -> Limitation {
    Limitation {
        code: code.to_owned(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::version_date;

    #[test]
    fn versions_are_dates() {
        assert_eq!(
            version_date("pasta 2024_02_20.1e6f92b\nCopyright Red Hat\n"),
            Some(20_240_220)
        );
        assert_eq!(version_date("pasta unknown version\nCopyright Red Hat\n"), None);
        assert_eq!(version_date(""), None);
    }
}
