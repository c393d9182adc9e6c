//! The machine's state in memory, and its snapshots on disk.

use std::io::Cursor;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use openraft::storage::{RaftStateMachine, Snapshot};
use openraft::{
    Entry, EntryPayload, LogId, OptionalSend, RaftSnapshotBuilder, SnapshotMeta, StorageError, StorageIOError,
    StoredMembership,
};
use redb::Durability;
use serde::{Deserialize, Serialize};

use crate::change::{Answer, Replicated};
use crate::config::{Member, NodeId, Types};
use crate::database::{LAYOUT, SNAPSHOT, Storage, combined, decode, encode, raft_error, set};
use crate::error::ClusterError;
use crate::machine::Machine;
use crate::roster::Roster;
use crate::sessions::Sessions;

/// The state with what Raft has to know of it.
#[derive(Debug, Clone)]
struct Applied<M> {
    state: Replicated<M>,
    last: Option<LogId<NodeId>>,
    membership: StoredMembership<NodeId, Member>,
}

/// A snapshot as it stands on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    meta: SnapshotMeta<NodeId, Member>,
    /// The JSON of [`Image`].
    data: String,
}

/// What a snapshot holds; also what one node sends to another.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "M: serde::de::DeserializeOwned"))]
struct Image<M> {
    /// Of the machine.
    format: u32,
    /// Of what is beside the machine; absent in snapshots from before there was anything.
    #[serde(default)]
    layout: u32,
    machine: M,
    #[serde(default)]
    roster: Roster,
    #[serde(default)]
    sessions: Sessions,
}

impl<M: Machine> Image<M> {
    fn of(state: Replicated<M>) -> Self {
        Self {
            format: M::FORMAT,
            layout: LAYOUT,
            machine: state.machine,
            roster: state.roster,
            sessions: state.sessions,
        }
    }

    fn state(self) -> Replicated<M> {
        Replicated {
            machine: self.machine,
            roster: self.roster,
            sessions: self.sessions,
        }
    }

    fn is_too_new(&self) -> bool {
        self.format > M::FORMAT || self.layout > LAYOUT
    }
}

/// The machine's state, shared by its readers and by Raft. What came after the last snapshot is applied again at a start.
pub struct MachineStore<M> {
    storage: Storage,
    applied: Arc<RwLock<Applied<M>>>,
}

impl<M> Clone for MachineStore<M> {
    fn clone(&self) -> Self {
        Self {
            storage: self.storage.clone(),
            applied: Arc::clone(&self.applied),
        }
    }
}

/// Reads the state without blocking a writer for long: keep it short.
pub(crate) struct StateGuard<'a, M>(RwLockReadGuard<'a, Applied<M>>);

impl<M> std::ops::Deref for StateGuard<'_, M> {
    type Target = Replicated<M>;
    fn deref(&self) -> &Replicated<M> {
        &self.0.state
    }
}

impl<M> StateGuard<'_, M> {
    /// The index of the last entry that the state contains.
    pub fn index(&self) -> u64 {
        self.0.last.map_or(0, |last| last.index)
    }
}

impl<M: Machine> MachineStore<M> {
    /// Starts from the last snapshot.
    ///
    /// # Errors
    /// [`ClusterError::Storage`] and [`ClusterError::TooNew`].
    pub async fn open(storage: Storage) -> Result<Self, ClusterError> {
        let path = storage.path().to_owned();
        let failed = |cause: redb::Error| ClusterError::Storage {
            path: path.clone(),
            cause: Box::new(cause),
        };
        let stored: Option<Stored> = storage.value(SNAPSHOT).await.map_err(failed)?;
        let applied = match stored {
            None => Applied {
                state: Replicated::default(),
                last: None,
                membership: StoredMembership::default(),
            },
            Some(stored) => {
                let image: Image<M> = read_image(stored.data.as_bytes()).map_err(failed)?;
                if image.is_too_new() {
                    return Err(ClusterError::TooNew {
                        path,
                        found: combined(image.layout, image.format),
                        known: combined(LAYOUT, M::FORMAT),
                    });
                }
                Applied {
                    state: image.state(),
                    last: stored.meta.last_log_id,
                    membership: stored.meta.last_membership,
                }
            }
        };
        Ok(Self {
            storage,
            applied: Arc::new(RwLock::new(applied)),
        })
    }

