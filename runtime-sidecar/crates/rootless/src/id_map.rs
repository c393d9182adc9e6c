//! The users of the user namespace: the real user is its root, the user's subordinate ids are its other users.

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Pid, Uid, User};

use crate::error::RootlessError;

/// A range of ids that the system set aside for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    count: u32,
}

/// Maps the ids of a process that has just made its user namespace and waits. `true` when subordinate ids are mapped,
/// `false` when there is only root.
pub fn write(process: Pid) -> Result<bool, RootlessError> {
    let (uid, gid) = (Uid::current(), Gid::current());
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    let uids = ranges("/etc/subuid", uid.as_raw(), name.as_deref());
    let gids = ranges("/etc/subgid", uid.as_raw(), name.as_deref());
    let mapped = !uids.is_empty()
        && !gids.is_empty()
        && run_helper("newgidmap", process, gid.as_raw(), &gids)
        && run_helper("newuidmap", process, uid.as_raw(), &uids);
    if mapped {
        return Ok(true);
    }
    let failed = |source| RootlessError::kernel("map the user", source);
    // One of the two may have been written before the other failed.
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("gid_map", format!("0 {gid} 1")),
        ("uid_map", format!("0 {uid} 1")),
    ] {
        let path = format!("/proc/{process}/{file}");
        let written = file != "setgroups" && fs::read_to_string(&path).is_ok_and(|map| !map.trim().is_empty());
        if !written {
            fs::write(&path, text).map_err(failed)?;
        }
    }
    Ok(false)
}

fn run_helper(program: &str, process: Pid, own: u32, ranges: &[Range]) -> bool {
    let mut command = Command::new(program);
    command.arg(process.to_string()).args(["0", &own.to_string(), "1"]);
    let mut inside = 1_u32;
    for range in ranges {
        command.args([inside.to_string(), range.first.to_string(), range.count.to_string()]);
        inside = inside.saturating_add(range.count);
    }
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            tracing::warn!(program, message = %String::from_utf8_lossy(&output.stderr).trim(), "subordinate ids were refused");
            false
        }
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(program, %error, "subordinate ids could not be mapped");
            }
            false
        }
    }
}

fn ranges(file: &str, uid: u32, name: Option<&str>) -> Vec<Range> {
    parse(&fs::read_to_string(file).unwrap_or_default(), uid, name)
}

/// Lines are `user:first:count`, the user by name or number.
fn parse(text: &str, uid: u32, name: Option<&str>) -> Vec<Range> {
    let line = |line: &str| {
        let mut fields = line.trim().split(':');
        let user = fields.next()?;
        let own = Some(user) == name || user.parse() == Ok(uid);
        let range = Range {
            first: fields.next()?.parse().ok()?,
            count: fields.next()?.parse().ok()?,
        };
        (own && range.count > 0).then_some(range)
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ranges_are_found_by_name_and_number() {
        let text = "# users\nalice:100000:65536\nbob:165536:65536\n1001:300000:10\nalice:x:1\nalice:7:0\n";
        assert_eq!(
            parse(text, 1000, Some("alice")),
            [Range {
                first: 100_000,
                count: 65_536
            }]
        );
        assert_eq!(parse(text, 1001, Some("bob")).len(), 2);
        assert_eq!(parse(text, 5, None), []);
    }
}
