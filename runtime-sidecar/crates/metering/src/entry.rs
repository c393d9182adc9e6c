use crate::{Hash, keccak, word};

/// One entry of a metering log. All counters are totals since the start of the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Number of the job on chain, big-endian.
    pub job_id: [u8; 32],
    /// Position in the log, from 0.
    pub index: u32,
    /// Seconds in which the job was served and a heartbeat was recorded.
    pub used_seconds: u32,
    /// Processor time in nanoseconds.
    pub cpu_nanoseconds: u64,
    /// Memory held over time, in byte-seconds.
    pub memory_byte_seconds: u128,
    /// Bytes received and sent over the network.
    pub network_bytes: u64,
    /// Bytes read from and written to block devices.
    pub block_bytes: u64,
    /// GPU time in milliseconds, summed over all GPUs.
    pub gpu_milliseconds: u64,
}

impl Entry {
    /// Leaf of the entry: `keccak256(keccak256(abi.encode(entry)))`. Hashed twice, so that no inner node can pass for a leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let inner = keccak(&[
            &self.job_id,
            &word(self.index.to_be_bytes()),
            &word(self.used_seconds.to_be_bytes()),
            &word(self.cpu_nanoseconds.to_be_bytes()),
            &word(self.memory_byte_seconds.to_be_bytes()),
            &word(self.network_bytes.to_be_bytes()),
            &word(self.block_bytes.to_be_bytes()),
            &word(self.gpu_milliseconds.to_be_bytes()),
        ]);
        keccak(&[&inner])
    }
}

/// The hash of a log up to and with a leaf: `keccak256(previous || leaf)`; `previous` of the first entry is 32 zero bytes. Whoever
/// knows it notices when an entry before it is changed, moved, left out or added.
#[must_use]
pub fn chain(previous: Hash, leaf: Hash) -> Hash {
    keccak(&[&previous, &leaf])
}
