//! The wanted state on disk.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::command::{Applied, Command, Deployment, State};
use crate::error::EngineError;

const DEPLOYMENTS: TableDefinition<&str, &[u8]> = TableDefinition::new("deployments");

/// More than the whole state of a usual machine; the default of redb would be a gibibyte.
const CACHE_BYTES: usize = 1 << 20;

/// The wanted state in memory and on disk. A command that `submit` has accepted survives a crash.
pub(crate) struct Store {
    database: Database,
    state: Mutex<State>,
    /// Holds commands in order while one of them is written.
    turn: tokio::sync::Mutex<()>,
}

impl Store {
    /// Opens or creates the database. A database that another process has open is an error.
    pub fn open(path: &Path) -> Result<Arc<Self>, EngineError> {
        let failed = |cause: redb::Error| EngineError::Store {
            path: path.to_owned(),
            cause: Box::new(cause),
        };
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|cause| failed(cause.into()))?;
        let state = load(&database).map_err(failed)?;
        Ok(Arc::new(Self {
            database,
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::new(()),
        }))
    }

    pub fn get(&self, deployment: &str) -> Option<Arc<Deployment>> {
        self.lock().deployments.get(deployment).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Deployment>> {
        self.lock().deployments.values().cloned().collect()
    }

    /// Applies a command, durably. Goes on when it is dropped: what is on disk and what is in memory stay the same.
    pub async fn submit(self: &Arc<Self>, command: Command) -> Result<Applied, EngineError> {
        let store = Arc::clone(self);
        tokio::spawn(async move { store.apply(command).await })
            .await
            .map_err(|cause| EngineError::Internal(cause.to_string()))?
    }

    async fn apply(self: &Arc<Self>, command: Command) -> Result<Applied, EngineError> {
        let turn = self.turn.lock().await;
        let mut next = self.lock().clone();
        let applied = next.apply(command)?;
        let store = Arc::clone(self);
        let record = applied.clone();
        tokio::task::spawn_blocking(move || store.write(&record))
            .await
            .map_err(|cause| EngineError::Internal(cause.to_string()))?
            .map_err(|cause| EngineError::Store {
                path: "state.redb".into(),
                cause: Box::new(cause),
            })?;
        *self.lock() = next;
        drop(turn);
        Ok(applied)
    }

    fn write(&self, applied: &Applied) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(DEPLOYMENTS)?;
            match applied {
                Applied::Created(deployment) | Applied::Updated { deployment, .. } => {
                    let text =
                        serde_json::to_vec(&**deployment).map_err(|cause| redb::Error::Corrupted(cause.to_string()))?;
                    table.insert(deployment.name.as_str(), text.as_slice())?;
                }
                Applied::Forgotten(name) => {
                    table.remove(name.as_str())?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(database: &Database) -> Result<State, redb::Error> {
    let mut state = State::default();
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(DEPLOYMENTS) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(state),
        Err(cause) => return Err(cause.into()),
    };
    for row in table.iter()? {
        let (name, text) = row?;
        match serde_json::from_slice::<Deployment>(text.value()) {
            Ok(deployment) => {
                state.deployments.insert(deployment.name.clone(), Arc::new(deployment));
            }
            Err(cause) => {
                return Err(redb::Error::Corrupted(format!(
                    "the deployment “{}” cannot be read: {cause}",
                    name.value()
                )));
            }
        }
    }
    Ok(state)
}
