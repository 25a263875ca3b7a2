//! Boot options, and what must fit the firmware.

use super::super::edit::Edit;
use super::super::faults;
use crate::fault::{Fault, Result};
use std::collections::HashMap;
use vim_types::ext::DeviceList;
use vim_types::{
    VirtualCdrom, VirtualDisk, VirtualEthernetCard, VirtualFloppy, VirtualMachineBootOptions,
    VirtualMachineBootOptionsBootableCdromDevice, VirtualMachineBootOptionsBootableDevice,
    VirtualMachineBootOptionsBootableDiskDevice, VirtualMachineBootOptionsBootableEthernetDevice,
    VirtualMachineBootOptionsBootableFloppyDevice, VirtualMachineConfigSpec, VirtualTPM,
};
use vim_wire::{DataObject, Poly};

/// The longest time between power-on and the boot sequence, in milliseconds.
const MAX_DELAY: i64 = 10_000;

/// Puts a spec's boot options over what there is. `keys` are the keys that the spec's new devices got.
pub(super) fn apply(
    edit: &mut Edit<'_, '_>,
    spec: &VirtualMachineConfigSpec,
    keys: &HashMap<i32, i32>,
) -> Result<()> {
    let Some(spec) = &spec.boot_options else { return Ok(()) };
    let invalid = |field: &str| Fault::invalid_argument(&format!("configSpec.bootOptions.{field}"));
    if spec.boot_delay.is_some_and(|delay| !(0..=MAX_DELAY).contains(&delay)) {
        return Err(invalid("bootDelay"));
    }
    if spec.boot_retry_delay.is_some_and(|delay| delay < 0) {
        return Err(invalid("bootRetryDelay"));
    }
    let secure = |options: &VirtualMachineBootOptions| options.efi_secure_boot_enabled.unwrap_or(false);
    let old = edit.config.boot_options.as_ref().is_some_and(secure);
    if spec.efi_secure_boot_enabled.is_some() && secure(spec) != old {
        edit.must_be_off()?;
    }
    let mut order = spec.boot_order.clone();
    for device in &mut order {
        bootable(edit, device, keys).ok_or_else(|| invalid("bootOrder"))?;
    }
    let options = edit.config.boot_options.get_or_insert_with(standard);
    options.boot_delay = spec.boot_delay.or(options.boot_delay);
    options.enter_bios_setup = spec.enter_bios_setup.or(options.enter_bios_setup);
    options.efi_secure_boot_enabled = spec.efi_secure_boot_enabled.or(options.efi_secure_boot_enabled);
    options.boot_retry_enabled = spec.boot_retry_enabled.or(options.boot_retry_enabled);
    options.boot_retry_delay = spec.boot_retry_delay.or(options.boot_retry_delay);
    if spec.network_boot_protocol.is_some() {
        options.network_boot_protocol.clone_from(&spec.network_boot_protocol);
    }
    match order
        .first()
        .is_some_and(|device| device.type_name() == VirtualMachineBootOptionsBootableDevice::DESC.name)
    {
        // A device of no kind takes the order away.
        true => options.boot_order.clear(),
        false if !order.is_empty() => options.boot_order = order,
        false => {}
    }
    Ok(())
}

/// What a new machine has.
pub(in super::super) fn standard() -> VirtualMachineBootOptions {
    VirtualMachineBootOptions {
        boot_delay: Some(0),
        enter_bios_setup: Some(false),
        efi_secure_boot_enabled: Some(false),
        boot_retry_enabled: Some(false),
        boot_retry_delay: Some(10_000),
        network_boot_protocol: Some("ipv4".into()),
        ..Default::default()
    }
}

/// Whether the machine has the device; its key becomes the one that it got.
fn bootable(
    edit: &Edit<'_, '_>,
    device: &mut Poly<VirtualMachineBootOptionsBootableDevice>,
    keys: &HashMap<i32, i32>,
) -> Option<()> {
    let devices = edit.devices();
    if let Some(disk) = device.downcast_mut::<VirtualMachineBootOptionsBootableDiskDevice>() {
        disk.device_key = *keys.get(&disk.device_key).unwrap_or(&disk.device_key);
        return devices.find_key(disk.device_key)?.is::<VirtualDisk>().then_some(());
    }
    if let Some(card) = device.downcast_mut::<VirtualMachineBootOptionsBootableEthernetDevice>() {
        card.device_key = *keys.get(&card.device_key).unwrap_or(&card.device_key);
        return devices.find_key(card.device_key)?.is::<VirtualEthernetCard>().then_some(());
    }
    if device.is::<VirtualMachineBootOptionsBootableCdromDevice>() {
        return devices.of_type::<VirtualCdrom>().next().map(|_| ());
    }
    if device.is::<VirtualMachineBootOptionsBootableFloppyDevice>() {
        return devices.of_type::<VirtualFloppy>().next().map(|_| ());
    }
    Some(())
}

/// Secure boot and trusted platform modules need EFI; virtualization-based security needs more.
pub(super) fn check(edit: &Edit<'_, '_>) -> Result<()> {
    let config = &edit.config;
    let efi = config.firmware.as_deref() == Some("efi");
    let secure =
        config.boot_options.as_ref().is_some_and(|options| options.efi_secure_boot_enabled == Some(true));
    if secure && !efi {
        let message = "Secure boot can only be enabled for virtual machines with EFI firmware.";
        return Err(faults::invalid_config("msg.hostd.configSpec.efi", message));
    }
    let tpm = edit.devices().of_type::<VirtualTPM>().next().is_some();
    if tpm && !efi {
        let message = "A virtual TPM can only be added to virtual machines with EFI firmware.";
        return Err(faults::invalid_config("msg.hostd.configSpec.efi", message));
    }
    if config.flags.vbs_enabled == Some(true)
        && !(efi
            && secure
            && config.nested_hv_enabled == Some(true)
            && config.flags.vvtd_enabled == Some(true))
    {
        let message = "Virtualization based security needs EFI firmware, secure boot, hardware virtualization and an IOMMU.";
        return Err(faults::invalid_config("configSpec.flags.vbsEnabled", message));
    }
    Ok(())
}
