//! The file in which Raft's log, vote and snapshots stand.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use openraft::{AnyError, StorageError, StorageIOError};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::NodeId;
use crate::error::ClusterError;

/// Raft's log: index and entry, as JSON, since specs are not readable from formats that do not describe themselves.
pub(crate) const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
/// Single values: see the keys below.
const VALUES: TableDefinition<&str, &[u8]> = TableDefinition::new("values");

const FORMAT: &str = "format";
/// Counts how often the file was opened.
const LIVES: &str = "lives";
pub(crate) const VOTE: &str = "vote";
pub(crate) const PURGED: &str = "purged";
pub(crate) const COMMITTED: &str = "committed";
pub(crate) const SNAPSHOT: &str = "snapshot";

/// The version of what this crate itself writes beside the machine: 0 was a log of the machine's commands alone, 1 is a log of
/// [`crate::change::Change`] and snapshots with a roster.
pub(crate) const LAYOUT: u32 = 1;
/// The file has one number for both versions, so that a program which knows nothing of layouts refuses a file that has a newer one.
const LAYOUT_WEIGHT: u32 = 1000;

pub(crate) fn combined(layout: u32, format: u32) -> u32 {
    layout * LAYOUT_WEIGHT + format
}

/// More than the state of a usual machine; redb's default would be a gibibyte.
const CACHE_BYTES: usize = 1 << 20;

/// The database, shared by the log and the state machine.
#[derive(Clone)]
pub struct Storage {
    /// `None` once it is closed: Raft's tasks may hold a copy of this a little longer than the file may be held.
    database: Arc<RwLock<Option<Database>>>,
    path: PathBuf,
    life: u64,
}

impl Storage {
    /// Opens or creates the file. One that another process has open, or that a newer program wrote, is an error. `format` is the
    /// machine's.
    ///
    /// # Errors
    /// [`ClusterError::Storage`] and [`ClusterError::TooNew`].
    pub fn open(path: &Path, format: u32) -> Result<Self, ClusterError> {
        let failed = |cause: redb::Error| ClusterError::Storage {
            path: path.to_owned(),
            cause: Box::new(cause),
        };
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|cause| failed(cause.into()))?;
        match prepare(&database, format).map_err(failed)? {
            Prepared::TooNew { found } => Err(ClusterError::TooNew {
                path: path.to_owned(),
                found,
                known: combined(LAYOUT, format),
            }),
            Prepared::Ready { life } => Ok(Self {
                database: Arc::new(RwLock::new(Some(database))),
                path: path.to_owned(),
                life,
            }),
        }
    }

    /// How often the file was opened, this time included.
    pub(crate) fn life(&self) -> u64 {
        self.life
    }

    /// Releases the file. Whatever is read or written afterwards fails.
    pub(crate) async fn close(&self) {
        let database = Arc::clone(&self.database);
        let closed =
            tokio::task::spawn_blocking(move || database.write().unwrap_or_else(PoisonError::into_inner).take());
        if let Err(cause) = closed.await {
            tracing::warn!(%cause, "the state's file was not closed in order");
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one value.
    pub(crate) async fn value<T>(&self, key: &'static str) -> Result<Option<T>, redb::Error>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.run(move |database| {
            let values = database.begin_read()?.open_table(VALUES)?;
            values.get(key)?.map(|text| decode(text.value())).transpose()
        })
        .await
    }

    /// Reads with a function that may block.
    pub(crate) async fn run<T, F>(&self, read: F) -> Result<T, redb::Error>
    where
        T: Send + 'static,
        F: FnOnce(&Database) -> Result<T, redb::Error> + Send + 'static,
    {
        let database = Arc::clone(&self.database);
        tokio::task::spawn_blocking(move || {
            let database = database.read().unwrap_or_else(PoisonError::into_inner);
            read(database.as_ref().ok_or(redb::Error::DatabaseClosed)?)
        })
        .await
        .map_err(|cause| redb::Error::Io(std::io::Error::other(cause)))?
    }

    /// Writes in one transaction. It is on disk when this returns, unless `durability` puts that off to the next write.
    pub(crate) async fn write<F>(&self, durability: Durability, change: F) -> Result<(), redb::Error>
    where
        F: FnOnce(&WriteTransaction) -> Result<(), redb::Error> + Send + 'static,
    {
        self.run(move |database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(durability).map_err(redb::Error::from)?;
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        })
        .await
    }
}

enum Prepared {
    Ready { life: u64 },
    TooNew { found: u32 },
}

/// Makes the tables, brings an older file to this layout, and counts this opening. A newer file stays as it is.
fn prepare(database: &Database, format: u32) -> Result<Prepared, redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(LOG)?;
    let (found, life) = {
        let values = transaction.open_table(VALUES)?;
        let number = |key: &str| -> Result<Option<u64>, redb::Error> {
            values.get(key)?.map(|text| decode(text.value())).transpose()
        };
        (number(FORMAT)?, number(LIVES)?.unwrap_or(0) + 1)
    };
    if let Some(found) = found {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        if found / LAYOUT_WEIGHT > LAYOUT || found % LAYOUT_WEIGHT > format {
            transaction.abort()?;
            return Ok(Prepared::TooNew { found });
        }
        if found / LAYOUT_WEIGHT == 0 {
            wrap_commands(&transaction)?;
        }
    }
    set(&transaction, FORMAT, &combined(LAYOUT, format))?;
    set(&transaction, LIVES, &life)?;
    transaction.commit()?;
    Ok(Prepared::Ready { life })
}

/// Brings a log of layout 0 to layout 1: what was a command becomes a change that is this command. The command's text stays as it is.
fn wrap_commands(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    #[derive(Serialize, Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        log_id: &'a RawValue,
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Old<'a> {
        #[serde(borrow, rename = "Normal")]
        command: &'a RawValue,
    }
    let mut log = transaction.open_table(LOG)?;
    let rows = log
        .iter()?
        .map(|row| row.map(|(index, text)| (index.value(), text.value().to_vec())))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, text) in rows {
        let row: Row<'_> = borrowed(&text)?;
        let Ok(Old { command }) = serde_json::from_str::<Old<'_>>(row.payload.get()) else {
            continue;
        };
        let wrapped = format!(r#"{{"Normal":{{"what":{{"Machine":{}}}}}}}"#, command.get());
        let payload: &RawValue = borrowed(wrapped.as_bytes())?;
        let text = encode(&Row {
            log_id: row.log_id,
            payload,
        })?;
        log.insert(index, text.as_slice())?;
    }
    Ok(())
}

fn borrowed<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, redb::Error> {
    serde_json::from_slice(text).map_err(|cause| redb::Error::Corrupted(cause.to_string()))
}

/// Sets one value within a transaction.
pub(crate) fn set<T: Serialize>(transaction: &WriteTransaction, key: &str, value: &T) -> Result<(), redb::Error> {
    let text = encode(value)?;
    transaction.open_table(VALUES)?.insert(key, text.as_slice())?;
    Ok(())
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, redb::Error> {
    serde_json::to_vec(value).map_err(|cause| redb::Error::Io(std::io::Error::other(cause)))
}

pub(crate) fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, redb::Error> {
    serde_json::from_slice(text).map_err(|cause| redb::Error::Corrupted(cause.to_string()))
}

/// The same failure in Raft's words; `about` makes it one of reading the log, writing the vote, and so on.
pub(crate) fn raft_error(
    about: impl FnOnce(AnyError) -> StorageIOError<NodeId>,
    cause: &redb::Error,
) -> StorageError<NodeId> {
    about(AnyError::new(cause)).into()
}
