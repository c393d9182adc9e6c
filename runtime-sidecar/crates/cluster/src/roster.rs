//! Who belongs to the cluster: the part of the replicated state that is the same whatever the machine is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{FIRST, NodeId};

/// Milliseconds for which a token is remembered after it has expired, so that its holder reads what became of it.
const REMEMBER_TOKEN_MS: u64 = 24 * 60 * 60 * 1000;
/// Tokens that may wait for their node at a time.
const MOST_TOKENS: usize = 1000;
/// Nodes of a cluster.
const MOST_NODES: usize = 10_000;
/// Bytes of a node's name; the length of a DNS label.
const LONGEST_NAME: usize = 63;
const MOST_LABELS: usize = 64;
/// Bytes of a label's key or value.
const LONGEST_LABEL: usize = 256;

/// The members and the tokens by which others may become one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// `None` until the first node takes peers.
    pub founded: Option<Founded>,
    pub nodes: BTreeMap<NodeId, NodeRecord>,
    pub tokens: BTreeMap<String, TokenRecord>,
    /// The number of the next node. Numbers are never given again.
    next: NodeId,
}

/// What makes this cluster this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// 32 hexadecimal digits.
    pub cluster: String,
    /// The certificate of the cluster's own authority, PEM.
    pub authority: String,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// Unique in the cluster.
    pub name: String,
    /// Host and port where peers reach it.
    pub address: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub availability: Availability,
    /// Milliseconds since 1970 by the clock of the node that led.
    pub joined_ms: u64,
    /// SHA-256 of the public key with which it joined, hexadecimal.
    pub key: String,
    /// The wallet to which the token bound the node.
    #[serde(default)]
    pub wallet: Option<String>,
}

/// What may be placed on a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    #[default]
    Active,
    /// Nothing new.
    Cordoned,
    /// Nothing new, what is there goes elsewhere, and it has no vote unless nobody else could have one.
    Draining,
}

/// A token that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Milliseconds since 1970 by the clock of the node that leads.
    pub expires_ms: u64,
    /// The node that joined by it.
    pub used_by: Option<NodeId>,
    pub wallet: Option<String>,
    /// The node in whose place the new one comes.
    pub replaces: Option<NodeId>,
}

/// Changes of the roster. Times are milliseconds since 1970 by the clock of the node that leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RosterCommand {
    /// Makes a cluster of one ready for others.
    Found {
        cluster: String,
        authority: String,
        name: String,
        address: String,
        key: String,
        labels: BTreeMap<String, String>,
        at_ms: u64,
    },
    Mint {
        token: String,
        expires_ms: u64,
        wallet: Option<String>,
        replaces: Option<NodeId>,
        at_ms: u64,
    },
    Revoke {
        token: String,
    },
    Admit {
        token: String,
        name: String,
        address: String,
        key: String,
        labels: BTreeMap<String, String>,
        at_ms: u64,
    },
    Remove {
        node: NodeId,
    },
    SetAvailability {
        node: NodeId,
        availability: Availability,
    },
    SetLabels {
        node: NodeId,
        labels: BTreeMap<String, String>,
    },
    Move {
        node: NodeId,
        address: String,
    },
}

/// What a command of the roster has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterChange {
    pub admitted: Option<NodeId>,
    pub removed: Option<NodeId>,
}

/// Why a command of the roster does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    #[error("the node takes no peers yet; start it with an address to listen on")]
    NotFounded,
    #[error("the cluster has been founded already")]
    Founded,
    #[error(
        "the cluster does not know this token: it was revoked, or made by somebody else. Make a new one on a member of the cluster"
    )]
    UnknownToken,
    #[error(
        "the token has been used by the node “{0}”: each token is for one node. Make a new one on a member of the cluster"
    )]
    UsedToken(String),
    #[error(
        "the token expired {seconds} s ago, by the clock of the cluster's leader. Make a new one on a member of the cluster"
    )]
    ExpiredToken { seconds: u64 },
    #[error("too many tokens wait for a node; revoke some, or wait until they expire")]
    TooManyTokens,
    #[error(
        "a node with the name “{0}” belongs to the cluster. Choose another name; or, if that node is lost, make a token that replaces it"
    )]
    NameTaken(String),
    #[error("the name “{0}” cannot be a node's: it takes 1 to 63 letters, digits, dots and hyphens")]
    BadName(String),
    #[error("the labels are too many or too long: at most 64, each key and value of at most 256 bytes")]
    BadLabels,
    #[error("the cluster has no node {0}")]
    NoNode(NodeId),
    #[error("the last node cannot be removed")]
    LastNode,
    #[error("the cluster is full")]
    Full,
}

