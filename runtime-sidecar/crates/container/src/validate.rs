//! Checks of a container's configuration before anything is made.

use std::net::IpAddr;

use crate::config::{ContainerConfig, Mount};
use crate::error::{ContainerError, ErrorKind, Result};

fn invalid(field: &str, reason: impl std::fmt::Display) -> ContainerError {
    ContainerError::new(ErrorKind::InvalidConfig, format!("{field}: {reason}"))
}

/// Refuses what no container can be made of. Names the field and says why.
pub(crate) fn validate(config: &ContainerConfig) -> Result<()> {
    id(&config.id)?;
    if config.args.first().is_none_or(String::is_empty) {
        return Err(invalid(
            "args",
            "the command is empty; set one, or use an image that has one",
        ));
    }
    for argument in &config.args {
        no_nul("args", argument)?;
    }
    for variable in &config.env {
        no_nul("env", variable)?;
        if variable.split_once('=').is_none_or(|(name, _)| name.is_empty()) {
            return Err(invalid(
                "env",
                format_args!("{variable:?} is not of the form NAME=value"),
            ));
        }
    }
    absolute("cwd", &config.cwd)?;
    if config.hostname.is_empty() || config.hostname.len() > 64 || config.hostname.contains(['\n', '\0', ' ']) {
        return Err(invalid(
            "hostname",
            format_args!("{:?} must have 1 to 64 characters and no spaces", config.hostname),
        ));
    }
    for server in &config.nameservers {
        server
            .parse::<IpAddr>()
            .map_err(|e| invalid("nameservers", format_args!("{server:?}: {e}")))?;
    }
    for domain in &config.search_domains {
        one_word("search_domains", domain)?;
    }
    for (address, name) in &config.extra_hosts {
        address
            .parse::<IpAddr>()
            .map_err(|e| invalid("extra_hosts", format_args!("{address:?}: {e}")))?;
        one_word("extra_hosts", name)?;
    }
    for mount in &config.mounts {
        match mount {
            Mount::Bind { source, target, .. } => {
                if !source.is_absolute() {
                    return Err(invalid(
                        "mounts",
                        format_args!("the source {} is not an absolute path", source.display()),
                    ));
                }
                mount_target(target)?;
            }
            Mount::Tmpfs { target, .. } => mount_target(target)?,
        }
    }
    if config.rootfs.layers.is_empty() {
        return Err(invalid("rootfs.layers", "the image has no layers"));
    }
    parse_signal(&config.stop_signal)?;
    for (name, (soft, hard)) in &config.limits.ulimits {
        if rlimit(name).is_none() {
            return Err(invalid(
                "limits.ulimits",
                format_args!("{name:?} is unknown; use nofile, nproc, core, memlock, …"),
            ));
        }
        if soft > hard {
            return Err(invalid(
                "limits.ulimits",
                format_args!("{name}: the soft limit {soft} is above the hard limit {hard}"),
            ));
        }
    }
    for key in config.security.sysctls.keys() {
        sysctl(key, matches!(config.network, crate::config::NetworkNamespace::Host))?;
    }
    Ok(())
}

/// `[a-z0-9][a-z0-9-]*`, at most 64 characters.
pub(crate) fn id(id: &str) -> Result<()> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if id.len() <= 64 && id.starts_with(word) && id.chars().all(|c| word(c) || c == '-') {
        return Ok(());
    }
    Err(invalid(
        "id",
        format_args!("{id:?} must match [a-z0-9][a-z0-9-]* and have at most 64 characters"),
    ))
}

fn no_nul(field: &str, value: &str) -> Result<()> {
    if value.contains('\0') {
        return Err(invalid(field, format_args!("{value:?} contains a NUL character")));
    }
    Ok(())
}

fn one_word(field: &str, value: &str) -> Result<()> {
    if value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(invalid(field, format_args!("{value:?} must be one word")));
    }
    Ok(())
}

fn absolute(field: &str, path: &str) -> Result<()> {
    no_nul(field, path)?;
    if !path.starts_with('/') {
        return Err(invalid(field, format_args!("{path:?} is not an absolute path")));
    }
    Ok(())
}

fn mount_target(target: &str) -> Result<()> {
    absolute("mounts", target)?;
    if std::path::Path::new(target).components().count() < 2 {
        return Err(invalid("mounts", "the target cannot be the root of the container"));
    }
    if target.split('/').any(|part| part == "..") {
        return Err(invalid("mounts", format_args!("the target {target:?} contains \"..\"")));
    }
    Ok(())
}

