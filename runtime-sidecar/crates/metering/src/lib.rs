//! What a node's metering log looks like to the market's contracts: the hash of an entry, the chain that binds their order, the
//! Merkle tree that proves one of them, and the digest of a receipt. The reference is `contracts/src/libraries`;
//! `contracts/test/vectors` is shared with it and with TypeScript.

mod entry;
mod receipt;
mod tree;

pub use entry::{Entry, chain};
pub use receipt::{Domain, Receipt};
pub use tree::{EmptyLog, MeteringTree, verify};

use sha3::{Digest, Keccak256};

/// A Keccak-256 hash.
pub type Hash = [u8; 32];

/// Keccak-256 over parts, as if they were one string.
fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Solidity's ABI encoding of unsigned integers and fixed bytes: one word of 32 bytes each, big-endian.
fn word<const N: usize>(number: [u8; N]) -> Hash {
    let mut word = [0; 32];
    word[32 - N..].copy_from_slice(&number);
    word
}
