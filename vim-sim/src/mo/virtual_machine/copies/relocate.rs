//! `RelocateVM_Task` and `MigrateVM_Task`: machines that move, with their files where those shall move too.

use super::super::devices::{self, Kind, file};
use super::super::edit::{Edit, Why};
use super::super::snapshots::{self, Kept};
use super::super::{Facts, config, create as machines, guest, layout, place, privileges};
use super::disks;
use super::target::{self, Move};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files::{self, FileKind};
use crate::mo::managed_entity::{attach, detach};
use crate::mo::relations;
use crate::world::{Tx, World};
use std::collections::HashMap;
use vim_types::mo::{
    ComputeResourceProperties, HostSystemProperties, NetworkProperties, ResourcePoolProperties,
    VirtualMachineProperties, VirtualMachineSnapshotProperties,
};
use vim_types::{
    CannotAccessNetwork, CannotAccessVmDevice, VirtualDevice, VirtualDeviceFileBackingInfo,
    VirtualDiskFlatVer2BackingInfo, VirtualMachineConfigSpec, VirtualMachinePowerState,
    VirtualMachineRelocateSpec, VmBeingHotMigratedEvent, VmBeingRelocatedEvent, VmMigratedEvent,
    VmRelocateSpecEvent, VmRelocatedEvent,
};
use vim_wire::{Any, MoRef, Poly};

/// `RelocateVM_Task`.
pub(in super::super) fn task(call: &Call<'_>) -> Result<Reply> {
    let spec: VirtualMachineRelocateSpec = call.arg("spec")?;
    call.read(|world| target::check(world, &spec))?;
    privileges::relocate(call, &spec)?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| relocate(tx, &vm, &spec).map(|()| Any::Nil))
}

/// `MigrateVM_Task`.
pub(in super::super) fn migrate_task(call: &Call<'_>) -> Result<Reply> {
    let state: Option<VirtualMachinePowerState> = call.opt("state")?;
    let spec =
        VirtualMachineRelocateSpec { pool: call.opt("pool")?, host: call.opt("host")?, ..Default::default() };
    call.read(|world| target::check(world, &spec))?;
    privileges::relocate(call, &spec)?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let is = &tx.get::<VirtualMachineProperties>(&vm)?.runtime.power_state;
        if let Some(wanted) = state.filter(|wanted| wanted != is) {
            return Err(Fault::power_state(Some(wanted), is.clone()));
        }
        relocate(tx, &vm, &spec).map(|()| Any::Nil)
    })
}

/// Where a machine was, for the events.
struct From {
    host: MoRef,
    datacenter: Option<MoRef>,
    datastore: Option<MoRef>,
}

pub(crate) fn relocate(tx: &mut Tx<'_>, vm: &MoRef, spec: &VirtualMachineRelocateSpec) -> Result<()> {
    target::check_disks(tx, vm, spec)?;
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let running = properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON;
    let before = From {
        host: properties.runtime.host.clone().unwrap_or_default(),
        datacenter: place::datacenter(tx, vm),
        datastore: properties.datastore.first().cloned(),
    };
    let (pool, host) = where_to(tx, vm, spec)?;
    let moves = host.as_ref().is_some_and(|host| *host != before.host);
    begin(tx, vm, host.as_ref().unwrap_or(&before.host), spec, moves && running);
    if let Some(folder) = &spec.folder
        && tx.must(vm)?.parent() != Some(folder)
    {
        place::new_name(tx, folder, tx.name(vm))?;
        detach(tx, vm)?;
        attach(tx, vm, folder)?;
    }
    if let Some(pool) = &pool {
        relations::set_pool(tx, vm, Some(pool))?;
    }
    if let Some(host) = &host {
        relations::set_host(tx, vm, Some(host))?;
        let owner = tx.above(host, "ComputeResource").map(|node| node.moref.clone()).unwrap_or_default();
        let browser = tx.get::<ComputeResourceProperties>(&owner)?.environment_browser.clone();
        if let Some(browser) = browser {
            tx.edit::<VirtualMachineProperties>(vm)?.environment_browser = browser;
        }
    }
    move_files(tx, vm, spec)?;
    if !spec.device_change.is_empty() {
        let changes =
            VirtualMachineConfigSpec { device_change: spec.device_change.clone(), ..Default::default() };
        let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
        config::apply(&mut edit, &changes)?;
        edit.finish()?;
        guest::cards_changed(tx, vm)?;
    }
    if !spec.profile.is_empty() {
        tx.edit_state::<Facts>(vm)?.profiles.clone_from(&spec.profile);
    }
    compatible(tx, vm)?;
    layout::refresh(tx, vm)?;
    end(tx, vm, &before, moves && running);
    Ok(())
}