    pub(crate) fn state(&self) -> StateGuard<'_, M> {
        StateGuard(self.read())
    }

    fn read(&self) -> RwLockReadGuard<'_, Applied<M>> {
        self.applied.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn save(&self, stored: Stored) -> Result<(), StorageError<NodeId>> {
        let signature = stored.meta.signature();
        self.storage
            .write(Durability::Immediate, move |transaction| {
                set(transaction, SNAPSHOT, &stored)
            })
            .await
            .map_err(|cause| raft_error(|cause| StorageIOError::write_snapshot(Some(signature), cause), &cause))
    }
}

fn read_image<M: Machine>(data: &[u8]) -> Result<Image<M>, redb::Error> {
    decode(data)
}

impl<M: Machine> RaftStateMachine<Types<M>> for MachineStore<M> {
    type SnapshotBuilder = Self;

    async fn applied_state(
        &mut self,
    ) -> Result<(Option<LogId<NodeId>>, StoredMembership<NodeId, Member>), StorageError<NodeId>> {
        let applied = self.read();
        Ok((applied.last, applied.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Option<Answer<M::Outcome>>>, StorageError<NodeId>>
    where
        I: IntoIterator<Item = Entry<Types<M>>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut applied = self.applied.write().unwrap_or_else(PoisonError::into_inner);
        let outcomes = entries
            .into_iter()
            .map(|entry| {
                applied.last = Some(entry.log_id);
                match entry.payload {
                    EntryPayload::Blank => None,
                    EntryPayload::Normal(change) => Some(applied.state.apply(change)),
                    EntryPayload::Membership(membership) => {
                        applied.membership = StoredMembership::new(Some(entry.log_id), membership);
                        None
                    }
                }
            })
            .collect();
        Ok(outcomes)
    }

    async fn get_snapshot_builder(&mut self) -> Self {
        self.clone()
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<Cursor<Vec<u8>>>, StorageError<NodeId>> {
        Ok(Box::default())
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta<NodeId, Member>,
        snapshot: Box<Cursor<Vec<u8>>>,
    ) -> Result<(), StorageError<NodeId>> {
        let failed = |cause: redb::Error| {
            raft_error(
                |cause| StorageIOError::read_snapshot(Some(meta.signature()), cause),
                &cause,
            )
        };
        let data = snapshot.into_inner();
        let image: Image<M> = read_image(&data).map_err(failed)?;
        if image.is_too_new() {
            return Err(failed(redb::Error::Corrupted(format!(
                "the snapshot has format {}; this program reads up to {}",
                combined(image.layout, image.format),
                combined(LAYOUT, M::FORMAT)
            ))));
        }
        let data = String::from_utf8(data).map_err(|cause| failed(redb::Error::Corrupted(cause.to_string())))?;
        self.save(Stored {
            meta: meta.clone(),
            data,
        })
        .await?;
        *self.applied.write().unwrap_or_else(PoisonError::into_inner) = Applied {
            state: image.state(),
            last: meta.last_log_id,
            membership: meta.last_membership.clone(),
        };
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot<Types<M>>>, StorageError<NodeId>> {
        let stored: Option<Stored> = self
            .storage
            .value(SNAPSHOT)
            .await
            .map_err(|cause| raft_error(|cause| StorageIOError::read_snapshot(None, cause), &cause))?;
        Ok(stored.map(|stored| Snapshot {
            meta: stored.meta,
            snapshot: Box::new(Cursor::new(stored.data.into_bytes())),
        }))
    }
}

impl<M: Machine> RaftSnapshotBuilder<Types<M>> for MachineStore<M> {
    async fn build_snapshot(&mut self) -> Result<Snapshot<Types<M>>, StorageError<NodeId>> {
        let applied = self.read().clone();
        let meta = SnapshotMeta {
            last_log_id: applied.last,
            last_membership: applied.membership,
            snapshot_id: applied.last.map_or_else(|| "empty".to_owned(), |last| last.to_string()),
        };
        let image = Image::of(applied.state);
        let failed = |cause: redb::Error| {
            raft_error(
                |cause| StorageIOError::write_snapshot(Some(meta.signature()), cause),
                &cause,
            )
        };
        let data = encode(&image).map_err(failed)?;
        let text =
            String::from_utf8(data.clone()).map_err(|cause| failed(redb::Error::Corrupted(cause.to_string())))?;
        self.save(Stored {
            meta: meta.clone(),
            data: text,
        })
        .await?;
        Ok(Snapshot {
            meta,
            snapshot: Box::new(Cursor::new(data)),
        })
    }
}
