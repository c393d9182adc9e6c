//! What openraft asks of any storage, asked of ours.

use openraft::testing::{StoreBuilder, Suite};
use openraft::{StorageError, StorageIOError};
use sidecar_cluster::{LogStore, Machine, MachineStore, NodeId, Storage, Types};

use crate::counters::Counters;

struct OnDisk;

impl StoreBuilder<Types<Counters>, LogStore<Counters>, MachineStore<Counters>, tempfile::TempDir> for OnDisk {
    async fn build(
        &self,
    ) -> Result<(tempfile::TempDir, LogStore<Counters>, MachineStore<Counters>), StorageError<NodeId>> {
        let failed = |cause: &dyn std::error::Error| StorageIOError::<NodeId>::write(openraft::AnyError::error(cause));
        let directory = tempfile::tempdir().map_err(|cause| failed(&cause))?;
        let storage =
            Storage::open(&directory.path().join("raft.redb"), Counters::FORMAT).map_err(|cause| failed(&cause))?;
        let machine = MachineStore::open(storage.clone())
            .await
            .map_err(|cause| failed(&cause))?;
        Ok((directory, LogStore::new(storage), machine))
    }
}

#[test]
fn the_storage_keeps_what_raft_relies_on() {
    Suite::test_all(OnDisk).unwrap();
}
