//! The system calls that a container may make: Docker's default profile as an allow-list, compiled once for each set of
//! capabilities and kept in the state directory.

use std::fs::{self, File};
use std::path::Path;

use libseccomp::{ScmpAction, ScmpArch, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};
use nix::libc;

use crate::error::{ContainerError, Result};

const ALWAYS: &str = include_str!("seccomp-allowed.txt");

/// Allowed with the capability. Docker's profile, in its order.
const WITH_CAPABILITY: &[(&str, &str)] = &[
    ("DAC_READ_SEARCH", "open_by_handle_at"),
    (
        "SYS_ADMIN",
        "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsmount mount mount_setattr move_mount \
         open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns statmount syslog umount umount2 unshare",
    ),
    ("SYS_BOOT", "reboot"),
    ("SYS_CHROOT", "chroot"),
    ("SYS_MODULE", "delete_module finit_module init_module"),
    ("SYS_PACCT", "acct"),
    (
        "SYS_PTRACE",
        "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
    ),
    ("SYS_RAWIO", "iopl ioperm"),
    ("SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
    ("SYS_TTY_CONFIG", "vhangup"),
    ("SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
    ("SYSLOG", "syslog"),
    ("BPF", "bpf"),
    ("PERFMON", "perf_event_open"),
];

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
const NAMESPACE_FLAGS: u64 = 0x7e02_0000;
const AF_VSOCK: u64 = 40;

/// A program for `seccomp(2)`.
pub(crate) type Program = Vec<u8>;

/// The filter for a process with these capabilities (names without `CAP_`).
pub(crate) fn load_or_compile(cache: &Path, capabilities: &[&str]) -> Result<Program> {
    let gates: Vec<&str> = WITH_CAPABILITY
        .iter()
        .map(|(cap, _)| *cap)
        .filter(|cap| capabilities.contains(cap))
        .collect();
    // The version changes whenever the profile does, so that an older filter is not taken.
    let name = format!("v{}-{}", fingerprint(), gates.join("+"));
    let path = cache.join(name);
    let made = || fs::read(&path).ok().filter(|program| !program.is_empty());
    if let Some(program) = made() {
        return Ok(program);
    }
    fs::create_dir_all(cache).map_err(|e| ContainerError::io("cannot create", cache, e))?;
    // Compiling takes as long as a whole start: of containers that start together, one does it and the others wait. Where
    // the file system has no locks, each does, through a file of its own.
    let directory = File::open(cache).map_err(|e| ContainerError::io("cannot open", cache, e))?;
    let _ = directory.lock();
    if let Some(program) = made() {
        return Ok(program);
    }
    let own = cache.join(format!("{}.new", std::process::id()));
    let file = File::create(&own).map_err(|e| ContainerError::io("cannot create", &own, e))?;
    compile(&gates, &file).map_err(|e| ContainerError::internal("cannot build the system call filter", e))?;
    fs::rename(&own, &path)
        .and_then(|()| fs::read(&path))
        .map_err(|e| ContainerError::io("cannot write", &path, e))
}

fn fingerprint() -> u64 {
    // FNV-1a: the profile's text is all that decides.
    ALWAYS.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn compile(gates: &[&str], output: &File) -> std::result::Result<(), libseccomp::error::SeccompError> {
    let mut filter = ScmpFilterContext::new(ScmpAction::Errno(libc::EPERM))?;
    // Programs for the 32-bit ABIs of the same processor run too.
    #[cfg(target_arch = "x86_64")]
    for arch in [ScmpArch::X86, ScmpArch::X32] {
        filter.add_arch(arch)?;
    }
    #[cfg(target_arch = "aarch64")]
    filter.add_arch(ScmpArch::Arm)?;

    let gated = WITH_CAPABILITY
        .iter()
        .filter(|(cap, _)| gates.contains(cap))
        .flat_map(|(_, calls)| calls.split_whitespace());
    for name in ALWAYS.split_whitespace().chain(gated) {
        // A call that this libseccomp does not know stays forbidden.
        if let Ok(call) = ScmpSyscall::from_name(name) {
            filter.add_rule(ScmpAction::Allow, call)?;
        }
    }
    let mut when =
        |name: &str, comparators: &[ScmpArgCompare]| -> std::result::Result<(), libseccomp::error::SeccompError> {
            match ScmpSyscall::from_name(name) {
                Ok(call) => filter
                    .add_rule_conditional(ScmpAction::Allow, call, comparators)
                    .map(|_| ()),
                Err(_) => Ok(()),
            }
        };
    for persona in [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff] {
        when("personality", &[ScmpArgCompare::new(0, ScmpCompareOp::Equal, persona)])?;
    }
    // No vsock: it reaches the hypervisor past the network namespace.
    when("socket", &[ScmpArgCompare::new(0, ScmpCompareOp::NotEqual, AF_VSOCK)])?;
    if !gates.contains(&"SYS_ADMIN") {
        when(
            "clone",
            &[ScmpArgCompare::new(0, ScmpCompareOp::MaskedEqual(NAMESPACE_FLAGS), 0)],
        )?;
        // Its flags are behind a pointer; "not there" makes the C library use clone.
        if let Ok(call) = ScmpSyscall::from_name("clone3") {
            filter.add_rule(ScmpAction::Errno(libc::ENOSYS), call)?;
        }
    }
    filter.export_bpf(output)
}

/// Puts this process under the filter. Needs no-new-privileges, which is set for every container.
pub(crate) fn apply(program: &[u8]) -> std::io::Result<()> {
    let size = size_of::<libc::sock_filter>();
    let mut filters: Vec<libc::sock_filter> = program
        .chunks_exact(size)
        .map(|c| libc::sock_filter {
            code: u16::from_ne_bytes([c[0], c[1]]),
            jt: c[2],
            jf: c[3],
            k: u32::from_ne_bytes([c[4], c[5], c[6], c[7]]),
        })
        .collect();
    let len = u16::try_from(filters.len()).map_err(|_| std::io::Error::from_raw_os_error(libc::EINVAL))?;
    let program = libc::sock_fprog {
        len,
        filter: filters.as_mut_ptr(),
    };
    // SAFETY: `program` points to `len` filters that live until the call returns; the kernel copies them.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    if result == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_compiles_and_is_cached() {
        let cache = std::env::temp_dir().join(format!("seccomp-cache-{}", std::process::id()));
        let first = load_or_compile(&cache, &["SYS_CHROOT", "CHOWN"]).unwrap();
        assert!(first.len() > 1000 && first.len().is_multiple_of(8));
        assert_eq!(first, load_or_compile(&cache, &["SYS_CHROOT"]).unwrap());
        assert_ne!(first, load_or_compile(&cache, &["SYS_ADMIN"]).unwrap());
        fs::remove_dir_all(cache).unwrap();
    }

    #[test]
    fn every_name_is_a_system_call() {
        // Names that only other processors have, or that are newer than an installed library.
        for name in ALWAYS.split_whitespace() {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{name}"
            );
        }
        assert!(
            ALWAYS
                .split_whitespace()
                .filter(|name| ScmpSyscall::from_name(name).is_ok())
                .count()
                > 300
        );
    }
}
