//! Disks, network cards and faults.

use super::super::*;
use crate::*;
use vim_wire::{MoRef, Poly};

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
