//! Lists of devices and changes to them.

mod parts;

use super::*;
use crate::*;
use vim_wire::Poly;

type Device = Poly<VirtualDevice>;

fn put(mut device: Device, key: i32, at: Option<(i32, i32)>) -> Device {
    device.key = key;
    if let Some((controller_key, unit_number)) = at {
        Place { controller_key, unit_number }.put(&mut device);
    }
    device
}

fn labelled(mut device: Device, label: &str) -> Device {
    device.device_info = Some(Description { label: label.into(), summary: format!("the {label}") }.into());
    device
}

/// A controller that takes that unit of its own.
fn pvscsi(unit: i32) -> ParaVirtualSCSIController {
    ParaVirtualSCSIController {
        extends: VirtualSCSIController { scsi_ctlr_unit_number: Some(unit), ..Default::default() },
    }
}

/// As a real server numbers and labels the devices of a new VM.
fn real() -> Vec<Device> {
    let mut ide = [VirtualIDEController::default(), VirtualIDEController::default()];
    ide[1].bus_number = 1;
    let [ide0, ide1] = ide;
    vec![
        labelled(put(ide0.into(), 200, None), "IDE 0"),
        labelled(put(ide1.into(), 201, None), "IDE 1"),
        labelled(put(VirtualPCIController::default().into(), 100, None), "PCI controller 0"),
        labelled(put(pvscsi(7).into(), 1000, Some((100, 3))), "SCSI controller 0"),
        labelled(
            put(new_disk(16 << 30, "[ds1] vm/vm.vmdk", Provisioning::Thin).into(), 2000, Some((1000, 0))),
            "Hard disk 1",
        ),
        labelled(put(VirtualCdrom::default().into(), 3000, Some((200, 0))), "CD/DVD drive 1"),
        labelled(
            put(
                new_vmxnet3(NetworkBacking::Standard { name: "VM Network", network: None }).into(),
                4000,
                Some((100, 7)),
            ),
            "Network adapter 1",
        ),
        labelled(put(VirtualE1000::default().into(), 4001, Some((100, 8))), "Network adapter 2"),
    ]
}

const ANY: HardwareVersion = HardwareVersion(0);

#[test]
fn devices_are_found_by_type_key_and_label() {
    let devices = real();
    assert_eq!(devices.disks().map(|(device, _)| device.key).collect::<Vec<_>>(), [2000]);
    assert_eq!(devices.nics().map(|(device, _)| device.key).collect::<Vec<_>>(), [4000, 4001]);
    assert_eq!(
        devices.controllers().map(|(device, _)| device.key).collect::<Vec<_>>(),
        [200, 201, 100, 1000]
    );
    assert_eq!(devices.of_type::<VirtualVmxnet>().count(), 1);
    assert_eq!(
        devices.of_type::<VirtualVmxnet3>().next().map(|(device, card)| (device.key, card.key)),
        Some((4000, 4000))
    );
    assert_eq!(devices.find_key(3000).and_then(|device| label(device)), Some("CD/DVD drive 1"));
    assert!(devices.find_key(3001).is_none());
    let disk = devices.by_label("Hard disk 1").expect("there is one");
    assert_eq!((disk.key, label(disk), summary(disk)), (2000, Some("Hard disk 1"), Some("the Hard disk 1")));
    assert!(devices.by_label("hard disk 1").is_none());
    assert_eq!(label(&VirtualDevice::default()), None);
    assert_eq!(devices.on_controller(100).map(|device| device.key).collect::<Vec<_>>(), [1000, 4000, 4001]);
}

#[test]
fn new_keys_are_negative_and_new() {
    let mut devices = real();
    for expected in [-1, -2, -3] {
        assert_eq!(devices.new_key(), expected);
        devices.push(put(VirtualDisk::default().into(), expected, None));
    }
    devices.push(put(VirtualDisk::default().into(), i32::MIN, None));
    devices.push(put(VirtualDisk::default().into(), i32::MAX, None));
    assert_eq!(devices.new_key(), -4);
    assert_eq!(<[Device]>::new_key(&[]), -1);
}

/// How many devices a controller takes, and which units none of them has.
fn fill(controller: impl Into<Device>, hardware: HardwareVersion) -> (usize, Vec<i32>) {
    let mut devices = vec![put(controller.into(), 1000, None)];
    let mut units = Vec::new();
    while let Some(unit) = devices.free_unit(1000, hardware) {
        units.push(unit);
        devices.push(put(VirtualDisk::default().into(), 2000, Some((1000, unit))));
    }
    let last = units.last().copied().unwrap_or(-1);
    (units.len(), (0..=last).filter(|unit| !units.contains(unit)).collect())
}

#[test]
fn each_controller_has_its_units() {
    for (hardware, pvscsi, nvme) in [
        (ANY, 15, 15),
        (HardwareVersion(13), 15, 15),
        (HardwareVersion(14), 64, 15),
        (HardwareVersion(21), 64, 64),
    ] {
        assert_eq!(fill(ParaVirtualSCSIController::default(), hardware), (pvscsi, vec![7]));
        assert_eq!(fill(VirtualNVMEController::default(), hardware), (nvme, vec![]));
        assert_eq!(fill(VirtualLsiLogicSASController::default(), hardware), (15, vec![7]));
        assert_eq!(fill(VirtualAHCIController::default(), hardware), (30, vec![]));
        assert_eq!(fill(VirtualIDEController::default(), hardware), (2, vec![]));
        assert_eq!(fill(VirtualPCIController::default(), hardware), (0, vec![]));
    }
    assert_eq!(fill(pvscsi(3), ANY), (15, vec![3]));
}

