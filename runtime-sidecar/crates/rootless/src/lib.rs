//! The engine for a user without root, and what a machine allows.
//!
//! [`enter`] puts the process into a user, a mount and a network namespace of its own, in which it is "root": overlay
//! mounts, bridges, packet filters and network namespaces work there as they do for root, so the rest of the engine does
//! not know the difference. Two helper processes outlive the engine, so that the containers do too:
//!
//! - the *holder* sits in the namespaces and keeps them alive; an engine that starts after a crash enters them again,
//! - the *keeper* stays outside and keeps `pasta` running, which connects the network namespace with the outside and
//!   forwards the ports that are listened on inside.
//!
//! **Peers of the API socket.** A unix socket lies in the file system, which both sides share. Inside, the credentials of
//! a peer that runs as the real user say uid 0, those of every other user outside 65534 (or a mapped subordinate uid, which
//! is a container's). So the check is the same as without namespaces: the peer's uid must equal the own effective uid.
//!
//! **Directories.** `/run`, `/etc` and the like belong to the real root and cannot be written. Keep everything below the
//! data directory or `XDG_RUNTIME_DIR`. Mounts made inside, such as pinned network namespaces, exist only inside.

mod cgroup;
mod enter;
mod error;
mod holder;
mod id_map;
mod keeper;
mod machine;
mod process;
mod record;
mod udp_ports;
mod way_out;

pub use enter::{Environment, RootlessConfig, dissolve, enter};
pub use error::RootlessError;
pub use machine::{Machine, Mode};
pub use sidecar_api_types::Limitation;
