//! What a machine is called, and its settings that stand for themselves.

use super::super::edit::{Edit, Why};
use super::super::{faults, guest_os, place};
use crate::fault::{Fault, Result};
use vim_types::{
    ArrayUpdateOperation, HostCpuIdInfo, ToolsConfigInfo, VirtualMachineConfigSpec,
    VirtualMachineDefaultPowerOpInfo, VirtualMachineFlagInfo, VirtualMachineVirtualNumaInfo,
};

/// Puts the fields that are set over those that were.
macro_rules! over {
    ($into:expr, $from:expr; $($field:ident),+ $(,)?) => {
        $(if $from.$field.is_some() { $into.$field.clone_from(&$from.$field); })+
    };
}

/// Puts the lists that are not empty over those that were.
macro_rules! lists {
    ($into:expr, $from:expr; $($field:ident),+ $(,)?) => {
        $(if !$from.$field.is_empty() { $into.$field.clone_from(&$from.$field); })+
    };
}

/// Name, identifiers, operating system and version.
pub(super) fn identity(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    if let Some(name) = &spec.name
        && *name != edit.config.name
        && !edit.is_new()
    {
        edit.config.name = place::free_name(edit.tx, &edit.vm, name)?;
    }
    if let Some(id) = &spec.guest_id
        && *id != edit.config.guest_id
    {
        let name = guest_os::full_name(id).ok_or_else(|| Fault::invalid_argument("configSpec.guestId"))?;
        edit.must_be_off()?;
        edit.config.guest_id.clone_from(id);
        name.clone_into(&mut edit.config.guest_full_name);
    }
    if let Some(version) = &spec.version
        && *version != edit.config.version
    {
        edit.must_be_off()?;
        let wanted = super::super::upgrade::version(version)?;
        if edit.why == Why::Reconfigure && wanted < edit.hardware_version() {
            return Err(Fault::invalid_argument("configSpec.version"));
        }
        edit.config.version.clone_from(version);
    }
    for (field, wanted) in [("uuid", &spec.uuid), ("instanceUuid", &spec.instance_uuid)] {
        let Some(wanted) = wanted.as_ref().filter(|wanted| !wanted.is_empty()) else { continue };
        let uuid = uuid::Uuid::parse_str(wanted)
            .map_err(|_| Fault::invalid_argument(&format!("configSpec.{field}")))?
            .to_string();
        if field == "uuid" && uuid != edit.config.uuid {
            edit.must_be_off()?;
            edit.config.uuid = uuid;
        } else if field == "instanceUuid" {
            edit.config.instance_uuid = Some(uuid);
        }
    }
    Ok(())
}

/// The settings that stand for themselves.
pub(super) fn apply(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    only_off(edit, spec)?;
    let config = &mut edit.config;
    over!(config, spec;
        create_date, location_id, annotation, console_preferences, reboot_power_off, latency_sensitivity,
        network_shaper, swap_placement, ft_info, rep_config, v_asserts_enabled, change_tracking_enabled, firmware,
        max_mks_connections, guest_auto_lock_enabled, nested_hv_enabled, vpmc_enabled,
        scheduled_hardware_upgrade_info, message_bus_tunnel_enabled, migrate_encryption, sgx_info,
        ft_encryption_mode, guest_monitoring_mode_info, sev_enabled, pmem_failover_enabled,
        vmx_stats_collection_enabled, vm_op_notification_to_app_enabled, vm_op_notification_timeout, device_swap,
        pmem, device_groups, fixed_passthru_hot_plug_enabled, metro_ft_enabled, metro_ft_host_group, tdx_enabled,
        sev_snp_enabled, npiv_world_wide_name_type, npiv_desired_node_wwns, npiv_desired_port_wwns,
        npiv_temporary_disabled, npiv_on_non_rdm_disks,
    );
    if let Some(name) = &spec.alternate_guest_name {
        config.alternate_guest_name.clone_from(name);
    }
    lists!(config, spec; vcpu_config);
    if let Some(flags) = &spec.flags {
        self::flags(&mut config.flags, flags);
    }
    if let Some(tools) = &spec.tools {
        self::tools(config.tools.get_or_insert_default(), tools);
    }
    if let Some(power) = &spec.power_op_info {
        power_ops(&mut config.default_power_ops, power);
    }
    if let Some(files) = &spec.files {
        over!(config.files, files; snapshot_directory, suspend_directory, log_directory, ft_metadata_directory);
    }
    // An empty set takes the affinity away.
    if let Some(affinity) = &spec.cpu_affinity {
        config.cpu_affinity = Some(affinity.clone()).filter(|affinity| !affinity.affinity_set.is_empty());
    }
    if let Some(affinity) = &spec.memory_affinity {
        config.memory_affinity = Some(affinity.clone()).filter(|affinity| !affinity.affinity_set.is_empty());
    }
    if let Some(by) = &spec.managed_by {
        config.managed_by = Some(by.clone()).filter(|by| !by.extension_key.is_empty());
    }
    if let Some(numa) = &spec.virtual_numa {
        let info = config.numa_info.get_or_insert_with(|| VirtualMachineVirtualNumaInfo {
            auto_cores_per_numa_node: Some(true),
            ..Default::default()
        });
        if let Some(cores) = numa.cores_per_numa_node {
            // Zero leaves it to the server.
            info.auto_cores_per_numa_node = Some(cores == 0);
            info.cores_per_numa_node = Some(cores).filter(|cores| *cores != 0);
        }
        if numa.expose_vnuma_on_cpu_hotadd.is_some() {
            info.vnuma_on_cpu_hotadd_exposed = numa.expose_vnuma_on_cpu_hotadd;
        }
    }
    if let Some(upgrade) = &mut config.scheduled_hardware_upgrade_info {
        upgrade.scheduled_hardware_upgrade_status.get_or_insert_with(|| "none".into());
    }
    cpu_masks(&mut config.cpu_feature_mask, spec)?;
    npiv(edit, spec)?;
    edit.keep_beside(spec)
}

