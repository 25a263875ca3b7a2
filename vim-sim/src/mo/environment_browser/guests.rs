//! What guests of each operating system can have.

use crate::mo::virtual_machine::guest_os;
use vim_types::{BoolOption, GuestOsDescriptor, IntOption};

const DISK_CONTROLLERS: [&str; 7] = [
    "VirtualIDEController",
    "VirtualAHCIController",
    "VirtualNVMEController",
    "VirtualLsiLogicController",
    "VirtualLsiLogicSASController",
    "VirtualBusLogicController",
    "ParaVirtualSCSIController",
];

const CARDS: [&str; 4] = ["VirtualE1000", "VirtualE1000e", "VirtualVmxnet3", "VirtualPCNet32"];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// All guests, or those of the ids that are asked for.
pub(super) fn descriptors(ids: &[String], most_cpus: i32, most_memory: i32) -> Vec<GuestOsDescriptor> {
    let asked =
        guest_os::all().iter().filter(|(id, _)| ids.is_empty() || ids.iter().any(|asked| asked == id));
    asked.map(|(id, name)| descriptor(id, name, most_cpus, most_memory)).collect()
}

fn descriptor(id: &str, name: &str, most_cpus: i32, most_memory: i32) -> GuestOsDescriptor {
    let family = guest_os::family(id);
    let (windows, linux) = (family == "windowsGuest", family == "linuxGuest");
    let wide = id.contains("64") || id.starts_with("vmkernel") || id.starts_with("darwin");
    let modern = wide && (windows || linux);
    let most_cpus = if wide { most_cpus } else { most_cpus.min(32) };
    let disk = match () {
        () if family == "darwinGuestFamily" => "VirtualAHCIController",
        () if windows && wide => "VirtualLsiLogicSASController",
        () if linux && wide => "ParaVirtualSCSIController",
        () => "VirtualLsiLogicController",
    };
    let card = match () {
        () if linux && wide => "VirtualVmxnet3",
        () if wide => "VirtualE1000e",
        () => "VirtualE1000",
    };
    let no = Some(BoolOption::default());
    GuestOsDescriptor {
        id: id.to_owned(),
        family: family.to_owned(),
        full_name: name.to_owned(),
        supported_max_cpus: most_cpus,
        num_supported_physical_sockets: most_cpus,
        num_supported_cores_per_socket: most_cpus.min(64),
        supported_min_mem_mb: if modern { 512 } else { 4 },
        supported_max_mem_mb: if wide { most_memory } else { most_memory.min(65_536) },
        recommended_mem_mb: match () {
            () if windows && wide => 4_096,
            () if wide => 2_048,
            () => 256,
        },
        recommended_color_depth: if windows { 32 } else { 16 },
        supported_disk_controller_list: names(&DISK_CONTROLLERS),
        recommended_scsi_controller: Some(disk.to_owned()).filter(|name| name != "VirtualAHCIController"),
        recommended_disk_controller: disk.to_owned(),
        supported_num_disks: 20,
        recommended_disk_size_mb: if windows && wide { 40_960 } else { 16_384 },
        recommended_cdrom_controller: if modern { "VirtualAHCIController" } else { "VirtualIDEController" }
            .into(),
        supported_ethernet_card: names(&CARDS),
        recommended_ethernet_card: Some(card.to_owned()),
        supports_slave_disk: Some(true),
        supports_wake_on_lan: true,
        supports_memory_hot_add: modern,
        supports_cpu_hot_add: modern,
        supports_cpu_hot_remove: false,
        supported_firmware: names(if wide { &["bios", "efi"] } else { &["bios"] }),
        recommended_firmware: if modern { "efi" } else { "bios" }.into(),
        supported_usb_controller_list: names(&["VirtualUSBController", "VirtualUSBXHCIController"]),
        recommended_usb_controller: Some("VirtualUSBXHCIController".into()),
        supports_3d: modern,
        support_level: "supported".into(),
        supported_for_create: true,
        vram_size_in_kb: IntOption { min: 1_024, max: 262_144, default_value: 8_192, ..Default::default() },
        num_supported_floppy_devices: if modern { 0 } else { 2 },
        wake_on_lan_ethernet_card: names(&["VirtualVmxnet3"]),
        supports_pvscsi_controller_for_boot: linux || windows,
        disk_uuid_enabled: modern,
        supports_hot_plug_pci: wide,
        supports_secure_boot: Some(modern),
        default_secure_boot: Some(modern && windows),
        persistent_memory_supported: Some(false),
        num_recommended_physical_sockets: Some(1),
        num_recommended_cores_per_socket: Some(1),
        vvtd_supported: no.clone(),
        vbs_supported: no.clone(),
        vsgx_supported: no,
        supports_tpm20: Some(modern),
        recommended_tpm20: Some(false),
        vwdt_supported: Some(modern),
        ..Default::default()
    }
}
