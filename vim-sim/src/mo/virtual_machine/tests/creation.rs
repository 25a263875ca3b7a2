//! Creating, destroying, registering.

use super::{add, controller, create_file, disk, fault, lab, named};
use crate::mo::virtual_machine::{create as machines, destroy};
use vim_types::ext::DeviceList;
use vim_types::mo::{DatastoreProperties, FolderProperties, HostSystemProperties, ResourcePoolProperties};
use vim_types::{
    ManagedByInfo, OptionValue, ResourceAllocationInfo, SharesInfo, SharesLevel, VirtualCdrom,
    VirtualCdromRemoteAtapiBackingInfo, VirtualController, VirtualDevice, VirtualIDEController,
    VirtualMachineAffinityInfo, VirtualMachineBootOptions, VirtualMachineConfigSpec, VirtualMachineFileInfo,
    VirtualMachineFlagInfo, VirtualMachineVirtualNuma,
};
use vim_wire::Any;

#[test]
fn a_machine_has_the_devices_of_a_server() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let devices = &lab.config(&vm)?.hardware.device;
        let keys: Vec<_> = devices.iter().map(|device| device.key).collect();
        assert_eq!(keys, [100, 200, 201, 300, 400, 600, 700, 500, 12000, 1000, 2000]);
        let labels: Vec<_> =
            [1000, 2000].iter().filter_map(|key| vim_types::ext::label(devices.find_key(*key)?)).collect();
        assert_eq!(labels, ["SCSI controller 0", "Hard disk 1"]);
        assert_eq!(vim_types::ext::summary(lab.device(&vm, 2000)?), Some("1,048,576 KB"));
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web.vmdk"]);
        assert_eq!(lab.files("web"), ["vmware.log", "web.nvram", "web.vmdk", "web.vmx"]);
        Ok(())
    });
}

#[test]
fn its_place_knows_it() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert!(lab.tx.get::<FolderProperties>(&lab.folder)?.child_entity.contains(&vm));
        assert!(lab.tx.get::<HostSystemProperties>(&lab.host)?.vm.contains(&vm));
        assert!(lab.tx.get::<ResourcePoolProperties>(&lab.pool)?.vm.contains(&vm));
        assert!(lab.tx.get::<DatastoreProperties>(&lab.datastores[0])?.vm.contains(&vm));
        destroy(lab.tx, &vm)?;
        assert!(!lab.tx.get::<FolderProperties>(&lab.folder)?.child_entity.contains(&vm));
        assert!(!lab.tx.get::<HostSystemProperties>(&lab.host)?.vm.contains(&vm));
        assert!(!lab.tx.get::<ResourcePoolProperties>(&lab.pool)?.vm.contains(&vm));
        assert!(!lab.tx.get::<DatastoreProperties>(&lab.datastores[0])?.vm.contains(&vm));
        assert!(lab.files("web").is_empty());
        Ok(())
    });
}

#[test]
fn what_cannot_be_is_refused() {
    lab(|lab| {
        lab.machine("web")?;
        assert_eq!(fault(lab.machine("web")), "DuplicateName");
        Ok(())
    });
    let at = |path: &str| VirtualMachineConfigSpec {
        files: Some(VirtualMachineFileInfo { vm_path_name: Some(path.into()), ..Default::default() }),
        ..named("b")
    };
    let wrong: [(&str, VirtualMachineConfigSpec); 13] = [
        ("InvalidVmConfig", VirtualMachineConfigSpec { name: None, ..named("") }),
        ("InvalidVmConfig", VirtualMachineConfigSpec { files: None, ..named("a") }),
        ("FileAlreadyExists", at("[LocalDS_0] DC0_H0_VM0/DC0_H0_VM0.vmx")),
        ("InvalidDatastore", at("[nowhere]")),
        ("InvalidDatastorePath", at("nowhere")),
        ("InvalidArgument", VirtualMachineConfigSpec { guest_id: Some("pdp11Guest".into()), ..named("c") }),
        ("InvalidArgument", VirtualMachineConfigSpec { num_cpus: Some(0), ..named("c") }),
        ("InvalidArgument", VirtualMachineConfigSpec { num_cpus: Some(4096), ..named("c") }),
        ("InvalidArgument", VirtualMachineConfigSpec { memory_mb: Some(-5), ..named("c") }),
        ("InvalidArgument", VirtualMachineConfigSpec { memory_mb: Some(1022), ..named("c") }),
        (
            "InvalidArgument",
            VirtualMachineConfigSpec { num_cpus: Some(4), num_cores_per_socket: Some(3), ..named("c") },
        ),
        ("NotSupported", VirtualMachineConfigSpec { version: Some("vmx-99".into()), ..named("c") }),
        ("InvalidArgument", VirtualMachineConfigSpec { uuid: Some("no uuid".into()), ..named("c") }),
    ];
    for (expected, spec) in wrong {
        lab(|lab| {
            assert_eq!(fault(lab.create(&spec)), expected, "{spec:?}");
            Ok(())
        });
    }
}

