//! The VMs that there are at the start. Their devices' keys and labels are vcsim's, so that scripts find `disk-202-0` and
//! `ethernet-0`.

use crate::fault::Result;
use crate::mo::managed_entity::{attach, entity};
use crate::mo::{relations, virtual_machine};
use crate::world::Tx;
use vim_types::mo::{ComputeResourceProperties, ResourcePoolProperties, VirtualMachineProperties};
use vim_types::{
    Description, DistributedVirtualSwitchPortConnection, GuestInfo, LatencySensitivity,
    LatencySensitivitySensitivityLevel, ManagedEntityStatus, OptionValue, ParaVirtualSCSIController,
    ResourceAllocationInfo, SharesInfo, SharesLevel, StorageIOAllocationInfo, VirtualCdrom,
    VirtualCdromAtapiBackingInfo, VirtualDevice, VirtualDeviceBackingInfo, VirtualDeviceConnectInfo,
    VirtualDevicePciBusSlotInfo, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualE1000,
    VirtualEthernetCard, VirtualEthernetCardDistributedVirtualPortBackingInfo,
    VirtualEthernetCardNetworkBackingInfo, VirtualEthernetCardResourceAllocation, VirtualHardware,
    VirtualIDEController, VirtualKeyboard, VirtualMachineBootOptions, VirtualMachineConfigInfo,
    VirtualMachineConnectionState, VirtualMachineDefaultPowerOpInfo, VirtualMachineFaultToleranceState,
    VirtualMachineFileInfo, VirtualMachineFlagInfo, VirtualMachinePowerState,
    VirtualMachineRecordReplayState, VirtualMachineRuntimeInfo, VirtualMachineToolsStatus,
    VirtualMachineVMCIDevice, VirtualMachineVideoCard, VirtualPCIController, VirtualPS2Controller,
    VirtualPointingDevice, VirtualPointingDeviceDeviceBackingInfo, VirtualSCSISharing, VirtualSIOController,
};
use vim_wire::{Any, MoRef, Poly};

/// The size of a VM's disk.
const DISK: i64 = 10 << 30;

/// How many VMs of a place have a history. Events of more would only push each other out of what a server keeps, and have
/// a large model wait for them.
const TOLD: usize = 250;

/// What VMs are connected to.
pub(super) enum Network {
    Standard { name: String, network: MoRef },
    Portgroup { switch: String, network: MoRef },
}

/// Where VMs are made.
pub(super) struct Place<'a> {
    pub(super) folder: &'a MoRef,
    pub(super) pool: &'a MoRef,
    /// They are spread over these.
    pub(super) hosts: &'a [MoRef],
    pub(super) datastore: &'a MoRef,
    pub(super) network: &'a Network,
}

/// Adds VMs.
pub(super) fn create(
    tx: &mut Tx<'_>,
    prefix: &str,
    number: usize,
    running: bool,
    place: &Place<'_>,
) -> Result<()> {
    if place.hosts.is_empty() {
        return Ok(());
    }
    let owner = tx.get::<ResourcePoolProperties>(place.pool)?.owner.clone();
    let browser = tx.get::<ComputeResourceProperties>(&owner)?.environment_browser.clone();
    let datastore = tx.name(place.datastore).to_owned();
    let mut prototype = prototype(tx, place, browser.unwrap_or_default());
    virtual_machine::prepare(&mut prototype);
    for (number, host) in (0..number).zip(place.hosts.iter().cycle()) {
        // As in vcsim, which makes a task of each creation and each power-on.
        let unique = tx.new_number();
        let moref = tx.new_ref("VirtualMachine");
        let mut machine = prototype.clone();
        individual(&mut machine, &format!("{prefix}_VM{number}"), &datastore, unique);
        if running {
            tx.new_number();
            machine.runtime.power_state = VirtualMachinePowerState::POWERED_ON;
            machine.runtime.boot_time = Some(tx.now);
        }
        tx.create(&moref, machine);
        attach(tx, &moref, place.folder)?;
        relations::set_pool(tx, &moref, Some(place.pool))?;
        relations::set_host(tx, &moref, Some(host))?;
        relations::set_datastores(tx, &moref, vec![place.datastore.clone()])?;
        let (Network::Standard { network, .. } | Network::Portgroup { network, .. }) = place.network;
        relations::set_networks(tx, &moref, vec![network.clone()])?;
        virtual_machine::settle(tx, &moref)?;
        if number < TOLD {
            virtual_machine::tell_past(tx, &moref);
        }
    }
    Ok(())
}

