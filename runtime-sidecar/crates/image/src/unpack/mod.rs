//! From a layer's bytes to a directory: verified, and never outside of it.

mod apply;
mod fault;
mod limits;
mod overlay;
mod pax;
mod stream;
mod tar_reader;
mod tree;

pub(crate) use apply::{Unpacked, unpack};
pub(crate) use fault::Fault;
pub use limits::Limits;
pub use overlay::OverlayXattrs;
pub(crate) use stream::{Chunks, Piece, decompress};
