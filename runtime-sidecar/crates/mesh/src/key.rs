//! Keys of nodes: curve25519, the secret half only in memory that is wiped and in a file that only its owner reads.

use std::fmt;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use boringtun::x25519;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::MeshError;

/// What others know a node by. Written in base64, as WireGuard's tools do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub(crate) [u8; 32]);

impl PublicKey {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for PublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = MeshError;

    fn from_str(text: &str) -> Result<Self, MeshError> {
        let bad = |reason| MeshError::BadKey {
            text: text.chars().take(64).collect(),
            reason,
        };
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| bad("it is not base64"))?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| bad("it has another length"))?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = MeshError;

    fn try_from(text: String) -> Result<Self, MeshError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

/// A node's secret. It is never printed, and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl SecretKey {
    /// A new random one.
    ///
    /// # Errors
    /// `Kernel` when the machine gives no randomness.
    pub fn generate() -> Result<Self, MeshError> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(bytes.as_mut())
            .map_err(|_| MeshError::kernel("give random bytes for a key", std::io::Error::other("no randomness")))?;
        Ok(Self::from_bytes(bytes))
    }

    /// Any 32 bytes; the bits that curve25519 fixes are set here.
    pub fn from_bytes(mut bytes: Zeroizing<[u8; 32]>) -> Self {
        bytes[0] &= 248;
        bytes[31] &= 127;
        bytes[31] |= 64;
        Self(bytes)
    }

    /// The half that others may know.
    pub fn public(&self) -> PublicKey {
        PublicKey(x25519::PublicKey::from(&self.exchange()).to_bytes())
    }

    pub(crate) fn exchange(&self) -> x25519::StaticSecret {
        x25519::StaticSecret::from(*self.0)
    }

    /// The key in a file, which is made with a new key, mode 0600, when it is not there.
    ///
    /// # Errors
    /// `KeyFile` when it cannot be read or written, `BadKeyFile` when others may read it or it holds no key.
    pub fn load_or_create(path: &Path) -> Result<Self, MeshError> {
        let failed = |action| {
            move |source| MeshError::KeyFile {
                path: path.to_owned(),
                action,
                source,
            }
        };
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = Self::generate()?;
                // Whole or not at all: a half-written key would lock the node out of its mesh.
                let partial = path.with_extension("new");
                let mut file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&partial)
                    .map_err(failed("written"))?;
                let text = Zeroizing::new(BASE64_STANDARD.encode(key.0.as_ref()) + "\n");
                file.set_permissions(Permissions::from_mode(0o600))
                    .and_then(|()| file.write_all(text.as_bytes()))
                    .and_then(|()| file.sync_all())
                    .and_then(|()| std::fs::rename(&partial, path))
                    .map_err(failed("written"))?;
                Ok(key)
            }
            Err(error) => Err(failed("read")(error)),
        }
    }

    fn read(path: &Path, file: File) -> Result<Self, MeshError> {
        let bad = |problem: String| MeshError::BadKeyFile {
            path: path.to_owned(),
            problem,
        };
        let failed = |source| MeshError::KeyFile {
            path: path.to_owned(),
            action: "read",
            source,
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(bad(format!("open to others (mode {mode:04o} instead of 0600)")));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(128).read_to_string(&mut text).map_err(failed)?;
        let mut decoded = Zeroizing::new([0; 33]);
        match BASE64_STANDARD.decode_slice(text.trim(), decoded.as_mut()) {
            Ok(32) => {
                let mut bytes = Zeroizing::new([0; 32]);
                bytes.copy_from_slice(&decoded[..32]);
                Ok(Self::from_bytes(bytes))
            }
            _ => Err(bad("damaged: it does not hold 32 bytes in base64".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mesh.key");
        let made = SecretKey::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(SecretKey::load_or_create(&path).unwrap().public(), made.public());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_that_others_may_read_or_that_is_damaged_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mesh.key");
        SecretKey::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = SecretKey::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains("mode 0644") && error.contains("mesh.key"), "{error}");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "bm9wZQ==").unwrap();
        let error = SecretKey::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let key = SecretKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
    }

    #[test]
    fn a_public_key_is_written_and_read_in_base64() {
        let key = SecretKey::generate().unwrap().public();
        assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
        for bad in ["", "AAAA", "not base64!"] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
        }
    }
}
