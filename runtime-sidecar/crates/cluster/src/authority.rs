//! The cluster's own certificate authority. Its key signs the certificates of nodes and the tokens by which they join.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType,
};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::config::NodeId;
use crate::error::ClusterError;
use crate::files;

/// A certificate is valid this long before it was made, for nodes whose clock is behind.
pub(crate) const BACKDATE_SECONDS: i64 = 60 * 60;
const BACKDATE: Duration = Duration::from_secs(BACKDATE_SECONDS.unsigned_abs());
/// The authority outlives its nodes; 20 years.
const AUTHORITY_LIFE: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);
const KEY_FILE: &str = "authority.key";

/// The authority of one cluster, with its key.
pub(crate) struct Authority {
    cluster: String,
    pem: String,
    key: KeyPair,
}

impl Authority {
    /// Makes the authority of a new cluster, whose name is chosen by chance.
    pub fn create(now: SystemTime) -> Result<Self, ClusterError> {
        let cluster = random_hex()?;
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&format!("ZLayer cluster {cluster}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.not_before = (now - BACKDATE).into();
        params.not_after = (now + AUTHORITY_LIFE).into();
        let pem = params.self_signed(&key).map_err(failed)?.pem();
        Ok(Self { cluster, pem, key })
    }

    /// The authority from its certificate and its key, both PEM. A key of another certificate is an error.
    pub fn from_pem(cluster: &str, pem: &str, key: &str) -> Result<Self, ClusterError> {
        let key = KeyPair::from_pem(key).map_err(failed)?;
        if key.public_key_raw() != public_key(pem)? {
            return Err(ClusterError::Identity(
                "the key of the cluster's authority does not belong to its certificate".into(),
            ));
        }
        Ok(Self {
            cluster: cluster.into(),
            pem: pem.into(),
            key,
        })
    }

    /// The authority whose key is kept in a directory, or `None` where there is none.
    pub fn load(directory: &Path, cluster: &str, pem: &str) -> Result<Option<Self>, ClusterError> {
        match files::read(&directory.join(KEY_FILE))? {
            Some(key) => Self::from_pem(cluster, pem, &key).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps the key, readable by its owner only.
    pub fn save(&self, directory: &Path) -> Result<(), ClusterError> {
        files::write(&directory.join(KEY_FILE), &self.key.serialize_pem())
    }

    /// Removes the key from a directory, as a node does that votes no longer.
    pub fn forget(directory: &Path) -> Result<(), ClusterError> {
        files::remove(&directory.join(KEY_FILE))
    }

    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Signs a node's certificate, PEM. Of the request (PEM) only the key counts, and that its maker has it: who the node is, is said
    /// by the caller.
    pub fn certify(
        &self,
        request: &str,
        node: NodeId,
        now: SystemTime,
        life: Duration,
    ) -> Result<String, ClusterError> {
        let mut request = CertificateSigningRequestParams::from_pem(request).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&format!("node {node}"));
        params.subject_alt_names = vec![
            SanType::DnsName(host_name(&self.cluster, node).try_into().map_err(failed)?),
            SanType::DnsName(any_host_name(&self.cluster).try_into().map_err(failed)?),
            SanType::URI(uri(&self.cluster, node).try_into().map_err(failed)?),
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = (now - BACKDATE).into();
        params.not_after = (now + life).into();
        request.params = params;
        let issuer = Issuer::from_ca_cert_pem(&self.pem, &self.key).map_err(failed)?;
        let certificate: Certificate = request.signed_by(&issuer).map_err(failed)?;
        Ok(certificate.pem())
    }

    /// Signs a text, Ed25519. `purpose` keeps a signature from meaning something else; a certificate never begins like it.
    pub fn sign(&self, purpose: &str, text: &[u8]) -> Result<Vec<u8>, ClusterError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.key.serialize_der()).map_err(failed)?;
        Ok(pair.sign(&[purpose.as_bytes(), b"\0", text].concat()).as_ref().to_vec())
    }
}

/// Whether the authority with this certificate (PEM) has signed a text for a purpose.
pub(crate) fn has_signed(pem: &str, purpose: &str, text: &[u8], signature: &[u8]) -> Result<bool, ClusterError> {
    let key = UnparsedPublicKey::new(&ED25519, public_key(pem)?);
    Ok(key
        .verify(&[purpose.as_bytes(), b"\0", text].concat(), signature)
        .is_ok())
}

/// SHA-256 of a certificate (PEM), hexadecimal.
pub(crate) fn fingerprint(pem: &str) -> Result<String, ClusterError> {
    Ok(files::sha256(&der(pem)?))
}

/// SHA-256 of the public key for which a certificate is asked, hexadecimal.
pub(crate) fn key_of_request(request: &str) -> Result<String, ClusterError> {
    let request = CertificateSigningRequestParams::from_pem(request).map_err(failed)?;
    Ok(files::sha256(rcgen::PublicKeyData::der_bytes(&request.public_key)))
}

/// Who a certificate is for, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub cluster: String,
    pub node: NodeId,
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

/// Reads what a node's certificate says. The caller has checked who signed it.
pub(crate) fn holder(der: &[u8]) -> Result<Holder, ClusterError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(failed)?;
    let names = certificate
        .subject_alternative_name()
        .map_err(failed)?
        .ok_or_else(|| ClusterError::Identity("the certificate names no node".into()))?;
    let mut holders = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => parse_uri(uri),
        _ => None,
    });
    match (holders.next(), holders.next()) {
        (Some((cluster, node)), None) => Ok(Holder {
            cluster,
            node,
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        }),
        _ => Err(ClusterError::Identity("the certificate does not name one node".into())),
    }
}

