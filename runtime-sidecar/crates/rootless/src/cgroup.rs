//! The part of the cgroup tree that this user may use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use sidecar_api_types::Limitation;

use crate::way_out::limitation;

const NEEDED: [&str; 3] = ["cpu", "memory", "pids"];
/// The engine's own place below the delegated cgroup: a cgroup that hands controllers on may hold no processes itself.
const LEAF: &str = "engine";

/// Takes the cgroup v2 that this process was delegated, for the cgroups of containers. The path is relative to the root of
/// the hierarchy, such as `/user.slice/user-1000.slice/user@1000.service/app.slice/zlayer.scope`.
pub fn take_delegated() -> Result<String, Limitation> {
    let own = own_path()
        .filter(|own| own != "/")
        .ok_or_else(|| refused("this machine has no cgroup v2 for ordinary users"))?;
    let root = mount_point().ok_or_else(|| refused("cgroup v2 is not mounted"))?;
    // After a restart the engine may have been started in the leaf of the last one.
    let own = own.strip_suffix(&format!("/{LEAF}")).unwrap_or(&own).to_owned();
    let directory = root.join(own.trim_start_matches('/'));
    let writable = ["", "cgroup.procs", "cgroup.subtree_control"]
        .iter()
        .all(|file| access(&directory.join(file), AccessFlags::W_OK).is_ok());
    if !writable {
        return Err(refused("the engine was not started in a cgroup of its own"));
    }
    let controllers = fs::read_to_string(directory.join("cgroup.controllers")).unwrap_or_default();
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|needed| !controllers.split_whitespace().any(|have| have == *needed))
        .collect();
    if !missing.is_empty() {
        return Err(refused(&format!(
            "the controllers {} are not delegated to this user",
            missing.join(", ")
        )));
    }
    hand_on(&directory, &controllers).map_err(|error| refused(&format!("its cgroup cannot be divided ({error})")))?;
    Ok(own)
}

fn hand_on(directory: &Path, controllers: &str) -> io::Result<()> {
    let leaf = directory.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::write(leaf.join("cgroup.procs"), std::process::id().to_string())?;
    let wanted = NEEDED.into_iter().chain(["io", "cpuset"]);
    for controller in wanted.filter(|wanted| controllers.split_whitespace().any(|have| have == *wanted)) {
        fs::write(directory.join("cgroup.subtree_control"), format!("+{controller}"))?;
    }
    Ok(())
}

fn refused(reason: &str) -> Limitation {
    limitation(
        "no-cgroup-delegation",
        &format!("Limits of CPU, memory and processes are not enforced, and block IO is not measured: {reason}."),
        "On a machine with systemd and cgroup v2, start the engine by `systemd-run --user --scope -p Delegate=yes`; otherwise run it as root.",
    )
}

/// The path of this process in the cgroup v2 hierarchy.
pub fn own_path() -> Option<String> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("0::"))
        .map(str::to_owned)
}

/// Where the cgroup v2 hierarchy is mounted, if it is the only one.
pub fn mount_point() -> Option<PathBuf> {
    find_mount(&fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// The fields after ` - ` in a line of mountinfo are the type, the source and options; the fifth before is the place.
fn find_mount(text: &str) -> Option<PathBuf> {
    let place = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        (kind.split(' ').next() == Some("cgroup2")).then(|| mount.split(' ').nth(4).map(PathBuf::from))?
    };
    text.lines().find_map(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_is_found() {
        let text = "35 25 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n36 25 0:31 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        assert_eq!(find_mount(text), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(find_mount("1 2 3:4 / / rw - ext4 /dev/sda rw\n"), None);
    }
}
