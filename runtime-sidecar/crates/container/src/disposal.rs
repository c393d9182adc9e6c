//! Removal of what a container leaves on the machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cgroup::Layout;
use crate::directory::{Blueprint, Directory};
use crate::error::{ContainerError, ErrorKind, Result};

/// Directories that are being removed carry this in front of the container's id, so that the id is free at once.
pub(crate) const REMOVING: &str = ".removing-";

/// Kills what is left in the cgroup, removes the cgroup and the directory. Nothing may be mounted in the directory.
pub(crate) fn dispose(dir: &Directory, blueprint: &Blueprint) -> Result<()> {
    if let Some(path) = blueprint.cgroup_path() {
        let layout = Layout::of_machine();
        layout.kill_all(&path);
        layout
            .remove(&path)
            .map_err(|e| ContainerError::io("cannot remove the cgroup", &path, e))?;
    }
    // Not recursive: were the root file system still mounted, its files would be deleted.
    let scratch = dir.scratch();
    match fs::remove_dir(&scratch) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(ContainerError::io("cannot remove", &scratch, e));
        }
        _ => {}
    }
    let aside = aside(dir)?;
    match fs::rename(dir.path(), &aside) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(ContainerError::io("cannot remove", dir.path(), e)),
        Ok(()) => {}
    }
    remove_tree(&aside)
}

fn aside(dir: &Directory) -> Result<PathBuf> {
    let (Some(parent), Some(name)) = (
        dir.path().parent(),
        dir.path().file_name().and_then(|name| name.to_str()),
    ) else {
        return Err(ContainerError::new(
            ErrorKind::Internal,
            format!("{} is no container's directory", dir.path().display()),
        ));
    };
    Ok(parent.join(format!("{REMOVING}{name}-{}", std::process::id())))
}

pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(ContainerError::io("cannot remove", path, e)),
        _ => Ok(()),
    }
}
