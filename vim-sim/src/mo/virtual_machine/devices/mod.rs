//! The devices of a machine, and changes of them.

mod disk;
mod disk_edit;
pub(super) mod file;
mod kind;
mod mac;
mod nic;
mod other;
mod slot;
mod standard;

pub(super) use kind::Kind;
pub(super) use mac::new as new_mac;
pub(super) use nic::network_of;

use super::edit::{Edit, Why};
use super::faults;
use crate::fault::Result;
use std::collections::HashMap;
use vim_types::ext::DeviceList;
use vim_types::{
    VirtualController, VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecOperation,
};
use vim_wire::Poly;

/// Changes devices as a spec says. Returns the keys that new devices got, by the keys that the spec has for them.
///
/// What is removed goes first, then controllers come and then the rest, so that one spec can move a disk to a controller
/// that it adds.
pub(super) fn apply(
    edit: &mut Edit<'_, '_>,
    changes: &[Poly<VirtualDeviceConfigSpec>],
) -> Result<HashMap<i32, i32>> {
    let mut keys = HashMap::new();
    let removes =
        |change: &VirtualDeviceConfigSpec| change.operation == Some(VirtualDeviceConfigSpecOperation::REMOVE);
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| removes(change)) {
        remove(edit, index, change)?;
    }
    let adds_controller = |change: &VirtualDeviceConfigSpec| {
        change.operation == Some(VirtualDeviceConfigSpecOperation::ADD)
            && Kind::of(&change.device).is_controller()
    };
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| adds_controller(change)) {
        add(edit, index, change, &mut keys)?;
    }
    for (index, change) in changes.iter().enumerate() {
        match &change.operation {
            Some(VirtualDeviceConfigSpecOperation::ADD) if !adds_controller(change) => {
                add(edit, index, change, &mut keys)?;
            }
            Some(VirtualDeviceConfigSpecOperation::EDIT) | None => change_device(edit, index, change, &keys)?,
            Some(VirtualDeviceConfigSpecOperation::ADD | VirtualDeviceConfigSpecOperation::REMOVE) => {}
            Some(_) => return Err(faults::invalid_operation(index, change)),
        }
    }
    Ok(keys)
}

/// The devices that every machine has.
pub(in crate::mo) fn standard() -> Vec<Poly<VirtualDevice>> {
    let mut devices = standard::all();
    list_children(&mut devices);
    devices
}

fn add(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    keys: &mut HashMap<i32, i32>,
) -> Result<()> {
    let mut device = change.device.clone();
    let (wanted, kind) = (device.key, Kind::of(&device));
    if let Some(there) = there_already(edit, &device, kind) {
        // Servers take such a change and leave the device as it is.
        keys.insert(wanted, there);
        return Ok(());
    }
    let same = edit.devices().iter().filter(|other| Kind::of(other) == kind).count();
    if same >= kind.most() {
        return Err(faults::too_many("configSpec.deviceChange"));
    }
    slot::place(edit, index, &mut device, keys)?;
    if edit.is_on() && !is_hot(edit, &device) {
        edit.must_be_off()?;
    }
    device.key = slot::key(edit, &device);
    match kind {
        Kind::Disk => disk::add(edit, index, change, &mut device)?,
        Kind::Network => nic::add(edit, index, &mut device)?,
        _ => other::add(edit, index, &mut device)?,
    }
    keys.insert(wanted, device.key);
    describe(edit, &mut device, None);
    edit.config.hardware.device.push(device);
    Ok(())
}

/// The key of a device that every machine has, where it is one.
fn there_already(edit: &Edit<'_, '_>, device: &Poly<VirtualDevice>, kind: Kind) -> Option<i32> {
    let bus = |device: &Poly<VirtualDevice>| {
        device.downcast_ref::<VirtualController>().map(|controller| controller.bus_number)
    };
    let same = |other: &&Poly<VirtualDevice>| {
        Kind::of(other) == kind && (kind.is_built_in() || (kind == Kind::Ide && bus(other) == bus(device)))
    };
    edit.devices().iter().find(same).map(|other| other.key)
}

/// Whether a running machine takes the device, or lets it go.
fn is_hot(edit: &Edit<'_, '_>, device: &Poly<VirtualDevice>) -> bool {
    let controller = device.controller_key.and_then(|key| edit.devices().find_key(key));
    Kind::of(device).is_hot() && !controller.is_some_and(|controller| Kind::of(controller) == Kind::Ide)
}

