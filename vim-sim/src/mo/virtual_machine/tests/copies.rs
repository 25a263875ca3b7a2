//! Clones and moves.

use super::{Lab, fault, lab};
use crate::files;
use crate::mo::virtual_machine::copies::{clone, relocate};
use crate::mo::virtual_machine::snapshots::testing;
use crate::mo::virtual_machine::{destroy, register, template};
use vim_types::mo::HostSystemProperties;
use vim_types::{
    VirtualDevice, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualMachineCloneSpec,
    VirtualMachineConfigSpec, VirtualMachinePowerState, VirtualMachineRelocateSpec,
    VirtualMachineRelocateSpecDiskLocator,
};
use vim_wire::{MoRef, Poly};

fn location(lab: &Lab<'_, '_>) -> VirtualMachineRelocateSpec {
    VirtualMachineRelocateSpec { pool: Some(lab.pool.clone()), ..Default::default() }
}

fn linked(lab: &Lab<'_, '_>, snapshot: Option<MoRef>) -> VirtualMachineCloneSpec {
    VirtualMachineCloneSpec {
        location: VirtualMachineRelocateSpec {
            disk_move_type: Some("createNewChildDiskBacking".into()),
            ..location(lab)
        },
        snapshot,
        ..Default::default()
    }
}

#[test]
fn a_clone_has_files_and_identifiers_of_its_own() {
    lab(|lab| {
        let source = lab.machine("golden")?;
        let spec = VirtualMachineCloneSpec { location: location(lab), power_on: true, ..Default::default() };
        let folder = lab.folder.clone();
        let copy = clone(lab.tx, &source, &folder, "copy", &spec)?;
        assert_eq!(lab.chain(&copy, 2000)?, ["copy/copy.vmdk"]);
        assert_ne!(lab.config(&copy)?.uuid, lab.config(&source)?.uuid);
        assert_ne!(lab.config(&copy)?.instance_uuid, lab.config(&source)?.instance_uuid);
        assert_eq!(lab.config(&copy)?.guest_id, "ubuntu64Guest");
        assert_eq!(lab.vm(&copy)?.runtime.power_state, VirtualMachinePowerState::POWERED_ON);
        assert_eq!(fault(clone(lab.tx, &source, &folder, "copy", &spec)), "DuplicateName");
        Ok(())
    });
}

