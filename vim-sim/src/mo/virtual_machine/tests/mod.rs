//! The rules of machines, in transactions on an inventory: no server runs.

mod copies;
mod creation;
mod device_rules;
mod guests;
mod hot;
mod power_rules;
mod settings;
mod snapshot_rules;

use super::create as machines;
use super::reconfigure::reconfigure;
use crate::fault::{Fault, Result};
use crate::files;
use crate::model::Model;
use crate::world::{Tx, World};
use vim_types::ext::DeviceList;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    ParaVirtualSCSIController, VirtualController, VirtualDevice, VirtualDeviceConfigSpec,
    VirtualDeviceConfigSpecFileOperation as FileOperation, VirtualDeviceConfigSpecOperation as Operation,
    VirtualDeviceFileBackingInfo, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualMachineConfigInfo,
    VirtualMachineConfigSpec, VirtualMachineFileInfo,
};
use vim_wire::{MoRef, Poly};

/// A vCenter with two datastores, where every change is undone at the end.
pub(super) fn lab(test: impl FnOnce(&mut Lab<'_, '_>) -> Result<()>) {
    let mut world = crate::model::tests::world(&Model::vcenter().datastores(2).autostart(false));
    let places = |world: &World, kind: &str, name: &str| {
        let found = world.of_kind(kind).into_iter().find(|node| node.name() == name);
        found.map(|node| node.moref.clone()).unwrap_or_default()
    };
    let folder = places(&world, "Folder", "vm");
    let host = places(&world, "HostSystem", "DC0_C0_H0");
    let other_host = places(&world, "HostSystem", "DC0_C0_H1");
    let cluster = places(&world, "ClusterComputeResource", "DC0_C0");
    let pool = world
        .get::<vim_types::mo::ComputeResourceProperties>(&cluster)
        .ok()
        .and_then(|cluster| cluster.resource_pool.clone())
        .unwrap_or_default();
    let datastores = [places(&world, "Datastore", "LocalDS_0"), places(&world, "Datastore", "LocalDS_1")];
    let portgroup = places(&world, "DistributedVirtualPortgroup", "DC0_DVPG0");
    let network = places(&world, "Network", "VM Network");
    let mut tx = world.begin();
    let mut lab = Lab { tx: &mut tx, folder, pool, host, other_host, datastores, portgroup, network };
    if let Err(fault) = test(&mut lab) {
        panic!("{}: {}", fault.detail.type_name(), fault.message);
    }
}

pub(super) struct Lab<'a, 'w> {
    pub(super) tx: &'a mut Tx<'w>,
    pub(super) folder: MoRef,
    pub(super) pool: MoRef,
    pub(super) host: MoRef,
    pub(super) other_host: MoRef,
    pub(super) datastores: [MoRef; 2],
    pub(super) portgroup: MoRef,
    pub(super) network: MoRef,
}

impl Lab<'_, '_> {
    /// Creates a machine.
    pub(super) fn create(&mut self, spec: &VirtualMachineConfigSpec) -> Result<MoRef> {
        machines::create(self.tx, &self.folder, spec, &self.pool, Some(&self.host))
    }

    /// A machine with a paravirtual controller and a thin disk of a gibibyte.
    pub(super) fn machine(&mut self, name: &str) -> Result<MoRef> {
        self.create(&VirtualMachineConfigSpec {
            device_change: vec![add(controller(-1)), create_file(disk(-2, -1, 1 << 20, true))],
            guest_id: Some("ubuntu64Guest".into()),
            memory_mb: Some(1024),
            num_cpus: Some(2),
            ..named(name)
        })
    }

    pub(super) fn reconfigure(&mut self, vm: &MoRef, spec: &VirtualMachineConfigSpec) -> Result<()> {
        reconfigure(self.tx, vm, spec)
    }

    /// Changes one device.
    pub(super) fn change(&mut self, vm: &MoRef, change: Poly<VirtualDeviceConfigSpec>) -> Result<()> {
        self.reconfigure(vm, &VirtualMachineConfigSpec { device_change: vec![change], ..Default::default() })
    }

