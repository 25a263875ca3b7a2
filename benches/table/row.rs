//! Rows.

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Whether only that it works is of interest.
    pub(crate) quick: bool,
}

impl Plan {
    /// So many rounds, or one.
    pub(crate) const fn rounds(self, usual: usize) -> usize {
        if self.quick { 1 } else { usual }
    }
}

pub(crate) struct Row;
