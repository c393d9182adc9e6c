//! Where a container's cgroup is, in either version of the interface. Limits are set by libcontainer; this finds, reads
//! and removes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The machine's cgroup hierarchies. A hybrid machine counts as version 1: its controllers are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    Absent,
    /// Mount point by controller.
    Separate(BTreeMap<String, PathBuf>),
    Unified(PathBuf),
}

impl Layout {
    pub fn of_machine() -> &'static Self {
        static LAYOUT: OnceLock<Layout> = OnceLock::new();
        LAYOUT.get_or_init(|| Self::parse(&fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()))
    }

    fn parse(mountinfo: &str) -> Self {
        let mut separate = BTreeMap::new();
        let mut unified = None;
        for line in mountinfo.lines() {
            let Some((left, right)) = line.split_once(" - ") else {
                continue;
            };
            let Some(target) = left.split(' ').nth(4) else { continue };
            let mut right = right.split(' ');
            match right.next() {
                Some("cgroup") => {
                    for controller in right.nth(1).unwrap_or("").split(',') {
                        if controller != "rw" && controller != "ro" && !controller.starts_with("name=") {
                            separate.insert(controller.to_owned(), PathBuf::from(target));
                        }
                    }
                }
                Some("cgroup2") if target == "/sys/fs/cgroup" => unified = Some(PathBuf::from(target)),
                _ => {}
            }
        }
        match unified {
            Some(root) => Self::Unified(root),
            None if separate.is_empty() => Self::Absent,
            None => Self::Separate(separate),
        }
    }

    pub fn is_unified(&self) -> bool {
        matches!(self, Self::Unified(_))
    }

    /// The root of the hierarchy that has the controller. In a unified one, not every controller may be enabled.
    pub fn controller(&self, name: &str) -> Option<&Path> {
        match self {
            Self::Absent => None,
            Self::Separate(controllers) => controllers.get(name).map(PathBuf::as_path),
            // Access to devices is not limited by a file there.
            Self::Unified(_) if name == "devices" => None,
            Self::Unified(root) => Some(root),
        }
    }

    /// The directories of one cgroup, each once. `path` is `/<parent>/<id>`.
    pub fn directories(&self, path: &Path) -> Vec<PathBuf> {
        let relative = path.strip_prefix("/").unwrap_or(path);
        match self {
            Self::Absent => Vec::new(),
            Self::Separate(controllers) => {
                let mut directories: Vec<PathBuf> = controllers.values().map(|root| root.join(relative)).collect();
                directories.sort();
                directories.dedup();
                directories
            }
            Self::Unified(root) => vec![root.join(relative)],
        }
    }

    /// The directory of one controller for a cgroup.
    pub fn directory(&self, controller: &str, path: &Path) -> Option<PathBuf> {
        let relative = path.strip_prefix("/").unwrap_or(path);
        self.controller(controller).map(|root| root.join(relative))
    }

    /// The file of one controller in a cgroup.
    pub fn file(&self, controller: &str, path: &Path, name: &str) -> Option<PathBuf> {
        self.directory(controller, path).map(|directory| directory.join(name))
    }

    /// How often the kernel killed a process of the cgroup because of its memory limit.
    pub fn oom_kills(&self, path: &Path) -> u64 {
        let name = if self.is_unified() {
            "memory.events"
        } else {
            "memory.oom_control"
        };
        let text = self
            .file("memory", path, name)
            .and_then(|file| fs::read_to_string(file).ok())
            .unwrap_or_default();
        keyed(&text, "oom_kill").unwrap_or(0)
    }

    /// Every process of the cgroup, as seen from here.
    pub fn processes(&self, path: &Path) -> Vec<u32> {
        let file = ["pids", "memory", "cpu", "devices"]
            .iter()
            .find_map(|controller| self.file(controller, path, "cgroup.procs"));
        let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Kills what is left in the cgroup.
    pub fn kill_all(&self, path: &Path) {
        if let Self::Unified(root) = self {
            let _ = fs::write(
                root.join(path.strip_prefix("/").unwrap_or(path)).join("cgroup.kill"),
                "1",
            );
        }
        for pid in self.processes(path) {
            if let Ok(pid) = i32::try_from(pid) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }

    /// Removes the cgroup. A process that was killed a moment ago may still be in it, so that this tries for a while.
    pub fn remove(&self, path: &Path) -> std::io::Result<()> {
        for directory in self.directories(path) {
            let mut attempts = 0;
            loop {
                match fs::remove_dir(&directory) {
                    Ok(()) => break,
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => break,
                    Err(e) if attempts == 100 => return Err(e),
                    Err(_) => {
                        attempts += 1;
                        std::thread::sleep(std::time::Duration::from_millis(5));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The number after `key` in a file of `key number` lines.
pub(crate) fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hybrid_machines_use_version_1() {
        let layout = Layout::parse(
            "30 1 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
             31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
             32 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             33 30 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n\
             34 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        );
        assert_eq!(
            layout.controller("cpuacct"),
            Some(Path::new("/sys/fs/cgroup/cpu,cpuacct"))
        );
        assert_eq!(
            layout.file("memory", Path::new("/zlayer/a"), "memory.stat"),
            Some(PathBuf::from("/sys/fs/cgroup/memory/zlayer/a/memory.stat"))
        );
        assert!(!layout.is_unified());
    }

    #[test]
    fn unified_machines() {
        let layout = Layout::parse("30 1 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
        assert_eq!(
            layout.directories(Path::new("/zlayer/a")),
            [PathBuf::from("/sys/fs/cgroup/zlayer/a")]
        );
        assert_eq!(layout.controller("devices"), None);
        assert_eq!(Layout::parse(""), Layout::Absent);
    }

    #[test]
    fn keyed_lines() {
        assert_eq!(keyed("oom 3\noom_kill 2\noom_group_kill 0\n", "oom_kill"), Some(2));
        assert_eq!(
            keyed("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", "oom_kill"),
            Some(1)
        );
    }
}