fn change_device(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    keys: &HashMap<i32, i32>,
) -> Result<()> {
    let mut device = change.device.clone();
    device.key = *keys.get(&device.key).unwrap_or(&device.key);
    let Some(old) = edit.devices().find_key(device.key).cloned() else {
        return Err(faults::invalid_device(index, "device.key"));
    };
    if old.type_name() != device.type_name() {
        return Err(faults::invalid_device(index, "device"));
    }
    keep(&mut device, &old);
    slot::replace(edit, index, &mut device, &old, keys)?;
    match Kind::of(&device) {
        Kind::Disk => disk_edit::edit(edit, index, change, &mut device, &old)?,
        Kind::Network => nic::edit(edit, index, &mut device, &old)?,
        _ => other::edit(edit, index, &mut device, &old)?,
    }
    describe(edit, &mut device, Some(&old));
    let place = edit.config.hardware.device.iter_mut().find(|other| other.key == device.key);
    if let Some(place) = place {
        *place = device;
    }
    Ok(())
}

/// What a change does not say stays.
fn keep(device: &mut Poly<VirtualDevice>, old: &Poly<VirtualDevice>) {
    device.device_info.clone_from(&old.device_info);
    device.controller_key = device.controller_key.or(old.controller_key);
    device.unit_number = device.unit_number.or(old.unit_number);
    device.numa_node = device.numa_node.or(old.numa_node);
    if device.backing.is_none() {
        device.backing.clone_from(&old.backing);
    }
    if device.connectable.is_none() {
        device.connectable.clone_from(&old.connectable);
    }
    if device.slot_info.is_none() {
        device.slot_info.clone_from(&old.slot_info);
    }
    if device.device_group_info.is_none() {
        device.device_group_info.clone_from(&old.device_group_info);
    }
}

fn remove(edit: &mut Edit<'_, '_>, index: usize, change: &VirtualDeviceConfigSpec) -> Result<()> {
    let Some(device) = edit.devices().find_key(change.device.key).cloned() else {
        return Err(faults::invalid_device(index, "device.key"));
    };
    let kind = Kind::of(&device);
    if kind.is_built_in() || (change.file_operation.is_some() && kind != Kind::Disk) {
        return Err(faults::invalid_operation(index, change));
    }
    if edit.is_on() && !is_hot(edit, &device) {
        edit.must_be_off()?;
    }
    if kind == Kind::Disk {
        disk::remove(edit, index, change, &device)?;
    }
    edit.config.hardware.device.retain(|other| other.key != device.key);
    Ok(())
}

/// Sets what a device is labelled with and what is said of it. Labels stay; clients do not set them.
fn describe(edit: &Edit<'_, '_>, device: &mut Poly<VirtualDevice>, old: Option<&Poly<VirtualDevice>>) {
    let label = match old.and_then(|old| vim_types::ext::label(old)) {
        Some(label) => label.to_owned(),
        None if edit.why == Why::Initial => kind::short_name(device),
        None => kind::label(edit.devices(), device),
    };
    let summary = match Kind::of(device) {
        Kind::Disk => disk::summary(device),
        Kind::Network => nic::summary(edit.tx, device),
        _ => match kind::type_summary(device) {
            Some(summary) => summary.to_owned(),
            None => other::summary(device).unwrap_or_else(|| label.clone()),
        },
    };
    device.device_info = standard::described(&label, &summary);
}

/// Has each controller list what is on it.
pub(super) fn list_children(devices: &mut [Poly<VirtualDevice>]) {
    let on: Vec<(i32, i32)> =
        devices.iter().filter_map(|device| Some((device.controller_key?, device.key))).collect();
    for device in devices {
        let own = device.key;
        if let Some(controller) = device.downcast_mut::<VirtualController>() {
            let children = on.iter().filter(|(controller, _)| *controller == own).map(|(_, key)| *key);
            controller.device = children.collect();
        }
    }
}

/// Whether each device's controller is there.
pub(super) fn check(edit: &Edit<'_, '_>) -> Result<()> {
    let lost = edit.devices().iter().find_map(|device| {
        let key = device.controller_key.filter(|key| *key != 0)?;
        edit.devices().find_key(key).is_none().then_some(key)
    });
    lost.map_or(Ok(()), |key| Err(slot::no_controller(0, key)))
}
