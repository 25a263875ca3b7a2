//! Devices: places, backings, disks.

use super::{
    FileOperation, Operation, add, change, controller, create_file, disk, edit, existing, fault, lab,
};
use crate::files;
use vim_types::ext::{NetworkBacking, new_vmxnet3, set_mac};
use vim_types::{
    VirtualAHCIController, VirtualController, VirtualDevice, VirtualDisk, VirtualEthernetCard,
    VirtualMachineConfigSpec, VirtualSATAController, VirtualVmxnet3,
};
use vim_wire::Poly;

fn card(name: &str) -> VirtualVmxnet3 {
    new_vmxnet3(NetworkBacking::Standard { name, network: None })
}

#[test]
fn units_and_keys_are_given_out() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        for _ in 0..7 {
            lab.change(&vm, create_file(disk(-1, 1000, 1024, true)))?;
        }
        // The controller itself is unit 7.
        assert_eq!(lab.device(&vm, 2006)?.unit_number, Some(6));
        assert_eq!(lab.device(&vm, 2008)?.unit_number, Some(8));
        assert!(lab.device(&vm, 2007).is_err());
        let mut taken = disk(-1, 1000, 1024, true);
        taken.unit_number = Some(6);
        assert_eq!(fault(lab.change(&vm, create_file(taken))), "InvalidDeviceSpec");
        Ok(())
    });
}

#[test]
fn a_disk_may_come_with_its_controller() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let mut second = controller(-10);
        second.bus_number = 1;
        // The disk comes first in the spec.
        let spec = VirtualMachineConfigSpec {
            device_change: vec![create_file(disk(-11, -10, 1024, true)), add(second)],
            ..Default::default()
        };
        lab.reconfigure(&vm, &spec)?;
        assert_eq!(lab.device(&vm, 2016)?.controller_key, Some(1001));
        assert_eq!(vim_types::ext::label(lab.device(&vm, 2016)?), Some("Hard disk 2"));
        Ok(())
    });
}

#[test]
fn controllers_are_few_and_their_devices_need_them() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert_eq!(fault(lab.change(&vm, create_file(disk(-1, 4711, 1024, true)))), "InvalidController");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        for _ in 0..4 {
            let controller = VirtualController { bus_number: -1, ..Default::default() };
            let sata = VirtualAHCIController { extends: VirtualSATAController { extends: controller } };
            lab.change(&vm, add(sata))?;
        }
        assert!(lab.device(&vm, 15003)?.is::<VirtualSATAController>());
        assert_eq!(fault(lab.change(&vm, add(VirtualAHCIController::default()))), "TooManyDevices");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        let scsi = lab.device(&vm, 1000)?.clone();
        assert_eq!(fault(lab.change(&vm, change(Operation::REMOVE, scsi))), "InvalidController");
        Ok(())
    });
}

fn remove(
    device: &Poly<VirtualDevice>,
    files: Option<FileOperation>,
) -> Poly<vim_types::VirtualDeviceConfigSpec> {
    let mut change = vim_types::VirtualDeviceConfigSpec {
        operation: Some(Operation::REMOVE),
        device: device.clone(),
        ..Default::default()
    };
    change.file_operation = files;
    change.into()
}

#[test]
fn space_is_taken_and_given_back() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let before = lab.free();
        lab.change(&vm, create_file(disk(-1, 1000, 1 << 20, true)))?;
        assert_eq!(lab.free(), before, "a thin disk takes nothing yet");
        lab.change(&vm, create_file(disk(-1, 1000, 1 << 20, false)))?;
        assert_eq!(lab.free(), before - (1 << 30));
        let thick = lab.device(&vm, 2002)?.clone();
        lab.change(&vm, remove(&thick, None))?;
        assert_eq!(lab.free(), before - (1 << 30), "the file stays");
        lab.change(&vm, add(existing(-1, 1000, "[LocalDS_0] web/web_2.vmdk")))?;
        let again = lab.device(&vm, 2002)?.clone();
        lab.change(&vm, remove(&again, Some(FileOperation::DESTROY)))?;
        assert_eq!(lab.free(), before);
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        files::set_capacity(lab.tx, &lab.datastores[0].clone(), 1 << 30)?;
        assert_eq!(fault(lab.change(&vm, create_file(disk(-1, 1000, 4 << 20, false)))), "NoDiskSpace");
        Ok(())
    });
}

fn sized(device: &Poly<VirtualDevice>, bytes: i64) -> Poly<VirtualDevice> {
    let mut device = device.clone();
    if let Some(disk) = device.downcast_mut::<VirtualDisk>() {
        disk.capacity_in_bytes = Some(bytes);
        disk.capacity_in_kb = bytes / 1024;
    }
    device
}

#[test]
fn disks_grow_and_never_shrink() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let device = lab.device(&vm, 2000)?.clone();
        lab.change(&vm, edit(sized(&device, 2 << 30)))?;
        assert_eq!(vim_types::ext::summary(lab.device(&vm, 2000)?), Some("2,097,152 KB"));
        assert_eq!(fault(lab.change(&vm, edit(sized(&device, 1 << 30)))), "InvalidDeviceOperation");
        Ok(())
    });
}

#[test]
fn files_must_be_there_or_not() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let missing = existing(-1, 1000, "[LocalDS_0] web/none.vmdk");
        assert_eq!(fault(lab.change(&vm, add(missing))), "FileNotFound");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        let mine = existing(-1, 1000, "[LocalDS_0] web/web.vmdk");
        assert_eq!(fault(lab.change(&vm, create_file(sized(&mine.into(), 1 << 20)))), "FileAlreadyExists");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        let mine = existing(-1, 1000, "[LocalDS_0] web/web.vmdk");
        assert_eq!(fault(lab.change(&vm, add(mine))), "InvalidDeviceBacking");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert_eq!(fault(lab.change(&vm, create_file(disk(-1, 1000, 0, true)))), "InvalidDeviceSpec");
        Ok(())
    });
}

#[test]
fn cards_are_connected_to_networks_that_their_host_has() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        lab.change(&vm, add(card("VM Network")))?;
        assert_eq!(vim_types::ext::summary(lab.device(&vm, 4000)?), Some("VM Network"));
        assert_eq!(lab.vm(&vm)?.network, std::slice::from_ref(&lab.network));
        let mac = lab
            .device(&vm, 4000)?
            .downcast_ref::<VirtualEthernetCard>()
            .and_then(|card| card.mac_address.clone());
        assert!(mac.is_some_and(|mac| mac.starts_with("00:50:56:")));
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert_eq!(fault(lab.change(&vm, add(card("nowhere")))), "InvalidDeviceBacking");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        let group = NetworkBacking::Portgroup { switch_uuid: "none", portgroup_key: lab.portgroup.value() };
        let card = new_vmxnet3(group);
        assert_eq!(fault(lab.change(&vm, add(card))), "NotFound");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("web")?;
        let card = new_vmxnet3(NetworkBacking::Opaque { id: "none", kind: "nsx.LogicalSwitch" });
        assert_eq!(fault(lab.change(&vm, add(card))), "NotFound");
        Ok(())
    });
}

#[test]
fn addresses_are_checked() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let mut own = card("VM Network");
        set_mac(&mut own, "00:50:56:01:02:03");
        lab.change(&vm, add(own))?;
        let mut wrong = card("VM Network");
        set_mac(&mut wrong, "01:50:56:01:02:03");
        assert_eq!(fault(lab.change(&vm, add(wrong))), "InvalidDeviceSpec");
        Ok(())
    });
}
