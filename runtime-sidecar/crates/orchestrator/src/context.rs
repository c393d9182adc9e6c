//! What every task of the engine works with.

use std::path::PathBuf;

use sidecar_container::Runtime;
use sidecar_image::ImageStore;
use sidecar_network::NetworkManager;
use tokio::sync::Semaphore;

use crate::board::Board;
use crate::containers::Registry;
use crate::events::Events;
use crate::metering::Meter;
use crate::restarts::Restarts;
use crate::store::Store;
use crate::volumes::Volumes;

/// Containers that are started at the same time. More would only wait for each other in the kernel.
pub(crate) const PARALLEL_STARTS: usize = 16;

pub(crate) struct Context {
    pub data_dir: PathBuf,
    pub rootless: bool,
    pub ports_reachable: bool,
    pub store: Store,
    pub board: Board,
    pub events: Events,
    pub images: ImageStore,
    pub runtime: Runtime,
    pub network: NetworkManager,
    pub containers: Registry,
    pub meter: Meter,
    pub volumes: Volumes,
    pub restarts: Restarts,
    pub starts: Semaphore,
}
