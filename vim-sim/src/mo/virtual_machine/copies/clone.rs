//! `CloneVM_Task`.

use super::super::devices::{self, Kind, file};
use super::super::edit::{Edit, Why};
use super::super::{
    Facts, config, create as machines, customize, guest, place, power, privileges, snapshots, template,
};
use super::disks;
use super::target::{self, Move};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{FolderProperties, VirtualMachineSnapshotProperties};
use vim_types::{
    VirtualDevice, VirtualDisk, VirtualEthernetCard, VirtualMachineCloneSpec, VirtualMachineConfigInfo,
    VirtualMachineConfigSpec, VirtualMachineRelocateSpec, VmBeingClonedEvent, VmBeingDeployedEvent,
    VmCloneEvent, VmClonedEvent, VmDeployedEvent,
};
use vim_wire::{Any, MoRef, Poly};

pub(in super::super) fn task(call: &Call<'_>) -> Result<Reply> {
    template::needs_vcenter(call)?;
    let folder: MoRef = call.arg("folder")?;
    let name: String = call.arg("name")?;
    let spec: VirtualMachineCloneSpec = call.arg("spec")?;
    call.read(|world| {
        world.get::<FolderProperties>(&folder)?;
        target::check(world, &spec.location)?;
        if let Some(snapshot) = &spec.snapshot {
            world.get::<VirtualMachineSnapshotProperties>(snapshot)?;
        }
        target::pool(world, &call.this, &spec.location).map(|_| ())
    })?;
    privileges::clone(call, &folder, spec.template, &spec.location)?;
    let source = call.this.clone();
    call.task(&call.this, move |tx| clone(tx, &source, &folder, &name, &spec).map(Any::MoRef))
}

pub(crate) fn clone(
    tx: &mut Tx<'_>,
    source: &MoRef,
    folder: &MoRef,
    name: &str,
    spec: &VirtualMachineCloneSpec,
) -> Result<MoRef> {
    place::folder(tx, folder)?;
    let name = place::new_name(tx, folder, name)?;
    let location = &spec.location;
    let how = Move::of(location.disk_move_type.as_deref())?;
    let origin = origin(tx, source, spec, how)?;
    target::check_disks(tx, source, location)?;
    let (home, _) = target::home(tx, source)?;
    let datastore = location.datastore.clone().unwrap_or(home);
    let pool = target::pool(tx, source, location)?;
    let host = target::host(tx, source, &pool, location, &datastore)?;
    let was_template = machines::config_of(tx, source)?.template;
    being_cloned(tx, source, folder, &name, &host, was_template);

    let path = machines::home(tx, &datastore, "", &name);
    let config = of_source(tx, origin.clone(), &name, &datastore, &path);
    let vm = machines::add(tx, folder, &pool, &host, config)?;
    machines::write_files(tx, &datastore, &path, &name)?;
    copy_disks(tx, &vm, &origin, location, (&datastore, &path), how)?;
    let facts = tx.state::<Facts>(source).cloned().unwrap_or_default();
    let own = tx.edit_state::<Facts>(&vm)?;
    own.identity = facts.identity;
    own.profiles = if location.profile.is_empty() { facts.profiles } else { location.profile.clone() };
    change(tx, &vm, spec)?;
    if let Some(customization) = &spec.customization {
        if spec.template {
            return Err(Fault::not_supported("a template cannot be customized"));
        }
        customize::set(tx, &vm, customization)?;
    }
    if spec.template {
        template::become_template(tx, &vm)?;
    }
    cloned(tx, source, &vm, was_template);
    if spec.memory == Some(true) && origin_has_memory(tx, spec) {
        power::become_suspended(tx, &vm)?;
    } else if spec.power_on && !spec.template {
        power::power_on(tx, &vm)?;
    }
    Ok(vm)
}

fn origin_has_memory(tx: &Tx<'_>, spec: &VirtualMachineCloneSpec) -> bool {
    let Some(snapshot) = &spec.snapshot else { return false };
    snapshots::kept(tx, snapshot).is_ok_and(|(_, kept)| kept.memory.is_some())
}

/// The configuration that is copied: the source's, or that of one of its snapshots. What shares its disks needs the latter.
fn origin(
    tx: &Tx<'_>,
    source: &MoRef,
    spec: &VirtualMachineCloneSpec,
    how: Move,
) -> Result<VirtualMachineConfigInfo> {
    let child = |name: &Option<String>| Move::of(name.as_deref()).is_ok_and(|how| how == Move::Child);
    let linked = how == Move::Child || spec.location.disk.iter().any(|disk| child(&disk.disk_move_type));
    let Some(snapshot) = &spec.snapshot else {
        return match linked {
            true => Err(Fault::invalid_argument("spec.snapshot")),
            false => Ok(machines::config_of(tx, source)?.clone()),
        };
    };
    if snapshots::machine(tx, snapshot)? != *source {
        return Err(Fault::invalid_argument("spec.snapshot"));
    }
    Ok(snapshots::kept(tx, snapshot)?.0.clone())
}