/// The pool and host that a machine goes to; none where it stays.
fn where_to(
    world: &World,
    vm: &MoRef,
    spec: &VirtualMachineRelocateSpec,
) -> Result<(Option<MoRef>, Option<MoRef>)> {
    let properties = world.get::<VirtualMachineProperties>(vm)?;
    let template = properties.config.as_ref().is_some_and(|config| config.template);
    let hosts_of = |pool: &MoRef| -> Result<Vec<MoRef>> {
        let owner = &world.get::<ResourcePoolProperties>(pool)?.owner;
        Ok(world.get::<ComputeResourceProperties>(owner)?.host.clone())
    };
    match (&spec.pool, &spec.host) {
        (None, None) => Ok((None, None)),
        (Some(pool), Some(host)) => {
            let host = place::host(world, pool, Some(host), "spec.host", None)?;
            Ok((Some(pool.clone()).filter(|_| !template), Some(host)))
        }
        (Some(pool), None) => {
            let stays = properties
                .runtime
                .host
                .as_ref()
                .filter(|host| hosts_of(pool).is_ok_and(|hosts| hosts.contains(host)));
            match stays {
                Some(_) => Ok((Some(pool.clone()), None)),
                None => {
                    let datastore = spec.datastore.as_ref().or(properties.datastore.first());
                    let host = place::host(world, pool, None, "spec.host", datastore)?;
                    Ok((Some(pool.clone()), Some(host)))
                }
            }
        }
        (None, Some(host)) => {
            place::usable(world, host)?;
            let inside = properties
                .resource_pool
                .as_ref()
                .is_some_and(|pool| hosts_of(pool).is_ok_and(|hosts| hosts.contains(host)));
            // A host elsewhere has pools of its own, of which one must be named.
            if !inside && !template {
                return Err(Fault::invalid_argument("spec.pool"));
            }
            Ok((None, Some(host.clone())))
        }
    }
}

/// Whether the host has the networks and datastores that the machine needs.
fn compatible(world: &World, vm: &MoRef) -> Result<()> {
    let properties = world.get::<VirtualMachineProperties>(vm)?;
    let Some(host) = &properties.runtime.host else { return Ok(()) };
    for device in &machines::config_of(world, vm)?.hardware.device {
        let label = vim_types::ext::label(device).unwrap_or_default();
        if let Some(network) = devices::network_of(world, device)
            && !world.get::<NetworkProperties>(&network)?.host.contains(host)
            && network.kind() != "OpaqueNetwork"
        {
            let fault = CannotAccessNetwork {
                extends: CannotAccessVmDevice {
                    device: label.to_owned(),
                    backing: world.name(&network).to_owned(),
                    connected: device.connectable.as_ref().is_some_and(|connectable| connectable.connected),
                    ..Default::default()
                },
                network: Some(network.clone()),
            };
            let message = format!(
                "Currently connected network interface '{label}' uses network '{}', which is not accessible.",
                world.name(&network)
            );
            return Err(Fault::new(fault, message));
        }
        if Kind::of(device) == Kind::Disk {
            for (datastore, _) in file::chain(device) {
                place::reachable(world, &datastore, Some(host))?;
            }
        }
    }
    let (home, _) = target::home(world, vm)?;
    place::reachable(world, &home, Some(host))
        .and_then(|()| world.get::<HostSystemProperties>(host).map(|_| ()))
}

/// A file, where it is and where it goes.
type Moves = HashMap<(MoRef, String), (MoRef, String)>;

