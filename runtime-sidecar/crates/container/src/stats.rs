//! Resource use of a container, read from its cgroup and its network namespace.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::cgroup::{Layout, keyed};
use crate::config::NetworkNamespace;
use crate::directory::{Record, RunState};
use crate::network::{NamespaceCounters, fold};
use crate::processes;

/// Counters since the container was created, from its cgroup and its network namespace; 0 where the machine does not tell.
///
/// Without a cgroup, cpu time, memory and the number of processes are sums over the container's processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub cpu_ns: u64,
    /// The working set: what is in use without the file cache that can be dropped.
    pub memory_bytes: u64,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub read_bytes: u64,
    pub write_bytes: u64,
    pub pids: u32,
    pub oom_kills: u64,
}

/// Limits that hold, where there are any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnforcedLimits {
    pub cpu_millicores: Option<u64>,
    pub memory_bytes: Option<u64>,
}

/// Keeps the cgroup's files open between samples: reading one again is a single system call.
pub(crate) struct Sampler {
    files: Option<Files>,
    /// Highest so far; the sum over processes can lose one that ended unseen.
    cpu_without_cgroup_ns: u64,
}

impl Sampler {
    pub fn new(cgroup: Option<PathBuf>) -> Self {
        Self {
            files: cgroup.map(|path| Files::new(Layout::of_machine(), &path)),
            cpu_without_cgroup_ns: 0,
        }
    }

    pub fn sample(&mut self, record: &Record, network: &NetworkNamespace) -> Stats {
        let pid = match record.state {
            RunState::Running { pid, .. } => Some(pid),
            RunState::Exited { .. } => None,
        };
        let mut stats = self.files.as_mut().map(Files::read).unwrap_or_default();
        if self.files.is_none() {
            if let Some(pid) = pid {
                let sum = processes::sum(pid);
                self.cpu_without_cgroup_ns = self.cpu_without_cgroup_ns.max(sum.cpu_ns);
                stats.memory_bytes = sum.memory_bytes;
                stats.pids = sum.pids;
            }
            stats.cpu_ns = self.cpu_without_cgroup_ns;
        }
        let base = record.network;
        let counters = pid.and_then(|pid| NamespaceCounters::open(network, pid));
        let total = counters
            .and_then(|file| Some(fold(base, file.namespace(), file.read()?)))
            .unwrap_or(base);
        stats.rx_bytes = total.rx_bytes;
        stats.tx_bytes = total.tx_bytes;
        stats
    }
}

struct Files {
    unified: bool,
    cpu: CgroupFile,
    memory: CgroupFile,
    memory_stat: CgroupFile,
    memory_events: CgroupFile,
    io: CgroupFile,
    pids: CgroupFile,
}

impl Files {
    fn new(layout: &Layout, path: &Path) -> Self {
        let file = |controller: &str, v1: &str, v2: &str| {
            let name = if layout.is_unified() { v2 } else { v1 };
            CgroupFile {
                path: layout.file(controller, path, name),
                file: None,
            }
        };
        Self {
            unified: layout.is_unified(),
            cpu: file("cpuacct", "cpuacct.usage", "cpu.stat"),
            memory: file("memory", "memory.usage_in_bytes", "memory.current"),
            memory_stat: file("memory", "memory.stat", "memory.stat"),
            memory_events: file("memory", "memory.oom_control", "memory.events"),
            io: file("blkio", "blkio.throttle.io_service_bytes", "io.stat"),
            pids: file("pids", "pids.current", "pids.current"),
        }
    }

    fn read(&mut self) -> Stats {
        let number = |text: String| text.trim().parse::<u64>().unwrap_or(0);
        let memory_stat = self.memory_stat.read();
        let inactive_file = if self.unified {
            "inactive_file"
        } else {
            "total_inactive_file"
        };
        let (read_bytes, write_bytes) = if self.unified {
            io_v2(&self.io.read())
        } else {
            io_v1(&self.io.read())
        };
        Stats {
            cpu_ns: if self.unified {
                keyed(&self.cpu.read(), "usage_usec").unwrap_or(0) * 1000
            } else {
                number(self.cpu.read())
            },
            memory_bytes: number(self.memory.read()).saturating_sub(keyed(&memory_stat, inactive_file).unwrap_or(0)),
            read_bytes,
            write_bytes,
            pids: u32::try_from(number(self.pids.read())).unwrap_or(u32::MAX),
            oom_kills: keyed(&self.memory_events.read(), "oom_kill").unwrap_or(0),
            ..Stats::default()
        }
    }
}