/// A source's configuration, as a copy has it.
pub(super) fn of_source(
    tx: &mut Tx<'_>,
    mut config: VirtualMachineConfigInfo,
    name: &str,
    datastore: &MoRef,
    path: &str,
) -> VirtualMachineConfigInfo {
    name.clone_into(&mut config.name);
    config.uuid = uuid::Uuid::new_v4().to_string();
    config.instance_uuid = Some(uuid::Uuid::new_v4().to_string());
    config.create_date = Some(tx.now);
    config.template = false;
    config.managed_by = None;
    config.ft_info = None;
    config.rep_config = None;
    config.npiv_node_world_wide_name.clear();
    config.npiv_port_world_wide_name.clear();
    config.files = machines::files_info(tx, datastore, path);
    if let Some(tools) = &mut config.tools {
        tools.pending_customization = None;
    }
    for device in &mut config.hardware.device {
        if let Some(connectable) = &mut device.connectable {
            connectable.connected = false;
            connectable.status = Some("untried".into());
        }
        if let Some(card) = device.downcast_mut::<VirtualEthernetCard>()
            && card.address_type.as_deref() != Some("manual")
        {
            let (kind, address) = devices::new_mac(tx);
            (card.address_type, card.mac_address) = (Some(kind.to_owned()), Some(address));
        }
    }
    config
}

/// Copies the disks of the origin, each to where it shall be.
fn copy_disks(
    tx: &mut Tx<'_>,
    vm: &MoRef,
    origin: &VirtualMachineConfigInfo,
    location: &VirtualMachineRelocateSpec,
    home: (&MoRef, &str),
    how: Move,
) -> Result<()> {
    let mut edit = Edit::begin(tx, vm, Why::Clone)?;
    let mut devices = std::mem::take(&mut edit.config.hardware.device);
    let stem = machines::stem(home.1).to_owned();
    for (device, source) in devices.iter_mut().zip(&origin.hardware.device) {
        if Kind::of(device) != Kind::Disk {
            continue;
        }
        let locator = target::locator(location, device.key);
        // Where nothing is said, a disk stays with its source's.
        let datastore = match (locator, &location.datastore) {
            (Some(locator), _) => locator.datastore.clone(),
            (None, Some(datastore)) => datastore.clone(),
            (None, None) => file::datastore(source).cloned().unwrap_or_else(|| home.0.clone()),
        };
        place::reachable(edit.tx, &datastore, edit.host.as_ref())?;
        let how = match locator.and_then(|locator| locator.disk_move_type.as_deref()) {
            Some(own) => Move::of(Some(own))?,
            None => how,
        };
        let to = disks::Place {
            datastore: &datastore,
            folder: place::parent(home.1),
            stem: &stem,
            wished: target::wished_name(location, device.key),
        };
        disks::copy(edit.tx, device, &to, how, target::provisioning(location, device.key))?;
        object_id(vm, device);
    }
    edit.config.hardware.device = devices;
    edit.finish()
}

fn object_id(vm: &MoRef, device: &mut Poly<VirtualDevice>) {
    let key = device.key;
    if let Some(disk) = device.downcast_mut::<VirtualDisk>() {
        disk.disk_object_id = Some(format!("{}-{key}", vm.value().trim_start_matches("vm-")));
        disk.vdisk_id = None;
    }
}

/// Changes a copy as its spec says: devices for the place first, then the configuration.
fn change(tx: &mut Tx<'_>, vm: &MoRef, spec: &VirtualMachineCloneSpec) -> Result<()> {
    let mut edit = Edit::begin(tx, vm, Why::Clone)?;
    if !spec.location.device_change.is_empty() {
        let devices = VirtualMachineConfigSpec {
            device_change: spec.location.device_change.clone(),
            ..Default::default()
        };
        config::apply(&mut edit, &devices)?;
    }
    if let Some(wanted) = &spec.config {
        // The copy's name and place are the call's to say, and its change version is its own.
        let wanted =
            VirtualMachineConfigSpec { change_version: None, name: None, files: None, ..wanted.clone() };
        config::apply(&mut edit, &wanted)?;
    }
    edit.finish()?;
    match &spec.config {
        Some(wanted) => guest::apply_hooks(tx, vm, &wanted.extra_config),
        None => Ok(()),
    }
}

fn being_cloned(tx: &mut Tx<'_>, source: &MoRef, folder: &MoRef, name: &str, host: &MoRef, template: bool) {
    let event = events::of_vm(tx, source);
    if template {
        let src_template = events::vm(tx, source);
        events::post(tx, VmBeingDeployedEvent { extends: event, src_template });
        return;
    }
    let event = VmBeingClonedEvent {
        extends: VmCloneEvent { extends: event },
        dest_folder: events::folder(tx, folder),
        dest_name: name.to_owned(),
        dest_host: events::host(tx, host),
    };
    events::post(tx, event);
}

fn cloned(tx: &mut Tx<'_>, source: &MoRef, vm: &MoRef, template: bool) {
    let (event, source_vm) = (events::of_vm(tx, vm), events::vm(tx, source));
    if template {
        events::post(tx, VmDeployedEvent { extends: event, src_template: source_vm });
        return;
    }
    events::post(tx, VmClonedEvent { extends: VmCloneEvent { extends: event }, source_vm });
}