/// What is refused while the machine runs, where it would become another.
fn only_off(edit: &Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    fn changes<T: PartialEq>(old: &Option<T>, new: &Option<T>) -> bool {
        new.is_some() && old != new
    }
    fn turns(old: Option<bool>, new: Option<bool>) -> bool {
        new.is_some_and(|new| new != old.unwrap_or(false))
    }
    let config = &edit.config;
    if let Some(firmware) = &spec.firmware
        && !matches!(firmware.as_str(), "bios" | "efi")
    {
        return Err(Fault::invalid_argument("configSpec.firmware"));
    }
    let monitor = spec.flags.as_ref().is_some_and(|flags| {
        turns(config.flags.vbs_enabled, flags.vbs_enabled)
            || turns(config.flags.vvtd_enabled, flags.vvtd_enabled)
            || changes(&config.flags.virtual_mmu_usage, &flags.virtual_mmu_usage)
            || changes(&config.flags.virtual_exec_usage, &flags.virtual_exec_usage)
    });
    let off = changes(&config.firmware, &spec.firmware)
        || turns(config.nested_hv_enabled, spec.nested_hv_enabled)
        || turns(config.vpmc_enabled, spec.vpmc_enabled)
        || turns(config.sev_enabled, spec.sev_enabled)
        || turns(config.sev_snp_enabled, spec.sev_snp_enabled)
        || turns(config.tdx_enabled, spec.tdx_enabled)
        || changes(&config.sgx_info, &spec.sgx_info)
        || spec.virtual_numa.is_some()
        || !spec.cpu_feature_mask.is_empty()
        || monitor;
    if off { edit.must_be_off() } else { Ok(()) }
}

fn flags(into: &mut VirtualMachineFlagInfo, from: &VirtualMachineFlagInfo) {
    over!(into, from;
        disable_acceleration, enable_logging, use_toe, run_with_debug_info, monitor_type, ht_sharing,
        snapshot_disabled, snapshot_locked, disk_uuid_enabled, virtual_mmu_usage, virtual_exec_usage,
        snapshot_power_off_behavior, record_replay_enabled, fault_tolerance_type, cbrc_cache_enabled, vvtd_enabled,
        vbs_enabled,
    );
}

fn tools(into: &mut ToolsConfigInfo, from: &ToolsConfigInfo) {
    over!(into, from;
        tools_version, tools_install_type, after_power_on, after_resume, before_guest_standby,
        before_guest_shutdown, before_guest_reboot, tools_upgrade_policy, customization_key_id,
        sync_time_with_host_allowed, sync_time_with_host, last_install_info,
    );
}

fn power_ops(into: &mut VirtualMachineDefaultPowerOpInfo, from: &VirtualMachineDefaultPowerOpInfo) {
    over!(into, from; power_off_type, suspend_type, reset_type, standby_action);
    // What a preset stands for is soft for the guest and hard for suspension, as on servers.
    into.default_power_off_type = Some(preset(&into.power_off_type, "soft"));
    into.default_suspend_type = Some(preset(&into.suspend_type, "hard"));
    into.default_reset_type = Some(preset(&into.reset_type, "soft"));
}

