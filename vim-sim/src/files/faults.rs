//! The faults about files, each naming its file.

use crate::fault::Fault;
use vim_types::{
    CannotAccessFile, FileAlreadyExists, FileFault, FileNotFound, InvalidDatastore, InvalidDatastorePath,
    InvalidDatastoreState, NoDiskSpace,
};

pub(crate) fn not_found(file: &str) -> Fault {
    let fault = FileNotFound { extends: FileFault { file: file.to_owned(), ..Default::default() } };
    Fault::new(fault, format!("File {file} was not found"))
}

pub(crate) fn already_exists(file: &str) -> Fault {
    let fault = FileAlreadyExists { extends: FileFault { file: file.to_owned(), ..Default::default() } };
    Fault::new(
        fault,
        format!("Cannot complete the operation because the file or folder {file} already exists"),
    )
}

pub(crate) fn cannot_access(file: &str, why: &str) -> Fault {
    let fault = CannotAccessFile { extends: FileFault { file: file.to_owned(), ..Default::default() } };
    Fault::new(fault, format!("Unable to access file {file}: {why}"))
}

pub(crate) fn no_space(file: &str, datastore: &str) -> Fault {
    let fault = NoDiskSpace {
        extends: FileFault { file: file.to_owned(), ..Default::default() },
        datastore: datastore.to_owned(),
    };
    Fault::new(fault, format!("Insufficient disk space on datastore '{datastore}'."))
}

pub(crate) fn invalid_path(path: &str) -> Fault {
    let fault = InvalidDatastorePath { datastore_path: path.to_owned(), ..Default::default() };
    Fault::new(fault, format!("Invalid datastore path '{path}'."))
}

/// A datastore that is not there, or not where it is looked for.
pub(crate) fn invalid_datastore(name: &str) -> Fault {
    let fault = InvalidDatastore { name: Some(name.to_owned()), ..Default::default() };
    Fault::new(fault, format!("Invalid datastore name '{name}'."))
}

/// A datastore that is in maintenance mode.
pub(super) fn in_maintenance(name: &str) -> Fault {
    let fault = InvalidDatastoreState { datastore_name: Some(name.to_owned()), ..Default::default() };
    Fault::new(fault, format!("The operation is not allowed in the current state of datastore '{name}'."))
}