#[test]
fn a_template_needs_a_pool_and_a_copy_can_be_all_different() {
    lab(|lab| {
        let source = lab.machine("golden")?;
        template::become_template(lab.tx, &source)?;
        let folder = lab.folder.clone();
        let nowhere = VirtualMachineCloneSpec::default();
        assert_eq!(fault(clone(lab.tx, &source, &folder, "a", &nowhere)), "InvalidArgument");
        let spec = VirtualMachineCloneSpec {
            location: location(lab),
            config: Some(VirtualMachineConfigSpec {
                annotation: Some("mine".into()),
                num_cpus: Some(4),
                num_cores_per_socket: Some(2),
                memory_mb: Some(2048),
                cpu_hot_add_enabled: Some(true),
                firmware: Some("efi".into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let copy = clone(lab.tx, &source, &folder, "b", &spec)?;
        let config = lab.config(&copy)?;
        assert_eq!(config.annotation.as_deref(), Some("mine"));
        assert_eq!((config.hardware.num_cpu, config.hardware.num_cores_per_socket), (4, Some(2)));
        assert_eq!((config.cpu_hot_add_enabled, config.firmware.as_deref()), (Some(true), Some("efi")));
        assert!(!config.template);
        Ok(())
    });
}

/// As clients do that grow a template's disk in the call that copies it.
#[test]
fn a_copys_disk_grows_by_the_sources_device_and_keeps_its_own_file() {
    lab(|lab| {
        let source = lab.machine("golden")?;
        let disk = |lab: &Lab<'_, '_>, vm: &MoRef| {
            let devices = &lab.config(vm)?.hardware.device;
            Ok::<_, crate::fault::Fault>(devices.iter().find(|device| device.key == 2000).cloned())
        };
        let Some(read) = disk(lab, &source)? else { panic!("the source has a disk") };
        let mut edited = read.clone();
        if let Some(disk) = edited.downcast_mut::<VirtualDisk>() {
            disk.capacity_in_kb *= 2;
        }
        let config = VirtualMachineConfigSpec {
            device_change: vec![vim_types::ext::edit_device(edited)],
            ..Default::default()
        };
        let spec =
            VirtualMachineCloneSpec { location: location(lab), config: Some(config), ..Default::default() };
        let folder = lab.folder.clone();
        let copy = clone(lab.tx, &source, &folder, "copy", &spec)?;
        assert_eq!(lab.chain(&copy, 2000)?, ["copy/copy.vmdk"]);
        let Some(made) = disk(lab, &copy)? else { panic!("the copy has a disk") };
        let uuid = |device: &Poly<VirtualDevice>| {
            let flat = device.backing.as_ref()?.downcast_ref::<VirtualDiskFlatVer2BackingInfo>()?;
            flat.uuid.clone()
        };
        let size = |device: &Poly<VirtualDevice>| {
            device.downcast_ref::<VirtualDisk>().map(|disk| disk.capacity_in_kb)
        };
        assert_eq!(size(&made), size(&read).map(|size| size * 2));
        assert_ne!(uuid(&made), uuid(&read));
        Ok(())
    });
}

#[test]
fn a_linked_clone_builds_upon_a_snapshot() {
    lab(|lab| {
        let source = lab.machine("golden")?;
        let folder = lab.folder.clone();
        let without = linked(lab, None);
        assert_eq!(fault(clone(lab.tx, &source, &folder, "a", &without)), "InvalidArgument");
        let snapshot = testing::take(lab.tx, &source, "base", false, false)?;
        let free = lab.free();
        let spec = linked(lab, Some(snapshot));
        let copy = clone(lab.tx, &source, &folder, "b", &spec)?;
        assert_eq!(lab.chain(&copy, 2000)?, ["b/b.vmdk", "golden/golden.vmdk"]);
        assert!(free - lab.free() < 1 << 20, "it takes next to nothing");
        let other = lab.machine("other")?;
        assert_eq!(fault(clone(lab.tx, &other, &folder, "c", &spec)), "InvalidArgument");
        // The disk that it builds upon outlives its machine.
        destroy(lab.tx, &source)?;
        assert_eq!(lab.files("golden"), ["golden.vmdk"]);
        Ok(())
    });
}

#[test]
fn a_move_takes_the_files_along() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        testing::take(lab.tx, &vm, "one", false, false)?;
        let free = lab.free();
        let spec =
            VirtualMachineRelocateSpec { datastore: Some(lab.datastores[1].clone()), ..Default::default() };
        relocate(lab.tx, &vm, &spec)?;
        let config = lab.config(&vm)?;
        assert_eq!(config.files.vm_path_name.as_deref(), Some("[LocalDS_1] web/web.vmx"));
        assert_eq!(lab.chain(&vm, 2000)?, ["[LocalDS_1] web/web-000001.vmdk", "[LocalDS_1] web/web.vmdk"]);
        assert_eq!(lab.vm(&vm)?.datastore, [lab.datastores[1].clone()]);
        assert!(lab.files("web").is_empty());
        assert!(lab.free() >= free);
        let moved: Vec<_> =
            files::list(lab.tx, &lab.datastores[1], "web").into_iter().map(|(name, _)| name).collect();
        assert!(
            moved.contains(&"web.vmx".to_owned()) && moved.contains(&"web-000001.vmdk".to_owned()),
            "{moved:?}"
        );
        Ok(())
    });
}

#[test]
fn one_disk_can_go_alone() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let spec = VirtualMachineRelocateSpec {
            disk: vec![VirtualMachineRelocateSpecDiskLocator {
                disk_id: 2000,
                datastore: lab.datastores[1].clone(),
                ..Default::default()
            }],
            ..Default::default()
        };
        relocate(lab.tx, &vm, &spec)?;
        assert_eq!(lab.chain(&vm, 2000)?, ["[LocalDS_1] web/web.vmdk"]);
        assert_eq!(lab.config(&vm)?.files.vm_path_name.as_deref(), Some("[LocalDS_0] web/web.vmx"));
        assert_eq!(lab.vm(&vm)?.datastore, lab.datastores);
        Ok(())
    });
}

#[test]
fn hosts_change_within_the_pool_and_not_beyond() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let to = |host: &MoRef| VirtualMachineRelocateSpec { host: Some(host.clone()), ..Default::default() };
        let spec = to(&lab.other_host);
        relocate(lab.tx, &vm, &spec)?;
        assert!(lab.tx.get::<HostSystemProperties>(&lab.other_host)?.vm.contains(&vm));
        assert!(!lab.tx.get::<HostSystemProperties>(&lab.host)?.vm.contains(&vm));
        let alone = lab.tx.of_kind("HostSystem").into_iter().find(|node| node.name() == "DC0_H0");
        let alone = alone.map(|node| node.moref.clone()).unwrap_or_default();
        assert_eq!(fault(relocate(lab.tx, &vm, &to(&alone))), "InvalidArgument");
        Ok(())
    });
}

#[test]
fn a_machine_comes_back_as_it_was() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        testing::take(lab.tx, &vm, "one", false, false)?;
        let before = lab.config(&vm)?.clone();
        register::keep(lab.tx, &vm)?;
        crate::mo::virtual_machine::create::unregister(lab.tx, &vm)?;
        let (folder, pool) = (lab.folder.clone(), lab.pool.clone());
        let back = register::testing::register(lab.tx, &folder, "[LocalDS_0] web/web.vmx", &pool)?;
        let after = lab.config(&back)?;
        assert_eq!((&after.uuid, &after.hardware), (&before.uuid, &before.hardware));
        assert_eq!(lab.vm(&back)?.snapshot.as_ref().map(|info| info.root_snapshot_list.len()), Some(1));
        assert_eq!(
            fault(register::testing::register(lab.tx, &folder, "[LocalDS_0] web/web.vmx", &pool)),
            "AlreadyExists"
        );
        assert_eq!(
            fault(register::testing::register(lab.tx, &folder, "[LocalDS_0] no/no.vmx", &pool)),
            "NotFound"
        );
        Ok(())
    });
}
