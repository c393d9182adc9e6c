//! Who this node is: its number, its key and its certificate, on disk.

use std::path::Path;
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use serde::{Deserialize, Serialize};

use crate::authority::{self, Holder};
use crate::config::NodeId;
use crate::error::ClusterError;
use crate::files;
use crate::wire::Contact;

const FILE: &str = "identity.json";
const JOINING_FILE: &str = "joining.json";

/// A node's identity. It is one file, so that key and certificate change together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub cluster: String,
    pub node: NodeId,
    pub name: String,
    /// PKCS #8, PEM.
    pub key: String,
    /// PEM.
    pub certificate: String,
    /// The certificate of the cluster's authority, PEM.
    pub authority: String,
    /// The nodes to ask before the log has told who belongs to the cluster; the leader first.
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

impl Identity {
    pub fn load(directory: &Path) -> Result<Option<Self>, ClusterError> {
        let path = directory.join(FILE);
        let Some(text) = files::read(&path)? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|cause| ClusterError::Identity(format!("{} cannot be read: {cause}", path.display())))
    }

    pub fn save(&self, directory: &Path) -> Result<(), ClusterError> {
        let text = serde_json::to_string(self).map_err(|cause| ClusterError::Identity(cause.to_string()))?;
        files::write(&directory.join(FILE), &text)
    }

    pub fn holder(&self) -> Result<Holder, ClusterError> {
        authority::holder(&authority::der(&self.certificate)?)
    }
}

/// When a certificate should be replaced, and whether it is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Good,
    /// A third of its life is left.
    Due,
    Expired,
}

impl Holder {
    pub fn validity(&self, now: SystemTime) -> Validity {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        let made = self.not_before.saturating_add(authority::BACKDATE_SECONDS);
        if now >= self.not_after {
            Validity::Expired
        } else if now >= self.not_after - (self.not_after - made) / 3 {
            Validity::Due
        } else {
            Validity::Good
        }
    }
}

/// A key without a certificate, and the request for one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    /// PKCS #8, PEM.
    pub key: String,
    /// PEM.
    pub request: String,
}

impl Request {
    pub fn create() -> Result<Self, ClusterError> {
        let failed = |cause: rcgen::Error| ClusterError::Identity(cause.to_string());
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(failed)?;
        let request = CertificateParams::default()
            .serialize_request(&key)
            .and_then(|request| request.pem())
            .map_err(failed)?;
        Ok(Self {
            key: key.serialize_pem(),
            request,
        })
    }

    /// The request of a join that has begun, so that a node that tries again is the same node. Made where there is none.
    pub fn of_join(directory: &Path) -> Result<Self, ClusterError> {
        let path = directory.join(JOINING_FILE);
        if let Some(request) = files::read(&path)?.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(request);
        }
        let request = Self::create()?;
        let text = serde_json::to_string(&request).map_err(|cause| ClusterError::Identity(cause.to_string()))?;
        files::write(&path, &text)?;
        Ok(request)
    }

    /// Forgets the request of a join once there is an identity.
    pub fn joined(directory: &Path) -> Result<(), ClusterError> {
        files::remove(&directory.join(JOINING_FILE))
    }
}