#[test]
fn places_are_picked_on_the_first_controller_with_room() {
    let mut devices = real();
    assert_eq!(devices.free_unit(1000, ANY), Some(1));
    assert_eq!(devices.free_unit(2000, ANY), None, "a disk is no controller");
    assert_eq!(devices.free_unit(5, ANY), None);
    let place = devices.pick_controller::<VirtualIDEController>(ANY);
    assert_eq!(place, Some(Place { controller_key: 200, unit_number: 1 }));
    devices.push(put(VirtualCdrom::default().into(), 3001, Some((200, 1))));
    let place = devices.pick_controller::<VirtualIDEController>(ANY);
    assert_eq!(place, Some(Place { controller_key: 201, unit_number: 0 }));
    let place = devices.pick_controller::<VirtualSCSIController>(ANY);
    assert_eq!(place, Some(Place { controller_key: 1000, unit_number: 1 }));
    assert_eq!(devices.pick_controller::<VirtualNVMEController>(ANY), None);
    assert_eq!(devices.pick_controller::<VirtualDisk>(ANY), None);
}

#[test]
fn controllers_are_added_until_a_vm_takes_no_more() {
    let mut changes = DeviceChanges::of(&real());
    let mut places = Vec::new();
    while let Some(place) = changes.place::<ParaVirtualSCSIController>() {
        let mut disk = existing_disk("[ds1] a/a.vmdk");
        place.put(&mut disk);
        changes.add(disk);
        places.push(place);
    }
    // One of the sixty is taken already; the first controller is the VM's own.
    assert_eq!(places.len(), 59);
    assert_eq!(places[0], Place { controller_key: 1000, unit_number: 1 });
    let buses: Vec<_> =
        changes.devices().of_type::<VirtualSCSIController>().map(|(_, scsi)| scsi.bus_number).collect();
    assert_eq!(buses, [0, 1, 2, 3]);
    assert_eq!(changes.add_controller::<VirtualLsiLogicController>(), None, "they share the buses");
    assert_eq!(changes.add_controller::<VirtualIDEController>(), None);
    assert_eq!(changes.add_controller::<VirtualDisk>(), None);
    assert!(changes.add_controller::<VirtualAHCIController>().is_some());

    let specs = changes.into_specs();
    assert_eq!(specs.len(), 59 + 3 + 1);
    let keys: std::collections::BTreeSet<_> = specs.iter().map(|spec| spec.device.key).collect();
    assert!(keys.len() == specs.len() && keys.iter().all(|key| *key < 0), "{keys:?}");
    // A controller comes before what is on it.
    for (at, spec) in specs.iter().enumerate() {
        let on = spec.device.controller_key.filter(|key| *key < 0);
        assert!(on.is_none_or(|on| specs[..at].iter().any(|before| before.device.key == on)));
    }
    let shared = specs.iter().filter_map(|spec| spec.device.downcast_ref::<VirtualSCSIController>());
    assert!(shared.into_iter().all(|scsi| scsi.shared_bus == VirtualSCSISharing::NO_SHARING));
}

#[test]
fn changes_of_one_device_become_one() {
    let mut changes = DeviceChanges::of(&real());
    let mut card = changes.devices().find_key(4000).expect("there is one").clone();
    for name in ["a", "b"] {
        if let Some(card) = card.downcast_mut::<VirtualEthernetCard>() {
            connect_to(card, NetworkBacking::Standard { name, network: None });
        }
        assert!(changes.edit(card.clone()));
    }
    let key = changes.add(VirtualCdrom::default());
    let mut drive = changes.devices().find_key(key).expect("was added").clone();
    drive.unit_number = Some(1);
    assert!(changes.edit(drive));
    let gone = changes.add(VirtualCdrom::default());
    assert!(changes.remove(gone, Files::Keep) && !changes.remove(gone, Files::Keep));
    assert!(
        changes.remove(2000, Files::Destroy) && !changes.edit(put(VirtualDisk::default().into(), 2000, None))
    );
    assert_eq!(changes.devices().len(), real().len());

    let specs = changes.into_specs();
    let found: Vec<_> = specs
        .iter()
        .map(|spec| {
            (spec.device.key, spec.operation.clone(), spec.file_operation.clone(), spec.device.unit_number)
        })
        .collect();
    let (add, edit, remove) = (
        Some(VirtualDeviceConfigSpecOperation::ADD),
        Some(VirtualDeviceConfigSpecOperation::EDIT),
        Some(VirtualDeviceConfigSpecOperation::REMOVE),
    );
    let destroy = Some(VirtualDeviceConfigSpecFileOperation::DESTROY);
    assert_eq!(
        found,
        [(4000, edit, None, Some(7)), (key, add, None, Some(1)), (2000, remove, destroy, Some(0))]
    );
    let card = specs[0].device.downcast_ref::<VirtualEthernetCard>().expect("a card");
    assert_eq!(network_backing(card), Some(NetworkBacking::Standard { name: "b", network: None }));
}

#[test]
fn an_edited_device_that_is_removed_is_only_removed() {
    let mut changes = DeviceChanges::of(&real());
    let disk = changes.devices().find_key(2000).expect("there is one").clone();
    assert!(changes.edit(disk) && changes.remove(2000, Files::Keep));
    let specs = changes.into_specs();
    assert_eq!(specs.len(), 1);
    assert_eq!(specs[0].operation, Some(VirtualDeviceConfigSpecOperation::REMOVE));
    assert_eq!(specs[0].file_operation, None);
}

#[test]
fn a_key_that_is_given_is_kept_where_it_is_free() {
    let mut changes = DeviceChanges::default();
    assert_eq!(changes.add(put(VirtualCdrom::default().into(), -7, None)), -7);
    assert_eq!(changes.add(put(VirtualCdrom::default().into(), -7, None)), -1);
    assert_eq!(changes.add(put(VirtualCdrom::default().into(), 3000, None)), -2);
}
