//! The OCI bundle of a container: its runtime specification and the small files that are mounted into it.

pub(crate) mod capabilities;
pub(crate) mod etc_files;
mod mounts;
mod resources;
pub(crate) mod seccomp;
pub(crate) mod users;

use std::fs;
use std::path::{Path, PathBuf};

use oci_spec::OciSpecError;
use oci_spec::runtime::{
    LinuxBuilder, LinuxNamespaceBuilder, LinuxNamespaceType, PosixRlimitBuilder, Process, ProcessBuilder, RootBuilder,
    Spec, SpecBuilder, UserBuilder,
};

use crate::config::{ContainerConfig, Mount, NetworkNamespace};
use crate::directory::{Blueprint, Directory, write_json};
use crate::error::{ContainerError, ErrorKind, Result};
use crate::node::Node;

pub(crate) const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl From<OciSpecError> for ContainerError {
    fn from(error: OciSpecError) -> Self {
        Self::internal("cannot build the container's runtime specification", error)
    }
}

/// Writes the bundle of a container whose root file system is mounted already.
pub(crate) fn write(dir: &Directory, blueprint: &Blueprint, node: &Node) -> Result<()> {
    let config = &blueprint.config;
    make_workdir(&dir.rootfs(), config)?;
    etc_files::write(dir, config)?;
    let bundle = dir.bundle();
    fs::create_dir_all(&bundle).map_err(|e| ContainerError::io("cannot create", &bundle, e))?;
    let spec = spec(dir, blueprint, node)?;
    write_json(&bundle.join("config.json"), &spec, false)
}

fn spec(dir: &Directory, blueprint: &Blueprint, node: &Node) -> Result<Spec> {
    let config = &blueprint.config;
    let mut namespaces = Vec::new();
    for typ in [
        LinuxNamespaceType::Pid,
        LinuxNamespaceType::Ipc,
        LinuxNamespaceType::Uts,
        LinuxNamespaceType::Mount,
        LinuxNamespaceType::Cgroup,
    ] {
        if typ != LinuxNamespaceType::Cgroup || Path::new("/proc/self/ns/cgroup").exists() {
            namespaces.push(LinuxNamespaceBuilder::default().typ(typ).build()?);
        }
    }
    match &config.network {
        NetworkNamespace::Host => {}
        NetworkNamespace::None => {
            namespaces.push(
                LinuxNamespaceBuilder::default()
                    .typ(LinuxNamespaceType::Network)
                    .build()?,
            );
        }
        NetworkNamespace::Path(path) => {
            if !path.exists() {
                let message = format!(
                    "the network namespace {} is missing; set it up again first",
                    path.display()
                );
                return Err(ContainerError::new(ErrorKind::NetworkMissing, message));
            }
            namespaces.push(
                LinuxNamespaceBuilder::default()
                    .typ(LinuxNamespaceType::Network)
                    .path(path)
                    .build()?,
            );
        }
    }
    let mut linux = LinuxBuilder::default()
        .namespaces(namespaces)
        .masked_paths(mounts::masked_paths())
        .readonly_paths(mounts::readonly_paths())
        .rootfs_propagation("private")
        .cgroups_path(
            blueprint
                .cgroup_path()
                .unwrap_or_else(|| PathBuf::from("/").join(&config.id)),
        );
    if blueprint.cgroup_parent.is_some() {
        linux = linux.resources(resources::resources(&config.limits)?);
    }
    if !config.security.sysctls.is_empty() {
        linux = linux.sysctl(
            config
                .security
                .sysctls
                .clone()
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
    }
    let mut linux = linux.build()?;
    if blueprint.cgroup_parent.is_none() {
        // The builder's default limits devices, which needs a cgroup.
        linux.set_resources(None);
    }
    Ok(SpecBuilder::default()
        .version("1.0.2")
        .root(
            RootBuilder::default()
                .path(dir.rootfs())
                .readonly(config.rootfs.read_only)
                .build()?,
        )
        .hostname(config.hostname.clone())
        .process(init_process(dir, blueprint, node)?)
        .mounts(mounts::mounts(dir, blueprint, node)?)
        .linux(linux)
        .build()?)
}

fn init_process(dir: &Directory, blueprint: &Blueprint, node: &Node) -> Result<Process> {
    let config = &blueprint.config;
    let mut env = config.env.clone();
    default_env(&mut env, config);
    process(
        dir,
        blueprint,
        node,
        ProcessParts {
            args: config.args.clone(),
            env,
            // One that does not exist yet is entered by the launcher, once it does.
            cwd: late_workdir(config).map_or_else(|| config.cwd.clone(), |_| "/".to_owned()),
            user: config.user.as_deref(),
            terminal: config.terminal,
        },
    )
}

/// What differs between a container's first process and one that is started in it later.
pub(crate) struct ProcessParts<'a> {
    pub args: Vec<String>,
    pub env: Vec<String>,
    pub cwd: String,
    pub user: Option<&'a str>,
    pub terminal: bool,
}