#[test]
fn the_whole_spec_can_be_read_again() {
    lab(|lab| {
        let high = |reservation| ResourceAllocationInfo {
            reservation: Some(reservation),
            limit: Some(4000),
            shares: Some(SharesInfo { level: SharesLevel::HIGH, ..Default::default() }),
            ..Default::default()
        };
        let spec = VirtualMachineConfigSpec {
            annotation: Some("notes".into()),
            guest_id: Some("windows2019srv_64Guest".into()),
            version: Some("vmx-19".into()),
            num_cpus: Some(8),
            num_cores_per_socket: Some(4),
            memory_mb: Some(4096),
            firmware: Some("efi".into()),
            cpu_hot_add_enabled: Some(true),
            memory_hot_add_enabled: Some(true),
            nested_hv_enabled: Some(true),
            change_tracking_enabled: Some(true),
            cpu_allocation: Some(high(500)),
            memory_allocation: Some(high(1024)),
            cpu_affinity: Some(VirtualMachineAffinityInfo { affinity_set: vec![1, 2] }),
            flags: Some(VirtualMachineFlagInfo { disk_uuid_enabled: Some(true), ..Default::default() }),
            boot_options: Some(VirtualMachineBootOptions {
                boot_delay: Some(2000),
                efi_secure_boot_enabled: Some(true),
                ..Default::default()
            }),
            virtual_numa: Some(VirtualMachineVirtualNuma {
                cores_per_numa_node: Some(4),
                ..Default::default()
            }),
            managed_by: Some(ManagedByInfo {
                extension_key: "com.example".into(),
                r#type: "appliance".into(),
            }),
            extra_config: vec![OptionValue { key: "a.b".into(), value: Some(Any::from("c")) }.into()],
            sev_enabled: Some(false),
            vm_op_notification_timeout: Some(30),
            ..named("all")
        };
        let vm = lab.create(&spec)?;
        let config = lab.config(&vm)?;
        assert_eq!(config.guest_full_name, "Microsoft Windows Server 2019 (64-bit)");
        assert_eq!(config.annotation, spec.annotation);
        assert_eq!((config.version.as_str(), config.firmware.as_deref()), ("vmx-19", Some("efi")));
        assert_eq!((config.hardware.num_cpu, config.hardware.num_cores_per_socket), (8, Some(4)));
        assert_eq!((config.cpu_hot_add_enabled, config.memory_hot_add_enabled), (Some(true), Some(true)));
        assert_eq!((config.nested_hv_enabled, config.change_tracking_enabled), (Some(true), Some(true)));
        let cpu = config.cpu_allocation.clone().unwrap_or_default();
        assert_eq!(
            (cpu.reservation, cpu.limit, cpu.shares.map(|shares| shares.shares)),
            (Some(500), Some(4000), Some(16_000))
        );
        let memory = config.memory_allocation.clone().unwrap_or_default();
        assert_eq!(memory.shares.map(|shares| shares.shares), Some(81_920));
        assert_eq!(config.cpu_affinity, spec.cpu_affinity);
        assert_eq!(config.flags.disk_uuid_enabled, Some(true));
        assert_eq!(config.flags.enable_logging, Some(true), "what is not said stays");
        let boot = config.boot_options.clone().unwrap_or_default();
        assert_eq!((boot.boot_delay, boot.efi_secure_boot_enabled), (Some(2000), Some(true)));
        let numa = config.numa_info.clone().unwrap_or_default();
        assert_eq!((numa.cores_per_numa_node, numa.auto_cores_per_numa_node), (Some(4), Some(false)));
        assert_eq!(config.managed_by, spec.managed_by);
        assert_eq!(config.vm_op_notification_timeout, Some(30));
        assert!(config.extra_config.iter().any(|option| option.key == "a.b"));
        Ok(())
    });
}

#[test]
fn a_spec_may_bring_the_devices_that_every_machine_has() {
    lab(|lab| {
        let at = |key| VirtualDevice { key, ..Default::default() };
        let ide =
            VirtualIDEController { extends: VirtualController { extends: at(-9), ..Default::default() } };
        let backing = VirtualCdromRemoteAtapiBackingInfo::default().into();
        let cdrom = VirtualCdrom {
            extends: VirtualDevice { controller_key: Some(-9), backing: Some(backing), ..at(-3) },
        };
        let vm = lab.create(&VirtualMachineConfigSpec {
            device_change: vec![
                add(ide),
                add(cdrom),
                add(controller(-1)),
                create_file(disk(-2, -1, 1024, false)),
            ],
            ..named("with-ide")
        })?;
        assert_eq!(lab.device(&vm, 3000)?.controller_key, Some(200));
        assert_eq!(lab.config(&vm)?.hardware.device.iter().filter(|device| device.key == 200).count(), 1);
        Ok(())
    });
}

#[test]
fn two_machines_may_share_a_folders_name_on_a_datastore() {
    lab(|lab| {
        let first = lab.machine("web")?;
        machines::unregister(lab.tx, &first)?;
        let second = lab.machine("web")?;
        assert_eq!(lab.chain(&second, 2000)?, ["web_1/web.vmdk"]);
        Ok(())
    });
}
