//! How much of an answer is read before it is refused.

/// Bounds on what a document may ask of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How deep elements may nest; 128 unless told otherwise. The schema's own types need less than 40. Each level takes
    /// stack: 1 KiB when optimized, 6 KiB when not.
    pub depth: u32,
    /// How long a document may be, in bytes; 1 GiB unless told otherwise.
    pub size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, size: 1 << 30 }
    }
}
