//! From the server's errors to the provider's: of which kind, and in words that say what to change.

use crate::provider::{Error, ErrorKind};
use std::fmt::Display;
use vim_client::types::{
    ConcurrentAccess, DuplicateName, FileAlreadyExists, InsufficientResourcesFault, InvalidArgument,
    InvalidDatastore, InvalidName, InvalidPowerState, InvalidState, NoDiskSpace, NotEnoughLicenses,
    NotSupported, RestrictedVersion, TaskInProgress, ToolsUnavailable, VmConfigFault,
};
use vim_client::{ErrorKind as Client, MoRef};

/// The error for a wish that cannot be fulfilled.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}

/// The error for what this version does not do.
pub(crate) fn not_yet(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this version does not do it yet: {what}"))
}

/// The error for a machine that does not exist.
pub(crate) fn gone(id: impl Display) -> Error {
    Error::new(ErrorKind::NotFound, format!("virtual machine '{id}' not found"))
}

/// The object that has the name already, where that is what the server says.
pub(crate) fn duplicate(error: &vim_client::Error) -> Option<MoRef> {
    error.fault_as::<DuplicateName>().map(|fault| fault.object.clone())
}

/// An error of the server while something was done.
pub(crate) fn server(doing: &str, error: vim_client::Error) -> Error {
    let (kind, message) = judge(&error);
    let message = match message {
        Some(message) => message,
        None => format!("{doing}: {}", error.chain()),
    };
    Error::new(kind, message).because(error)
}

/// What kind of error it is, and the guide's words for it where it has some.
fn judge(error: &vim_client::Error) -> (ErrorKind, Option<String>) {
    if let Some(missing) = error.is_no_permission() {
        let on = missing.object.map_or_else(String::new, |object| format!(" on {object}"));
        let message = format!("operation requires privilege '{}'{on}", missing.privilege);
        return (ErrorKind::PermissionDenied, Some(message));
    }
    if error.is_invalid_login() {
        return (
            ErrorKind::Unauthenticated,
            Some("Login failed: incorrect user name or password".to_owned()),
        );
    }
    if let Some(space) = error.fault_as::<NoDiskSpace>() {
        return (
            ErrorKind::ResourceExhausted,
            Some(format!("insufficient disk space on datastore '{}'", space.datastore)),
        );
    }
    if let Some(datastore) = error.fault_as::<InvalidDatastore>() {
        let name = datastore.name.as_deref().unwrap_or("");
        return (ErrorKind::FailedPrecondition, Some(format!("datastore '{name}' not accessible")));
    }
    match error.kind() {
        Client::Connect => {
            let message = format!("failed to connect to vSphere: {}", cause(error));
            return (ErrorKind::Unavailable, Some(message));
        }
        Client::Untrusted => return (ErrorKind::Unavailable, None),
        Client::Interrupted | Client::Protocol | Client::Closed => return (ErrorKind::Unavailable, None),
        Client::Timeout => return (ErrorKind::DeadlineExceeded, None),
        Client::Canceled => return (ErrorKind::Canceled, None),
        Client::Login => return (ErrorKind::Unauthenticated, None),
        Client::InvalidInput => return (ErrorKind::InvalidRequest, None),
        Client::Unsupported => return (ErrorKind::Unsupported, None),
        Client::NotFound => return (ErrorKind::NotFound, None),
        Client::Ambiguous => return (ErrorKind::InvalidRequest, None),
        _ => {}
    }
    (of_fault(error), None)
}

/// The last cause of an error: what the operating system said.
fn cause(error: &vim_client::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    // The number that Rust adds to the system's words is of no use here.
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn of_fault(error: &vim_client::Error) -> ErrorKind {
    macro_rules! is {
        ($($fault:ty),+) => { false $(|| error.fault_as::<$fault>().is_some())+ };
    }
    if error.is_not_found() {
        ErrorKind::NotFound
    } else if is!(DuplicateName, FileAlreadyExists) {
        ErrorKind::AlreadyExists
    } else if is!(InsufficientResourcesFault, NotEnoughLicenses) {
        ErrorKind::ResourceExhausted
    } else if is!(TaskInProgress, ConcurrentAccess) {
        ErrorKind::Busy
    } else if is!(NotSupported, RestrictedVersion) {
        ErrorKind::Unsupported
    } else if is!(InvalidPowerState, ToolsUnavailable, InvalidState) {
        ErrorKind::FailedPrecondition
    } else if is!(InvalidArgument, InvalidName, VmConfigFault) {
        ErrorKind::InvalidRequest
    } else if error
        .fault()
        .is_some_and(|fault| fault.is_named("SystemError") || fault.is_named("HostCommunication"))
    {
        ErrorKind::Unavailable
    } else {
        ErrorKind::FailedPrecondition
    }
}
