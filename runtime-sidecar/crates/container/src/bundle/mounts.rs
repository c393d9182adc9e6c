//! The mounts of a container: Docker's defaults, the generated files in `/etc`, then what the configuration asks for.

use std::path::{Path, PathBuf};

use oci_spec::runtime::{Mount as SpecMount, MountBuilder};

use super::etc_files;
use crate::cgroup::Layout;
use crate::config::{Mount, NetworkNamespace};
use crate::directory::{Blueprint, Directory};
use crate::error::{ContainerError, ErrorKind, Result};
use crate::node::Node;

pub(super) fn masked_paths() -> Vec<String> {
    [
        "/proc/asound",
        "/proc/acpi",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ]
    .map(str::to_owned)
    .to_vec()
}

pub(super) fn readonly_paths() -> Vec<String> {
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        .map(str::to_owned)
        .to_vec()
}

pub(super) fn mounts(dir: &Directory, blueprint: &Blueprint, node: &Node) -> Result<Vec<SpecMount>> {
    let config = &blueprint.config;
    let devpts_gid: &[&str] = if node.maps_tty_group { &["gid=5"] } else { &[] };
    let mut mounts = vec![
        mount("proc", "/proc", "proc", &["nosuid", "noexec", "nodev"])?,
        mount(
            "tmpfs",
            "/dev",
            "tmpfs",
            &["nosuid", "strictatime", "mode=755", "size=65536k"],
        )?,
        mount(
            "devpts",
            "/dev/pts",
            "devpts",
            &[
                &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
                devpts_gid,
            ]
            .concat(),
        )?,
    ];
    // A user namespace may mount sysfs only with a network namespace of its own.
    if node.in_user_namespace && matches!(config.network, NetworkNamespace::Host) {
        mounts.push(mount(
            "/sys",
            "/sys",
            "bind",
            &["rbind", "nosuid", "noexec", "nodev", "ro"],
        )?);
    } else {
        mounts.push(mount("sysfs", "/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"])?);
    }
    let separate = separate_cgroups(Layout::of_machine(), blueprint);
    if !node.can_show_cgroups(blueprint.cgroup_parent.is_some()) {
        // Nothing to show.
    } else if !separate.is_empty() {
        mounts.push(mount(
            "tmpfs",
            "/sys/fs/cgroup",
            "tmpfs",
            &["nosuid", "noexec", "nodev", "mode=755", "size=64k"],
        )?);
        for (controller, path) in separate {
            let target = format!("/sys/fs/cgroup/{controller}");
            mounts.push(mount(
                path,
                &target,
                "bind",
                &["bind", "nosuid", "noexec", "nodev", "ro"],
            )?);
        }
    } else {
        mounts.push(mount(
            "cgroup",
            "/sys/fs/cgroup",
            "cgroup",
            &["nosuid", "noexec", "nodev", "relatime", "ro"],
        )?);
    }
    mounts.push(mount(
        "mqueue",
        "/dev/mqueue",
        "mqueue",
        &["nosuid", "noexec", "nodev"],
    )?);
    mounts.push(mount(
        "shm",
        "/dev/shm",
        "tmpfs",
        &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
    )?);
    for name in etc_files::NAMES {
        mounts.push(mount(
            dir.etc().join(name),
            &format!("/etc/{name}"),
            "bind",
            &["rbind", "rprivate"],
        )?);
    }
    for wanted in &config.mounts {
        mounts.push(user_mount(wanted)?);
    }
    Ok(mounts)
}

/// What programs read to learn their limits, where each controller has a hierarchy of its own. libcontainer would mount every
/// hierarchy, and writable: the container's root could lift its own limits.
fn separate_cgroups(layout: &Layout, blueprint: &Blueprint) -> Vec<(&'static str, PathBuf)> {
    let (Layout::Separate(_), Some(cgroup)) = (layout, blueprint.cgroup_path()) else {
        return Vec::new();
    };
    ["cpu", "cpuacct", "cpuset", "memory", "pids"]
        .into_iter()
        .filter_map(|controller| Some((controller, layout.directory(controller, &cgroup)?)))
        .collect()
}

fn user_mount(wanted: &Mount) -> Result<SpecMount> {
    match wanted {
        Mount::Bind {
            source,
            target,
            read_only,
        } => {
            if !source.exists() {
                return Err(ContainerError::new(
                    ErrorKind::MountSourceMissing,
                    format!(
                        "cannot mount {} at {target}: it does not exist; create it, or correct the source of the mount",
                        source.display()
                    ),
                ));
            }
            let access = if *read_only { "rro" } else { "rw" };
            mount(source, target, "bind", &["rbind", "rprivate", access])
        }
        Mount::Tmpfs {
            target,
            size_bytes,
            mode,
        } => {
            let mut options = vec![
                "nosuid".to_owned(),
                "nodev".into(),
                "noexec".into(),
                format!("mode={mode:o}"),
            ];
            options.extend(size_bytes.map(|size| format!("size={size}")));
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            mount("tmpfs", target, "tmpfs", &options)
        }
    }
}

fn mount(source: impl AsRef<Path>, target: &str, typ: &str, options: &[&str]) -> Result<SpecMount> {
    Ok(MountBuilder::default()
        .source(source.as_ref())
        .destination(target)
        .typ(typ)
        .options(options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>())
        .build()?)
}
