//! Wanted state, and the loops that make it real.
//!
//! - [`command`] holds the wanted state and the only function that changes it, `State::apply`: deterministic, without
//!   effects, so that the same commands give the same state on every node.
//! - [`Engine`] makes it real: a task per service that pulls, waits for dependencies and rolls out, and a task per replica
//!   that starts, checks and restarts one container. None of them holds a truth of its own: after a crash they are built
//!   again from the stored state and from the containers that run.
//! - [`board`] is what they report, and what the API shows.

pub mod backoff;
pub mod board;
pub mod command;
mod containers;
mod context;
mod engine;
mod error;
pub mod events;
mod health;
pub mod metering;
mod plan;
mod reason;
mod replica;
mod restarts;
mod service;
mod store;
mod volumes;

pub use containers::{ContainerView, ImageUse};
pub use engine::{Engine, EngineConfig, RestartOutcome};
pub use error::EngineError;
