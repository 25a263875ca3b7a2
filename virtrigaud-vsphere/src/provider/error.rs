//! What went wrong, in words that say what to change.

use std::borrow::Cow;
use std::fmt;

/// The result of what a provider does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong: what a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request cannot be as it is: the same one fails again.
    InvalidRequest,
    /// Something that the request names does not exist.
    NotFound,
    /// Something else has that name or place already.
    AlreadyExists,
    /// The server or this provider cannot do it.
    Unsupported,
    /// The server cannot be reached or does not answer; the same request may succeed later.
    Unavailable,
    /// The server refuses the account.
    Unauthenticated,
    /// The account lacks a privilege.
    PermissionDenied,
    /// The machine is in a state in which it cannot be done.
    FailedPrecondition,
    /// There is not enough of something: space, memory, licences.
    ResourceExhausted,
    /// Somebody else is at it; the same request may succeed later.
    Busy,
    /// The time that was allowed has passed. What was begun goes on.
    DeadlineExceeded,
    /// It was cancelled.
    Canceled,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// Whether the same request may succeed later without anything being changed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::Busy | Self::DeadlineExceeded)
    }
}

/// What went wrong, on what, and what to do.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<Cow<'static, str>>,
    source: Option<vim_client::Error>,
}

impl Error {
    /// An error of a kind, in words for the user.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hint: None, source: None }))
    }

    /// With what the server said.
    #[must_use]
    pub fn because(mut self, source: vim_client::Error) -> Self {
        self.0.source = Some(source);
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether what was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// What the server said, where it said something.
    #[must_use]
    pub const fn server(&self) -> Option<&vim_client::Error> {
        self.0.source.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        match &self.0.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<crate::spec::SpecError> for Error {
    fn from(error: crate::spec::SpecError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}