/// What a VM has that no other has.
fn individual(machine: &mut VirtualMachineProperties, name: &str, datastore: &str, number: u64) {
    name.clone_into(&mut machine.name);
    let Some(config) = &mut machine.config else { return };
    name.clone_into(&mut config.name);
    config.uuid = uuid::Uuid::new_v4().to_string();
    config.instance_uuid = Some(uuid::Uuid::new_v4().to_string());
    let folder = format!("[{datastore}] {name}");
    config.files = VirtualMachineFileInfo {
        vm_path_name: Some(format!("{folder}/{name}.vmx")),
        snapshot_directory: Some(folder.clone()),
        suspend_directory: Some(folder.clone()),
        log_directory: Some(folder.clone()),
        ..Default::default()
    };
    for device in &mut config.hardware.device {
        if let Some(disk) = device.downcast_mut::<VirtualDisk>() {
            let backing = disk.backing.as_mut();
            if let Some(file) =
                backing.and_then(|backing| backing.downcast_mut::<VirtualDiskFlatVer2BackingInfo>())
            {
                file.file_name = format!("{folder}/disk1.vmdk");
                file.uuid = Some(uuid::Uuid::new_v4().to_string());
            }
        } else if let Some(card) = device.downcast_mut::<VirtualEthernetCard>() {
            let [.., a, b, c] = number.to_be_bytes();
            card.mac_address = Some(format!("00:50:56:{:02x}:{b:02x}:{c:02x}", 0x80 | a & 0x3f));
        }
    }
}

fn prototype(tx: &Tx<'_>, place: &Place<'_>, environment_browser: MoRef) -> VirtualMachineProperties {
    let allocation = |shares| ResourceAllocationInfo {
        reservation: Some(0),
        expandable_reservation: Some(true),
        limit: Some(-1),
        shares: Some(SharesInfo { shares, level: SharesLevel::NORMAL }),
        ..Default::default()
    };
    let config = VirtualMachineConfigInfo {
        change_version: "1".into(),
        modified: tx.now,
        create_date: Some(tx.now),
        guest_id: "otherGuest".into(),
        guest_full_name: "Other (32-bit)".into(),
        version: "vmx-13".into(),
        flags: VirtualMachineFlagInfo { enable_logging: Some(true), ..Default::default() },
        default_power_ops: VirtualMachineDefaultPowerOpInfo {
            power_off_type: Some("soft".into()),
            suspend_type: Some("hard".into()),
            reset_type: Some("soft".into()),
            default_power_off_type: Some("soft".into()),
            default_suspend_type: Some("hard".into()),
            default_reset_type: Some("soft".into()),
            standby_action: Some("checkpoint".into()),
        },
        hardware: VirtualHardware {
            num_cpu: 1,
            num_cores_per_socket: Some(1),
            memory_mb: 32,
            device: devices(place),
            ..Default::default()
        },
        cpu_allocation: Some(allocation(1_000)),
        memory_allocation: Some(allocation(320)),
        latency_sensitivity: Some(LatencySensitivity {
            level: LatencySensitivitySensitivityLevel::NORMAL,
            ..Default::default()
        }),
        memory_hot_add_enabled: Some(false),
        cpu_hot_add_enabled: Some(false),
        cpu_hot_remove_enabled: Some(false),
        extra_config: vec![OptionValue { key: "govcsim".into(), value: Some(Any::from("TRUE")) }.into()],
        boot_options: Some(VirtualMachineBootOptions::default()),
        firmware: Some("bios".into()),
        ..Default::default()
    };
    VirtualMachineProperties {
        extends: entity(""),
        config: Some(config),
        environment_browser,
        runtime: VirtualMachineRuntimeInfo {
            connection_state: VirtualMachineConnectionState::CONNECTED,
            power_state: VirtualMachinePowerState::POWERED_OFF,
            fault_tolerance_state: VirtualMachineFaultToleranceState::NOT_CONFIGURED,
            record_replay_state: VirtualMachineRecordReplayState::INACTIVE,
            ..Default::default()
        },
        guest: Some(GuestInfo {
            tools_status: Some(VirtualMachineToolsStatus::TOOLS_NOT_INSTALLED),
            tools_running_status: Some("guestToolsNotRunning".into()),
            tools_version: Some("0".into()),
            guest_state: "notRunning".into(),
            ..Default::default()
        }),
        guest_heartbeat_status: ManagedEntityStatus::GRAY,
        ..Default::default()
    }
}

