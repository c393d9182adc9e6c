//! The lowest layer of every container: the places that something is mounted at. Without it each start would make those
//! that the image lacks, on the disk; an image's own are on top of it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::bundle::etc_files;
use crate::directory::Directory;
use crate::error::{ContainerError, Result};

/// Made by the first container of a state directory.
pub(super) fn of(dir: &Directory) -> Result<PathBuf> {
    let skeleton = dir.skeleton();
    if !skeleton.exists() {
        make(&skeleton).map_err(|e| ContainerError::io("cannot create", &skeleton, e))?;
    }
    Ok(skeleton)
}

/// Made aside, because nothing may change in a layer that is in use.
fn make(skeleton: &Path) -> io::Result<()> {
    let aside = skeleton.with_extension(std::process::id().to_string());
    for name in ["", "dev", "etc", "proc", "sys"] {
        let path = aside.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    }
    for name in etc_files::NAMES {
        let path = aside.join("etc").join(name);
        fs::write(&path, "")?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
    }
    match fs::rename(&aside, skeleton) {
        // Another container was faster.
        Err(_) if skeleton.exists() => fs::remove_dir_all(&aside),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once() {
        let state = std::env::temp_dir().join(format!("skeleton-{}", std::process::id()));
        fs::create_dir(&state).unwrap();
        let dir = Directory::new(state.join("a"));
        let skeleton = of(&dir).unwrap();
        assert!(skeleton.join("etc/hosts").is_file() && skeleton.join("proc").is_dir());
        make(&skeleton).unwrap();
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
        fs::remove_dir_all(state).unwrap();
    }
}
