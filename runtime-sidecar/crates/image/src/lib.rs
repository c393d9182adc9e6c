//! Images: fetched from a registry or an OCI layout, verified, unpacked once, shared by all containers.
//!
//! `store` is the way in. A pull makes a plan (`pull`) from what a `source` says, has each missing layer fetched and
//! unpacked (`flights`, `unpack`), publishes it among the `layers`, and writes a record last.

mod credentials;
mod digest;
mod error;
mod flights;
mod image;
mod json_file;
mod layers;
mod layout;
mod local_layouts;
mod options;
mod platform;
mod progress;
mod pull;
mod records;
mod reference;
mod registry;
mod source;
mod store;
mod temp;
mod unpack;

pub use credentials::Credentials;
pub use error::ImageError;
pub use image::{Image, ImageConfig};
pub use options::StoreOptions;
pub use platform::Platform;
pub use progress::{PullPhase, PullProgress};
pub use store::{ImageStore, PullPolicy};
pub use unpack::{Limits, OverlayXattrs};
