//! The encodings agree with the vectors that Solidity and TypeScript are tested with.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::Value;
use sidecar_metering::{Domain, Entry, Hash, MeteringTree, Receipt, chain, verify};

fn read(name: &str) -> Value {
    let path = format!(
        "{}/../../../contracts/test/vectors/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let text = value.as_str().unwrap().strip_prefix("0x").unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

/// A decimal string as `N` bytes, big-endian.
fn decimal<const N: usize>(value: &Value) -> [u8; N] {
    let mut number = [0; N];
    for digit in value.as_str().unwrap().bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in number.iter_mut().rev() {
            let sum = u16::from(*byte) * 10 + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
    }
    number
}

fn small(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn large<T: std::str::FromStr<Err = std::num::ParseIntError>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

fn entry(value: &Value) -> Entry {
    Entry {
        job_id: decimal(&value["jobId"]),
        index: small(&value["index"]),
        used_seconds: small(&value["usedSeconds"]),
        cpu_nanoseconds: large(&value["cpuNanoseconds"]),
        memory_byte_seconds: large(&value["memoryByteSeconds"]),
        network_bytes: large(&value["networkBytes"]),
        block_bytes: large(&value["blockBytes"]),
        gpu_milliseconds: large(&value["gpuMilliseconds"]),
    }
}

#[test]
fn metering_logs() {
    let file = read("metering");
    let vectors = file["vectors"].as_array().unwrap();
    let root: Hash = bytes(&file["root"]);
    let leaves: Vec<Hash> = vectors.iter().map(|vector| entry(&vector["entry"]).leaf()).collect();
    let tree = MeteringTree::new(&leaves).unwrap();
    assert_eq!(tree.root(), root);
    let mut head = Hash::default();
    for (vector, leaf) in vectors.iter().zip(&leaves) {
        assert_eq!(*leaf, bytes(&vector["leaf"]));
        head = chain(head, *leaf);
        assert_eq!(head, bytes(&vector["chain"]));
        let proof: Vec<Hash> = vector["proof"].as_array().unwrap().iter().map(bytes).collect();
        assert_eq!(tree.proof(leaf).unwrap(), proof);
        assert!(verify(&root, leaf, &proof));
    }
}

#[test]
fn receipts() {
    let file = read("receipts");
    let domain = Domain {
        chain_id: file["domain"]["chainId"].as_u64().unwrap(),
        verifying_contract: bytes(&file["domain"]["verifyingContract"]),
    };
    for vector in file["vectors"].as_array().unwrap() {
        let value = &vector["receipt"];
        let receipt = Receipt {
            job_id: decimal(&value["jobId"]),
            sequence: small(&value["sequence"]),
            used_seconds: small(&value["usedSeconds"]),
            amount: decimal(&value["amount"]),
            usage_root: bytes(&value["usageRoot"]),
            is_final: value["isFinal"].as_bool().unwrap(),
        };
        assert_eq!(receipt.struct_hash(), bytes(&vector["structHash"]));
        assert_eq!(receipt.digest(&domain), bytes(&vector["digest"]));
    }
}
