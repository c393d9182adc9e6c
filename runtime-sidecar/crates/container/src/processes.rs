//! The processes of a container, as `ps` shows them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::bundle::users;
use crate::cgroup::Layout;
use crate::process::stat_fields;

#[derive(Debug, Clone)]
pub struct ProcessInfo {
    /// As the node sees it.
    pub pid: u32,
    pub ppid: u32,
    /// Its name in the image, or its number.
    pub user: String,
    pub started_at_ms: u64,
    pub cpu_ms: u64,
    pub command: String,
}

/// Without a cgroup: everything that descends from the shim, which is the first process's parent.
fn pids(init: u32, cgroup: Option<&Path>) -> Vec<u32> {
    if let Some(path) = cgroup {
        let mut pids = Layout::of_machine().processes(path);
        pids.sort_by_key(|pid| (*pid != init, *pid));
        return pids;
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let shim = parent(init).unwrap_or(init);
    let mut next = vec![init];
    next.extend(children(shim));
    while let Some(pid) = next.pop() {
        if seen.insert(pid) {
            found.push(pid);
            next.extend(children(pid));
        }
    }
    found.sort_by_key(|pid| (*pid != init, *pid));
    found
}

fn parent(pid: u32) -> Option<u32> {
    stat_fields(pid)?.get(1)?.parse().ok()
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

pub(crate) fn list(init: u32, cgroup: Option<&Path>) -> Vec<ProcessInfo> {
    let root = std::path::PathBuf::from(format!("/proc/{init}/root"));
    let boot_ms = boot_time_ms();
    pids(init, cgroup)
        .into_iter()
        .filter_map(|pid| {
            let fields = stat_fields(pid)?;
            let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
            let uid = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
            Some(ProcessInfo {
                pid,
                ppid: u32::try_from(number(1)?).ok()?,
                user: users::name_of(&root, uid).unwrap_or_else(|| uid.to_string()),
                started_at_ms: boot_ms + ticks_to_ms(number(19)?),
                cpu_ms: ticks_to_ms(number(11)? + number(12)?),
                command: command(pid),
            })
        })
        .collect()
}

fn command(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if line.is_empty() {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        return format!("[{}]", name.trim_end());
    }
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}

pub(crate) struct Sum {
    pub cpu_ns: u64,
    pub memory_bytes: u64,
    pub pids: u32,
}

/// Time and memory of all processes, with the time of ended ones whose parents waited for them.
pub(crate) fn sum(init: u32) -> Sum {
    let mut sum = Sum {
        cpu_ns: 0,
        memory_bytes: 0,
        pids: 0,
    };
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|n| u64::try_from(n).ok());
    for pid in pids(init, None) {
        let Some(fields) = stat_fields(pid) else { continue };
        let ticks: u64 = (11..15)
            .filter_map(|index| fields.get(index)?.parse::<u64>().ok())
            .sum();
        sum.cpu_ns += ticks_to_ms(ticks) * 1_000_000;
        // Shared pages are counted for each process that has them, so leave out those of files.
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let pages: Vec<u64> = statm.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        if let [_, resident, shared, ..] = pages[..] {
            sum.memory_bytes += resident.saturating_sub(shared) * page.unwrap_or(4096);
        }
        sum.pids += 1;
    }
    sum
}

fn ticks_to_ms(ticks: u64) -> u64 {
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .and_then(|n| u64::try_from(n).ok());
    ticks * 1000 / per_second.unwrap_or(100).max(1)
}

fn boot_time_ms() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    stat.lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse::<u64>().ok())
        .unwrap_or(0)
        * 1000
}
