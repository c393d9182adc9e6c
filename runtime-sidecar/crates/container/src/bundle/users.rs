//! Users and groups of an image. The image is hostile: its files are opened inside its root, whatever its links say, and
//! only so much of them is read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pathrs::flags::OpenFlags;

use crate::error::{ContainerError, ErrorKind, Result};

const MAX_FILE: u64 = 4 << 20;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImageUser {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

struct Passwd {
    name: String,
    uid: u32,
    gid: u32,
}

struct Group {
    name: String,
    gid: u32,
    members: Vec<String>,
}

/// `user`: as in `ContainerConfig::user`; absent means root.
pub(crate) fn lookup(rootfs: &Path, user: Option<&str>, extra_groups: &[String]) -> Result<ImageUser> {
    resolve(
        user,
        extra_groups,
        || passwd(&read(rootfs, "/etc/passwd")),
        || groups(&read(rootfs, "/etc/group")),
    )
}

/// The name of a user id in the image.
pub(crate) fn name_of(rootfs: &Path, uid: u32) -> Option<String> {
    passwd(&read(rootfs, "/etc/passwd"))
        .into_iter()
        .find(|entry| entry.uid == uid)
        .map(|entry| entry.name)
}

fn resolve(
    user: Option<&str>,
    extra_groups: &[String],
    passwd: impl Fn() -> Vec<Passwd>,
    groups: impl Fn() -> Vec<Group>,
) -> Result<ImageUser> {
    let (name, group) = match user.unwrap_or("0").split_once(':') {
        Some((name, group)) => (name, Some(group).filter(|g| !g.is_empty())),
        None => (user.unwrap_or("0"), None),
    };
    let name = if name.is_empty() { "0" } else { name };
    let passwd = passwd();
    let number = name.parse::<u32>().ok();
    let entry = passwd
        .iter()
        .find(|e| e.name == name)
        .or_else(|| passwd.iter().find(|e| Some(e.uid) == number));
    let uid = entry.map(|e| e.uid).or(number).ok_or_else(|| {
        ContainerError::new(
            ErrorKind::UserNotFound,
            format!("the image has no user {name:?} in its /etc/passwd; use one of its users, or a number"),
        )
    })?;

    let all = groups();
    let gid_of = |wanted: &str| {
        all.iter()
            .find(|g| g.name == wanted)
            .map(|g| g.gid)
            .or_else(|| wanted.parse().ok())
            .ok_or_else(|| {
                ContainerError::new(
                    ErrorKind::GroupNotFound,
                    format!("the image has no group {wanted:?} in its /etc/group; use one of its groups, or a number"),
                )
            })
    };
    let gid = match group {
        Some(group) => gid_of(group)?,
        None => entry.map_or(0, |e| e.gid),
    };
    let mut supplementary = Vec::new();
    // With a group named by the caller, only that one counts, as with Docker.
    if let (Some(entry), None) = (entry, group) {
        supplementary.extend(all.iter().filter(|g| g.members.contains(&entry.name)).map(|g| g.gid));
    }
    for extra in extra_groups {
        supplementary.push(gid_of(extra)?);
    }
    supplementary.push(gid);
    supplementary.sort_unstable();
    supplementary.dedup();
    Ok(ImageUser {
        uid,
        gid,
        groups: supplementary,
    })
}

fn read(rootfs: &Path, path: &str) -> String {
    let open = || -> Option<File> {
        let handle = pathrs::Root::open(rootfs).ok()?.resolve(path).ok()?;
        // A fifo or a device in place of the file must not block or act.
        let handle_file = File::from(std::os::fd::OwnedFd::from(handle.try_clone().ok()?));
        if !handle_file.metadata().ok()?.is_file() {
            return None;
        }
        handle.reopen(OpenFlags::O_RDONLY | OpenFlags::O_CLOEXEC).ok()
    };
    let mut bytes = Vec::new();
    if let Some(file) = open() {
        let _ = file.take(MAX_FILE).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn passwd(text: &str) -> Vec<Passwd> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Passwd { name, uid, gid })
        })
        .collect()
}

fn groups(text: &str) -> Vec<Group> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields
                .next()
                .unwrap_or("")
                .split(',')
                .filter(|m| !m.is_empty())
                .map(str::to_owned)
                .collect();
            Some(Group { name, gid, members })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: Option<&str>, extra: &[&str]) -> std::result::Result<(u32, u32, Vec<u32>), String> {
        let extra: Vec<String> = extra.iter().map(|s| (*s).to_owned()).collect();
        resolve(
            user,
            &extra,
            || passwd("root:x:0:0::/root:/bin/sh\nbad line\nweb:x:33:34::/:\n"),
            || groups("root:x:0:\nweb:x:34:\nlogs:x:50:web,other\n"),
        )
        .map(|u| (u.uid, u.gid, u.groups))
        .map_err(|e| e.code().to_owned())
    }

    #[test]
    fn users_are_found_by_name_and_number() {
        assert_eq!(check(None, &[]), Ok((0, 0, vec![0])));
        assert_eq!(check(Some("web"), &[]), Ok((33, 34, vec![34, 50])));
        assert_eq!(check(Some("33"), &[]), Ok((33, 34, vec![34, 50])));
        assert_eq!(check(Some("1000"), &[]), Ok((1000, 0, vec![0])));
        assert_eq!(check(Some("web:logs"), &[]), Ok((33, 50, vec![50])));
        assert_eq!(
            check(Some("1000:1001"), &["logs", "7"]),
            Ok((1000, 1001, vec![7, 50, 1001]))
        );
    }

    #[test]
    fn unknown_names_are_told() {
        assert_eq!(check(Some("nobody"), &[]), Err("user-not-found".into()));
        assert_eq!(check(Some("web:nogroup"), &[]), Err("group-not-found".into()));
        assert_eq!(check(None, &["nogroup"]), Err("group-not-found".into()));
    }
}