/// A process with the container's limits and privileges.
pub(crate) fn process(dir: &Directory, blueprint: &Blueprint, node: &Node, parts: ProcessParts<'_>) -> Result<Process> {
    let config = &blueprint.config;
    let user = users::lookup(&dir.rootfs(), parts.user, &config.extra_groups)?;
    let mut rlimits = Vec::new();
    for (name, (soft, hard)) in &config.limits.ulimits {
        let typ = crate::validate::rlimit(name)?;
        rlimits.push(PosixRlimitBuilder::default().typ(typ).soft(*soft).hard(*hard).build()?);
    }
    let capabilities = capabilities::of(&config.security, node, blueprint.cgroup_parent.is_some())?;
    let mut process = ProcessBuilder::default()
        .terminal(parts.terminal)
        .args(parts.args)
        .env(parts.env)
        .cwd(&parts.cwd)
        .user(
            UserBuilder::default()
                .uid(user.uid)
                .gid(user.gid)
                .additional_gids(user.groups)
                .build()?,
        )
        .capabilities(capabilities::for_user(&capabilities, user.uid)?)
        .rlimits(rlimits)
        .no_new_privileges(true);
    if let Some(adjustment) = oom_score_adj(config.limits.oom_score_adj, node) {
        process = process.oom_score_adj(adjustment);
    }
    Ok(process.build()?)
}

/// Lowering the score below one's own is a privilege, which this process may not have.
fn oom_score_adj(wanted: Option<i32>, node: &Node) -> Option<i32> {
    let own = fs::read_to_string("/proc/self/oom_score_adj")
        .ok()?
        .trim()
        .parse::<i32>()
        .ok()?;
    match wanted {
        Some(wanted) if wanted < own && !node.may_lower_oom_score => Some(own),
        other => other,
    }
}

pub(crate) fn default_env(env: &mut Vec<String>, config: &ContainerConfig) {
    let mut default = |name: &str, entry: String| {
        if !env
            .iter()
            .any(|have| have.split_once('=').is_some_and(|(n, _)| n == name))
        {
            env.push(entry);
        }
    };
    default("PATH", DEFAULT_PATH.to_owned());
    default("HOSTNAME", format!("HOSTNAME={}", config.hostname));
    if config.terminal {
        default("TERM", "TERM=xterm".to_owned());
    }
}

/// The working directory is made when the image lacks it, owned by root, never through a link that leaves the container.
fn make_workdir(rootfs: &Path, config: &ContainerConfig) -> Result<()> {
    let cwd = Path::new(&config.cwd);
    // Below a mount the directory belongs to the mount, not to the image.
    let (base, relative) = match nearest_mount(config) {
        Some((Place::Bind(source), relative)) => (source, relative),
        Some((Place::Empty, relative)) if !relative.as_os_str().is_empty() => return Ok(()),
        Some((Place::Empty, _)) | None => (rootfs, cwd),
    };
    let root = pathrs::Root::open(base).map_err(|e| workdir_failed(config, &e))?;
    make_directory(&root, relative).map_err(|e| workdir_failed(config, &e))
}

/// The working directory when it lies below a mount that is there only in the container, and empty: it can be made only there.
pub(crate) fn late_workdir(config: &ContainerConfig) -> Option<&Path> {
    let (place, relative) = nearest_mount(config)?;
    (matches!(place, Place::Empty) && !relative.as_os_str().is_empty()).then(|| Path::new(&config.cwd))
}

/// Makes such a directory in the container whose first process is `init`, before its program runs.
pub(crate) fn make_late_workdir(config: &ContainerConfig, init: i32) -> Result<()> {
    let Some(cwd) = late_workdir(config) else {
        return Ok(());
    };
    let path = PathBuf::from(format!("/proc/{init}/root/"));
    let root = fs::File::open(&path).map_err(|e| ContainerError::io("cannot open", &path, e))?;
    make_directory(&pathrs::Root::from_fd(root), cwd).map_err(|e| workdir_failed(config, &e))
}

fn make_directory(root: &pathrs::Root, path: &Path) -> std::result::Result<(), pathrs::error::Error> {
    use std::os::unix::fs::PermissionsExt;
    if path.as_os_str().is_empty() || root.resolve(path).is_ok() {
        return Ok(());
    }
    root.mkdir_all(path, &fs::Permissions::from_mode(0o755)).map(|_| ())
}

fn workdir_failed(config: &ContainerConfig, why: &dyn std::fmt::Display) -> ContainerError {
    let hint = "choose another workdir, or fix the image";
    ContainerError::new(
        ErrorKind::WorkdirFailed,
        format!("cannot make the working directory {}: {why}; {hint}", config.cwd),
    )
}

/// What a directory below a mount lies in.
enum Place<'a> {
    Bind(&'a Path),
    /// A file system that is new with the container.
    Empty,
}

/// The mount that holds the working directory, and the rest of the path below it.
fn nearest_mount(config: &ContainerConfig) -> Option<(Place<'_>, &Path)> {
    let cwd = Path::new(&config.cwd);
    let wanted = config.mounts.iter().map(|mount| match mount {
        Mount::Bind { source, target, .. } => (Place::Bind(source), target.as_str()),
        Mount::Tmpfs { target, .. } => (Place::Empty, target.as_str()),
    });
    ["/dev", "/proc", "/sys"]
        .map(|target| (Place::Empty, target))
        .into_iter()
        .chain(wanted)
        .filter_map(|(place, target)| Some((place, cwd.strip_prefix(target).ok()?)))
        .min_by_key(|(_, relative)| relative.as_os_str().len())
}