impl Roster {
    /// Deterministic: time comes with the command.
    pub fn apply(&mut self, command: RosterCommand) -> Result<RosterChange, Rejection> {
        match command {
            RosterCommand::Found {
                cluster,
                authority,
                name,
                address,
                key,
                labels,
                at_ms,
            } => {
                if self.founded.is_some() {
                    return Err(Rejection::Founded);
                }
                check_name(&name)?;
                check_labels(&labels)?;
                self.founded = Some(Founded { cluster, authority });
                self.next = FIRST + 1;
                let record = NodeRecord {
                    name,
                    address,
                    labels,
                    availability: Availability::Active,
                    joined_ms: at_ms,
                    key,
                    wallet: None,
                };
                self.nodes.insert(FIRST, record);
                Ok(RosterChange {
                    admitted: Some(FIRST),
                    removed: None,
                })
            }
            RosterCommand::Mint {
                token,
                expires_ms,
                wallet,
                replaces,
                at_ms,
            } => {
                if self.founded.is_none() {
                    return Err(Rejection::NotFounded);
                }
                if let Some(node) = replaces
                    && !self.nodes.contains_key(&node)
                {
                    return Err(Rejection::NoNode(node));
                }
                self.tokens
                    .retain(|_, token| token.expires_ms.saturating_add(REMEMBER_TOKEN_MS) > at_ms);
                if self.tokens.len() >= MOST_TOKENS {
                    return Err(Rejection::TooManyTokens);
                }
                let record = TokenRecord {
                    expires_ms,
                    used_by: None,
                    wallet,
                    replaces,
                };
                self.tokens.insert(token, record);
                Ok(RosterChange::default())
            }
            RosterCommand::Revoke { token } => match self.tokens.remove(&token) {
                Some(_) => Ok(RosterChange::default()),
                None => Err(Rejection::UnknownToken),
            },
            RosterCommand::Admit {
                token,
                name,
                address,
                key,
                labels,
                at_ms,
            } => self.admit(&token, name, address, key, labels, at_ms),
            RosterCommand::Remove { node } => {
                if !self.nodes.contains_key(&node) {
                    return Err(Rejection::NoNode(node));
                }
                if self.nodes.len() == 1 {
                    return Err(Rejection::LastNode);
                }
                self.nodes.remove(&node);
                Ok(RosterChange {
                    admitted: None,
                    removed: Some(node),
                })
            }
            RosterCommand::SetAvailability { node, availability } => {
                self.node(node)?.availability = availability;
                Ok(RosterChange::default())
            }
            RosterCommand::SetLabels { node, labels } => {
                check_labels(&labels)?;
                self.node(node)?.labels = labels;
                Ok(RosterChange::default())
            }
            RosterCommand::Move { node, address } => {
                self.node(node)?.address = address;
                Ok(RosterChange::default())
            }
        }
    }

    fn admit(
        &mut self,
        token: &str,
        name: String,
        address: String,
        key: String,
        labels: BTreeMap<String, String>,
        at_ms: u64,
    ) -> Result<RosterChange, Rejection> {
        let record = self.tokens.get(token).ok_or(Rejection::UnknownToken)?;
        let (wallet, replaces) = (record.wallet.clone(), record.replaces);
        if let Some(user) = record.used_by {
            return match self.nodes.get_mut(&user) {
                // The same node again, because its answer was lost on the way.
                Some(node) if node.key == key => {
                    node.address = address;
                    Ok(RosterChange {
                        admitted: Some(user),
                        removed: None,
                    })
                }
                Some(node) => Err(Rejection::UsedToken(node.name.clone())),
                None => Err(Rejection::UsedToken(user.to_string())),
            };
        }
        if at_ms >= record.expires_ms {
            return Err(Rejection::ExpiredToken {
                seconds: (at_ms - record.expires_ms) / 1000,
            });
        }
        check_name(&name)?;
        check_labels(&labels)?;
        if self
            .nodes
            .iter()
            .any(|(id, node)| node.name == name && Some(*id) != replaces)
        {
            return Err(Rejection::NameTaken(name));
        }
        if self.nodes.len() >= MOST_NODES {
            return Err(Rejection::Full);
        }
        let removed = replaces.filter(|node| self.nodes.remove(node).is_some());
        let node = self.next;
        self.next += 1;
        self.nodes.insert(
            node,
            NodeRecord {
                name,
                address,
                labels,
                availability: Availability::Active,
                joined_ms: at_ms,
                key,
                wallet,
            },
        );
        if let Some(record) = self.tokens.get_mut(token) {
            record.used_by = Some(node);
        }
        Ok(RosterChange {
            admitted: Some(node),
            removed,
        })
    }

    fn node(&mut self, node: NodeId) -> Result<&mut NodeRecord, Rejection> {
        self.nodes.get_mut(&node).ok_or(Rejection::NoNode(node))
    }

    /// Whether the node was a member and is none any more. One that is not known yet is no such node: this state may be behind.
    #[must_use]
    pub fn has_left(&self, node: NodeId) -> bool {
        node < self.next && !self.nodes.contains_key(&node)
    }
}

