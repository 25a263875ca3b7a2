//! What guests tell.

use super::{Lab, add, fault, lab};
use crate::fault::Result;
use crate::mo::virtual_machine::{customize, guest, power_off, power_on};
use vim_types::ext::{NetworkBacking, new_vmxnet3};
use vim_types::{
    CustomizationAdapterMapping, CustomizationFixedIp, CustomizationFixedName, CustomizationIPSettings,
    CustomizationLinuxPrep, CustomizationSpec, CustomizationSysprep, GuestInfo, OptionValue,
    VirtualMachineConfigSpec,
};
use vim_wire::{Any, MoRef};

fn machine(lab: &mut Lab<'_, '_>) -> Result<MoRef> {
    let vm = lab.machine("web")?;
    lab.change(&vm, add(new_vmxnet3(NetworkBacking::Standard { name: "VM Network", network: None })))?;
    Ok(vm)
}

fn options(lab: &mut Lab<'_, '_>, vm: &MoRef, options: &[(&str, &str)]) -> Result<()> {
    let option = |(key, value): &(&str, &str)| {
        OptionValue { key: (*key).to_owned(), value: Some(Any::from(*value)) }.into()
    };
    let extra_config = options.iter().map(option).collect();
    lab.reconfigure(vm, &VirtualMachineConfigSpec { extra_config, ..Default::default() })
}

fn boot(lab: &mut Lab<'_, '_>, vm: &MoRef) -> Result<GuestInfo> {
    power_on(lab.tx, vm)?;
    guest::up(lab.tx, vm)?;
    told(lab, vm)
}

fn told(lab: &Lab<'_, '_>, vm: &MoRef) -> Result<GuestInfo> {
    Ok(lab.vm(vm)?.guest.clone().unwrap_or_default())
}

#[test]
fn addresses_come_with_the_boot_and_go_with_the_power() {
    lab(|lab| {
        let vm = machine(lab)?;
        power_on(lab.tx, &vm)?;
        assert_eq!(told(lab, &vm)?.ip_address, None);
        guest::up(lab.tx, &vm)?;
        let first = told(lab, &vm)?;
        assert_eq!(first.tools_running_status.as_deref(), Some("guestToolsRunning"));
        assert_eq!(first.host_name.as_deref(), Some("web"));
        assert_eq!(first.net.first().map(|card| (card.device_config_id, card.connected)), Some((4000, true)));
        power_off(lab.tx, &vm)?;
        let off = told(lab, &vm)?;
        assert_eq!((off.ip_address, off.net.len(), off.guest_state.as_str()), (None, 0, "notRunning"));
        assert_eq!(boot(lab, &vm)?.ip_address, first.ip_address, "it gets the same again");
        Ok(())
    });
}

#[test]
fn a_guest_without_tools_tells_nothing() {
    lab(|lab| {
        let vm = machine(lab)?;
        options(lab, &vm, &[("vim-sim.tools", "false")])?;
        let guest = boot(lab, &vm)?;
        assert_eq!(
            (guest.ip_address, guest.tools_running_status.as_deref()),
            (None, Some("guestToolsNotRunning"))
        );
        Ok(())
    });
}

#[test]
fn cloud_init_names_the_guest() {
    lab(|lab| {
        let vm = machine(lab)?;
        let metadata = "local-hostname: node-1\nnetwork:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [192.0.2.5/24]\n";
        options(lab, &vm, &[("guestinfo.metadata", metadata)])?;
        let guest = boot(lab, &vm)?;
        assert_eq!(guest.host_name.as_deref(), Some("node-1"));
        assert_eq!(guest.ip_address.as_deref(), Some("192.0.2.5"));
        Ok(())
    });
}

#[test]
fn vcsims_hooks_have_the_last_word() {
    lab(|lab| {
        let vm = machine(lab)?;
        options(lab, &vm, &[("SET.guest.ipAddress", "203.0.113.9")])?;
        assert_eq!(boot(lab, &vm)?.ip_address.as_deref(), Some("203.0.113.9"));
        assert!(!lab.config(&vm)?.extra_config.iter().any(|option| option.key.starts_with("SET.")));
        assert_eq!(fault(options(lab, &vm, &[("SET.no.such", "x")])), "InvalidArgument");
        Ok(())
    });
}

fn linux(name: &str, ip: &str) -> CustomizationSpec {
    CustomizationSpec {
        identity: CustomizationLinuxPrep {
            host_name: CustomizationFixedName { name: name.into(), ..Default::default() }.into(),
            domain: "example.com".into(),
            ..Default::default()
        }
        .into(),
        nic_setting_map: vec![CustomizationAdapterMapping {
            adapter: CustomizationIPSettings {
                ip: CustomizationFixedIp { ip_address: ip.into(), ..Default::default() }.into(),
                subnet_mask: Some("255.255.255.0".into()),
                ..Default::default()
            },
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn customization_is_pending_then_running_then_done() {
    lab(|lab| {
        let vm = machine(lab)?;
        let spec = linux("db-1", "192.0.2.7");
        customize::set(lab.tx, &vm, &spec)?;
        let status = |lab: &Lab<'_, '_>| -> Result<String> {
            Ok(told(lab, &vm)?.customization_info.unwrap_or_default().customization_status)
        };
        assert_eq!(status(lab)?, "TOOLSDEPLOYPKG_PENDING");
        assert!(lab.config(&vm)?.tools.as_ref().is_some_and(|tools| tools.pending_customization.is_some()));
        assert_eq!(fault(customize::set(lab.tx, &vm, &spec)), "CustomizationPending");
        power_on(lab.tx, &vm)?;
        assert_eq!(status(lab)?, "TOOLSDEPLOYPKG_RUNNING");
        guest::up(lab.tx, &vm)?;
        assert_eq!(status(lab)?, "TOOLSDEPLOYPKG_SUCCEEDED");
        let guest = told(lab, &vm)?;
        assert_eq!(
            (guest.host_name.as_deref(), guest.ip_address.as_deref()),
            (Some("db-1"), Some("192.0.2.7"))
        );
        power_off(lab.tx, &vm)?;
        assert_eq!(boot(lab, &vm)?.ip_address.as_deref(), Some("192.0.2.7"), "it is on its disks");
        Ok(())
    });
}

#[test]
fn customization_must_fit_the_machine() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert_eq!(fault(customize::set(lab.tx, &vm, &linux("a", "192.0.2.7"))), "NicSettingMismatch");
        Ok(())
    });
    lab(|lab| {
        let vm = machine(lab)?;
        let windows =
            CustomizationSpec { identity: CustomizationSysprep::default().into(), ..linux("a", "192.0.2.7") };
        assert_eq!(fault(customize::set(lab.tx, &vm, &windows)), "UncustomizableGuest");
        Ok(())
    });
}
