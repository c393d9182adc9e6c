//! The unix socket and its connections.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nix::sys::stat::{Mode, umask};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::peer;

/// Longest path of a unix socket on Linux, in bytes.
const PATH_MAX: usize = 107;
/// Time that a client has to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that answers have when the sidecar ends.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Pause after a failed accept, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("The socket path {} has {length} bytes; at most {PATH_MAX} are possible. Choose a shorter one with --socket, for example below $XDG_RUNTIME_DIR.", path.display())]
    TooLong { path: PathBuf, length: usize },
    #[error("Another process answers at {}. Stop it, or choose another path with --socket.", .0.display())]
    Taken(PathBuf),
    #[error("{} exists and is no socket. Remove it, or choose another path with --socket.", .0.display())]
    NotASocket(PathBuf),
    #[error("Cannot listen at {}: {cause}", path.display())]
    Bind {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// What can be said of a path before anything is started.
pub fn check(path: &Path) -> Result<(), SocketError> {
    let length = path.as_os_str().len();
    if length > PATH_MAX {
        return Err(SocketError::TooLong {
            path: path.to_owned(),
            length,
        });
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(SocketError::NotASocket(path.to_owned())),
        _ => Ok(()),
    }
}

/// Listens at `path`, for this user only. A socket that a dead process left is replaced.
pub async fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    check(path)?;
    let failed = |cause| SocketError::Bind {
        path: path.to_owned(),
        cause,
    };
    match std::fs::symlink_metadata(path) {
        Ok(_) => {
            if UnixStream::connect(path).await.is_ok() {
                return Err(SocketError::Taken(path.to_owned()));
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
        }
        Err(cause) => return Err(failed(cause)),
    }
    // Never open to others, not even for the moment between bind and chmod.
    let former = umask(Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    umask(former);
    let listener = listener.map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Serves until `shutdown`; then gives answers under way a moment to end.
pub async fn serve(listener: UnixListener, router: Router, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) if peer::is_allowed(&stream) => {
                connections.spawn(connection(stream, router.clone(), shutdown.clone()));
            }
            Ok(_) => {}
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    connections.close();
    let _ = tokio::time::timeout(LAST_WORDS, connections.wait()).await;
}

async fn connection(stream: UnixStream, router: Router, shutdown: CancellationToken) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let service = TowerToHyperService::new(router);
    let serving = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(cause) = ended {
        // A client that goes in the middle of an answer is no error.
        tracing::debug!(%cause, "a connection ended early");
    }
}
