//! The name server of a deployment, on its gateway address.

mod answer;
mod forward;
mod server;
mod zone;

pub use server::NameServer;
pub use zone::{Zone, domain};
