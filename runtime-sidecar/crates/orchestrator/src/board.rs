//! What is the case right now, as the tasks report it and as the API shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sidecar_api_types::{DeploymentState, Health, Phase, Reason, ReplicaState, ServiceState};
use tokio::sync::watch;

use crate::reason::reason;

/// The state of all deployments. Readers wait for a new revision and then read what they need: a slow reader misses
/// intermediate states, never the last one, and holds nobody up.
pub struct Board {
    deployments: Mutex<BTreeMap<String, Entry>>,
    revision: watch::Sender<u64>,
    images: watch::Sender<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Entry {
    revision: u64,
    generation: u64,
    created_at: String,
    deleting: bool,
    services: BTreeMap<String, ServiceEntry>,
}

/// One service as its tasks report it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceEntry {
    pub image: String,
    pub desired: u32,
    /// What the service as a whole waits for, or why it failed.
    pub condition: Option<(Phase, Reason)>,
    /// Said when there is nothing more urgent to say.
    pub note: Option<Reason>,
    pub replicas: BTreeMap<u32, ReplicaState>,
    /// By replica.
    pub addresses: BTreeMap<u32, Vec<String>>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            deployments: Mutex::default(),
            revision: watch::channel(0).0,
            images: watch::channel(0).0,
        }
    }
}

impl Board {
    /// Changes whenever a deployment changes.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Changes whenever the list of images changes.
    pub fn image_revisions(&self) -> watch::Receiver<u64> {
        self.images.subscribe()
    }

    pub(crate) fn images_changed(&self) {
        self.images.send_modify(|revision| *revision += 1);
    }

    pub(crate) fn put_deployment(&self, name: &str, generation: u64, created_at: &str, deleting: bool) {
        self.update(name, true, |entry| {
            entry.generation = generation;
            entry.created_at = created_at.to_owned();
            entry.deleting = deleting;
        });
    }

    pub(crate) fn remove_deployment(&self, name: &str) {
        if self.lock().remove(name).is_some() {
            self.revision.send_modify(|revision| *revision += 1);
        }
    }

    /// Changes a service. Does nothing for a deployment that is gone.
    pub(crate) fn service(&self, deployment: &str, service: &str, change: impl FnOnce(&mut ServiceEntry)) {
        self.update(deployment, false, |entry| {
            change(entry.services.entry(service.to_owned()).or_default())
        });
    }

    pub(crate) fn remove_service(&self, deployment: &str, service: &str) {
        self.update(deployment, false, |entry| {
            entry.services.remove(service);
        });
    }

    /// Changes a replica that has been put with [`Board::put_replica`].
    pub(crate) fn replica(&self, deployment: &str, service: &str, index: u32, change: impl FnOnce(&mut ReplicaState)) {
        self.service(deployment, service, |entry| {
            if let Some(replica) = entry.replicas.get_mut(&index) {
                change(replica);
            }
        });
    }

    pub(crate) fn put_replica(&self, deployment: &str, service: &str, replica: ReplicaState) {
        self.service(deployment, service, |entry| {
            entry.replicas.insert(replica.index, replica);
        });
    }

    /// Removes a replica, unless another one, with another id, has taken its place.
    pub(crate) fn remove_replica(&self, deployment: &str, service: &str, index: u32, id: &str) {
        self.service(deployment, service, |entry| {
            if entry.replicas.get(&index).is_some_and(|replica| replica.id == id) {
                entry.replicas.remove(&index);
                entry.addresses.remove(&index);
            }
        });
    }

    pub fn deployment(&self, name: &str) -> Option<DeploymentState> {
        self.lock().get(name).map(|entry| fold_deployment(name, entry))
    }

    pub fn deployments(&self) -> Vec<DeploymentState> {
        self.lock()
            .iter()
            .map(|(name, entry)| fold_deployment(name, entry))
            .collect()
    }

