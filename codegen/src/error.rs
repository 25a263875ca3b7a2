//! What goes wrong while reading a schema: always which file, where in it, and why.

use std::fmt;

/// A schema, metadata or fixup that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file, or the table of this crate, that is at fault.
    pub file: String,
    /// The line, or the element, type or field.
    pub at: String,
    /// Why it cannot be used.
    pub cause: String,
}

impl Error {
    /// An error at a place that has a name rather than a line.
    pub fn new(file: impl Into<String>, at: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { file: file.into(), at: at.into(), cause: cause.into() }
    }

    /// An error at a line.
    pub fn line(file: impl Into<String>, line: usize, cause: impl Into<String>) -> Self {
        Self::new(file, line.to_string(), cause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.at.is_empty() {
            write!(f, ":{}", self.at)?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl std::error::Error for Error {}

/// What this crate's functions answer.
pub type Result<T> = std::result::Result<T, Error>;
