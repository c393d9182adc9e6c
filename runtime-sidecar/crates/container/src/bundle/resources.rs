//! Limits as the cgroup controllers take them.

use oci_spec::runtime::{
    LinuxBlockIoBuilder, LinuxCpuBuilder, LinuxDeviceCgroupBuilder, LinuxMemoryBuilder, LinuxPidsBuilder,
    LinuxResources, LinuxResourcesBuilder,
};

use crate::config::Limits;
use crate::error::{ContainerError, ErrorKind, Result};

/// Microseconds; the kernel's own default.
const CPU_PERIOD: u64 = 100_000;

pub(super) fn resources(limits: &Limits) -> Result<LinuxResources> {
    let number = |field: &str, value: u64| {
        i64::try_from(value).map_err(|_| {
            ContainerError::new(
                ErrorKind::InvalidConfig,
                format!("limits.{field}: {value} is too large"),
            )
        })
    };
    let deny_all_devices = LinuxDeviceCgroupBuilder::default().allow(false).access("rwm").build()?;
    let mut resources = LinuxResourcesBuilder::default().devices(vec![deny_all_devices]);

    if limits.cpu_millicores.is_some() || limits.cpu_shares.is_some() || limits.cpuset.is_some() {
        let mut cpu = LinuxCpuBuilder::default();
        if let Some(millicores) = limits.cpu_millicores {
            // The kernel refuses less than a millisecond.
            let quota = millicores.saturating_mul(CPU_PERIOD / 1000).max(1000);
            cpu = cpu.quota(number("cpu_millicores", quota)?).period(CPU_PERIOD);
        }
        if let Some(shares) = limits.cpu_shares {
            cpu = cpu.shares(shares);
        }
        if let Some(cpuset) = &limits.cpuset {
            cpu = cpu.cpus(cpuset.clone());
        }
        resources = resources.cpu(cpu.build()?);
    }
    if limits.memory_bytes.is_some() || limits.memory_swap_bytes.is_some() || limits.memory_reservation_bytes.is_some()
    {
        let mut memory = LinuxMemoryBuilder::default();
        if let Some(bytes) = limits.memory_bytes {
            memory = memory.limit(number("memory_bytes", bytes)?);
        }
        if let Some(bytes) = limits.memory_swap_bytes {
            memory = memory.swap(bytes);
        }
        if let Some(bytes) = limits.memory_reservation_bytes {
            memory = memory.reservation(number("memory_reservation_bytes", bytes)?);
        }
        resources = resources.memory(memory.build()?);
    }
    if let Some(pids) = limits.pids {
        resources = resources.pids(LinuxPidsBuilder::default().limit(number("pids", pids)?).build()?);
    }
    if let Some(weight) = limits.blkio_weight {
        resources = resources.block_io(LinuxBlockIoBuilder::default().weight(weight).build()?);
    }
    Ok(resources.build()?)
}