    /// Deployments newer than what the reader has seen, and the names that are gone. `seen` is brought up to date.
    pub fn changes(&self, seen: &mut BTreeMap<String, u64>) -> (Vec<DeploymentState>, Vec<String>) {
        let deployments = self.lock();
        let names: BTreeSet<&String> = deployments.keys().collect();
        let gone: Vec<String> = seen.keys().filter(|name| !names.contains(name)).cloned().collect();
        for name in &gone {
            seen.remove(name);
        }
        let changed = deployments
            .iter()
            .filter(|(name, entry)| seen.insert((*name).clone(), entry.revision) != Some(entry.revision))
            .map(|(name, entry)| fold_deployment(name, entry))
            .collect();
        (changed, gone)
    }

    fn update(&self, name: &str, create: bool, change: impl FnOnce(&mut Entry)) {
        let mut deployments = self.lock();
        if create {
            deployments.entry(name.to_owned()).or_default();
        }
        let Some(entry) = deployments.get_mut(name) else { return };
        let before = entry.clone();
        change(entry);
        if *entry == before && !create {
            return;
        }
        let revision = *self.revision.borrow() + 1;
        entry.revision = revision;
        self.revision.send_replace(revision);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fold_deployment(name: &str, entry: &Entry) -> DeploymentState {
    let services: Vec<ServiceState> = entry
        .services
        .iter()
        .map(|(name, service)| fold_service(name, service, entry.deleting))
        .collect();
    let worst = services
        .iter()
        .filter(|s| s.phase != Phase::Stopped)
        .min_by_key(|s| rank(s.phase));
    let (phase, reason) = if entry.deleting {
        (Phase::Stopping, Some(reason("being-removed", "being removed")))
    } else if let Some(worst) = worst {
        let reason = worst
            .reason
            .clone()
            .filter(|_| worst.phase != Phase::Running)
            .map(|reason| Reason {
                message: format!("{}: {}", worst.name, reason.message),
                ..reason
            });
        (worst.phase, reason)
    } else if services.is_empty() {
        (Phase::Running, None)
    } else {
        (Phase::Stopped, None)
    };
    DeploymentState {
        name: name.to_owned(),
        phase,
        reason,
        generation: entry.generation,
        created_at: entry.created_at.clone(),
        services,
    }
}

fn fold_service(name: &str, entry: &ServiceEntry, deleting: bool) -> ServiceState {
    let replicas: Vec<ReplicaState> = entry.replicas.values().cloned().collect();
    let runs = |r: &&ReplicaState| r.pid.is_some();
    let running = replicas.iter().filter(runs).count() as u32;
    let healthy = replicas
        .iter()
        .filter(runs)
        .filter(|r| matches!(r.health, Health::Healthy | Health::None))
        .count() as u32;
    let (phase, reason) = service_phase(entry, deleting);
    ServiceState {
        name: name.to_owned(),
        phase,
        reason,
        image: entry.image.clone(),
        desired: entry.desired,
        running,
        healthy,
        replicas,
        addresses: entry.addresses.values().flatten().cloned().collect(),
    }
}

fn service_phase(entry: &ServiceEntry, deleting: bool) -> (Phase, Option<Reason>) {
    if deleting {
        return (Phase::Stopping, None);
    }
    if let Some((phase, reason)) = &entry.condition {
        return (*phase, Some(reason.clone()));
    }
    // A replica too many is on its way out and says nothing about the service, unless nothing else is wanted.
    let wanted: Vec<&ReplicaState> = entry
        .replicas
        .values()
        .filter(|r| r.index < entry.desired || entry.desired == 0)
        .collect();
    let worst = wanted
        .iter()
        .filter(|r| r.phase != Phase::Stopped)
        .min_by_key(|r| rank(r.phase));
    let missing = (wanted.len() as u32) < entry.desired;
    match worst {
        Some(worst) if !missing || rank(worst.phase) < rank(Phase::Starting) => {
            (worst.phase, worst.reason.clone().or_else(|| entry.note.clone()))
        }
        _ if missing => (Phase::Starting, entry.note.clone()),
        _ if entry.desired == 0 => (Phase::Stopped, Some(reason("scaled-to-zero", "scaled to 0 replicas"))),
        _ => (Phase::Stopped, wanted.iter().find_map(|r| r.reason.clone())),
    }
}

/// What needs attention first, then what is least advanced.
fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Failed => 0,
        Phase::Backoff => 1,
        Phase::Waiting => 2,
        Phase::Starting => 3,
        Phase::Stopping => 4,
        Phase::Unhealthy => 5,
        Phase::Running => 6,
        Phase::Stopped => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(index: u32, phase: Phase) -> ReplicaState {
        let runs = matches!(phase, Phase::Running | Phase::Unhealthy);
        ReplicaState {
            id: format!("r{index}"),
            index,
            phase,
            reason: None,
            restarts: 0,
            pid: runs.then_some(100 + index),
            ipv4: None,
            exit_code: None,
            started_at: None,
            health: if phase == Phase::Unhealthy {
                Health::Unhealthy
            } else {
                Health::None
            },
        }
    }

    fn check(desired: u32, phases: &[Phase], want: (Phase, u32, u32)) {
        let replicas = phases
            .iter()
            .enumerate()
            .map(|(i, p)| (i as u32, replica(i as u32, *p)))
            .collect();
        let state = fold_service(
            "web",
            &ServiceEntry {
                desired,
                replicas,
                ..ServiceEntry::default()
            },
            false,
        );
        assert_eq!(
            (state.phase, state.running, state.healthy),
            want,
            "{desired} of {phases:?}"
        );
    }

    #[test]
    fn a_service_is_as_far_as_its_least_advanced_replica() {
        use Phase::{Backoff, Failed, Running, Starting, Stopped, Stopping, Unhealthy};
        check(2, &[Running, Running], (Running, 2, 2));
        check(2, &[Running, Unhealthy], (Unhealthy, 2, 1));
        check(2, &[Running, Starting], (Starting, 1, 1));
        check(2, &[Running], (Starting, 1, 1));
        check(2, &[Backoff], (Backoff, 0, 0));
        check(3, &[Running, Backoff, Failed], (Failed, 1, 1));
        check(1, &[Running, Stopping], (Running, 1, 1));
        check(2, &[Running, Stopped], (Running, 1, 1));
        check(1, &[Stopped], (Stopped, 0, 0));
        check(0, &[], (Stopped, 0, 0));
        check(0, &[Stopping], (Stopping, 0, 0));
    }

    #[test]
    fn only_the_replica_itself_leaves_the_board() {
        let board = Board::default();
        board.put_deployment("a", 1, "", false);
        board.put_replica("a", "web", replica(0, Phase::Running));
        board.remove_replica("a", "web", 0, "its-former");
        let replicas = || board.deployment("a").unwrap().services.remove(0).replicas.len();
        assert_eq!(replicas(), 1);
        board.remove_replica("a", "web", 0, "r0");
        assert_eq!(replicas(), 0);
    }

    #[test]
    fn a_reader_sees_each_change_once_and_removals() {
        let board = Board::default();
        let mut seen = BTreeMap::new();
        board.put_deployment("a", 1, "", false);
        board.put_deployment("b", 1, "", false);
        assert_eq!(board.changes(&mut seen).0.len(), 2);
        board.service("b", "web", |s| s.desired = 2);
        board.remove_deployment("a");
        let (changed, gone) = board.changes(&mut seen);
        assert_eq!(
            (changed.len(), changed[0].name.as_str(), gone),
            (1, "b", vec!["a".to_owned()])
        );
        let before = *board.revisions().borrow();
        board.service("b", "web", |s| s.desired = 2);
        assert_eq!(*board.revisions().borrow(), before, "nothing changed");
        assert!(board.changes(&mut seen).0.is_empty());
    }
}
