use super::*;
use crate::*;
use vim_wire::{MoRef, Poly};

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

#[test]
fn disks_have_their_size_and_their_backing() {
    for (bytes, kib, whole) in
        [(0, 0, Some(0)), (1, 1, Some(1024)), (1 << 40, 1 << 30, Some(1 << 40)), (u64::MAX, 1 << 54, None)]
    {
        let disk = new_disk(bytes, "", Provisioning::Thin);
        assert_eq!((disk.capacity_in_kb, disk.capacity_in_bytes), (kib, whole));
    }
    for (provisioning, thin, eager) in [
        (Provisioning::Thin, true, false),
        (Provisioning::Thick, false, false),
        (Provisioning::EagerZeroed, false, true),
    ] {
        let disk = new_disk(1 << 30, "[ds1] a/a.vmdk", provisioning);
        let backing = disk
            .backing
            .as_ref()
            .and_then(|backing| backing.downcast_ref::<VirtualDiskFlatVer2BackingInfo>());
        let backing = backing.expect("a flat file");
        assert_eq!((backing.thin_provisioned, backing.eagerly_scrub), (Some(thin), Some(eager)));
        assert_eq!((backing.disk_mode.as_str(), disk_file(&disk)), ("persistent", Some("[ds1] a/a.vmdk")));
    }
    assert_eq!(disk_file(&VirtualDisk::default()), None);
    assert_eq!(capacity_bytes(&VirtualDisk { capacity_in_kb: 3, ..Default::default() }), 3072);
    assert_eq!(capacity_bytes(&VirtualDisk { capacity_in_kb: i64::MAX, ..Default::default() }), i64::MAX);
}

#[test]
fn network_backings_are_read_as_they_were_made() {
    let network = MoRef::new("Network", "network-7");
    for backing in [
        NetworkBacking::Standard { name: "VM Network", network: None },
        NetworkBacking::Standard { name: "VM Network", network: Some(&network) },
        NetworkBacking::Portgroup { switch_uuid: "50 2c", portgroup_key: "dvportgroup-1" },
        NetworkBacking::Opaque { id: "id", kind: "nsx.LogicalSwitch" },
    ] {
        let card = new_vmxnet3(backing);
        assert_eq!(network_backing(&card), Some(backing));
        assert_eq!(card.address_type.as_deref(), Some("generated"));
        let connect = card.connectable.as_ref().expect("is connected");
        assert!(connect.start_connected && connect.connected && connect.allow_guest_control);
    }
    let mut card = VirtualVmxnet3::default();
    assert_eq!(network_backing(&card), None);
    card.backing = Some(VirtualEthernetCardLegacyNetworkBackingInfo::default().into());
    assert_eq!(network_backing(&card), None);
    set_mac(&mut card, "00:50:56:00:00:01");
    assert_eq!(
        (card.address_type.as_deref(), card.mac_address.as_deref()),
        (Some("manual"), Some("00:50:56:00:00:01"))
    );
    // What the owner decided before stays.
    card.connectable =
        Some(VirtualDeviceConnectInfo { migrate_connect: Some("connect".into()), ..Default::default() });
    connect_to(&mut card, NetworkBacking::Standard { name: "x", network: None });
    let connect = card.connectable.as_ref().expect("is connected");
    assert!(connect.connected && !connect.allow_guest_control && connect.migrate_connect.is_some());
}

fn message(key: &str, text: Option<&str>) -> LocalizableMessage {
    LocalizableMessage { key: key.into(), message: text.map(Into::into), ..Default::default() }
}

fn caused(mut fault: Poly<MethodFault>, cause: Poly<MethodFault>, text: Option<&str>) -> Poly<MethodFault> {
    fault.fault_cause = Some(LocalizedMethodFault { fault: cause, localized_message: text.map(Into::into) });
    fault
}

#[test]
fn faults_are_followed_to_their_roots() {
    let file = FileFault { file: "[ds1] a.vmdk".into(), ..Default::default() };
    let mut file: Poly<MethodFault> = FileNotFound { extends: file }.into();
    file.fault_message =
        vec![message("msg.file", Some("not found")), message("msg.disk.noBackEnd", None), message("", None)];
    let mut top: Poly<MethodFault> = GenericVmConfigFault { reason: "x".into(), ..Default::default() }.into();
    top.fault_message = vec![message("k", Some("cannot open the disk")), message("k", Some("not found"))];
    let middle = caused(InvalidState::default().into(), file, Some("the file was not found"));
    let fault = caused(top, middle, Some(""));

    let names: Vec<_> = fault_chain(&fault).map(|cause| cause.fault.type_name()).collect();
    assert_eq!(names, ["InvalidState", "FileNotFound"]);
    assert_eq!(caused_by::<FileFault>(&fault).map(|fault| fault.file.as_str()), Some("[ds1] a.vmdk"));
    assert!(caused_by::<GenericVmConfigFault>(&fault).is_none(), "it is no cause of itself");
    assert_eq!(
        messages(&fault),
        ["cannot open the disk", "not found", "the file was not found", "msg.disk.noBackEnd"]
    );
    assert_eq!(messages(&MethodFault::default()), Vec::<&str>::new());
    assert_eq!(fault_chain(&MethodFault::default()).count(), 0);
}
