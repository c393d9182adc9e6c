//! Which nodes vote.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::NodeId;

/// A commit waits for the disks of a majority, and five voters already outlive two losses at a time: more would only make each change
/// slower. An even number outlives no loss more than the odd number below it.
pub(crate) const MOST_VOTERS: usize = 5;

/// What the choice depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate<'a> {
    pub votes: bool,
    /// The leader has heard from it lately.
    pub alive: bool,
    /// Its log is close to the leader's.
    pub caught_up: bool,
    pub draining: bool,
    /// Its label `zone`: voters are spread over zones.
    pub zone: Option<&'a str>,
}

/// Chooses an odd number of voters, at most [`MOST_VOTERS`], among the members. Who votes stays a voter while it is alive; who is
/// lost keeps its vote until another can have it, since fewer voters would not make the majority safer.
pub(crate) fn choose(members: &BTreeMap<NodeId, Candidate<'_>>) -> BTreeSet<NodeId> {
    let mut fit: BTreeMap<NodeId, Candidate<'_>> = members
        .iter()
        .filter(|(_, node)| !node.draining && (node.votes || (node.alive && node.caught_up)))
        .map(|(id, node)| (*id, *node))
        .collect();
    if !fit.values().any(|node| node.alive) {
        // Somebody has to vote, also while everybody drains.
        fit.extend(
            members
                .iter()
                .filter(|(_, node)| node.votes)
                .map(|(id, node)| (*id, *node)),
        );
    }
    let wanted = odd(fit.len().min(MOST_VOTERS));
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chosen = BTreeSet::new();
    while chosen.len() < wanted {
        let next = fit
            .iter()
            .filter(|(id, _)| !chosen.contains(*id))
            .min_by_key(|(id, node)| {
                let crowd = node.zone.map_or(0, |zone| zones.get(zone).copied().unwrap_or(0));
                (!node.alive, crowd, !node.votes, **id)
            })
            .map(|(id, node)| (*id, node.zone));
        let Some((id, zone)) = next else { break };
        if let Some(zone) = zone {
            *zones.entry(zone).or_default() += 1;
        }
        chosen.insert(id);
    }
    chosen
}

fn odd(count: usize) -> usize {
    if count.is_multiple_of(2) {
        count.saturating_sub(1)
    } else {
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOTER: Candidate<'_> = Candidate {
        votes: true,
        alive: true,
        caught_up: true,
        draining: false,
        zone: None,
    };
    const LEARNER: Candidate<'_> = Candidate { votes: false, ..VOTER };

    fn chosen(members: &[Candidate<'_>]) -> Vec<NodeId> {
        let members = (1..).zip(members.iter().copied()).collect();
        choose(&members).into_iter().collect()
    }

    #[test]
    fn voters_are_odd_and_at_most_five() {
        for count in 1..=9 {
            let mut members = vec![LEARNER; count];
            members[0] = VOTER;
            let expected = [1, 1, 3, 3, 5, 5, 5, 5, 5][count - 1];
            assert_eq!(chosen(&members).len(), expected, "of {count}");
        }
    }

    #[test]
    fn a_learner_that_is_behind_or_silent_does_not_vote() {
        let behind = Candidate {
            caught_up: false,
            ..LEARNER
        };
        let silent = Candidate {
            alive: false,
            ..LEARNER
        };
        assert_eq!(chosen(&[VOTER, behind, LEARNER]), [1]);
        assert_eq!(chosen(&[VOTER, LEARNER, silent]), [1]);
    }

    #[test]
    fn a_lost_voter_keeps_its_vote_until_another_can_have_it() {
        let lost = Candidate { alive: false, ..VOTER };
        assert_eq!(chosen(&[VOTER, VOTER, lost]), [1, 2, 3]);
        assert_eq!(chosen(&[VOTER, VOTER, lost, LEARNER]), [1, 2, 4]);
    }

    #[test]
    fn a_draining_node_gives_its_vote_away() {
        let draining = Candidate {
            draining: true,
            ..VOTER
        };
        assert_eq!(chosen(&[draining, VOTER, VOTER, LEARNER]), [2, 3, 4]);
        assert_eq!(chosen(&[draining]), [1], "somebody has to vote");
    }

    #[test]
    fn voters_are_spread_over_zones() {
        let zone = |zone| Candidate {
            zone: Some(zone),
            ..LEARNER
        };
        let first = Candidate {
            votes: true,
            ..zone("a")
        };
        assert_eq!(chosen(&[first, zone("a"), zone("a"), zone("b"), zone("c")]).len(), 5);
        assert_eq!(chosen(&[first, zone("a"), zone("b"), zone("c")]), [1, 3, 4]);
    }
}
