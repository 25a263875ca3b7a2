//! CPUs, memory, allocations, firmware and flags.

use super::{Built, Wanted};
use crate::spec::resolved::{Allocation, Shares};
use crate::spec::{Firmware, ShareLevel};
use crate::vsphere::describe;
use crate::vsphere::owner;
use vim_client::types::ext::DeviceChanges;
use vim_client::types::{
    ResourceAllocationInfo, SharesInfo, SharesLevel, VirtualMachineBootOptions, VirtualMachineConfigInfo,
    VirtualMachineFlagInfo, VirtualTPM,
};

/// The wish, where it differs from what there is.
fn differs<T: PartialEq>(wish: Option<T>, now: Option<T>) -> Option<T> {
    wish.filter(|wish| now.as_ref() != Some(wish))
}

/// As [`differs`], for flags: one that the server does not say is off.
fn flag(wish: Option<bool>, now: Option<Option<bool>>) -> Option<bool> {
    differs(wish, now.map(Option::unwrap_or_default))
}

/// What is set, beside the devices.
pub(super) fn settings(wanted: &Wanted<'_>, built: &mut Built) {
    let (machine, now) = (wanted.machine, wanted.now);
    let mut changes = Vec::new();
    let mut said = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            changes.push(format!("{what}: {value}"));
        }
    };
    let spec = &mut built.spec;
    let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);

    spec.num_cpus = differs(machine.cpus.map(signed), now.map(|now| now.hardware.num_cpu));
    said("CPUs", spec.num_cpus.map(|number| number.to_string()));
    let cores = now.map(|now| now.hardware.num_cores_per_socket.unwrap_or(1));
    spec.num_cores_per_socket = differs(machine.cores_per_socket.map(signed), cores);
    said("cores per socket", spec.num_cores_per_socket.map(|number| number.to_string()));
    let memory = machine.memory_mib.map(|mib| i64::try_from(mib).unwrap_or(i64::MAX));
    spec.memory_mb = differs(memory, now.map(|now| i64::from(now.hardware.memory_mb)));
    said("memory in MiB", spec.memory_mb.map(|number| number.to_string()));

    spec.cpu_allocation = allocation(machine.cpu, now.and_then(|now| now.cpu_allocation.as_ref()));
    said("CPU allocation", spec.cpu_allocation.as_ref().map(|_| told(machine.cpu)));
    spec.memory_allocation = allocation(machine.memory, now.and_then(|now| now.memory_allocation.as_ref()));
    said("memory allocation", spec.memory_allocation.as_ref().map(|_| told(machine.memory)));

    let hardware = &machine.hardware;
    let on = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    spec.cpu_hot_add_enabled = flag(hardware.cpu_hot_add, now.map(|now| now.cpu_hot_add_enabled));
    said("CPU hot-add", on(spec.cpu_hot_add_enabled));
    spec.memory_hot_add_enabled = flag(hardware.memory_hot_add, now.map(|now| now.memory_hot_add_enabled));
    said("memory hot-add", on(spec.memory_hot_add_enabled));
    spec.nested_hv_enabled = flag(hardware.nested_virtualization, now.map(|now| now.nested_hv_enabled));
    said("nested virtualization", on(spec.nested_hv_enabled));

    let firmware = hardware.firmware.map(|firmware| match firmware {
        Firmware::Bios => "bios".to_owned(),
        Firmware::Efi => "efi".to_owned(),
    });
    let old = now.map(|now| now.firmware.clone().unwrap_or_else(|| "bios".to_owned()));
    spec.firmware = differs(firmware, old.clone());
    said("firmware", spec.firmware.clone());
    if let (Some(new), Some(old)) = (&spec.firmware, old) {
        built
            .warnings
            .push(format!("the firmware was {old} and becomes {new}: the guest may not start by it"));
    }
    let options = now.map(|now| now.boot_options.as_ref().and_then(|boot| boot.efi_secure_boot_enabled));
    if let Some(secure) = flag(hardware.secure_boot, options) {
        spec.boot_options = Some(VirtualMachineBootOptions {
            efi_secure_boot_enabled: Some(secure),
            ..VirtualMachineBootOptions::default()
        });
        said("secure boot", on(Some(secure)));
    }
    let vbs = flag(hardware.vbs, now.map(|now| now.flags.vbs_enabled));
    // Virtualization-based security needs both of these.
    let needed = (hardware.vbs == Some(true)).then_some(true);
    let iommu = flag(hardware.iommu.or(needed), now.map(|now| now.flags.vvtd_enabled));
    if needed.is_some() && hardware.nested_virtualization.is_none() {
        spec.nested_hv_enabled = flag(needed, now.map(|now| now.nested_hv_enabled));
        said("nested virtualization", on(spec.nested_hv_enabled));
    }
    if vbs.is_some() || iommu.is_some() {
        spec.flags = Some(VirtualMachineFlagInfo {
            vbs_enabled: vbs,
            vvtd_enabled: iommu,
            ..VirtualMachineFlagInfo::default()
        });
        said("virtualization-based security", on(vbs));
        said("I/O MMU", on(iommu));
    }
    spec.guest_id = differs(machine.guest_os.clone(), now.map(|now| now.guest_id.clone()));
    said("guest OS", spec.guest_id.clone());
    for (key, value) in &machine.extra_config {
        if setting_of(now, key) != Some(value.as_str()) {
            spec.extra_config.push(owner::setting(key, value));
            said(key, Some(value.clone()));
        }
    }
    built.changes.append(&mut changes);
}

