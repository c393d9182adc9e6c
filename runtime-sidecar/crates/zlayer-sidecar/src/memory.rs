//! Memory goes back to the system when there is nothing to do: the sidecar runs all day, mostly idle.

use std::sync::Arc;
use std::time::Duration;

use sidecar_orchestrator::Engine;

/// Time for what the last containers used to be dropped.
const SETTLE: Duration = Duration::from_secs(5);

/// Keeps the allocator of the C library from giving each thread an arena of its own, which it would never give back.
/// Call it before any thread is started.
pub(crate) fn limit_arenas() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a parameter of the allocator; there is one thread.
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1);
    }
}

/// Gives memory back some time after the containers became fewer, until it is dropped.
pub(crate) async fn give_back(engine: Arc<Engine>) {
    let mut changes = engine.container_changes();
    let mut known = engine.containers().len();
    while changes.changed().await.is_ok() {
        let now = engine.containers().len();
        if now < known {
            tokio::time::sleep(SETTLE).await;
            changes.borrow_and_update();
            trim();
        }
        known = engine.containers().len();
    }
}

fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: returns free pages to the system; no memory in use is touched.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