struct CgroupFile {
    path: Option<PathBuf>,
    file: Option<File>,
}

impl CgroupFile {
    /// Empty when the file is not there.
    fn read(&mut self) -> String {
        let mut buffer = [0; 8192];
        for _ in 0..2 {
            if self.file.is_none() {
                self.file = self.path.as_ref().and_then(|path| File::open(path).ok());
            }
            match self.file.as_ref().map(|file| file.read_at(&mut buffer, 0)) {
                Some(Ok(length)) => return String::from_utf8_lossy(&buffer[..length]).into_owned(),
                // The cgroup was made anew.
                Some(Err(_)) => self.file = None,
                None => break,
            }
        }
        String::new()
    }
}

fn io_v1(text: &str) -> (u64, u64) {
    let sum = |operation: &str| {
        text.lines()
            .filter_map(|line| {
                let mut fields = line.split(' ').skip(1);
                (fields.next()? == operation).then(|| fields.next()?.parse::<u64>().ok())?
            })
            .sum()
    };
    (sum("Read"), sum("Write"))
}

fn io_v2(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        text.split_whitespace()
            .filter_map(|field| field.strip_prefix(key)?.parse::<u64>().ok())
            .sum()
    };
    (sum("rbytes="), sum("wbytes="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;

    struct Fixture(PathBuf);

    impl Fixture {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let root = std::env::temp_dir().join(format!("cgroup-{name}-{}", std::process::id()));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    const EXPECTED: Stats = Stats {
        cpu_ns: 1_500_000,
        memory_bytes: 3_000_000,
        rx_bytes: 0,
        tx_bytes: 0,
        read_bytes: 4096,
        write_bytes: 12288,
        pids: 3,
        oom_kills: 2,
    };

    #[test]
    fn version_1() {
        let fixture = Fixture::new(
            "v1",
            &[
                ("cpuacct/zlayer/a/cpuacct.usage", "1500000\n"),
                ("memory/zlayer/a/memory.usage_in_bytes", "4000000\n"),
                (
                    "memory/zlayer/a/memory.stat",
                    "inactive_file 5\ntotal_inactive_file 1000000\n",
                ),
                (
                    "memory/zlayer/a/memory.oom_control",
                    "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
                ),
                (
                    "blkio/zlayer/a/blkio.throttle.io_service_bytes",
                    "8:0 Read 4096\n8:0 Write 8192\n8:16 Write 4096\n8:0 Total 12288\nTotal 16384\n",
                ),
                ("pids/zlayer/a/pids.current", "3\n"),
            ],
        );
        let controllers = ["cpuacct", "memory", "blkio", "pids"].map(|name| (name.to_owned(), fixture.0.join(name)));
        let layout = Layout::Separate(BTreeMap::from(controllers));
        assert_eq!(Files::new(&layout, Path::new("/zlayer/a")).read(), EXPECTED);
    }

    #[test]
    fn version_2() {
        let fixture = Fixture::new(
            "v2",
            &[
                (
                    "zlayer/a/cpu.stat",
                    "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n",
                ),
                ("zlayer/a/memory.current", "4000000\n"),
                ("zlayer/a/memory.stat", "anon 1\ninactive_file 1000000\n"),
                ("zlayer/a/memory.events", "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n"),
                (
                    "zlayer/a/io.stat",
                    "8:0 rbytes=4096 wbytes=8192 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=0 wbytes=4096 rios=0 wios=1 dbytes=0 dios=0\n",
                ),
                ("zlayer/a/pids.current", "3\n"),
            ],
        );
        let layout = Layout::Unified(fixture.0.clone());
        assert_eq!(Files::new(&layout, Path::new("/zlayer/a")).read(), EXPECTED);
    }

    #[test]
    fn a_machine_without_cgroups_tells_nothing() {
        assert_eq!(
            Files::new(&Layout::Absent, Path::new("/zlayer/a")).read(),
            Stats::default()
        );
    }
}