fn label(label: &str, summary: &str) -> Option<Poly<Description>> {
    Some(Description { label: label.to_owned(), summary: summary.to_owned() }.into())
}

fn on(controller: i32, unit: i32, key: i32, described: (&str, &str)) -> VirtualDevice {
    VirtualDevice {
        key,
        device_info: label(described.0, described.1),
        controller_key: Some(controller),
        unit_number: Some(unit),
        ..Default::default()
    }
}

macro_rules! controller {
    ($type:ident, $key:literal, $bus:literal, $label:literal, [$($device:literal),*]) => {{
        let mut controller = $type::default();
        controller.key = $key;
        controller.bus_number = $bus;
        controller.device_info = label($label, $label);
        controller.device = vec![$($device),*];
        Poly::from(controller)
    }};
}

fn devices(place: &Place<'_>) -> Vec<Poly<VirtualDevice>> {
    let video = VirtualMachineVideoCard {
        extends: on(100, 0, 500, ("Video card ", "Video card")),
        video_ram_size_in_kb: Some(4_096),
        num_displays: Some(1),
        use_auto_detect: Some(false),
        enable_3d_support: Some(false),
        use_3d_renderer: Some("automatic".into()),
        graphics_memory_size_in_kb: Some(262_144),
    };
    let vmci = VirtualMachineVMCIDevice {
        extends: on(
            100,
            17,
            12000,
            (
                "VMCI device",
                "Device on the virtual machine PCI bus that provides support for the virtual machine communication interface",
            ),
        ),
        id: Some(-1),
        allow_unrestricted_communication: Some(false),
        filter_enable: Some(true),
        ..Default::default()
    };
    let mut pointing =
        VirtualPointingDevice { extends: on(300, 1, 700, ("Pointing device", "Pointing device; Device")) };
    let mut pointer = VirtualPointingDeviceDeviceBackingInfo {
        host_pointing_device: "autodetect".into(),
        ..Default::default()
    };
    pointer.use_auto_detect = Some(false);
    pointing.backing = Some(pointer.into());
    let mut scsi = ParaVirtualSCSIController::default();
    scsi.key = 202;
    scsi.device_info = label("pvscsi-202", "pvscsi-202");
    scsi.device = vec![204];
    scsi.shared_bus = VirtualSCSISharing::NO_SHARING;
    scsi.scsi_ctlr_unit_number = Some(7);
    scsi.hot_add_remove = Some(true);
    scsi.controller_key = Some(100);
    scsi.unit_number = Some(3);
    let mut cdrom = VirtualCdrom { extends: on(200, 0, 203, ("cdrom-203", "cdrom-203")) };
    let mut drive = VirtualCdromAtapiBackingInfo::default();
    drive.device_name = "/vmfs/devices/cdrom/mpx.vmhba0:C0:T4:L0".into();
    drive.use_auto_detect = Some(false);
    cdrom.backing = Some(drive.into());
    cdrom.connectable = Some(connected());
    vec![
        controller!(VirtualPCIController, 100, 0, "PCI controller 0", [500, 12000, 202, 4000]),
        controller!(VirtualIDEController, 200, 0, "IDE 0", [203]),
        controller!(VirtualIDEController, 201, 1, "IDE 1", []),
        controller!(VirtualPS2Controller, 300, 0, "PS2 controller 0", [600, 700]),
        controller!(VirtualSIOController, 400, 0, "SIO controller 0", []),
        VirtualKeyboard { extends: on(300, 0, 600, ("Keyboard ", "Keyboard")) }.into(),
        pointing.into(),
        video.into(),
        vmci.into(),
        scsi.into(),
        cdrom.into(),
        disk(place).into(),
        card(place).into(),
    ]
}

