//! What a hardware version offers.

use super::{devices, guests};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine::{capability, standard_devices};
use vim_types::{
    DatastoreOption, IntOption, LongOption, ResourceAllocationOption, ResourceConfigOption, SharesLevel,
    SharesOption, VirtualHardwareOption, VirtualMachineConfigOption,
};

pub(super) fn int(min: i32, max: i32, default_value: i32) -> IntOption {
    IntOption { min, max, default_value, ..Default::default() }
}

pub(super) fn long(min: i64, max: i64, default_value: i64) -> LongOption {
    LongOption { min, max, default_value, ..Default::default() }
}

pub(super) fn shares(default: i32) -> SharesOption {
    SharesOption { shares_option: int(0, 1_000_000, default), default_level: SharesLevel::NORMAL }
}

/// The most processors and the most memory in MB of a hardware version.
fn limits(number: i32) -> (i32, i32) {
    match number {
        ..=10 => (64, 1_035_264),
        11..=13 => (128, 4_177_920),
        14..=17 => (256, 6_266_880),
        _ => (768, 25_165_824),
    }
}

/// What a hardware version offers to the guests of some ids, or to all.
pub(super) fn option(
    version: &str,
    description: &str,
    guest_ids: &[String],
) -> Result<VirtualMachineConfigOption> {
    let number: i32 = version.trim_start_matches("vmx-").parse().unwrap_or(0);
    let (most_cpus, most_memory) = limits(number);
    let guests = guests::descriptors(guest_ids, most_cpus, most_memory);
    if guests.is_empty() {
        return Err(Fault::invalid_argument("spec.guestId"));
    }
    let default = guests.iter().position(|guest| guest.id == "otherGuest").unwrap_or(0);
    let allocation = |default| ResourceAllocationOption { shares_option: shares(default) };
    Ok(VirtualMachineConfigOption {
        version: version.to_owned(),
        description: format!("{description} virtual machine"),
        guest_os_descriptor: guests,
        default_device: standard_devices(),
        guest_os_default_index: i32::try_from(default).unwrap_or(0),
        hardware_options: VirtualHardwareOption {
            hw_version: number,
            virtual_device_option: devices::options(number),
            device_list_readonly: false,
            num_cpu: (1..=most_cpus).collect(),
            num_cores_per_socket: int(1, most_cpus.min(256), 1),
            num_cpu_readonly: false,
            memory_mb: long(4, most_memory.into(), 256),
            num_pci_controllers: int(1, 1, 1),
            num_ide_controllers: int(2, 2, 2),
            num_usb_controllers: int(0, 1, 0),
            num_usbxhci_controllers: int(0, 1, 0),
            num_sio_controllers: int(1, 1, 1),
            num_ps2_controllers: int(1, 1, 1),
            num_supported_wwn_ports: Some(int(1, 16, 2)),
            num_supported_wwn_nodes: Some(int(1, 16, 2)),
            resource_config_option: ResourceConfigOption {
                cpu_allocation_option: allocation(1_000),
                memory_allocation_option: allocation(2_560),
            },
            num_nvdimm_controllers: Some(int(0, i32::from(number >= 14), 0)),
            num_tpm_devices: Some(int(0, i32::from(number >= 14), 0)),
            num_wdt_devices: Some(int(0, i32::from(number >= 17), 0)),
            num_precision_clock_devices: Some(int(0, i32::from(number >= 17), 0)),
            ..Default::default()
        },
        capabilities: capability::all(),
        datastore: DatastoreOption::default(),
        supported_monitor_type: ["release", "debug", "stats"].iter().map(|&name| name.to_owned()).collect(),
        supported_ovf_environment_transport: vec!["iso".into(), "com.vmware.guestInfo".into()],
        supported_ovf_install_transport: vec!["iso".into()],
        ..Default::default()
    })
}
