//! What a service's containers may use.

use sidecar_container::Limits;
use sidecar_spec::parts::Memory;
use zlayer_types::spec::ServiceSpec;

/// Processes and threads of a container when the spec does not say: enough for a database, too few to harm the machine.
const PIDS_LIMIT: u64 = 4096;

pub(super) fn limits(spec: &ServiceSpec, memory: Memory) -> Limits {
    let resources = &spec.resources;
    Limits {
        // Less than a hundredth of a core cannot be asked of the kernel.
        cpu_millicores: resources
            .cpu
            .filter(|cpu| cpu.is_finite())
            .map(|cpu| ((cpu * 1000.0).round() as u64).max(10)),
        cpu_shares: resources.cpu_shares.map(u64::from),
        cpuset: resources.cpuset.clone(),
        memory_bytes: memory.limit,
        memory_swap_bytes: memory.swap,
        memory_reservation_bytes: memory.reservation,
        pids: match resources.pids_limit {
            Some(limit) if limit > 0 => Some(limit as u64),
            _ => Some(PIDS_LIMIT),
        },
        blkio_weight: resources.blkio_weight,
        oom_score_adj: resources.oom_score_adj,
        ulimits: spec
            .ulimits
            .iter()
            .map(|(name, limit)| {
                let number = |value: i64| u64::try_from(value).unwrap_or(u64::MAX);
                (name.clone(), (number(limit.soft), number(limit.hard)))
            })
            .collect(),
    }
}
