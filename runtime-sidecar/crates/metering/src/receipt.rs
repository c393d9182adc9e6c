use crate::{Hash, keccak, word};

const DOMAIN_TYPE: &[u8] = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const RECEIPT_TYPE: &[u8] =
    b"Receipt(uint256 jobId,uint32 sequence,uint32 usedSeconds,uint96 amount,bytes32 usageRoot,bool isFinal)";
const NAME: &[u8] = b"ZLayer RewardDistribution";
const VERSION: &[u8] = b"1";

/// For which deployment a receipt is valid (EIP-712).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    pub chain_id: u64,
    /// Address of `RewardDistribution`.
    pub verifying_contract: [u8; 20],
}

/// What node and developer agree on about a job so far. Counters are totals: a later receipt replaces an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the job on chain, big-endian.
    pub job_id: [u8; 32],
    /// Number of the receipt, from 1, rising.
    pub sequence: u32,
    /// Seconds of service so far.
    pub used_seconds: u32,
    /// What the developer owes so far, in wei: 96 bits, big-endian.
    pub amount: [u8; 12],
    /// Merkle root of the metering log so far.
    pub usage_root: Hash,
    /// No other receipt will follow; anyone may settle with it.
    pub is_final: bool,
}

impl Receipt {
    /// EIP-712 hash of the struct.
    #[must_use]
    pub fn struct_hash(&self) -> Hash {
        keccak(&[
            &keccak(&[RECEIPT_TYPE]),
            &self.job_id,
            &word(self.sequence.to_be_bytes()),
            &word(self.used_seconds.to_be_bytes()),
            &word(self.amount),
            &self.usage_root,
            &word([u8::from(self.is_final)]),
        ])
    }

    /// The digest that both sides sign.
    #[must_use]
    pub fn digest(&self, domain: &Domain) -> Hash {
        let separator = keccak(&[
            &keccak(&[DOMAIN_TYPE]),
            &keccak(&[NAME]),
            &keccak(&[VERSION]),
            &word(domain.chain_id.to_be_bytes()),
            &word(domain.verifying_contract),
        ]);
        keccak(&[&[0x19, 0x01], &separator, &self.struct_hash()])
    }
}
