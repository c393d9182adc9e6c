//! Who may talk to the sidecar.

use tokio::net::UnixStream;

/// Whether the process at the other end belongs to the user of this process, or to root.
pub(crate) fn is_allowed(stream: &UnixStream) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == nix::unistd::geteuid().as_raw() || peer.uid() == 0 => true,
        Ok(peer) => {
            tracing::warn!(
                uid = peer.uid(),
                pid = peer.pid(),
                "refused a connection of another user"
            );
            false
        }
        Err(cause) => {
            tracing::warn!(%cause, "refused a connection whose user is not known");
            false
        }
    }
}
