//! A node's secret from a signature of its wallet, so that the wallet alone can make it again.
//!
//! HKDF-SHA-256 with the salt `zlayer-mesh-key-v1` over the signature; the info is purpose and network, each behind its
//! length in two bytes, and the epoch in eight, all big-endian. `contracts/test/vectors/mesh-keys.json` holds examples
//! that the TypeScript counterpart, `deriveMeshKey`, is tested with too.

use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use crate::error::MeshError;
use crate::key::SecretKey;

const SALT: &[u8] = b"zlayer-mesh-key-v1";

/// The secret for `purpose` (`node`, `window`) in `network` during `epoch`, from a wallet's signature of 64 or 65 bytes.
/// Another purpose, network or epoch gives an unrelated secret.
///
/// # Errors
/// `BadKey` for a signature of another length, or a purpose or network that is empty or longer than 255 bytes.
pub fn derive(signature: &[u8], purpose: &str, network: &str, epoch: u64) -> Result<SecretKey, MeshError> {
    let bad = |reason| MeshError::BadKey {
        text: format!("derived for '{purpose}' in '{network}'"),
        reason,
    };
    if !matches!(signature.len(), 64 | 65) {
        return Err(bad("its signature has neither 64 nor 65 bytes"));
    }
    let mut info = Vec::with_capacity(64);
    for part in [purpose, network] {
        let length = u16::try_from(part.len())
            .ok()
            .filter(|length| (1..=255).contains(length));
        let length = length.ok_or_else(|| bad("its purpose or network is empty or longer than 255 bytes"))?;
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(part.as_bytes());
    }
    info.extend_from_slice(&epoch.to_be_bytes());
    let mut bytes = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, SALT)
        .extract(signature)
        .expand(&[&info], HKDF_SHA256)
        .and_then(|okm| okm.fill(bytes.as_mut()))
        .map_err(|_| bad("HKDF refused it"))?;
    Ok(SecretKey::from_bytes(bytes))
}