/// Only what belongs to a namespace of the container: anything else would change the node.
fn sysctl(key: &str, host_network: bool) -> Result<()> {
    const IPC: &[&str] = &[
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    let plain = key
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
        && !key.contains("..");
    if plain && (IPC.contains(&key) || key.starts_with("fs.mqueue.")) {
        return Ok(());
    }
    if plain && key.starts_with("net.") {
        if host_network {
            return Err(invalid(
                "security.sysctls",
                format_args!("{key} would change the node, whose network this container uses"),
            ));
        }
        return Ok(());
    }
    Err(invalid(
        "security.sysctls",
        format_args!(
            "{key:?} is not separate for a container; allowed are net.*, fs.mqueue.*, {}",
            IPC.join(", ")
        ),
    ))
}

/// `SIGTERM`, `TERM` or `15`.
pub(crate) fn parse_signal(text: &str) -> Result<i32> {
    let unknown = || {
        invalid(
            "stop_signal",
            format_args!("{text:?} is no signal; use a name such as SIGTERM or a number from 1 to 64"),
        )
    };
    if let Ok(number) = text.parse::<i32>() {
        return if (1..=64).contains(&number) {
            Ok(number)
        } else {
            Err(unknown())
        };
    }
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    if let Some(offset) = name
        .strip_prefix("RTMIN")
        .map(|rest| rest.strip_prefix('+').unwrap_or("0"))
    {
        return offset
            .parse::<i32>()
            .ok()
            .map(|n| 34 + n)
            .filter(|n| *n <= 64)
            .ok_or_else(unknown);
    }
    if let Some(offset) = name
        .strip_prefix("RTMAX")
        .map(|rest| rest.strip_prefix('-').unwrap_or("0"))
    {
        return offset
            .parse::<i32>()
            .ok()
            .map(|n| 64 - n)
            .filter(|n| *n >= 34)
            .ok_or_else(unknown);
    }
    format!("SIG{name}")
        .parse::<nix::sys::signal::Signal>()
        .map(|signal| signal as i32)
        .map_err(|_| unknown())
}

pub(crate) fn rlimit(name: &str) -> Option<oci_spec::runtime::PosixRlimitType> {
    use oci_spec::runtime::PosixRlimitType as R;
    Some(match name.to_ascii_lowercase().trim_start_matches("rlimit_") {
        "as" => R::RlimitAs,
        "core" => R::RlimitCore,
        "cpu" => R::RlimitCpu,
        "data" => R::RlimitData,
        "fsize" => R::RlimitFsize,
        "locks" => R::RlimitLocks,
        "memlock" => R::RlimitMemlock,
        "msgqueue" => R::RlimitMsgqueue,
        "nice" => R::RlimitNice,
        "nofile" => R::RlimitNofile,
        "nproc" => R::RlimitNproc,
        "rss" => R::RlimitRss,
        "rtprio" => R::RlimitRtprio,
        "rttime" => R::RlimitRttime,
        "sigpending" => R::RlimitSigpending,
        "stack" => R::RlimitStack,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for (text, number) in [
            ("SIGTERM", 15),
            ("term", 15),
            ("9", 9),
            ("SIGRTMIN+3", 37),
            ("RTMAX", 64),
            ("SIGUSR1", 10),
        ] {
            assert_eq!(parse_signal(text).unwrap(), number, "{text}");
        }
        for text in ["", "0", "65", "SIGNOPE", "RTMIN+99"] {
            assert_eq!(parse_signal(text).unwrap_err().code(), "invalid-config", "{text}");
        }
    }

    #[test]
    fn ids_are_plain_names() {
        for good in ["a", "web-1", "0", &"x".repeat(64)] {
            id(good).unwrap();
        }
        for bad in ["", "-a", "A", "a/b", "..", "a b", "a_b", &"x".repeat(65)] {
            assert_eq!(id(bad).unwrap_err().code(), "invalid-config", "{bad}");
        }
    }

    #[test]
    fn sysctls_stay_inside_the_container() {
        sysctl("net.core.somaxconn", false).unwrap();
        sysctl("kernel.shmmax", true).unwrap();
        for (key, host) in [
            ("net.core.somaxconn", true),
            ("kernel.panic", false),
            ("net/../kernel.panic", false),
            ("vm.overcommit_memory", false),
        ] {
            assert_eq!(sysctl(key, host).unwrap_err().code(), "invalid-config", "{key}");
        }
    }
}
