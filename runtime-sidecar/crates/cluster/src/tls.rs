//! TLS 1.3 between nodes, in which both sides show a certificate of the cluster's authority.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};

use crate::authority;
use crate::clock::Clock;
use crate::error::ClusterError;
use crate::files;
use crate::identity::Identity;

/// The protocol of members.
pub(crate) const PEER: &[u8] = b"zlayer-peer/1";
/// The protocol of a node that has no certificate yet: it may ask to join, and nothing else.
pub(crate) const JOIN: &[u8] = b"zlayer-join/1";

/// The configurations for one identity. New ones are made when the certificate is replaced.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub cluster: String,
    pub client: Arc<ClientConfig>,
    pub server: Arc<ServerConfig>,
    pub join_server: Arc<ServerConfig>,
}

impl Tls {
    pub fn of(identity: &Identity, clock: &Clock) -> Result<Self, ClusterError> {
        let provider = provider();
        let certificate = authority::der(&identity.certificate)?;
        let root = authority::der(&identity.authority)?;
        let roots = roots(root.clone())?;
        let chain = vec![certificate, root];
        let key = || PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(failed);

        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()
            .map_err(failed)?;
        let mut server = server_builder(&provider, clock)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key()?)
            .map_err(failed)?;
        server.alpn_protocols = vec![PEER.to_vec()];
        let mut join_server = server_builder(&provider, clock)?
            .with_no_client_auth()
            .with_single_cert(chain.clone(), key()?)
            .map_err(failed)?;
        join_server.alpn_protocols = vec![JOIN.to_vec()];
        for server in [&mut server, &mut join_server] {
            // Each connection shows its certificate again: a member that was removed must not come back by a ticket.
            server.session_storage = Arc::new(NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }

        let mut client = client_builder(&provider, clock)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key()?)
            .map_err(failed)?;
        client.alpn_protocols = vec![PEER.to_vec()];
        client.resumption = Resumption::disabled();
        Ok(Self {
            cluster: identity.cluster.clone(),
            client: Arc::new(client),
            server: Arc::new(server),
            join_server: Arc::new(join_server),
        })
    }
}

/// The configuration of a node that joins: it has no certificate, and trusts the authority with one fingerprint.
pub(crate) fn joining(fingerprint: &str, clock: &Clock) -> Result<Arc<ClientConfig>, ClusterError> {
    let provider = provider();
    let verifier = Pinned {
        fingerprint: fingerprint.to_owned(),
        provider: Arc::clone(&provider),
    };
    let mut client = client_builder(&provider, clock)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    client.alpn_protocols = vec![JOIN.to_vec()];
    client.resumption = Resumption::disabled();
    Ok(Arc::new(client))
}

/// Accepts a chain whose end is the authority with the fingerprint, and checks the rest of it as usual.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let root = intermediates
            .iter()
            .find(|certificate| files::sha256(certificate) == self.fingerprint)
            .ok_or(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let other = |cause: ClusterError| rustls::Error::General(cause.to_string());
        let roots = roots(root.clone().into_owned()).map_err(other)?;
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider))
            .build()
            .map_err(|cause| rustls::Error::General(cause.to_string()))?
            .verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(root: CertificateDer<'static>) -> Result<Arc<RootCertStore>, ClusterError> {
    let mut roots = RootCertStore::empty();
    roots.add(root).map_err(failed)?;
    Ok(Arc::new(roots))
}

fn server_builder(
    provider: &Arc<CryptoProvider>,
    clock: &Clock,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, ClusterError> {
    ServerConfig::builder_with_details(Arc::clone(provider), Arc::new(clock.clone()))
        .with_protocol_versions(&[&TLS13])
        .map_err(failed)
}

fn client_builder(
    provider: &Arc<CryptoProvider>,
    clock: &Clock,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, ClusterError> {
    ClientConfig::builder_with_details(Arc::clone(provider), Arc::new(clock.clone()))
        .with_protocol_versions(&[&TLS13])
        .map_err(failed)
}

fn failed(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::Identity(cause.to_string())
}