fn setting_of<'a>(now: Option<&'a VirtualMachineConfigInfo>, key: &str) -> Option<&'a str> {
    now.and_then(|now| owner::read(&now.extra_config, key))
}

/// What is set of an allocation, where something of it differs.
fn allocation(wish: Allocation, now: Option<&ResourceAllocationInfo>) -> Option<ResourceAllocationInfo> {
    let old = describe::allocation(now);
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let reservation = differs(wish.reservation, old.reservation).map(signed);
    let limit = differs(wish.limit, old.limit).map(signed);
    let shares = differs(wish.shares, old.shares).map(|shares| match shares {
        Shares::Level(level) => SharesInfo {
            shares: 0,
            level: match level {
                ShareLevel::Low => SharesLevel::LOW,
                ShareLevel::Normal => SharesLevel::NORMAL,
                ShareLevel::High => SharesLevel::HIGH,
            },
        },
        Shares::Number(number) => {
            SharesInfo { shares: i32::try_from(number).unwrap_or(i32::MAX), level: SharesLevel::CUSTOM }
        }
    });
    let any = reservation.is_some() || limit.is_some() || shares.is_some();
    any.then(|| ResourceAllocationInfo { reservation, limit, shares, ..ResourceAllocationInfo::default() })
}

/// An allocation, in words.
fn told(wish: Allocation) -> String {
    let number = |what: &str, number: Option<u64>| number.map(|number| format!("{what} {number}"));
    let shares = wish.shares.map(|shares| match shares {
        Shares::Level(ShareLevel::Low) => "shares low".to_owned(),
        Shares::Level(ShareLevel::Normal) => "shares normal".to_owned(),
        Shares::Level(ShareLevel::High) => "shares high".to_owned(),
        Shares::Number(number) => format!("shares {number}"),
    });
    let parts = [number("reservation", wish.reservation), number("limit", wish.limit), shares];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The TPM, which is a device.
pub(super) fn devices(wanted: &Wanted<'_>, changes: &mut DeviceChanges, built: &mut Built) {
    let there = changes.devices().iter().any(|device| device.is::<VirtualTPM>());
    if wanted.machine.hardware.tpm == Some(true) && !there {
        changes.add(VirtualTPM::default());
        built.changes.push("TPM: added".to_owned());
    }
}