    pub(super) fn vm(&self, vm: &MoRef) -> Result<&VirtualMachineProperties> {
        self.tx.get(vm)
    }

    pub(super) fn config(&self, vm: &MoRef) -> Result<&VirtualMachineConfigInfo> {
        machines::config_of(self.tx, vm)
    }

    pub(super) fn device(&self, vm: &MoRef, key: i32) -> Result<&Poly<VirtualDevice>> {
        let device = self.config(vm)?.hardware.device.find_key(key);
        device.ok_or_else(|| Fault::not_found(format_args!("device {key}")))
    }

    /// What is free of the first datastore.
    pub(super) fn free(&self) -> i64 {
        files::space(self.tx, &self.datastores[0]).1
    }

    /// The names of the files in a folder of the first datastore.
    pub(super) fn files(&self, folder: &str) -> Vec<String> {
        files::list(self.tx, &self.datastores[0], folder).into_iter().map(|(name, _)| name).collect()
    }

    /// The files of a machine's disk, the newest first.
    pub(super) fn chain(&self, vm: &MoRef, key: i32) -> Result<Vec<String>> {
        let chain = super::devices::file::chain(self.device(vm, key)?);
        Ok(chain.into_iter().map(|(_, name)| name.replace("[LocalDS_0] ", "")).collect())
    }
}

/// The name of a fault's type.
pub(super) fn fault<T>(result: Result<T>) -> String {
    result.err().map_or_else(|| "no fault".to_owned(), |fault| fault.detail.type_name().to_owned())
}

pub(super) fn named(name: &str) -> VirtualMachineConfigSpec {
    VirtualMachineConfigSpec {
        name: Some(name.into()),
        files: Some(VirtualMachineFileInfo {
            vm_path_name: Some("[LocalDS_0]".into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn change(
    operation: Operation,
    device: impl Into<Poly<VirtualDevice>>,
) -> Poly<VirtualDeviceConfigSpec> {
    VirtualDeviceConfigSpec { operation: Some(operation), device: device.into(), ..Default::default() }.into()
}

pub(super) fn add(device: impl Into<Poly<VirtualDevice>>) -> Poly<VirtualDeviceConfigSpec> {
    change(Operation::ADD, device)
}

pub(super) fn create_file(device: impl Into<Poly<VirtualDevice>>) -> Poly<VirtualDeviceConfigSpec> {
    let mut change = add(device);
    change.file_operation = Some(FileOperation::CREATE);
    change
}

pub(super) fn edit(device: impl Into<Poly<VirtualDevice>>) -> Poly<VirtualDeviceConfigSpec> {
    change(Operation::EDIT, device)
}

pub(super) fn controller(key: i32) -> ParaVirtualSCSIController {
    let mut scsi = ParaVirtualSCSIController::default();
    let base: &mut VirtualController = &mut scsi;
    base.key = key;
    base.bus_number = 0;
    scsi
}

/// A disk of so many kilobytes.
pub(super) fn disk(key: i32, controller: i32, kilobytes: i64, thin: bool) -> VirtualDisk {
    let backing = VirtualDiskFlatVer2BackingInfo {
        disk_mode: "persistent".into(),
        thin_provisioned: Some(thin),
        ..Default::default()
    };
    let extends = VirtualDevice {
        key,
        controller_key: Some(controller),
        backing: Some(backing.into()),
        ..Default::default()
    };
    VirtualDisk { extends, capacity_in_kb: kilobytes, ..Default::default() }
}

/// A disk whose file is there.
pub(super) fn existing(key: i32, controller: i32, name: &str) -> VirtualDisk {
    let mut disk = disk(key, controller, 0, false);
    disk.backing = Some(
        VirtualDiskFlatVer2BackingInfo {
            extends: VirtualDeviceFileBackingInfo { file_name: name.into(), ..Default::default() },
            disk_mode: "persistent".into(),
            ..Default::default()
        }
        .into(),
    );
    disk
}