fn preset(chosen: &Option<String>, preset: &str) -> String {
    chosen.clone().filter(|chosen| chosen != "preset" && !chosen.is_empty()).unwrap_or_else(|| preset.into())
}

/// The settings that a new machine has.
pub(in super::super) fn standard(config: &mut vim_types::VirtualMachineConfigInfo) {
    let soft = VirtualMachineDefaultPowerOpInfo {
        power_off_type: Some("soft".into()),
        suspend_type: Some("hard".into()),
        reset_type: Some("soft".into()),
        standby_action: Some("checkpoint".into()),
        ..Default::default()
    };
    power_ops(&mut config.default_power_ops, &soft);
    config.flags = VirtualMachineFlagInfo {
        disable_acceleration: Some(false),
        enable_logging: Some(true),
        use_toe: Some(false),
        run_with_debug_info: Some(false),
        monitor_type: Some("release".into()),
        ht_sharing: Some("any".into()),
        snapshot_disabled: Some(false),
        snapshot_locked: Some(false),
        disk_uuid_enabled: Some(false),
        snapshot_power_off_behavior: Some("powerOff".into()),
        record_replay_enabled: Some(false),
        fault_tolerance_type: Some("unset".into()),
        cbrc_cache_enabled: Some(false),
        vvtd_enabled: Some(false),
        vbs_enabled: Some(false),
        virtual_mmu_usage: Some("automatic".into()),
        virtual_exec_usage: Some("hvAuto".into()),
    };
    config.tools = Some(ToolsConfigInfo {
        after_power_on: Some(true),
        after_resume: Some(true),
        before_guest_standby: Some(true),
        before_guest_shutdown: Some(true),
        tools_upgrade_policy: Some("manual".into()),
        sync_time_with_host_allowed: Some(true),
        sync_time_with_host: Some(false),
        ..Default::default()
    });
}

/// Masks are told by level and vendor.
fn cpu_masks(into: &mut Vec<HostCpuIdInfo>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    for change in &spec.cpu_feature_mask {
        let Some(info) = &change.info else {
            return Err(Fault::invalid_argument("configSpec.cpuFeatureMask.info"));
        };
        let at = into.iter().position(|old| old.level == info.level && old.vendor == info.vendor);
        match (&change.extends.operation, at) {
            (&ArrayUpdateOperation::REMOVE, Some(at)) => drop(into.remove(at)),
            (&ArrayUpdateOperation::REMOVE, None) => {
                return Err(Fault::invalid_argument("configSpec.cpuFeatureMask"));
            }
            (_, Some(at)) => {
                if let Some(old) = into.get_mut(at) {
                    old.clone_from(info);
                }
            }
            (_, None) => into.push(info.clone()),
        }
    }
    Ok(())
}

/// World wide names, where a spec generates, sets or removes them.
fn npiv(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let Some(operation) = &spec.npiv_world_wide_name_op else { return Ok(()) };
    match operation.as_str() {
        "remove" => {
            edit.config.npiv_node_world_wide_name.clear();
            edit.config.npiv_port_world_wide_name.clear();
            edit.config.npiv_world_wide_name_type = None;
        }
        "set" => {
            if spec.npiv_node_world_wide_name.is_empty() || spec.npiv_port_world_wide_name.is_empty() {
                return Err(Fault::invalid_argument("configSpec.npivNodeWorldWideName"));
            }
            edit.config.npiv_node_world_wide_name.clone_from(&spec.npiv_node_world_wide_name);
            edit.config.npiv_port_world_wide_name.clone_from(&spec.npiv_port_world_wide_name);
            edit.config.npiv_world_wide_name_type = Some("external".into());
        }
        "generate" | "extend" => {
            // The names that VMware's own are made of, and a number that was not given before.
            let mut name = || 0x2800_000c_2900_0000_i64 + i64::try_from(edit.tx.new_number()).unwrap_or(0);
            let nodes = (0..spec.npiv_desired_node_wwns.unwrap_or(1).max(1)).map(|_| name()).collect();
            let ports = (0..spec.npiv_desired_port_wwns.unwrap_or(4).max(1)).map(|_| name()).collect();
            edit.config.npiv_node_world_wide_name = nodes;
            edit.config.npiv_port_world_wide_name = ports;
            edit.config.npiv_world_wide_name_type = Some("vc".into());
        }
        _ => {
            return Err(faults::invalid_config(
                "configSpec.npivWorldWideNameOp",
                "There is no such operation.",
            ));
        }
    }
    Ok(())
}