/// Moves the files of a machine to the datastores that a spec names.
fn move_files(tx: &mut Tx<'_>, vm: &MoRef, spec: &VirtualMachineRelocateSpec) -> Result<()> {
    if spec.datastore.is_none() && spec.disk.is_empty() && spec.transform.is_none() {
        return Ok(());
    }
    let (home, path) = target::home(tx, vm)?;
    let new_home = spec.datastore.clone().unwrap_or_else(|| home.clone());
    let name = tx.name(vm).to_owned();
    let new_path = match new_home == home {
        true => path.clone(),
        false => {
            let file = path.rsplit('/').next().unwrap_or(&path);
            let folder = place::parent(&machines::home(tx, &new_home, "", &name)).to_owned();
            place::join(&folder, file)
        }
    };
    let how = Move::of(spec.disk_move_type.as_deref())?;
    let folder = place::parent(&new_path).to_owned();
    let mut moves = Moves::new();
    if new_home != home {
        for (datastore, path) in layout::config_files(tx, vm) {
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            moves.insert((datastore, path), (new_home.clone(), place::join(&folder, &name)));
        }
    }
    let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
    let mut devices = std::mem::take(&mut edit.config.hardware.device);
    for device in devices.iter_mut().filter(|device| Kind::of(device) == Kind::Disk) {
        let to = match (target::locator(spec, device.key), &spec.datastore) {
            (Some(locator), _) => locator.datastore.clone(),
            (None, Some(datastore)) => datastore.clone(),
            (None, None) => file::datastore(device).cloned().unwrap_or_else(|| home.clone()),
        };
        place::reachable(edit.tx, &to, edit.host.as_ref())?;
        move_disk(edit.tx, &edit.vm, device, (&to, &folder), how, spec, &mut moves)?;
    }
    edit.config.hardware.device = devices;
    if new_home != home {
        edit.config.files = machines::files_info(edit.tx, &new_home, &new_path);
    }
    // In the order of names, so that the same moves give the same files.
    let mut order: Vec<_> = moves.iter().collect();
    order.sort();
    for ((from, path), (to, new)) in order {
        if files::get(edit.tx, from, path).is_some() {
            files::relocate(edit.tx, (from, path), (to, new))?;
        }
    }
    let names = names(edit.tx, &moves);
    for device in &mut edit.config.hardware.device {
        rename(device, &names);
    }
    edit.finish()?;
    rename_in_snapshots(tx, vm, &names)?;
    let old_folder = place::parent(&path).to_owned();
    if new_home != home
        && !old_folder.is_empty()
        && files::get(tx, &home, &old_folder).is_some()
        && files::list(tx, &home, &old_folder).is_empty()
    {
        files::remove(tx, &home, &old_folder)?;
    }
    Ok(())
}

/// Notes where the files of a disk go. A disk that builds upon another machine's files is made whole first, unless those
/// shall stay where they are.
fn move_disk(
    tx: &mut Tx<'_>,
    vm: &MoRef,
    device: &mut Poly<VirtualDevice>,
    to: (&MoRef, &str),
    how: Move,
    spec: &VirtualMachineRelocateSpec,
    moves: &mut Moves,
) -> Result<()> {
    let chain = file::chain(device);
    let Some((newest_at, newest)) = chain.first().cloned() else { return Ok(()) };
    let (_, newest_path) = files::parse(&newest)?;
    let own_folder = place::parent(&newest_path).to_owned();
    let provisioning = target::provisioning(spec, device.key);
    let alone = snapshots::all(tx, vm).is_empty();
    let foreign = chain.iter().skip(1).any(|(datastore, name)| {
        *datastore != newest_at
            || files::parse(name).is_ok_and(|(_, path)| place::parent(&path) != own_folder)
    });
    if alone && (foreign && how == Move::Whole || provisioning.thin.is_some()) {
        make_whole(tx, device, (&newest_at, &newest_path), provisioning)?;
    }
    if *to.0 == newest_at {
        return Ok(());
    }
    for (datastore, name) in file::chain(device) {
        let (_, path) = files::parse(&name)?;
        let own = datastore == newest_at && place::parent(&path) == own_folder;
        if !own || (how != Move::Whole && path != newest_path) {
            continue;
        }
        let mut file = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let taken = |file: &str| {
            let path = place::join(to.1, file);
            files::get(tx, to.0, &path).is_some()
                || moves.values().any(|(at, own)| at == to.0 && *own == path)
        };
        if taken(&file) {
            let stem = file.trim_end_matches(".vmdk").to_owned();
            let numbered = (1_u32..).map(|number| format!("{stem}_{number}.vmdk"));
            file = numbered.into_iter().find(|file| !taken(file)).unwrap_or(file);
        }
        moves.entry((datastore, path)).or_insert_with(|| (to.0.clone(), place::join(to.1, &file)));
    }
    Ok(())
}

