//! The devices that a hardware version has, and how many of each.

use super::option::{int, long, shares};
use vim_types::{
    BoolOption, ChoiceOption, ElementDescription, ParaVirtualSCSIControllerOption, StorageIOAllocationOption,
    VirtualAHCIControllerOption, VirtualCdromIsoBackingOption, VirtualCdromOption, VirtualControllerOption,
    VirtualDeviceBackingOption, VirtualDeviceConnectOption, VirtualDeviceOption,
    VirtualDiskDeltaDiskFormatsSupported, VirtualDiskFlatVer2BackingOption, VirtualDiskOption,
    VirtualE1000eOption, VirtualEthernetCardNetworkBackingOption, VirtualEthernetCardOption,
    VirtualIDEControllerOption, VirtualLsiLogicControllerOption, VirtualLsiLogicSASControllerOption,
    VirtualNVMEControllerOption, VirtualSATAControllerOption, VirtualSCSIControllerOption,
    VirtualSCSISharing, VirtualUSBXHCIControllerOption, VirtualVmxnet3Option,
};
use vim_wire::Poly;

fn bool(supported: bool, default_value: bool) -> BoolOption {
    BoolOption { supported, default_value, ..Default::default() }
}

fn choice(keys: &[&str]) -> ChoiceOption {
    let element = |key: &&str| {
        let mut element = ElementDescription { key: (*key).to_owned(), ..Default::default() };
        (element.label, element.summary) = ((*key).to_owned(), (*key).to_owned());
        element.into()
    };
    ChoiceOption {
        choice_info: keys.iter().map(element).collect(),
        default_index: Some(0),
        ..Default::default()
    }
}

fn device(name: &str, controller: Option<&str>, hot: bool) -> VirtualDeviceOption {
    VirtualDeviceOption {
        r#type: name.to_owned(),
        controller_type: controller.map(str::to_owned),
        auto_assign_controller: Some(bool(true, true)),
        plug_and_play: hot,
        hot_remove_supported: hot,
        deprecated: false,
        ..Default::default()
    }
}

fn controller(name: &str, most: i32, devices: &[&str], hot: bool) -> VirtualControllerOption {
    VirtualControllerOption {
        extends: device(name, Some("VirtualPCIController"), hot),
        devices: int(0, most, 0),
        supported_device: devices.iter().map(|&name| name.to_owned()).collect(),
    }
}

fn scsi(name: &str, most: i32) -> VirtualSCSIControllerOption {
    VirtualSCSIControllerOption {
        extends: controller(name, most, &["VirtualDisk", "VirtualCdrom", "VirtualSCSIPassthrough"], true),
        num_scsi_disks: int(0, most, 0),
        num_scsi_cdroms: int(0, 15, 0),
        num_scsi_passthrough: int(0, 15, 0),
        sharing: vec![
            VirtualSCSISharing::NO_SHARING,
            VirtualSCSISharing::VIRTUAL_SHARING,
            VirtualSCSISharing::PHYSICAL_SHARING,
        ],
        default_shared_index: 0,
        hot_add_remove: bool(true, true),
        scsi_ctlr_unit_number: 7,
    }
}

fn card(name: &str) -> VirtualEthernetCardOption {
    let backing: Poly<VirtualDeviceBackingOption> = {
        let mut backing = VirtualEthernetCardNetworkBackingOption::default();
        backing.r#type = "VirtualEthernetCardNetworkBackingInfo".into();
        backing.auto_detect_available = bool(false, false);
        backing.into()
    };
    VirtualEthernetCardOption {
        extends: VirtualDeviceOption {
            connect_option: Some(connect()),
            backing_option: vec![backing],
            default_backing_option_index: Some(0),
            ..device(name, Some("VirtualPCIController"), true)
        },
        supported_oui: choice(&["00:50:56"]),
        mac_type: choice(&["assigned", "generated", "manual"]),
        wake_on_lan_enabled: bool(true, true),
        ..Default::default()
    }
}

fn connect() -> VirtualDeviceConnectOption {
    VirtualDeviceConnectOption { start_connected: bool(true, true), allow_guest_control: bool(true, true) }
}

