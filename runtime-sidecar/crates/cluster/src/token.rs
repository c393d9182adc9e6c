//! The text by which a node joins.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::authority::{self, Authority};
use crate::config::NodeId;
use crate::error::ClusterError;

const PREFIX: &str = "zlj1";
const PURPOSE: &str = "zlayer join token 1";
/// Bytes; addresses are the only part without a fixed length.
const LONGEST: usize = 8192;

/// A join token: `zlj1.` claims `.` signature, both in URL-safe base64. It is a secret until it is used or has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinToken {
    pub claims: Claims,
    /// What is signed, as it was read: the JSON of the claims.
    text: Vec<u8>,
    signature: Vec<u8>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// 32 hexadecimal digits, by which the cluster knows the token.
    pub id: String,
    pub cluster: String,
    /// SHA-256 of the certificate of the cluster's authority, hexadecimal. The joining node trusts nobody else.
    pub authority: String,
    /// Host and port of members, the leader first.
    pub addresses: Vec<String>,
    /// Milliseconds since 1970 by the clock of the cluster's leader, which is the one that judges.
    pub expires_ms: u64,
    /// The wallet to which the node will belong.
    #[serde(default)]
    pub wallet: Option<String>,
    /// The node in whose place it comes.
    #[serde(default)]
    pub replaces: Option<NodeId>,
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("this is no join token: one begins with “zlj1.” and has three parts. Copy it as a whole")]
    Form,
    #[error("the join token is damaged: its parts cannot be read. Copy it as a whole")]
    Damaged,
    #[error("the join token was not made by this cluster: its signature is wrong")]
    Forged,
    #[error("the join token is for another cluster")]
    OtherCluster,
}

impl JoinToken {
    pub(crate) fn sign(claims: Claims, authority: &Authority) -> Result<Self, ClusterError> {
        let text = serde_json::to_vec(&claims).map_err(|cause| ClusterError::Identity(cause.to_string()))?;
        let signature = authority.sign(PURPOSE, &text)?;
        Ok(Self {
            claims,
            text,
            signature,
        })
    }

    /// Whether the cluster with this authority (PEM) made the token.
    pub(crate) fn check(&self, cluster: &str, authority: &str) -> Result<(), ClusterError> {
        if self.claims.cluster != cluster {
            return Err(TokenError::OtherCluster.into());
        }
        if !authority::has_signed(authority, PURPOSE, &self.text, &self.signature)? {
            return Err(TokenError::Forged.into());
        }
        Ok(())
    }
}

impl fmt::Display for JoinToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, signature) = (
            URL_SAFE_NO_PAD.encode(&self.text),
            URL_SAFE_NO_PAD.encode(&self.signature),
        );
        write!(formatter, "{PREFIX}.{text}.{signature}")
    }
}

impl FromStr for JoinToken {
    type Err = TokenError;

    fn from_str(token: &str) -> Result<Self, TokenError> {
        let token = token.trim();
        if token.len() > LONGEST {
            return Err(TokenError::Form);
        }
        let mut parts = token.split('.');
        let (Some(PREFIX), Some(text), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Form);
        };
        let text = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Damaged)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Damaged)?;
        let claims: Claims = serde_json::from_slice(&text).map_err(|_| TokenError::Damaged)?;
        Ok(Self {
            claims,
            text,
            signature,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use proptest::prelude::*;

    fn token(authority: &Authority) -> JoinToken {
        let claims = Claims {
            id: "00".repeat(16),
            cluster: authority.cluster().into(),
            authority: authority::fingerprint(authority.pem()).unwrap(),
            addresses: vec!["127.0.0.1:1".into()],
            expires_ms: 5,
            wallet: None,
            replaces: None,
        };
        JoinToken::sign(claims, authority).unwrap()
    }

    #[test]
    fn a_token_is_read_back_and_was_made_by_its_cluster() {
        let authority = Authority::create(SystemTime::now()).unwrap();
        let token = token(&authority);
        let read: JoinToken = format!(" {token}\n").parse().unwrap();
        assert_eq!(read, token);
        read.check(authority.cluster(), authority.pem()).unwrap();
    }

    #[test]
    fn a_token_of_another_cluster_or_with_other_claims_is_refused() {
        let authority = Authority::create(SystemTime::now()).unwrap();
        let other = Authority::create(SystemTime::now()).unwrap();
        let token = token(&authority);
        let refused = token.check(other.cluster(), other.pem()).unwrap_err();
        assert!(matches!(refused, ClusterError::Token(TokenError::OtherCluster)));
        let mut claims = token.claims.clone();
        claims.expires_ms = u64::MAX;
        let forged = JoinToken {
            text: serde_json::to_vec(&claims).unwrap(),
            claims,
            ..token
        };
        let refused = forged.check(authority.cluster(), authority.pem()).unwrap_err();
        assert!(matches!(refused, ClusterError::Token(TokenError::Forged)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fail_otherwise_than_with_a_reason(text in "(zlj1\\.)?.{0,200}") {
            let _ = text.parse::<JoinToken>();
        }
    }
}