/// Has a disk be one file with all of its content, provisioned as it shall be.
fn make_whole(
    tx: &mut Tx<'_>,
    device: &mut Poly<VirtualDevice>,
    at: (&MoRef, &str),
    provisioning: target::Provisioning,
) -> Result<()> {
    let content = disks::content(tx, device);
    let mut is_thin = false;
    files::update(tx, at.0, at.1, |file| {
        if let FileKind::Disk { capacity, thin, eager, parent, .. } = &mut file.kind {
            *thin = provisioning.thin.unwrap_or(*thin);
            *eager = !*thin && provisioning.eager.unwrap_or(*eager);
            *parent = None;
            file.size = if *thin { content.min(*capacity) } else { *capacity };
            is_thin = *thin;
        }
    })?;
    if let Some(flat) = file::flat_mut(device) {
        flat.parent = None;
        flat.delta_disk_format = None;
        flat.thin_provisioned = Some(is_thin);
    }
    Ok(())
}

/// The names of files before and after.
fn names(world: &World, moves: &Moves) -> HashMap<String, (MoRef, String)> {
    let written = |datastore: &MoRef, path: &str| files::written(world.name(datastore), path);
    let name = |((from, path), (to, new)): (&(MoRef, String), &(MoRef, String))| {
        (written(from, path), (to.clone(), written(to, new)))
    };
    moves.iter().map(name).collect()
}

/// Has a device's backing, and those that it builds upon, be where they went.
fn rename(device: &mut Poly<VirtualDevice>, names: &HashMap<String, (MoRef, String)>) {
    fn one(file: &mut VirtualDeviceFileBackingInfo, names: &HashMap<String, (MoRef, String)>) {
        if let Some((datastore, name)) = names.get(&file.file_name) {
            file.file_name.clone_from(name);
            file.datastore = Some(datastore.clone());
        }
    }
    if let Some(mut flat) = file::flat_mut(device) {
        loop {
            one(&mut flat.extends, names);
            let Some(below) = &mut flat.parent else { return };
            let below: &mut VirtualDiskFlatVer2BackingInfo = below;
            flat = below;
        }
    }
    let backing = device.backing.as_mut();
    if let Some(file) = backing.and_then(|backing| backing.downcast_mut::<VirtualDeviceFileBackingInfo>()) {
        one(file, names);
    }
}

fn rename_in_snapshots(tx: &mut Tx<'_>, vm: &MoRef, names: &HashMap<String, (MoRef, String)>) -> Result<()> {
    for snapshot in snapshots::all(tx, vm) {
        for device in &mut tx.edit::<VirtualMachineSnapshotProperties>(&snapshot)?.config.hardware.device {
            rename(device, names);
        }
        let kept = tx.edit_state::<Kept>(&snapshot)?;
        for file in [&mut kept.data, &mut kept.memory].into_iter().flatten() {
            if let Some((_, name)) = names.get(file.as_str()) {
                file.clone_from(name);
            }
        }
    }
    Ok(())
}

fn begin(tx: &mut Tx<'_>, vm: &MoRef, host: &MoRef, spec: &VirtualMachineRelocateSpec, hot: bool) {
    let event = events::of_vm(tx, vm);
    let dest_host = events::host(tx, host);
    let dest_datacenter = place::datacenter(tx, host).map(|datacenter| events::datacenter(tx, &datacenter));
    let dest_datastore = spec.datastore.as_ref().map(|datastore| events::datastore(tx, datastore));
    if hot {
        let extends = event;
        events::post(tx, VmBeingHotMigratedEvent { extends, dest_host, dest_datacenter, dest_datastore });
    } else {
        let extends = VmRelocateSpecEvent { extends: event };
        events::post(tx, VmBeingRelocatedEvent { extends, dest_host, dest_datacenter, dest_datastore });
    }
}

fn end(tx: &mut Tx<'_>, vm: &MoRef, before: &From, hot: bool) {
    let event = events::of_vm(tx, vm);
    let source_host = events::host(tx, &before.host);
    let source_datacenter = before.datacenter.as_ref().map(|datacenter| events::datacenter(tx, datacenter));
    let source_datastore = before.datastore.as_ref().map(|datastore| events::datastore(tx, datastore));
    if hot {
        let extends = event;
        events::post(tx, VmMigratedEvent { extends, source_host, source_datacenter, source_datastore });
    } else {
        let extends = VmRelocateSpecEvent { extends: event };
        events::post(tx, VmRelocatedEvent { extends, source_host, source_datacenter, source_datastore });
    }
}
