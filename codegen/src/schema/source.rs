//! Where the files of a WSDL folder come from.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// No genuine file is a tenth of this; what is larger is not a schema.
pub const MAX_FILE: u64 = 64 << 20;

/// A place that has files by bare name.
pub trait Source {
    /// The file's text, or none if there is no such file.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read, is not UTF-8, or is too large.
    fn read(&self, name: &str) -> Result<Option<String>>;
}

/// Files in memory.
impl Source for BTreeMap<String, String> {
    fn read(&self, name: &str) -> Result<Option<String>> {
        Ok(self.get(name).cloned())
    }
}

/// Folders that are searched in turn: the one asked for, and those that a server would serve beside it.
#[derive(Clone, Debug)]
pub struct Folders(pub Vec<PathBuf>);

impl Source for Folders {
    fn read(&self, name: &str) -> Result<Option<String>> {
        for folder in &self.0 {
            let path = folder.join(name);
            let fault = |cause: String| Error::new(path.display().to_string(), "", cause);
            match std::fs::metadata(&path) {
                Ok(meta) if meta.len() > MAX_FILE => {
                    return Err(fault(format!("{} bytes, more than the limit of {MAX_FILE}", meta.len())));
                }
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(fault(error.to_string())),
            }
            return std::fs::read_to_string(&path).map(Some).map_err(|error| fault(error.to_string()));
        }
        Ok(None)
    }
}

/// Refuses what is not the bare name of a file.
///
/// # Errors
///
/// The location has a folder, a scheme or a drive in it.
pub fn bare(location: &str, file: &str, line: usize) -> Result<String> {
    // A server's files link to one another by bare name; some versions write "./".
    let name = location.strip_prefix("./").unwrap_or(location);
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '?', '#', '%', '\0']) {
        return Err(Error::line(
            file,
            line,
            format!("\"{location}\" is not the name of a file in the same folder"),
        ));
    }
    Ok(name.to_owned())
}
