//! Helpers on the data types that are used every day: lists of devices, changes to them, disks, network cards and faults.
//!
//! They are functions over data: nothing here talks to a server, and nothing here panics.
//!
//! ```
//! use vim_types::ext::{DeviceChanges, DeviceList, Files, HardwareVersion, NetworkBacking, Provisioning, new_disk, new_vmxnet3};
//! use vim_types::{ParaVirtualSCSIController, VirtualHardware, VirtualMachineConfigSpec};
//!
//! // What a VM has: of a real one, `config.hardware.device`.
//! let hardware = VirtualHardware::default();
//! let mut changes = DeviceChanges::of(&hardware.device).hardware(HardwareVersion::from("vmx-19"));
//!
//! // A disk of 20 GiB on a free unit of a paravirtual controller, which is added where there is none.
//! let place = changes.place::<ParaVirtualSCSIController>().expect("there is room on a VM without disks");
//! let mut disk = new_disk(20 << 30, "[nvme-01]", Provisioning::Thin);
//! place.put(&mut disk);
//! changes.add_with_file(disk);
//!
//! // A network card.
//! changes.add(new_vmxnet3(NetworkBacking::Portgroup { switch_uuid: "50 2c", portgroup_key: "dvportgroup-42" }));
//!
//! assert_eq!(changes.devices().disks().count(), 1);
//! let spec = VirtualMachineConfigSpec { device_change: changes.into_specs(), ..Default::default() };
//! assert_eq!(spec.device_change.len(), 3);
//! ```

mod changes;
mod devices;
mod disk;
mod fault;
mod nic;
mod spec;
#[cfg(test)]
mod tests;
mod units;

pub use changes::DeviceChanges;
pub use devices::{DeviceList, label, summary};
pub use disk::{Provisioning, capacity_bytes, disk_file, existing_disk, new_disk};
pub use fault::{caused_by, fault_chain, messages};
pub use nic::{NetworkBacking, connect_to, network_backing, new_vmxnet3, set_mac};
pub use spec::{Files, add_device, edit_device, remove_device};
pub use units::{HardwareVersion, Place};
