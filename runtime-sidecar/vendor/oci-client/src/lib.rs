//! `zlayer-types` 0.14 uses only `Reference` of oci-client 0.15, which itself takes it from `oci-spec`.
//! This crate stands in for the rest (an HTTP client, TLS, JWT), which the engine does not need from there and which
//! does not compile for WebAssembly.

mod reference;

pub use oci_spec::distribution::ParseError;
pub use reference::Reference;
