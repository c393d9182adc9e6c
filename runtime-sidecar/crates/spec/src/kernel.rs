//! What may be asked of the kernel for a container's processes: the signal that stops them, their limits, kernel settings and
//! the host's name. The one place of these rules, for the editor, the engine and the runtime.

use crate::explain::closest;

/// Signals 1 to 31 by name, without `SIG`, see `signal(7)`; the real-time ones above are made of `RTMIN` and `RTMAX`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// The real-time signals that are free, as the C library counts them.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// Limits of a process, see `getrlimit(2)`.
pub const LIMITS: [&str; 16] = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// Kernel settings that a container has of its own, besides `net.*` and `fs.mqueue.*`.
const SYSCTLS: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// The number of `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3` or `RTMAX-1`.
///
/// # Errors
/// A message for the user: it is none of these.
pub fn signal(text: &str) -> Result<i32, String> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let offset = |rest: &str, sign: char| match rest.strip_prefix(sign) {
        Some(digits) => digits.parse::<u8>().ok().map(i32::from),
        None => rest.is_empty().then_some(0),
    };
    let number = if let Ok(number) = text.parse::<i32>() {
        (1..=*REAL_TIME.end()).contains(&number).then_some(number)
    } else if let Some(rest) = name.strip_prefix("RTMIN") {
        offset(rest, '+').map(|above| REAL_TIME.start() + above)
    } else if let Some(rest) = name.strip_prefix("RTMAX") {
        offset(rest, '-').map(|below| REAL_TIME.end() - below)
    } else {
        (1..)
            .zip(SIGNALS)
            .find(|(_, known)| *known == name)
            .map(|(number, _)| number)
    };
    let real_time = name.starts_with("RT");
    number
        .filter(|number| !real_time || REAL_TIME.contains(number))
        .ok_or_else(|| {
            let close = closest(name, &SIGNALS)
                .map(|word| format!(" Did you mean `SIG{word}`?"))
                .unwrap_or_default();
            format!("“{text}” is no signal: write a name such as SIGTERM, or a number from 1 to 64.{close}")
        })
}

/// Whether a host may have this name in a container.
///
/// # Errors
/// A message for the user: the kernel refuses it, or programs cannot read it.
pub fn hostname(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 64 || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "“{}” cannot name a host: write 1 to 64 letters, digits, hyphens and dots",
            name.escape_default()
        ));
    }
    Ok(())
}

/// The name in [`LIMITS`] that `name` means.
///
/// # Errors
/// A message for the user: it means none.
pub fn limit(name: &str) -> Result<&'static str, String> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_prefix("rlimit_").unwrap_or(&lower);
    LIMITS
        .into_iter()
        .find(|known| *known == plain)
        .ok_or_else(|| format!("“{name}” is no limit of a process: known are {}", LIMITS.join(", ")))
}

/// Whether a kernel setting is the container's own: what is not would change the node.
///
/// # Errors
/// A message for the user: it is the node's. With `host_network` the network's settings are the node's too.
pub fn sysctl(key: &str, host_network: bool) -> Result<(), String> {
    let plain = key
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
        && !key.contains("..");
    match key {
        _ if plain && (SYSCTLS.contains(&key) || key.starts_with("fs.mqueue.")) => Ok(()),
        _ if !plain || !key.starts_with("net.") => Err(format!(
            "“{}” is a setting of the whole node, not of a container: allowed are net.*, fs.mqueue.*, {}",
            key.escape_default(),
            SYSCTLS.join(", ")
        )),
        _ if host_network => Err(format!(
            "“{key}” would change the node, whose network this service uses: leave it out, or use a network of its own"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for (text, number) in [
            ("SIGHUP", 1),
            ("SIGTERM", 15),
            ("term", 15),
            ("9", 9),
            ("64", 64),
            ("SIGSYS", 31),
            ("SIGRTMIN+3", 37),
            ("rtmin", 34),
            ("RTMIN+30", 64),
            ("RTMAX", 64),
            ("RTMAX-30", 34),
            ("SIGUSR1", 10),
        ] {
            assert_eq!(signal(text), Ok(number), "{text}");
        }
        for text in [
            "",
            "0",
            "65",
            "-1",
            "SIGNOPE",
            "RTMIN+31",
            "RTMIN+999",
            "RTMIN-1",
            "RTMAX+1",
            "RTMAX-31",
            "SIG",
            "RTMIN+",
            "SIGSIGTERM",
        ] {
            assert!(signal(text).is_err(), "{text}");
        }
        assert!(signal("SIGTREM").unwrap_err().ends_with("Did you mean `SIGTERM`?"));
    }

    #[test]
    fn names_of_hosts() {
        for good in ["web", "web.example", "my_web", &"x".repeat(64)] {
            assert_eq!(hostname(good), Ok(()), "{good}");
        }
        for bad in ["", "my web", "a\tb", "a\nb", "a\0b", &"x".repeat(65)] {
            assert!(hostname(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn limits_by_name() {
        for (name, plain) in [("nofile", "nofile"), ("NOFILE", "nofile"), ("RLIMIT_CORE", "core")] {
            assert_eq!(limit(name), Ok(plain));
        }
        for bad in ["", "files", "rlimit_", "rlimit_rlimit_core"] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sysctls_stay_inside_the_container() {
        for (key, host) in [
            ("net.core.somaxconn", false),
            ("kernel.shmmax", true),
            ("fs.mqueue.msg_max", true),
        ] {
            assert_eq!(sysctl(key, host), Ok(()), "{key}");
        }
        for (key, host) in [
            ("net.core.somaxconn", true),
            ("kernel.panic", false),
            ("net/../kernel.panic", false),
            ("net.ipv4/../../kernel/panic", false),
            ("fs.mqueue.../x", false),
            ("vm.overcommit_memory", false),
            ("", false),
        ] {
            assert!(sysctl(key, host).is_err(), "{key}");
        }
    }
}
