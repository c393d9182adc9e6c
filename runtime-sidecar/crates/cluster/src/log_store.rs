//! Raft's log and vote on disk.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use openraft::storage::{LogFlushed, LogState, RaftLogStorage};
use openraft::{Entry, LogId, OptionalSend, RaftLogReader, StorageError, StorageIOError, Vote};
use redb::{Durability, ReadableDatabase, ReadableTable};

use crate::config::{NodeId, Types};
use crate::database::{COMMITTED, LOG, PURGED, Storage, VOTE, decode, encode, raft_error, set};
use crate::machine::Machine;

/// Raft's log and vote. What a call has answered is on disk.
pub struct LogStore<M> {
    storage: Storage,
    machine: PhantomData<fn() -> M>,
}

impl<M> LogStore<M> {
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            machine: PhantomData,
        }
    }
}

impl<M> Clone for LogStore<M> {
    fn clone(&self) -> Self {
        Self::new(self.storage.clone())
    }
}

impl<M: Machine> RaftLogReader<Types<M>> for LogStore<M> {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry<Types<M>>>, StorageError<NodeId>> {
        let bounds: (Bound<u64>, Bound<u64>) = (range.start_bound().cloned(), range.end_bound().cloned());
        self.storage
            .run(move |database| {
                let log = database.begin_read()?.open_table(LOG)?;
                log.range(bounds)?.map(|row| decode(row?.1.value())).collect()
            })
            .await
            .map_err(|cause| raft_error(StorageIOError::read_logs, &cause))
    }
}

impl<M: Machine> RaftLogStorage<Types<M>> for LogStore<M> {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types<M>>, StorageError<NodeId>> {
        let failed = |cause: redb::Error| raft_error(StorageIOError::read_logs, &cause);
        let purged: Option<LogId<NodeId>> = self.storage.value(PURGED).await.map_err(failed)?;
        let last: Option<Entry<Types<M>>> = self
            .storage
            .run(|database| {
                let log = database.begin_read()?.open_table(LOG)?;
                log.last()?.map(|(_, text)| decode(text.value())).transpose()
            })
            .await
            .map_err(failed)?;
        Ok(LogState {
            last_purged_log_id: purged,
            last_log_id: last.map(|entry| entry.log_id).or(purged),
        })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote<NodeId>) -> Result<(), StorageError<NodeId>> {
        let vote = *vote;
        self.storage
            .write(Durability::Immediate, move |transaction| set(transaction, VOTE, &vote))
            .await
            .map_err(|cause| raft_error(StorageIOError::write_vote, &cause))
    }

    async fn read_vote(&mut self) -> Result<Option<Vote<NodeId>>, StorageError<NodeId>> {
        self.storage
            .value(VOTE)
            .await
            .map_err(|cause| raft_error(StorageIOError::read_vote, &cause))
    }

    /// Kept so that a node knows at its start what was wanted, before it has found a leader. It may be a little behind: it
    /// reaches the disk with the next entry.
    async fn save_committed(&mut self, committed: Option<LogId<NodeId>>) -> Result<(), StorageError<NodeId>> {
        self.storage
            .write(Durability::None, move |transaction| {
                set(transaction, COMMITTED, &committed)
            })
            .await
            .map_err(|cause| raft_error(StorageIOError::write, &cause))
    }

    async fn read_committed(&mut self) -> Result<Option<LogId<NodeId>>, StorageError<NodeId>> {
        let committed: Option<Option<LogId<NodeId>>> = self
            .storage
            .value(COMMITTED)
            .await
            .map_err(|cause| raft_error(StorageIOError::read, &cause))?;
        Ok(committed.flatten())
    }

    async fn append<I>(&mut self, entries: I, flushed: LogFlushed<Types<M>>) -> Result<(), StorageError<NodeId>>
    where
        I: IntoIterator<Item = Entry<Types<M>>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let failed = |cause: redb::Error| raft_error(StorageIOError::write_logs, &cause);
        let rows = entries
            .into_iter()
            .map(|entry| Ok((entry.log_id.index, encode(&entry)?)))
            .collect::<Result<Vec<_>, redb::Error>>()
            .map_err(failed)?;
        let written = self
            .storage
            .write(Durability::Immediate, move |transaction| {
                let mut log = transaction.open_table(LOG)?;
                for (index, text) in &rows {
                    log.insert(index, text.as_slice())?;
                }
                Ok(())
            })
            .await;
        match written {
            Ok(()) => {
                flushed.log_io_completed(Ok(()));
                Ok(())
            }
            Err(cause) => {
                flushed.log_io_completed(Err(std::io::Error::other(cause.to_string())));
                Err(failed(cause))
            }
        }
    }

    async fn truncate(&mut self, from: LogId<NodeId>) -> Result<(), StorageError<NodeId>> {
        self.storage
            .write(Durability::Immediate, move |transaction| {
                transaction.open_table(LOG)?.retain_in(from.index.., |_, _| false)?;
                Ok(())
            })
            .await
            .map_err(|cause| raft_error(StorageIOError::write_logs, &cause))
    }

    async fn purge(&mut self, upto: LogId<NodeId>) -> Result<(), StorageError<NodeId>> {
        self.storage
            .write(Durability::Immediate, move |transaction| {
                set(transaction, PURGED, &upto)?;
                transaction.open_table(LOG)?.retain_in(..=upto.index, |_, _| false)?;
                Ok(())
            })
            .await
            .map_err(|cause| raft_error(StorageIOError::write_logs, &cause))
    }
}
