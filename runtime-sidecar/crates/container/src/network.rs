//! Network counters of a container, from its network namespace.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::config::NetworkNamespace;
use crate::directory::NetworkBase;

/// Received and sent bytes of all interfaces but the loopback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub rx_bytes: u64,
    pub tx_bytes: u64,
}

pub(crate) fn parse(text: &str) -> Counters {
    let mut sum = Counters::default();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(':') else {
            continue;
        };
        if name.trim() == "lo" {
            continue;
        }
        let numbers: Vec<u64> = rest.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        if numbers.len() >= 9 {
            sum.rx_bytes += numbers[0];
            sum.tx_bytes += numbers[8];
        }
    }
    sum
}

/// A running container's counters. The file is opened while the process lives, because a dead one has no namespaces.
pub(crate) struct NamespaceCounters {
    file: File,
    namespace: u64,
}

impl NamespaceCounters {
    /// `None` for a container in the node's network: those counters are not its own.
    pub fn open(network: &NetworkNamespace, pid: u32) -> Option<Self> {
        if matches!(network, NetworkNamespace::Host) {
            return None;
        }
        let file = File::open(format!("/proc/{pid}/net/dev")).ok()?;
        let namespace = fs::metadata(format!("/proc/{pid}/ns/net")).ok()?.ino();
        Some(Self { file, namespace })
    }

    pub fn read(&self) -> Option<Counters> {
        let mut buffer = [0; 4096];
        let length = self.file.read_at(&mut buffer, 0).ok()?;
        Some(parse(&String::from_utf8_lossy(&buffer[..length])))
    }

    pub fn namespace(&self) -> u64 {
        self.namespace
    }

    /// The totals of all runs so far, this one included.
    pub fn fold_into(&self, base: NetworkBase) -> NetworkBase {
        self.read().map_or(base, |now| fold(base, self.namespace, now))
    }
}

/// A prepared namespace may outlive a run; then its counters go on, and only what is new counts.
pub(crate) fn fold(base: NetworkBase, namespace: u64, now: Counters) -> NetworkBase {
    let same =
        base.last_namespace == namespace && now.rx_bytes >= base.last_rx_bytes && now.tx_bytes >= base.last_tx_bytes;
    let (seen_rx, seen_tx) = if same {
        (base.last_rx_bytes, base.last_tx_bytes)
    } else {
        (0, 0)
    };
    NetworkBase {
        rx_bytes: base.rx_bytes + now.rx_bytes - seen_rx,
        tx_bytes: base.tx_bytes + now.tx_bytes - seen_tx,
        last_namespace: namespace,
        last_rx_bytes: now.rx_bytes,
        last_tx_bytes: now.tx_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_does_not_count() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
                    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
                    lo:    9000      10    0    0    0     0          0         0     9000      10    0    0    0     0       0          0\n  \
                    eth0:     100       1    0    0    0     0          0         0       50       1    0    0    0     0       0          0\n";
        assert_eq!(
            parse(text),
            Counters {
                rx_bytes: 100,
                tx_bytes: 50
            }
        );
    }

    #[test]
    fn totals_never_go_back() {
        let counters = |rx_bytes, tx_bytes| Counters { rx_bytes, tx_bytes };
        let first = fold(NetworkBase::default(), 1, counters(100, 10));
        let continued = fold(first, 1, counters(150, 20));
        assert_eq!((continued.rx_bytes, continued.tx_bytes), (150, 20));
        let fresh = fold(continued, 2, counters(5, 1));
        assert_eq!((fresh.rx_bytes, fresh.tx_bytes), (155, 21));
        let reused_number = fold(fresh, 2, counters(1, 0));
        assert_eq!((reused_number.rx_bytes, reused_number.tx_bytes), (156, 21));
    }
}
