//! Settings of a configuration.

use super::{fault, lab};
use crate::mo::virtual_machine::power_on;
use vim_types::{
    OptionValue, ResourceAllocationInfo, SharesInfo, SharesLevel, VirtualMachineBootOptions,
    VirtualMachineConfigSpec, VirtualTPM,
};
use vim_wire::Any;

#[test]
fn a_change_of_an_old_version_is_refused() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let first = lab.config(&vm)?.change_version.clone();
        let notes = |version: &str| VirtualMachineConfigSpec {
            change_version: Some(version.to_owned()),
            annotation: Some("x".into()),
            ..Default::default()
        };
        lab.reconfigure(&vm, &notes(&first))?;
        assert_ne!(lab.config(&vm)?.change_version, first);
        assert_eq!(fault(lab.reconfigure(&vm, &notes(&first))), "ConcurrentAccess");
        Ok(())
    });
}

#[test]
fn another_name_is_the_entitys_too_and_must_be_free() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        lab.machine("db")?;
        let name = |name: &str| VirtualMachineConfigSpec { name: Some(name.into()), ..Default::default() };
        lab.reconfigure(&vm, &name("web2"))?;
        assert_eq!(lab.vm(&vm)?.name, "web2");
        assert_eq!(fault(lab.reconfigure(&vm, &name("db"))), "DuplicateName");
        Ok(())
    });
}

#[test]
fn secure_boot_and_trusted_modules_need_efi() {
    let secure = VirtualMachineConfigSpec {
        boot_options: Some(VirtualMachineBootOptions {
            efi_secure_boot_enabled: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    lab(|lab| {
        let vm = lab.machine("bios")?;
        assert_eq!(fault(lab.reconfigure(&vm, &secure)), "InvalidVmConfig");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("bios")?;
        assert_eq!(fault(lab.change(&vm, super::add(VirtualTPM::default()))), "InvalidVmConfig");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("efi")?;
        lab.reconfigure(&vm, &VirtualMachineConfigSpec { firmware: Some("efi".into()), ..secure.clone() })?;
        lab.change(&vm, super::add(VirtualTPM::default()))?;
        assert_eq!(vim_types::ext::label(lab.device(&vm, 11000)?), Some("Virtual TPM"));
        Ok(())
    });
}

#[test]
fn shares_follow_their_level_and_the_size() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let shares = |lab: &super::Lab<'_, '_>| -> crate::fault::Result<i32> {
            let allocation = lab.config(&vm)?.cpu_allocation.clone().unwrap_or_default();
            Ok(allocation.shares.unwrap_or_default().shares)
        };
        assert_eq!(shares(lab)?, 2000);
        let level = |level, shares| VirtualMachineConfigSpec {
            cpu_allocation: Some(ResourceAllocationInfo {
                shares: Some(SharesInfo { level, shares }),
                ..Default::default()
            }),
            ..Default::default()
        };
        lab.reconfigure(&vm, &level(SharesLevel::LOW, 0))?;
        assert_eq!(shares(lab)?, 1000);
        lab.reconfigure(&vm, &VirtualMachineConfigSpec { num_cpus: Some(4), ..Default::default() })?;
        assert_eq!(shares(lab)?, 2000);
        lab.reconfigure(&vm, &level(SharesLevel::CUSTOM, 1234))?;
        assert_eq!(shares(lab)?, 1234);
        Ok(())
    });
}

#[test]
fn some_settings_need_a_machine_that_does_not_run() {
    let off: [VirtualMachineConfigSpec; 5] = [
        VirtualMachineConfigSpec { guest_id: Some("debian11_64Guest".into()), ..Default::default() },
        VirtualMachineConfigSpec { firmware: Some("efi".into()), ..Default::default() },
        VirtualMachineConfigSpec { nested_hv_enabled: Some(true), ..Default::default() },
        VirtualMachineConfigSpec { num_cores_per_socket: Some(2), ..Default::default() },
        VirtualMachineConfigSpec { uuid: Some(uuid::Uuid::new_v4().to_string()), ..Default::default() },
    ];
    for spec in off {
        lab(|lab| {
            let vm = lab.machine("web")?;
            power_on(lab.tx, &vm)?;
            assert_eq!(fault(lab.reconfigure(&vm, &spec)), "InvalidPowerState", "{spec:?}");
            Ok(())
        });
    }
}

#[test]
fn templates_keep_what_they_are() {
    lab(|lab| {
        let vm = lab.machine("golden")?;
        crate::mo::virtual_machine::template::become_template(lab.tx, &vm)?;
        assert_eq!(lab.vm(&vm)?.resource_pool, None);
        assert_eq!(lab.config(&vm)?.files.vm_path_name.as_deref(), Some("[LocalDS_0] golden/golden.vmtx"));
        let notes = VirtualMachineConfigSpec { annotation: Some("x".into()), ..Default::default() };
        lab.reconfigure(&vm, &notes)?;
        let cpus = VirtualMachineConfigSpec { num_cpus: Some(4), ..Default::default() };
        assert_eq!(fault(lab.reconfigure(&vm, &cpus)), "NotSupported");
        assert_eq!(fault(power_on(lab.tx, &vm)), "InvalidState");
        Ok(())
    });
}

#[test]
fn an_empty_option_is_gone() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let option = |value: &str| VirtualMachineConfigSpec {
            extra_config: vec![OptionValue { key: "k".into(), value: Some(Any::from(value)) }.into()],
            ..Default::default()
        };
        lab.reconfigure(&vm, &option("v"))?;
        assert!(lab.config(&vm)?.extra_config.iter().any(|option| option.key == "k"));
        lab.reconfigure(&vm, &option(""))?;
        assert!(!lab.config(&vm)?.extra_config.iter().any(|option| option.key == "k"));
        Ok(())
    });
}
