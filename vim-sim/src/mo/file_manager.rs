//! `FileManager`: files and folders of datastores, whatever is in them.

use super::authorization_manager::require;
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files::{self, FileKind};
use crate::world::{Tx, World};
use vim_types::mo::{DatastoreProperties, VirtualMachineProperties};
use vim_types::{
    CannotDeleteFile, DatastoreEvent, DatastoreFileCopiedEvent, DatastoreFileDeletedEvent,
    DatastoreFileEvent, DatastoreFileMovedEvent, Event, FileFault, FileLocked, VirtualDeviceFileBackingInfo,
    VirtualMachinePowerState,
};
use vim_wire::{Any, MoRef};

methods! {
    "ChangeOwner" => change_owner,
    "CopyDatastoreFile_Task" => copy,
    "DeleteDatastoreFile_Task" => delete,
    "MakeDirectory" => make_directory,
    "MoveDatastoreFile_Task" => move_file,
}

/// A file that a call names: its datastore, and its path there.
pub(crate) type Place = (MoRef, String);

/// What a task's handler works with: the file that two parameters name, `name` and `datacenter`, and the entity of the task.
pub(crate) fn named(call: &Call<'_>, name: &str, datacenter: &str) -> Result<Place> {
    let (name, datacenter): (String, Option<MoRef>) = (call.arg(name)?, call.opt(datacenter)?);
    resolve(call, datacenter.as_ref(), &name)
}

fn resolve(call: &Call<'_>, datacenter: Option<&MoRef>, name: &str) -> Result<Place> {
    call.read(|world| {
        let place = files::resolve(world, datacenter, name)?;
        require(world, call.user(), "Datastore.FileManagement", &place.0)?;
        Ok(place)
    })
}

/// The source and the destination that a call names. A destination without a datacenter is in the source's.
pub(crate) fn both(call: &Call<'_>, names: [&str; 4]) -> Result<(Place, Place)> {
    let from = named(call, names[0], names[1])?;
    let (to, datacenter): (String, Option<MoRef>) = (call.arg(names[2])?, call.opt(names[3])?);
    let datacenter = match datacenter {
        None => call.opt(names[1])?,
        given => given,
    };
    let to = resolve(call, datacenter.as_ref(), &to)?;
    Ok((from, to))
}

pub(crate) fn full(world: &World, place: &Place) -> String {
    files::written(world.name(&place.0), &place.1)
}

fn fault_of(world: &World, place: &Place) -> FileFault {
    FileFault { file: full(world, place), ..Default::default() }
}

fn make_directory(call: &Call<'_>) -> Result<Reply> {
    let place = named(call, "name", "datacenter")?;
    let parents: bool = call.opt("createParentDirectories")?.unwrap_or(false);
    call.write(|tx| {
        let (datastore, path) = &place;
        if path.is_empty() || files::get(tx, datastore, path).is_some() {
            return Err(files::already_exists(&full(tx, &place)));
        }
        if !parents {
            check_folder(tx, &place)?;
        }
        files::make_folders(tx, datastore, path)
    })?;
    call.done()
}

/// The folder in which a file is to be must be there.
pub(crate) fn check_folder(world: &World, place: &Place) -> Result<()> {
    match place.1.rsplit_once('/') {
        None => Ok(()),
        Some((folder, _)) => match files::get(world, &place.0, folder) {
            Some(file) if file.is_folder() => Ok(()),
            _ => Err(files::not_found(&full(world, place))),
        },
    }
}

/// The virtual disk whose blocks a file holds: `a.vmdk` of `a-flat.vmdk`.
pub(crate) fn disk_of_extent(world: &World, place: &Place) -> Option<String> {
    let (datastore, path) = place;
    let stem = path.strip_suffix(".vmdk")?;
    let disk = format!("{}.vmdk", stem.strip_suffix("-flat").or_else(|| stem.strip_suffix("-delta"))?);
    let file = files::get(world, datastore, &disk)?;
    (files::extent_name(&disk, file).as_deref() == Some(path)).then_some(disk)
}

/// The files that a machine that runs has open may not go away: its configuration and its disks, with what these are based on.
pub(crate) fn check_unlocked(world: &World, place: &Place) -> Result<()> {
    let (datastore, path) = place;
    let name = world.name(datastore);
    let holds = |file: &str| {
        files::parse(file).is_ok_and(|(on, at)| {
            on == name && (at == *path || at.strip_prefix(&**path).is_some_and(|rest| rest.starts_with('/')))
        })
    };
    for vm in &world.get::<DatastoreProperties>(datastore)?.vm {
        let Ok(vm) = world.get::<VirtualMachineProperties>(vm) else { continue };
        let Some(config) = &vm.config else { continue };
        if vm.runtime.power_state == VirtualMachinePowerState::POWERED_OFF {
            continue;
        }
        let backings = config.hardware.device.iter().filter_map(|device| device.backing.as_ref());
        let opened = backings
            .filter_map(|backing| backing.downcast_ref::<VirtualDeviceFileBackingInfo>())
            .map(|backing| &*backing.file_name)
            .chain(config.files.vm_path_name.as_deref());
        for file in opened {
            let parents = std::iter::successors(Some(file.to_owned()), |file| parent(world, datastore, file));
            if parents.take(64).any(|file| holds(&file)) {
                let message =
                    format!("File {} is locked by virtual machine '{}'", full(world, place), vm.name);
                return Err(Fault::new(FileLocked { extends: fault_of(world, place) }, message));
            }
        }
    }
    Ok(())
}

