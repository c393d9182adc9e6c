//! The unix socket and its connections.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
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
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Err(failed(io::ErrorKind::InvalidInput.into())),
    };
    match std::fs::symlink_metadata(path) {
        Ok(_) => {
            if UnixStream::connect(path).await.is_ok() {
                return Err(SocketError::Taken(path.to_owned()));
            }
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        Err(cause) => return Err(failed(cause)),
    }
    bind_privately(parent, path).map_err(failed)
}

/// The socket is made where nobody else can come, and moved to its place when nobody else may open it: never is it open to
/// others, not even for the moment between bind and chmod.
fn bind_privately(parent: &Path, path: &Path) -> io::Result<UnixListener> {
    let private = tempfile::Builder::new().prefix(".zlayer-").tempdir_in(parent)?;
    std::fs::set_permissions(private.path(), std::fs::Permissions::from_mode(0o700))?;
    // By its descriptor, because the way through `parent` may be too long for a socket.
    let directory = std::fs::File::open(private.path())?;
    let hidden = PathBuf::from(format!("/proc/self/fd/{}/s", directory.as_raw_fd()));
    let listener = UnixListener::bind(&hidden)?;
    std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(private.path().join("s"), path)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn a_socket_is_for_its_user_only_and_replaces_a_dead_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        for _ in 0..2 {
            let listener = bind(&path).await.unwrap();
            let found = std::fs::symlink_metadata(&path).unwrap();
            assert!(found.file_type().is_socket());
            assert_eq!(found.permissions().mode() & 0o777, 0o600);
            UnixStream::connect(&path).await.unwrap();
            assert!(matches!(bind(&path).await, Err(SocketError::Taken(_))));
            assert_eq!(names(dir.path()), ["s.sock"]);
            drop(listener);
        }
    }

    #[tokio::test]
    async fn the_longest_path_works() {
        let dir = tempfile::tempdir().unwrap();
        let rest = PATH_MAX - dir.path().as_os_str().len() - "/".len() - "/s".len();
        let path = dir.path().join("x".repeat(rest)).join("s");
        assert_eq!(path.as_os_str().len(), PATH_MAX);
        let _listener = bind(&path).await.unwrap();
        UnixStream::connect(&path).await.unwrap();
    }

    #[tokio::test]
    async fn the_masks_of_other_threads_are_left_alone() {
        // The mask is of the whole process: a file that is made meanwhile must get the permissions that it asks for.
        let dir = tempfile::tempdir().unwrap();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (place, stopped) = (dir.path().join("d"), stop.clone());
        let maker = std::thread::spawn(move || {
            let mut modes = std::collections::BTreeSet::new();
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                std::fs::create_dir(&place).unwrap();
                modes.insert(std::fs::metadata(&place).unwrap().permissions().mode() & 0o100);
                std::fs::remove_dir(&place).unwrap();
            }
            modes
        });
        for _ in 0..200 {
            drop(bind(&dir.path().join("s.sock")).await.unwrap());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(maker.join().unwrap(), [0o100].into());
    }
}
