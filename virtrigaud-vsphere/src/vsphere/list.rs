//! What machines are and do.

use super::core::{Core, not_yet};
use super::describe;
use super::errors::server;
use crate::provider::{Description, DiskInfo, Error, ErrorKind, ListRequest, MachineId, Result, Summary};
use std::sync::Arc;

fn gone(id: &MachineId) -> Error {
    Error::new(ErrorKind::NotFound, format!("virtual machine '{id}' not found"))
}

pub(super) async fn describe(core: &Arc<Core>, id: &MachineId) -> Result<Description> {
    let machine = core.machine(id).await?;
    let read = match describe::request(&machine).send(&core.client).await {
        Ok(read) => read,
        Err(error) if error.is_not_found() => return Err(gone(id)),
        Err(error) => return Err(server(&format!("describing {id}"), error)),
    };
    describe::describe(&machine, &read).ok_or_else(|| gone(id))
}

pub(super) async fn list(_core: &Arc<Core>, _request: &ListRequest) -> Result<Vec<Summary>> {
    Err(not_yet("list"))
}

pub(super) async fn disk_info(core: &Arc<Core>, id: &MachineId, disk: &str) -> Result<DiskInfo> {
    let description = describe(core, id).await?;
    let names: Vec<String> = description.disks.iter().map(|disk| format!("'{}'", disk.label)).collect();
    let found = description
        .disks
        .into_iter()
        .find(|info| info.key.to_string() == disk || info.label == disk || info.path == disk);
    found.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("disk '{disk}' of virtual machine '{}' not found", description.name),
        )
        .hint(format!("there is {}", names.join(", ")))
    })
}