fn connected() -> VirtualDeviceConnectInfo {
    VirtualDeviceConnectInfo {
        start_connected: true,
        allow_guest_control: true,
        connected: true,
        status: Some("ok".into()),
        ..Default::default()
    }
}

fn disk(place: &Place<'_>) -> VirtualDisk {
    let mut backing = VirtualDiskFlatVer2BackingInfo {
        disk_mode: "persistent".into(),
        split: Some(false),
        write_through: Some(false),
        thin_provisioned: Some(true),
        eagerly_scrub: Some(false),
        digest_enabled: Some(false),
        sharing: Some("sharingNone".into()),
        ..Default::default()
    };
    backing.datastore = Some(place.datastore.clone());
    let shares = SharesInfo { shares: 1_000, level: SharesLevel::NORMAL };
    let mut disk = VirtualDisk {
        extends: on(202, 0, 204, ("disk-202-0", "10,485,760 KB")),
        capacity_in_kb: DISK >> 10,
        capacity_in_bytes: Some(DISK),
        shares: Some(shares.clone()),
        storage_io_allocation: Some(StorageIOAllocationInfo {
            limit: Some(-1),
            shares: Some(shares),
            reservation: Some(0),
        }),
        ..Default::default()
    };
    disk.backing = Some(backing.into());
    disk
}

fn card(place: &Place<'_>) -> VirtualE1000 {
    let (summary, backing): (_, Poly<VirtualDeviceBackingInfo>) = match place.network {
        Network::Standard { name, network } => {
            let mut backing = VirtualEthernetCardNetworkBackingInfo {
                network: Some(network.clone()),
                ..Default::default()
            };
            backing.device_name.clone_from(name);
            backing.use_auto_detect = Some(false);
            (name.clone(), backing.into())
        }
        Network::Portgroup { switch, network } => {
            let port = DistributedVirtualSwitchPortConnection {
                switch_uuid: switch.clone(),
                portgroup_key: Some(network.value().to_owned()),
                ..Default::default()
            };
            let backing = VirtualEthernetCardDistributedVirtualPortBackingInfo { port, ..Default::default() };
            (format!("DVSwitch: {switch}"), backing.into())
        }
    };
    let extends = VirtualEthernetCard {
        extends: on(100, 7, 4000, ("ethernet-0", &summary)),
        address_type: Some("assigned".into()),
        wake_on_lan_enabled: Some(true),
        resource_allocation: Some(VirtualEthernetCardResourceAllocation {
            reservation: Some(0),
            share: SharesInfo { shares: 50, level: SharesLevel::NORMAL },
            limit: Some(-1),
        }),
        ..Default::default()
    };
    let mut card = VirtualE1000 { extends };
    card.backing = Some(backing);
    card.connectable = Some(connected());
    card.slot_info = Some(VirtualDevicePciBusSlotInfo { pci_slot_number: 32, ..Default::default() }.into());
    card
}