fn check_name(name: &str) -> Result<(), Rejection> {
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if fits {
        Ok(())
    } else {
        Err(Rejection::BadName(name.chars().take(LONGEST_NAME).collect()))
    }
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Rejection> {
    let fits = labels.len() <= MOST_LABELS
        && labels
            .iter()
            .all(|(key, value)| !key.is_empty() && key.len() <= LONGEST_LABEL && value.len() <= LONGEST_LABEL);
    if fits { Ok(()) } else { Err(Rejection::BadLabels) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn founded() -> Roster {
        let mut roster = Roster::default();
        let found = RosterCommand::Found {
            cluster: "c".into(),
            authority: "a".into(),
            name: "one".into(),
            address: "h:1".into(),
            key: "k1".into(),
            labels: BTreeMap::new(),
            at_ms: 0,
        };
        roster.apply(found.clone()).unwrap();
        assert_eq!(roster.apply(found), Err(Rejection::Founded));
        roster
    }

    fn mint(roster: &mut Roster, token: &str, replaces: Option<NodeId>) {
        let command = RosterCommand::Mint {
            token: token.into(),
            expires_ms: 10_000,
            wallet: Some("0xab".into()),
            replaces,
            at_ms: 0,
        };
        roster.apply(command).unwrap();
    }

    fn admit(roster: &mut Roster, token: &str, name: &str, key: &str, at_ms: u64) -> Result<NodeId, Rejection> {
        let command = RosterCommand::Admit {
            token: token.into(),
            name: name.into(),
            address: "h:2".into(),
            key: key.into(),
            labels: BTreeMap::new(),
            at_ms,
        };
        roster.apply(command).map(|change| change.admitted.unwrap())
    }

    #[test]
    fn a_token_admits_one_node_and_the_same_node_again() {
        let mut roster = founded();
        mint(&mut roster, "t", None);
        assert_eq!(admit(&mut roster, "t", "two", "k2", 9_999), Ok(2));
        assert_eq!(
            admit(&mut roster, "t", "two", "k2", 20_000),
            Ok(2),
            "its answer was lost"
        );
        assert_eq!(
            admit(&mut roster, "t", "three", "k3", 0),
            Err(Rejection::UsedToken("two".into()))
        );
        assert_eq!(roster.nodes[&2].wallet.as_deref(), Some("0xab"));
    }

    #[test]
    fn a_token_that_expired_was_revoked_or_is_unknown_admits_nobody() {
        let mut roster = founded();
        mint(&mut roster, "t", None);
        let expired = admit(&mut roster, "t", "two", "k2", 12_500);
        assert_eq!(expired, Err(Rejection::ExpiredToken { seconds: 2 }));
        roster.apply(RosterCommand::Revoke { token: "t".into() }).unwrap();
        assert_eq!(admit(&mut roster, "t", "two", "k2", 0), Err(Rejection::UnknownToken));
        assert_eq!(roster.nodes.len(), 1);
    }

    #[test]
    fn a_name_is_taken_unless_its_node_is_replaced() {
        let mut roster = founded();
        mint(&mut roster, "a", None);
        mint(&mut roster, "b", None);
        admit(&mut roster, "a", "two", "k2", 0).unwrap();
        let taken = admit(&mut roster, "b", "two", "k3", 0);
        assert_eq!(taken, Err(Rejection::NameTaken("two".into())));
        mint(&mut roster, "c", Some(2));
        assert_eq!(admit(&mut roster, "c", "two", "k3", 0), Ok(3));
        assert!(roster.has_left(2) && !roster.has_left(3) && !roster.has_left(4));
    }

    #[test]
    fn numbers_are_never_given_again() {
        let mut roster = founded();
        mint(&mut roster, "a", None);
        mint(&mut roster, "b", None);
        admit(&mut roster, "a", "two", "k2", 0).unwrap();
        roster.apply(RosterCommand::Remove { node: 2 }).unwrap();
        assert_eq!(admit(&mut roster, "b", "two", "k3", 0), Ok(3));
        roster.apply(RosterCommand::Remove { node: 1 }).unwrap();
        assert_eq!(
            roster.apply(RosterCommand::Remove { node: 3 }),
            Err(Rejection::LastNode)
        );
    }

    #[test]
    fn names_and_labels_have_limits() {
        let mut roster = founded();
        mint(&mut roster, "a", None);
        for name in ["", "with space", "ü", &"x".repeat(64)] {
            let refused = admit(&mut roster, "a", name, "k2", 0);
            assert!(matches!(refused, Err(Rejection::BadName(_))), "{name:?}");
        }
        let labels = BTreeMap::from([("k".to_owned(), "v".repeat(300))]);
        assert_eq!(
            roster.apply(RosterCommand::SetLabels { node: 1, labels }),
            Err(Rejection::BadLabels)
        );
    }
}
