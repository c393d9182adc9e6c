//! Checks of a container's configuration before anything is made.

use std::net::IpAddr;

use oci_spec::runtime::PosixRlimitType;
use sidecar_spec::kernel;

use crate::config::{ContainerConfig, Mount, NetworkNamespace};
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
    kernel::hostname(&config.hostname).map_err(|e| invalid("hostname", e))?;
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
    for name in config.limits.ulimits.keys() {
        rlimit(name)?;
    }
    let host_network = matches!(config.network, NetworkNamespace::Host);
    for key in config.security.sysctls.keys() {
        kernel::sysctl(key, host_network).map_err(|e| invalid("security.sysctls", e))?;
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

/// The number of a signal by its name or number.
pub(crate) fn parse_signal(text: &str) -> Result<i32> {
    kernel::signal(text).map_err(|e| invalid("stop_signal", e))
}

pub(crate) fn rlimit(name: &str) -> Result<PosixRlimitType> {
    use PosixRlimitType as R;
    let unknown = |e: &str| invalid("limits.ulimits", e);
    Ok(match kernel::limit(name).map_err(|e| unknown(&e))? {
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
        other => return Err(unknown(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_a_spec_may_name_is_one_of_the_runtime() {
        for name in kernel::LIMITS {
            rlimit(name).unwrap();
        }
        assert_eq!(rlimit("files").unwrap_err().code(), "invalid-config");
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
}
