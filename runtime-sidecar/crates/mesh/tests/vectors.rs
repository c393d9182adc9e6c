//! Keys agree with the vectors that the TypeScript counterpart is tested with.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use sidecar_mesh::derive;

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

#[test]
fn keys_are_those_of_the_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../contracts/test/vectors/mesh-keys.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let signature = bytes(text("signature"));
        let epoch = text("epoch").parse().unwrap();
        let secret = derive(&signature, text("purpose"), text("network"), epoch).unwrap();
        assert_eq!(secret.public().as_bytes().to_vec(), bytes(text("public")));
    }
}

#[test]
fn a_signature_or_a_name_of_another_size_is_refused() {
    for (signature, purpose, network) in [(63, "node", "a"), (65, "", "a"), (65, "node", "")] {
        assert!(derive(&vec![0; signature], purpose, network, 0).is_err());
    }
}
