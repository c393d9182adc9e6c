//! How much of this machine a hostile image may use.

/// Limits on one image. What exceeds them is refused as `image-unsafe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Layers of an image. overlayfs stacks at most 500.
    pub layers: usize,
    /// Entries of one layer's archive.
    pub entries: u64,
    /// Bytes of one layer, unpacked; also of the logical size of all its files together.
    pub layer_bytes: u64,
    /// Bytes of a manifest, an index or an image config.
    pub document_bytes: u64,
    /// Bytes of one extended header: long names and attributes of a single entry.
    pub header_bytes: u64,
    /// Directories above one entry.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            layers: 256,
            entries: 4_000_000,
            layer_bytes: 128 << 30,
            document_bytes: 4 << 20,
            header_bytes: 1 << 20,
            depth: 256,
        }
    }
}
