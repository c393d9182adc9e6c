//! Membership: who joins, how, and who does not.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use sidecar_cluster::{
    Availability, Clock, Cluster, ClusterError, Invitation, JoinToken, Load, Options, PeerOptions, Rejection, Role,
    TokenError,
};

use crate::fleet::{Fleet, Member, eventually, options, votes};
use crate::registers::{Registers, write};

async fn refused(fleet: &Fleet, name: &str, token: &str) -> ClusterError {
    let quick = Options {
        patience: Duration::from_secs(2),
        ..options()
    };
    Cluster::<Registers>::join(&fleet.state(name), quick, fleet.peers(name), token)
        .await
        .err()
        .expect("the node is not taken")
}

async fn labels(member: &Member) -> BTreeMap<String, BTreeMap<String, String>> {
    let views = member.cluster().nodes().await;
    views
        .into_iter()
        .map(|view| (view.record.name, view.record.labels))
        .collect()
}

fn later_by(seconds: i64) -> Clock {
    let by = Duration::from_secs(seconds.unsigned_abs());
    Clock::new(move || {
        if seconds < 0 {
            SystemTime::now() - by
        } else {
            SystemTime::now() + by
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_become_one_cluster_and_have_the_same_state() {
    let mut fleet = Fleet::found().await;
    fleet.nodes[0].cluster().submit(write("a", 1)).await.unwrap();
    fleet.add().await;
    fleet.settle(2).await;
    fleet.add().await;
    fleet.settle(3).await;
    for (number, node) in (2..).zip(&fleet.nodes) {
        let length = node.cluster().submit(write("a", number)).await.unwrap();
        assert_eq!(length as u64, number);
    }
    for node in &fleet.nodes {
        let values = node.cluster().read_fresh(|state| state.values("a")).await.unwrap();
        assert_eq!(values, [1, 2, 3, 4], "{}", node.name);
    }
}

/// What was written before there were peers stays, and the node needs its address from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_one_becomes_one_of_two_with_its_state() {
    let mut fleet = Fleet::found().await;
    fleet.stop("node-1").await;
    std::fs::remove_dir_all(fleet.home("node-1")).unwrap();
    let alone = Cluster::<Registers>::open(&fleet.state("node-1"), options())
        .await
        .unwrap();
    assert!(alone.address().is_none(), "nothing listens unless it is asked for");
    alone.submit(write("a", 1)).await.unwrap();
    alone.close().await;
    drop(alone);
    fleet.start("node-1").await;
    fleet.add().await;
    fleet.settle(2).await;
    let values = fleet
        .node("node-2")
        .cluster()
        .read_fresh(|state| state.values("a"))
        .await;
    assert_eq!(values.unwrap(), [1]);
    fleet.stop("node-1").await;
    let refused = Cluster::<Registers>::open(&fleet.state("node-1"), options()).await;
    assert!(matches!(refused.err().unwrap(), ClusterError::NeedsPeers(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn voters_are_odd_and_at_most_five_and_have_the_key() {
    let fleet = Fleet::of(7).await;
    let views = fleet.nodes[0].cluster().nodes().await;
    assert_eq!(views.iter().filter(|view| votes(view)).count(), 5);
    eventually("who votes has the key, and nobody else", async || {
        for view in &views {
            let key = fleet.home(&view.record.name).join("peers/authority.key");
            if key.exists() != votes(view) {
                return Err(format!("{}: votes {}", view.record.name, votes(view)));
            }
        }
        Ok(())
    })
    .await;
    for view in views.iter().filter(|view| votes(view)) {
        let peers = fleet.home(&view.record.name).join("peers");
        for (path, expected) in [
            (peers.join("authority.key"), 0o600),
            (peers.join("identity.json"), 0o600),
            (peers, 0o700),
        ] {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_one_node_until_it_expires_and_for_its_cluster() {
    let mut fleet = Fleet::found().await;
    let used = fleet.token(None).await;
    fleet.join("node-2", &used).await;
    fleet.settle(2).await;
    let cause = refused(&fleet, "node-3", &used).await.to_string();
    assert!(cause.contains("has been used by the node “node-2”"), "{cause}");

    let spent = fleet.nodes[0]
        .cluster()
        .invite(Invitation {
            life_seconds: 0,
            wallet: None,
            replaces: None,
        })
        .await
        .unwrap();
    let cause = refused(&fleet, "node-3", &spent.to_string()).await.to_string();
    assert!(
        cause.contains("expired") && cause.contains("clock of the cluster's leader"),
        "{cause}"
    );

    let good = fleet.token(None).await;
    let id = good.parse::<JoinToken>().unwrap().claims.id;
    fleet.node("node-2").cluster().revoke(&id).await.unwrap();
    let cause = refused(&fleet, "node-3", &good).await.to_string();
    assert!(cause.contains("does not know this token"), "{cause}");

    // The signature of one token under the claims of another.
    let (one, other) = (fleet.token(None).await, fleet.token(None).await);
    let forged = format!(
        "{}.{}",
        one.rsplit_once('.').unwrap().0,
        other.rsplit_once('.').unwrap().1
    );
    let cause = refused(&fleet, "node-3", &forged).await.to_string();
    assert!(cause.contains("signature is wrong"), "{cause}");

    for broken in ["", "zlj1.abc", "zlj1.%%%.%%%", "zlj2.e30.e30"] {
        let cause = refused(&fleet, "node-3", broken).await;
        assert!(
            matches!(cause, ClusterError::Token(TokenError::Form | TokenError::Damaged)),
            "{cause}"
        );
    }
    assert_eq!(fleet.nodes[0].cluster().nodes().await.len(), 2);
    assert!(
        !fleet.state("node-3").exists(),
        "a node that is not taken leaves no state"
    );
}

/// The joining node trusts nobody but the authority that the token names, wherever the address leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_not_lead_into_another_cluster() {
    let (fleet, other) = (Fleet::found().await, Fleet::found().await);
    let token = fleet.token(None).await;
    // Whoever listens at the token's address now is another cluster.
    let mut peers = fleet.peers("node-2");
    let elsewhere = other.nodes[0].address.clone();
    peers.route = Some(std::sync::Arc::new(move |_| elsewhere.clone()));
    let quick = Options {
        patience: Duration::from_secs(2),
        ..options()
    };
    let refused = Cluster::<Registers>::join(&fleet.state("node-2"), quick, peers, &token).await;
    let cause = refused.err().unwrap().to_string();
    assert!(
        cause.contains("UnknownIssuer") || cause.contains("unknown issuer"),
        "{cause}"
    );
    assert_eq!(other.nodes[0].cluster().nodes().await.len(), 1);
}

/// The clock of the joining node does not count, the leader's does.
#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_off_by_minutes_do_not_matter_to_who_joins() {
    let mut fleet = Fleet::found().await;
    for (name, seconds) in [("node-2", -20 * 60), ("node-3", 20 * 60)] {
        let token = fleet.token(None).await;
        let peers = PeerOptions {
            clock: later_by(seconds),
            ..fleet.peers(name)
        };
        let cluster = Cluster::join(&fleet.state(name), options(), peers, &token)
            .await
            .unwrap();
        fleet.keep(name, cluster);
    }
    fleet.settle(3).await;
    fleet.node("node-3").cluster().submit(write("a", 1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leaders_clock_says_when_a_token_has_expired() {
    let mut fleet = Fleet::found().await;
    let token = fleet.token(None).await;
    fleet.stop("node-1").await;
    let peers = PeerOptions {
        clock: later_by(120),
        ..fleet.peers("node-1")
    };
    let cluster = Cluster::open_with_peers(&fleet.state("node-1"), options(), peers)
        .await
        .unwrap();
    fleet.wires.forward(
        &token.parse::<JoinToken>().unwrap().claims.addresses[0],
        &cluster.address().unwrap(),
    );
    fleet.keep("node-1", cluster);
    let cause = refused(&fleet, "node-2", &token).await.to_string();
    assert!(cause.contains("expired"), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_for_one_node_and_a_lost_node_is_replaced() {
    let mut fleet = Fleet::of(3).await;
    let mut again = fleet.peers("node-4");
    again.name = "node-2".into();
    let token = fleet.token(None).await;
    let refused = Cluster::<Registers>::join(&fleet.state("node-4"), options(), again.clone(), &token).await;
    let cause = refused.err().unwrap().to_string();
    assert!(cause.contains("“node-2” belongs to the cluster"), "{cause}");

    fleet.nodes[0].cluster().submit(write("a", 1)).await.unwrap();
    let lost = fleet.node("node-2").cluster().id();
    fleet.stop("node-2").await;
    std::fs::remove_dir_all(fleet.home("node-2")).unwrap();
    let token = fleet.token(Some(lost)).await;
    let new = fleet.join("node-2", &token).await;
    assert_ne!(new, lost, "numbers are never given again");
    fleet.settle(3).await;
    let values = fleet
        .node("node-2")
        .cluster()
        .read_fresh(|state| state.values("a"))
        .await;
    assert_eq!(values.unwrap(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_again_is_itself_also_on_another_port() {
    let mut fleet = Fleet::of(3).await;
    let (id, before) = (
        fleet.node("node-3").cluster().id(),
        fleet.node("node-3").address.clone(),
    );
    fleet.stop("node-3").await;
    fleet.nodes[0].cluster().submit(write("a", 1)).await.unwrap();
    fleet.start("node-3").await;
    assert_eq!(fleet.node("node-3").cluster().id(), id);
    let now = fleet.node("node-3").address.clone();
    assert_ne!(now, before);
    eventually("the others know where it is", async || {
        let views = fleet.nodes[0].cluster().nodes().await;
        let address = &views.iter().find(|view| view.id == id).unwrap().record.address;
        if *address == now { Ok(()) } else { Err(address.clone()) }
    })
    .await;
    fleet.settle(3).await;
    let values = fleet
        .node("node-3")
        .cluster()
        .read_fresh(|state| state.values("a"))
        .await;
    assert_eq!(values.unwrap(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_node_is_told_and_cannot_come_back_as_itself() {
    let mut fleet = Fleet::of(3).await;
    let id = fleet.node("node-3").cluster().id();
    fleet.nodes[0].cluster().remove(id).await.unwrap();
    let removed = std::sync::Arc::clone(fleet.node("node-3").cluster());
    eventually("the node knows that it was removed", async || {
        if removed.is_removed() {
            Ok(())
        } else {
            Err("not yet".into())
        }
    })
    .await;
    let cause = removed.submit(write("a", 1)).await.unwrap_err();
    assert!(matches!(cause, ClusterError::Removed), "{cause}");
    drop(removed);
    fleet.stop("node-3").await;
    fleet.start("node-3").await;
    let again = std::sync::Arc::clone(fleet.node("node-3").cluster());
    eventually("it is told again", async || {
        if again.is_removed() {
            Ok(())
        } else {
            Err("not yet".into())
        }
    })
    .await;
    fleet.nodes.retain(|node| node.name != "node-3");
    fleet.settle(2).await;
    fleet.nodes[0].cluster().submit(write("a", 2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_leader_gives_its_vote_away_and_follows() {
    let fleet = Fleet::of(4).await;
    let leader = fleet.leader().await;
    let id = fleet.node(&leader).cluster().id();
    let other = fleet.nodes.iter().find(|node| node.name != leader).unwrap();
    other
        .cluster()
        .set_availability(id, Availability::Draining)
        .await
        .unwrap();
    eventually("another leads and it votes no longer", async || {
        let views = other.cluster().nodes().await;
        let view = views.iter().find(|view| view.id == id).unwrap();
        let voters = views.iter().filter(|view| votes(view)).count();
        if view.role == Role::Learner && voters == 3 {
            Ok(())
        } else {
            Err(format!("{views:?}"))
        }
    })
    .await;
    assert_eq!(fleet.node(&leader).cluster().submit(write("a", 1)).await.unwrap(), 1);
    other
        .cluster()
        .set_availability(id, Availability::Cordoned)
        .await
        .unwrap();
    // A node that follows hears of it a moment after the leader.
    eventually("it is known to take nothing new", async || {
        let views = other.cluster().nodes().await;
        let view = views.iter().find(|view| view.id == id).unwrap();
        match view.record.availability {
            Availability::Cordoned => Ok(()),
            before => Err(format!("{before:?}")),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_and_load_are_known_everywhere() {
    let fleet = Fleet::of(3).await;
    let wanted = BTreeMap::from([("gpu".to_owned(), "a100".to_owned())]);
    fleet
        .node("node-2")
        .cluster()
        .set_labels(3, wanted.clone())
        .await
        .unwrap();
    fleet.node("node-3").cluster().report(Load {
        cpu_used_millicores: 1250,
        ..Load::default()
    });
    for member in &fleet.nodes {
        eventually("labels and load", async || {
            let load = member.cluster().nodes().await[2].load.clone().unwrap_or_default();
            let labels = labels(member).await["node-3"].clone();
            if (load.cpu_used_millicores, &labels) == (1250, &wanted) {
                Ok(())
            } else {
                Err(format!("{load:?} {labels:?}"))
            }
        })
        .await;
    }
    let cause = fleet.nodes[0].cluster().set_labels(9, wanted).await.unwrap_err();
    assert!(matches!(cause, ClusterError::Rejected(Rejection::NoNode(9))), "{cause}");
}

/// Certificates are good for 90 days and are replaced in the last 30.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_replaced_before_they_expire_without_a_restart() {
    let mut fleet = Fleet::found().await;
    fleet.add().await;
    fleet.settle(2).await;
    let mut number = 0;
    // Two lives of each certificate pass, and the node without the key asks the other for its own.
    for _ in 0..3 {
        let before = ["node-1", "node-2"].map(|name| fleet.certificate(name));
        fleet.days_pass(61);
        eventually("each node has another certificate", async || {
            let now = ["node-1", "node-2"].map(|name| fleet.certificate(name));
            if now.iter().zip(&before).all(|(now, before)| now != before) {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        })
        .await;
        for node in &fleet.nodes {
            number += 1;
            node.cluster().submit(write("a", number)).await.unwrap();
        }
    }
    let values = fleet
        .node("node-2")
        .cluster()
        .read_fresh(|state| state.values("a"))
        .await
        .unwrap();
    assert_eq!(values, (1..=number).collect::<Vec<_>>());
}

/// Nobody else has the node's new key: a voter that was off until its certificate expired helps itself with the authority's key.
#[tokio::test(flavor = "multi_thread")]
async fn a_voter_comes_back_after_its_certificate_has_expired() {
    let mut fleet = Fleet::of(3).await;
    eventually("it has the key", async || {
        if fleet.home("node-2").join("peers/authority.key").exists() {
            Ok(())
        } else {
            Err("not yet".into())
        }
    })
    .await;
    let others = ["node-1", "node-3"];
    let expired = fleet.certificate("node-2");
    fleet.stop("node-2").await;
    let before = others.map(|name| fleet.certificate(name));
    fleet.days_pass(100);
    eventually("those that run have certificates of today", async || {
        let now = others.map(|name| fleet.certificate(name));
        if now.iter().zip(&before).all(|(now, before)| now != before) {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    })
    .await;
    fleet.start("node-2").await;
    assert_ne!(fleet.certificate("node-2"), expired);
    // It is believed in both directions: its change reaches the leader, and the log reaches it.
    fleet.node("node-2").cluster().submit(write("a", 1)).await.unwrap();
    for node in fleet.running() {
        let values = node.cluster().read_fresh(|state| state.values("a")).await.unwrap();
        assert_eq!(values, [1], "{}", node.name);
    }
    fleet.settle(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_removed_leaves_a_cluster_that_goes_on() {
    let mut fleet = Fleet::of(3).await;
    let leader = fleet.leader().await;
    let removed = std::sync::Arc::clone(fleet.node(&leader).cluster());
    removed.submit(write("a", 1)).await.unwrap();
    removed.remove(removed.id()).await.unwrap();
    eventually("it knows that it was removed", async || {
        if removed.is_removed() {
            Ok(())
        } else {
            Err("not yet".into())
        }
    })
    .await;
    drop(removed);
    fleet.stop(&leader).await;
    fleet.nodes.retain(|node| node.name != leader);
    fleet.settle(2).await;
    for node in &fleet.nodes {
        node.cluster().submit(write("a", 2)).await.unwrap();
    }
    let values = fleet.nodes[0].cluster().read_fresh(|state| state.values("a")).await;
    assert_eq!(values.unwrap(), [1, 2, 2]);
}
