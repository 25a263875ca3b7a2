//! Folders of machines, and what is in them.

use super::core::Core;
use super::errors::{duplicate, server};
use super::place::Place;
use crate::provider::{Error, ErrorKind, Result};
use vim_client::{ManagedObject, MoRef, mo};

/// The object of that name in a folder.
pub(super) async fn child(core: &Core, folder: &MoRef, name: &str) -> Result<Option<MoRef>> {
    let doing = format!("looking for '{name}'");
    let content = core.client.service_content().await.map_err(|error| server(&doing, error))?;
    let index = content.search_index.clone();
    let index = index.ok_or_else(|| Error::new(ErrorKind::Unsupported, "the server has no search index"))?;
    let index: mo::SearchIndex = core.client.object(index);
    index.find_child(folder, name).await.map_err(|error| {
        // A folder that is gone is one that was remembered.
        core.catalogs.forget();
        server(&doing, error)
    })
}

/// Makes a folder, unless it is there or somebody else just made it.
pub(super) async fn make(core: &Core, parent: &MoRef, name: &str) -> Result<MoRef> {
    let folder: mo::Folder = core.client.object(parent.clone());
    let made = folder.create_folder(name).await;
    core.catalogs.forget();
    let error = match made {
        Ok(folder) => return Ok(folder.handle().moref().clone()),
        Err(error) => error,
    };
    match duplicate(&error) {
        Some(there) => Ok(there),
        // Perhaps it was made, and only the answer is lost.
        None => match child(core, parent, name).await {
            Ok(Some(there)) => Ok(there),
            _ => Err(server(&format!("making the folder '{name}'"), error)),
        },
    }
}

/// Makes the folders that a place lacks, and returns the last.
pub(super) async fn make_all(core: &Core, place: &Place) -> Result<MoRef> {
    let mut at = place.folder.clone();
    for name in &place.missing_folders {
        at = make(core, &at, name).await?;
    }
    Ok(at)
}