/// The disk that a disk is a child of.
fn parent(world: &World, datastore: &MoRef, file: &str) -> Option<String> {
    let (_, path) = files::parse(file).ok()?;
    match &files::get(world, datastore, &path)?.kind {
        FileKind::Disk { parent: Some(parent), .. } if parent.starts_with('[') => Some(parent.to_string()),
        FileKind::Disk { parent: Some(parent), .. } => Some(files::written(world.name(datastore), parent)),
        _ => None,
    }
}

/// Takes a file or folder away, and tells of it.
pub(crate) fn remove(tx: &mut Tx<'_>, place: &Place) -> Result<()> {
    let (datastore, path) = place;
    if path.is_empty() {
        let fault = CannotDeleteFile { extends: fault_of(tx, place) };
        return Err(Fault::new(fault, format!("Cannot delete file {}", full(tx, place))));
    }
    if disk_of_extent(tx, place).is_some() {
        let message = format!("Cannot delete file {}: it belongs to a virtual disk", full(tx, place));
        return Err(Fault::new(CannotDeleteFile { extends: fault_of(tx, place) }, message));
    }
    files::must(tx, datastore, path)?;
    check_unlocked(tx, place)?;
    files::remove(tx, datastore, path)?;
    let event = DatastoreFileDeletedEvent { extends: file_event(tx, place) };
    events::post(tx, event);
    Ok(())
}

fn file_event(world: &World, place: &Place) -> DatastoreFileEvent {
    let datastore = events::datastore(world, &place.0);
    let event = Event { ds: Some(datastore.clone()), ..Default::default() };
    DatastoreFileEvent {
        extends: DatastoreEvent { extends: event, datastore: Some(datastore) },
        target_file: full(world, place),
        succeeded: Some(true),
        ..Default::default()
    }
}

/// Moves or copies a file or folder, in the place of what is there where that is wanted, and tells of it.
pub(crate) fn transfer(tx: &mut Tx<'_>, from: &Place, to: &Place, force: bool, moves: bool) -> Result<()> {
    files::must(tx, &from.0, &from.1)?;
    check_folder(tx, to)?;
    if moves {
        check_unlocked(tx, from)?;
    }
    if from == to {
        return Err(files::already_exists(&full(tx, to)));
    }
    if force && !to.1.is_empty() && files::get(tx, &to.0, &to.1).is_some() {
        check_unlocked(tx, to)?;
        files::remove(tx, &to.0, &to.1)?;
    }
    let source_datastore = events::datastore(tx, &from.0);
    let source_file = full(tx, from);
    let (source, target) = ((&from.0, &*from.1), (&to.0, &*to.1));
    if moves {
        files::relocate(tx, source, target)?;
        let extends = file_event(tx, to);
        events::post(tx, DatastoreFileMovedEvent { extends, source_datastore, source_file });
    } else {
        files::copy(tx, source, target)?;
        let extends = file_event(tx, to);
        events::post(tx, DatastoreFileCopiedEvent { extends, source_datastore, source_file });
    }
    Ok(())
}

fn delete(call: &Call<'_>) -> Result<Reply> {
    let place = named(call, "name", "datacenter")?;
    call.task(&call.this, move |tx| {
        remove(tx, &place)?;
        Ok(Any::Nil)
    })
}

fn start_transfer(call: &Call<'_>, moves: bool) -> Result<Reply> {
    let names = ["sourceName", "sourceDatacenter", "destinationName", "destinationDatacenter"];
    let (from, to) = both(call, names)?;
    let force: bool = call.opt("force")?.unwrap_or(false);
    call.task(&call.this, move |tx| {
        transfer(tx, &from, &to, force, moves)?;
        Ok(Any::Nil)
    })
}

fn move_file(call: &Call<'_>) -> Result<Reply> {
    start_transfer(call, true)
}

fn copy(call: &Call<'_>) -> Result<Reply> {
    start_transfer(call, false)
}

/// Files have no owners here but the system's.
fn change_owner(call: &Call<'_>) -> Result<Reply> {
    let place = named(call, "name", "datacenter")?;
    let owner: String = call.arg("owner")?;
    call.read(|world| files::must(world, &place.0, &place.1).map(|_| ()))?;
    match owner == super::host_datastore_browser::OWNER {
        true => call.done(),
        false => Err(Fault::not_supported("changing the owner of a file")),
    }
}