/// The name that a node's certificate has for its peers.
pub(crate) fn host_name(cluster: &str, node: NodeId) -> String {
    format!("n{node}.{cluster}.zlayer.internal")
}

/// The name that the certificates of all nodes have, for who does not know yet which node answers.
pub(crate) fn any_host_name(cluster: &str) -> String {
    format!("any.{cluster}.zlayer.internal")
}

fn uri(cluster: &str, node: NodeId) -> String {
    format!("zlayer://{cluster}/node/{node}")
}

fn parse_uri(uri: &str) -> Option<(String, NodeId)> {
    let (cluster, node) = uri.strip_prefix("zlayer://")?.split_once("/node/")?;
    Some((cluster.to_owned(), node.parse().ok()?))
}

pub(crate) fn der(pem: &str) -> Result<CertificateDer<'static>, ClusterError> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(failed)
}

fn public_key(pem: &str) -> Result<Vec<u8>, ClusterError> {
    let der = der(pem)?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(failed)?;
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// 16 bytes of chance as 32 hexadecimal digits.
pub(crate) fn random_hex() -> Result<String, ClusterError> {
    let bytes: [u8; 16] = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(failed)?
        .expose();
    Ok(files::hex(&bytes))
}

fn failed(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::Identity(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> (KeyPair, String) {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let request = CertificateParams::default()
            .serialize_request(&key)
            .unwrap()
            .pem()
            .unwrap();
        (key, request)
    }

    #[test]
    fn a_certificate_names_its_node_and_cluster_whatever_was_asked_for() {
        let now = SystemTime::now();
        let authority = Authority::create(now).unwrap();
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut wish = CertificateParams::new(vec!["n1.evil".to_owned()]).unwrap();
        wish.subject_alt_names
            .push(SanType::URI("zlayer://other/node/1".try_into().unwrap()));
        let request = wish.serialize_request(&key).unwrap().pem().unwrap();
        let certificate = authority.certify(&request, 7, now, Duration::from_secs(60)).unwrap();
        let holder = holder(&der(&certificate).unwrap()).unwrap();
        assert_eq!((holder.cluster.as_str(), holder.node), (authority.cluster(), 7));
        assert_eq!(holder.not_after - holder.not_before, 3660);
    }

    #[test]
    fn a_request_whose_maker_has_not_the_key_is_refused() {
        let authority = Authority::create(SystemTime::now()).unwrap();
        let (_, request) = request();
        // One character of the signature changes, near the end of the text.
        let end = request.find("-----END").unwrap();
        let mut forged = request.into_bytes();
        let place = end - 6;
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(
            authority
                .certify(&forged, 7, SystemTime::now(), Duration::from_secs(60))
                .is_err()
        );
    }

    #[test]
    fn a_signature_is_for_one_purpose_and_one_authority() {
        let authority = Authority::create(SystemTime::now()).unwrap();
        let signature = authority.sign("purpose", b"text").unwrap();
        assert!(has_signed(authority.pem(), "purpose", b"text", &signature).unwrap());
        assert!(!has_signed(authority.pem(), "other", b"text", &signature).unwrap());
        assert!(!has_signed(authority.pem(), "purpose", b"tex", &signature).unwrap());
        let other = Authority::create(SystemTime::now()).unwrap();
        assert!(!has_signed(other.pem(), "purpose", b"text", &signature).unwrap());
    }

    #[test]
    fn a_key_is_kept_for_its_owner_only_and_checked_when_it_is_read() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::create(SystemTime::now()).unwrap();
        authority.save(directory.path()).unwrap();
        let mode = std::fs::metadata(directory.path().join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let loaded = Authority::load(directory.path(), authority.cluster(), authority.pem()).unwrap();
        assert_eq!(loaded.unwrap().key_pem(), authority.key_pem());
        let other = Authority::create(SystemTime::now()).unwrap();
        assert!(Authority::load(directory.path(), "x", other.pem()).is_err());
    }
}
