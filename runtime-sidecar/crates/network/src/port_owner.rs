//! Which process has a port, as far as /proc tells.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

/// `name (pid)` of a process that listens on the port, on that address or on all. `None` when it is another user's or gone.
pub fn owner(host_ip: IpAddr, port: u16, udp: bool) -> Option<String> {
    let inodes: Vec<String> = tables(udp)
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|text| holders(&text, host_ip, port, udp))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let wanted: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let processes = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for pid in processes {
        let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        let held = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| wanted.iter().any(|socket| link.as_os_str() == socket.as_str()));
        if held {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            return Some(format!("'{}' (process {pid})", name.trim()));
        }
    }
    None
}

fn tables(udp: bool) -> [&'static str; 2] {
    if udp {
        ["/proc/net/udp", "/proc/net/udp6"]
    } else {
        ["/proc/net/tcp", "/proc/net/tcp6"]
    }
}

/// The inodes of the sockets in one table of /proc/net that hold the port.
fn holders(table: &str, host_ip: IpAddr, port: u16, udp: bool) -> Vec<String> {
    const LISTENING: &str = "0A";
    let holds = |fields: &[&str]| {
        let (address, local_port) = fields.get(1)?.split_once(':')?;
        let same_port = u16::from_str_radix(local_port, 16).ok()? == port;
        let listening = udp || *fields.get(3)? == LISTENING;
        (same_port && listening && overlaps(address, host_ip))
            .then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    };
    table
        .lines()
        .skip(1)
        .filter_map(|line| holds(&line.split_whitespace().collect::<Vec<_>>()))
        .collect()
}

fn overlaps(hex: &str, host_ip: IpAddr) -> bool {
    if host_ip.is_unspecified() || hex.bytes().all(|digit| digit == b'0') {
        return true;
    }
    match (u32::from_str_radix(hex, 16), host_ip) {
        // The table has the address as the machine holds it in memory.
        (Ok(raw), IpAddr::V4(address)) if hex.len() == 8 => Ipv4Addr::from(raw.to_ne_bytes()) == address,
        _ => hex.len() > 8,
    }
}