fn disk() -> VirtualDiskOption {
    let mut backing = VirtualDiskFlatVer2BackingOption {
        disk_mode: choice(&["persistent", "independent_persistent", "independent_nonpersistent"]),
        split: bool(false, false),
        write_through: bool(true, false),
        growable: true,
        hot_growable: true,
        uuid: true,
        thin_provisioned: bool(true, false),
        eagerly_scrub: bool(true, false),
        delta_disk_format: choice(&["redoLogFormat", "seSparseFormat"]),
        delta_disk_formats_supported: vec![VirtualDiskDeltaDiskFormatsSupported {
            datastore_type: "VmfsDatastoreInfo".into(),
            delta_disk_format: choice(&["redoLogFormat", "seSparseFormat"]),
        }],
        ..Default::default()
    };
    backing.r#type = "VirtualDiskFlatVer2BackingInfo".into();
    backing.file_name_extensions = Some(choice(&["vmdk"]));
    VirtualDiskOption {
        extends: VirtualDeviceOption {
            backing_option: vec![backing.into()],
            default_backing_option_index: Some(0),
            ..device("VirtualDisk", None, true)
        },
        capacity_in_kb: long(1_024, 62 << 30, 8 << 20),
        io_allocation_option: StorageIOAllocationOption {
            limit_option: long(-1, i64::from(i32::MAX), -1),
            shares_option: shares(1_000),
        },
        ..Default::default()
    }
}

fn cdrom() -> VirtualCdromOption {
    let mut backing = VirtualCdromIsoBackingOption::default();
    backing.r#type = "VirtualCdromIsoBackingInfo".into();
    backing.file_name_extensions = Some(choice(&["iso"]));
    VirtualCdromOption {
        extends: VirtualDeviceOption {
            connect_option: Some(connect()),
            backing_option: vec![backing.into()],
            default_backing_option_index: Some(0),
            ..device("VirtualCdrom", None, false)
        },
    }
}

/// The options of devices of a hardware version.
pub(super) fn options(version: i32) -> Vec<Poly<VirtualDeviceOption>> {
    let paravirtual = if version >= 14 { 64 } else { 15 };
    let mut ide = controller("VirtualIDEController", 2, &["VirtualDisk", "VirtualCdrom"], false);
    ide.controller_type = None;
    let mut options: Vec<Poly<VirtualDeviceOption>> = vec![
        VirtualIDEControllerOption {
            extends: ide,
            num_ide_disks: int(0, 2, 0),
            num_ide_cdroms: int(0, 2, 0),
        }
        .into(),
        ParaVirtualSCSIControllerOption { extends: scsi("ParaVirtualSCSIController", paravirtual) }.into(),
        VirtualLsiLogicControllerOption { extends: scsi("VirtualLsiLogicController", 15) }.into(),
        VirtualLsiLogicSASControllerOption { extends: scsi("VirtualLsiLogicSASController", 15) }.into(),
        VirtualAHCIControllerOption {
            extends: VirtualSATAControllerOption {
                extends: controller("VirtualAHCIController", 30, &["VirtualDisk", "VirtualCdrom"], true),
                num_sata_disks: int(0, 30, 0),
                num_sata_cdroms: int(0, 30, 0),
            },
        }
        .into(),
        VirtualUSBXHCIControllerOption {
            extends: controller("VirtualUSBXHCIController", 20, &["VirtualUSB"], true),
            auto_connect_devices: bool(true, false),
            supported_speeds: ["low", "full", "high", "superSpeed"]
                .iter()
                .map(|&speed| speed.to_owned())
                .collect(),
        }
        .into(),
        VirtualE1000eOption { extends: card("VirtualE1000e") }.into(),
        vmxnet3(),
        disk().into(),
        cdrom().into(),
    ];
    if version >= 13 {
        let most = if version >= 21 { 64 } else { 15 };
        let nvme = VirtualNVMEControllerOption {
            extends: controller("VirtualNVMEController", most, &["VirtualDisk"], true),
            num_nvme_disks: int(0, most, 0),
            ..Default::default()
        };
        options.push(nvme.into());
    }
    options
}

fn vmxnet3() -> Poly<VirtualDeviceOption> {
    let mut option = VirtualVmxnet3Option::default();
    option.extends.extends = card("VirtualVmxnet3");
    option.into()
}
