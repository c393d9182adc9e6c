//! `zlayer-sidecar serve`

use std::fs::DirBuilder;
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sidecar_api::{Api, SocketError};
use sidecar_api_types::Limitation;
use sidecar_orchestrator::{Engine, EngineConfig, EngineError};
use sidecar_rootless::{Machine, RootlessConfig, RootlessError};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::ServeArgs;
use crate::lock::{DataDirLock, LockError};
use crate::memory;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The netlink crate warns of every attribute that is younger than it is.
const LOG: &str = "info,netlink_packet_route=error";
/// Limitations with which published ports lead nowhere.
const NO_WAY_IN: [&str; 3] = ["no-tun-device", "no-way-out", "no-published-ports"];
const EXIT_HELD: u8 = 3;
/// One for requests, one for the rest: the sidecar waits most of the time.
const WORKERS: usize = 2;
const BLOCKING_THREADS: usize = 64;
const IDLE_THREADS_END_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(
        "--listen is not served yet: nothing listens on TCP without authentication, and there is none so far. Use the unix socket."
    )]
    Listen,
    #[error("Containers need root. Run as root, or with --rootless.")]
    NeedsRoot,
    #[error(transparent)]
    Rootless(#[from] RootlessError),
    #[error("{} cannot be used: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("The sidecar cannot start: {0}")]
    Runtime(#[from] std::io::Error),
}

pub(crate) fn run(args: ServeArgs) -> ExitCode {
    let filter = EnvFilter::try_from_env("ZLAYER_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    let stderr = std::io::stderr;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .init();
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zlayer-sidecar: {error}");
            match error {
                ServeError::Lock(LockError::Held { .. }) => ExitCode::from(EXIT_HELD),
                ServeError::Listen => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn start(args: ServeArgs) -> Result<(), ServeError> {
    if !args.listen.is_empty() {
        return Err(ServeError::Listen);
    }
    if !nix::unistd::geteuid().is_root() && !args.rootless {
        return Err(ServeError::NeedsRoot);
    }
    sidecar_api::check(&args.socket)?;
    let data_dir = private_directory(&args.data_dir)?;
    // Held until the process ends.
    let _lock = DataDirLock::take(&data_dir)?;
    raise_file_limit();
    // Looked at before the namespaces are entered: it is what is true of the user.
    let machine = Machine::probe();
    let surroundings = if args.rootless {
        // Before any thread is started: namespaces are entered by a single thread.
        let entered = sidecar_rootless::enter(&RootlessConfig {
            data_dir: data_dir.clone(),
        })?;
        Surroundings {
            limitations: entered.limitations,
            cgroup_parent: entered.cgroup_parent,
        }
    } else {
        Surroundings {
            limitations: machine.limitations(),
            cgroup_parent: Some(args.cgroup_parent.clone()),
        }
    };
    memory::limit_arenas();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_keep_alive(IDLE_THREADS_END_AFTER)
        .enable_all()
        .build()?;
    let rootless = args.rootless.then(|| RootlessConfig {
        data_dir: data_dir.clone(),
    });
    let served = runtime.block_on(serve(args, data_dir, machine, surroundings));
    // Tasks are dropped where they stand: containers go on, and the next sidecar takes over.
    runtime.shutdown_background();
    if let (Some(config), Ok(0)) = (rootless, &served) {
        sidecar_rootless::dissolve(&config)?;
    }
    served.map(drop)
}

/// What the process has around it once it is where it belongs.
struct Surroundings {
    limitations: Vec<Limitation>,
    /// Absent when this user may not make cgroups.
    cgroup_parent: Option<String>,
}

/// Returns how many containers there are at the end.
async fn serve(
    args: ServeArgs,
    data_dir: PathBuf,
    machine: Machine,
    surroundings: Surroundings,
) -> Result<usize, ServeError> {
    for limitation in &surroundings.limitations {
        tracing::warn!(code = limitation.code, "{} {}", limitation.message, limitation.remedy);
    }
    let shutdown = CancellationToken::new();
    // From here on a signal is an orderly end, also while the engine opens.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending; containers go on running");
        token.cancel();
    });
    let engine = Engine::open(EngineConfig {
        data_dir,
        shim_exe: std::env::current_exe()?,
        cgroup_parent: surroundings.cgroup_parent,
        rootless: args.rootless,
        ports_reachable: !surroundings
            .limitations
            .iter()
            .any(|found| NO_WAY_IN.contains(&found.code.as_str())),
        pool: args.pool,
    })
    .await?;
    tokio::spawn(memory::give_back(Arc::clone(&engine)));
    let listener = sidecar_api::bind(&args.socket).await?;
    let api = Arc::new(Api {
        engine: Arc::clone(&engine),
        version: VERSION,
        started: SystemTime::now(),
        limitations: surroundings.limitations,
        machine,
        shutdown: shutdown.clone(),
    });
    tracing::info!(version = VERSION, pid = std::process::id(), socket = %args.socket.display(), "ready");
    sidecar_api::serve(listener, sidecar_api::router(api), shutdown).await;
    if let Err(cause) = std::fs::remove_file(&args.socket) {
        tracing::debug!(%cause, "the socket is gone already");
    }
    Ok(engine.containers().len())
}

/// Makes the directory where it is missing, and gives its absolute path: containers refer to it.
fn private_directory(path: &Path) -> Result<PathBuf, ServeError> {
    let failed = |cause| ServeError::Io {
        path: path.to_owned(),
        cause,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    path.canonicalize().map_err(failed)
}

/// Each follower of a log and each container holds files open.
fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(cause) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(%cause, "the limit of open files cannot be raised");
    }
}
