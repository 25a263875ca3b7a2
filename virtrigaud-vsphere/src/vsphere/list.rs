//! What machines are and do.

use super::core::Core;
use super::describe::{self, cards, devices, disks, settings};
use super::errors::{gone, server};
use super::owner;
use super::place;
use super::read::{self, Values};
use crate::provider::{Description, DiskInfo, Error, ErrorKind, ListRequest, MachineId, Result, Summary};
use crate::spec::Placement;
use std::collections::HashMap;
use std::sync::Arc;
use vim_client::MoRef;
use vim_client::types::{GuestNicInfo, VirtualHardware};

pub(super) async fn describe(core: &Core, id: &MachineId) -> Result<Description> {
    let machine = core.machine(id).await?;
    let read = match describe::request(&machine).send(&core.client).await {
        Ok(read) => read,
        Err(error) if error.is_not_found() => return Err(gone(id)),
        Err(error) => return Err(server(&format!("describing {id}"), error)),
    };
    describe::describe(&machine, &read).ok_or_else(|| gone(id))
}

/// The properties that a list tells; a machine's files are not among them, since they are long to read.
const MACHINES: read::Wanted<'_> = &[(
    "VirtualMachine",
    &[
        "name",
        "config.template",
        "config.hardware",
        "config.extraConfig",
        "guest.ipAddress",
        "guest.net",
        "runtime.powerState",
    ],
)];

pub(super) async fn list(core: &Arc<Core>, request: &ListRequest) -> Result<Vec<Summary>> {
    let catalog = core.catalogs.get(&core.client).await?;
    let below = match (&request.datacenter, &request.folder) {
        (None, None) => {
            let content = core.client.service_content().await;
            content.map_err(|error| server("listing machines", error))?.root_folder.clone()
        }
        (datacenter, folder) => {
            let wanted = Placement { datacenter: datacenter.clone(), ..Placement::default() };
            let datacenter = place::datacenter(&catalog, &wanted)?;
            let (below, missing) = place::folder(&catalog, folder.as_deref(), datacenter)?;
            if !missing.is_empty() {
                let path = folder.as_deref().unwrap_or_default();
                return Err(Error::new(ErrorKind::NotFound, format!("folder '{path}' not found")));
            }
            below
        }
    };
    let all = read::below(&core.client, &below, MACHINES)
        .await
        .map_err(|error| server("listing machines", error))?;
    let names: HashMap<&MoRef, &str> = catalog.all().map(|item| (&item.moref, item.name.as_str())).collect();
    let machines = all.iter().filter(|values| values.flag("config.template") != Some(true));
    let summaries = machines.map(|values| summary(values, &names));
    Ok(match &request.owner {
        None => summaries.collect(),
        Some(owner) => {
            summaries.filter(|machine| machine.owner.as_ref().is_some_and(|of| of.uid == owner.uid)).collect()
        }
    })
}

fn summary(values: &Values, names: &HashMap<&MoRef, &str>) -> Summary {
    let devices = devices(values);
    let hardware = values.object::<VirtualHardware>("config.hardware");
    let guest: Vec<&GuestNicInfo> = values.list("guest.net").collect();
    Summary {
        id: values.moref.value().to_owned(),
        name: values.text("name").to_owned(),
        power: describe::power(values.text("runtime.powerState")),
        cpus: hardware.and_then(|hardware| u32::try_from(hardware.num_cpu).ok()).unwrap_or_default(),
        memory_mib: hardware.and_then(|hardware| u64::try_from(hardware.memory_mb).ok()).unwrap_or_default(),
        addresses: describe::addresses(values),
        disks: disks(&devices, None),
        networks: cards(&devices, names, &guest),
        owner: owner::owner(&settings(values)),
    }
}

pub(super) async fn disk_info(core: &Arc<Core>, id: &MachineId, disk: &str) -> Result<DiskInfo> {
    let description = describe(core, id).await?;
    let names: Vec<String> = description.disks.iter().map(|disk| format!("'{}'", disk.label)).collect();
    let found = description
        .disks
        .into_iter()
        .find(|info| info.key.to_string() == disk || info.label == disk || info.path == disk);
    found.ok_or_else(|| {
        let message = format!("disk '{disk}' of virtual machine '{}' not found", description.name);
        Error::new(ErrorKind::NotFound, message).hint(format!("there is {}", names.join(", ")))
    })
}
