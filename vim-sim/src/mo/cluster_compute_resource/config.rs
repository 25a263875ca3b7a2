//! What a cluster is configured like, and how specs change it: all that they say is kept.

use super::rules;
use crate::fault::{Fault, Result};
use crate::mo::compute_resource;
use crate::mo::merge::{merge, replace};
use crate::world::{Tx, World};
use vim_types::mo::{ClusterComputeResourceProperties, VirtualMachineProperties};
use vim_types::{
    ArrayUpdateSpec, ClusterConfigInfoEx, ClusterConfigSpec, ClusterConfigSpecEx, ClusterDasConfigInfo,
    ClusterDasVmSettings, ClusterDpmConfigInfo, ClusterDrsConfigInfo,
    ClusterFailoverLevelAdmissionControlPolicy, ClusterInfraUpdateHaConfigInfo, ClusterOrchestrationInfo,
    ClusterProactiveDrsConfigInfo, ClusterVmReadiness, ClusterVmToolsMonitoringSettings, DpmBehavior,
    DrsBehavior, OptionValue,
};
use vim_wire::{Any, MoRef, Poly};

/// What a new cluster is configured like.
pub(super) fn default_config() -> ClusterConfigInfoEx {
    let policy = ClusterFailoverLevelAdmissionControlPolicy { failover_level: 1, ..Default::default() };
    ClusterConfigInfoEx {
        extends: compute_resource::default_config(),
        das_config: ClusterDasConfigInfo {
            enabled: Some(false),
            vm_monitoring: Some("vmMonitoringDisabled".into()),
            host_monitoring: Some("enabled".into()),
            vm_component_protecting: Some("disabled".into()),
            failover_level: Some(1),
            admission_control_policy: Some(policy.into()),
            admission_control_enabled: Some(true),
            default_vm_settings: Some(ClusterDasVmSettings {
                restart_priority: Some("medium".into()),
                restart_priority_timeout: Some(600),
                isolation_response: Some("none".into()),
                vm_tools_monitoring_settings: Some(ClusterVmToolsMonitoringSettings {
                    enabled: Some(false),
                    vm_monitoring: Some("vmMonitoringDisabled".into()),
                    cluster_settings: Some(false),
                    failure_interval: Some(30),
                    min_up_time: Some(120),
                    max_failures: Some(3),
                    max_failure_window: Some(3_600),
                }),
                ..Default::default()
            }),
            h_b_datastore_candidate_policy: Some("allFeasibleDsWithUserPreference".into()),
            ..Default::default()
        },
        drs_config: ClusterDrsConfigInfo {
            enabled: Some(false),
            enable_vm_behavior_overrides: Some(true),
            default_vm_behavior: Some(DrsBehavior::FULLY_AUTOMATED),
            vmotion_rate: Some(3),
            scale_descendants_shares: Some("disabled".into()),
            ..Default::default()
        },
        orchestration: Some(ClusterOrchestrationInfo {
            default_vm_readiness: Some(ClusterVmReadiness {
                ready_condition: Some("none".into()),
                post_ready_delay: Some(0),
            }),
        }),
        dpm_config_info: Some(ClusterDpmConfigInfo {
            enabled: Some(false),
            default_dpm_behavior: Some(DpmBehavior::AUTOMATED),
            host_power_action_rate: Some(3),
            ..Default::default()
        }),
        infra_update_ha_config: Some(ClusterInfraUpdateHaConfigInfo {
            enabled: Some(false),
            behavior: Some("Manual".into()),
            moderate_remediation: Some("QuarantineMode".into()),
            severe_remediation: Some("QuarantineMode".into()),
            ..Default::default()
        }),
        proactive_drs_config: Some(ClusterProactiveDrsConfigInfo { enabled: Some(false) }),
        ..Default::default()
    }
}

/// An old spec as a new one.
pub(crate) fn extended(spec: ClusterConfigSpec) -> ClusterConfigSpecEx {
    ClusterConfigSpecEx {
        das_config: spec.das_config,
        das_vm_config_spec: spec.das_vm_config_spec,
        drs_config: spec.drs_config,
        drs_vm_config_spec: spec.drs_vm_config_spec,
        rules_spec: spec.rules_spec,
        ..Default::default()
    }
}

/// Changes a cluster's configuration by a spec.
pub(crate) fn configure(tx: &mut Tx<'_>, cluster: &MoRef, spec: &ClusterConfigSpecEx) -> Result<()> {
    let properties = tx.get::<ClusterComputeResourceProperties>(cluster)?;
    let mut config = super::info(properties).cloned().unwrap_or_else(default_config);
    compute_resource::take_over(&mut config.extends, &spec.extends)?;
    if let Some(das) = &spec.das_config {
        change_das(tx, cluster, &mut config.das_config, das)?;
    }
    if let Some(drs) = &spec.drs_config {
        if drs.vmotion_rate.is_some_and(|rate| !(1..=5).contains(&rate)) {
            return Err(Fault::invalid_argument("spec.drsConfig.vmotionRate"));
        }
        merge!(config.drs_config, drs; enabled, enable_vm_behavior_overrides, default_vm_behavior, vmotion_rate,
            scale_descendants_shares);
        set_options(&mut config.drs_config.option, &drs.option);
    }
    if let Some(dpm) = &spec.dpm_config {
        let to = config.dpm_config_info.get_or_insert_default();
        merge!(to, dpm; enabled, default_dpm_behavior, host_power_action_rate);
        set_options(&mut to.option, &dpm.option);
    }
    if let Some(vsan) = &spec.vsan_config {
        let to = config.vsan_config_info.get_or_insert_default();
        merge!(to, vsan; enabled, default_config, vsan_esa_enabled);
    }
    if let Some(ha) = &spec.infra_update_ha_config {
        let to = config.infra_update_ha_config.get_or_insert_default();
        merge!(to, ha; enabled, behavior, moderate_remediation, severe_remediation);
        replace!(to, ha; providers);
    }
    if let Some(orchestration) = &spec.orchestration {
        let to = config.orchestration.get_or_insert_default();
        merge!(to, orchestration; default_vm_readiness);
    }
    merge!(config, spec; proactive_drs_config, crypto_config);
    if !spec.vsan_host_config_spec.is_empty() {
        config.vsan_host_config.clone_from(&spec.vsan_host_config_spec);
    }
    change_overrides(tx, cluster, &mut config, spec)?;
    rules::change_groups(tx, cluster, &mut config, &spec.group_spec)?;
    rules::change_rules(tx, cluster, &mut config, &spec.rules_spec)?;
    tx.edit::<ClusterComputeResourceProperties>(cluster)?.configuration_ex = config.into();
    Ok(())
}

fn change_das(
    world: &World,
    cluster: &MoRef,
    config: &mut ClusterDasConfigInfo,
    spec: &ClusterDasConfigInfo,
) -> Result<()> {
    if spec.failover_level.is_some_and(|level| level < 0) {
        return Err(Fault::invalid_argument("spec.dasConfig.failoverLevel"));
    }
    let datastores = &world.get::<ClusterComputeResourceProperties>(cluster)?.datastore;
    if let Some(unknown) = spec.heartbeat_datastore.iter().find(|datastore| !datastores.contains(datastore)) {
        world.must(unknown)?;
        return Err(Fault::invalid_argument("spec.dasConfig.heartbeatDatastore"));
    }
    merge!(config, spec; enabled, vm_monitoring, host_monitoring, vm_component_protecting, failover_level,
        admission_control_policy, admission_control_enabled, h_b_datastore_candidate_policy);
    replace!(config, spec; heartbeat_datastore);
    if let Some(settings) = &spec.default_vm_settings {
        change_das_settings(config.default_vm_settings.get_or_insert_default(), settings);
    }
    set_options(&mut config.option, &spec.option);
    Ok(())
}

fn change_das_settings(to: &mut ClusterDasVmSettings, spec: &ClusterDasVmSettings) {
    merge!(to, spec; restart_priority, restart_priority_timeout, isolation_response);
    if let Some(tools) = &spec.vm_tools_monitoring_settings {
        let to = to.vm_tools_monitoring_settings.get_or_insert_default();
        merge!(to, tools; enabled, vm_monitoring, cluster_settings, failure_interval, min_up_time, max_failures,
            max_failure_window);
    }
    if let Some(protection) = &spec.vm_component_protection_settings {
        let to = to.vm_component_protection_settings.get_or_insert_default();
        merge!(to, protection; vm_storage_protection_for_apd, enable_apd_timeout_for_hosts,
            vm_terminate_delay_for_apd_sec, vm_reaction_on_apd_cleared, vm_storage_protection_for_pdl);
    }
}

/// Sets advanced options; one without a value is taken away.
fn set_options(options: &mut Vec<Poly<OptionValue>>, changes: &[Poly<OptionValue>]) {
    for change in changes {
        options.retain(|option| option.key != change.key);
        if !matches!(&change.value, None | Some(Any::Nil)) {
            options.push(change.clone());
        }
    }
}

/// Whether a VM is one of a cluster's.
pub(super) fn has_vm(world: &World, cluster: &MoRef, vm: &MoRef) -> bool {
    let host = world.get::<VirtualMachineProperties>(vm).ok().and_then(|vm| vm.runtime.host.as_ref());
    host.and_then(|host| world.above(host, "ComputeResource"))
        .is_some_and(|resource| resource.moref == *cluster)
}

/// What becomes of an item of a list by a spec.
pub(super) enum Change {
    Add,
    Edit(usize),
    Remove(usize),
}

/// What a spec does to a list in which its item is at a place, or is not.
pub(super) fn change(spec: &ArrayUpdateSpec, known: Option<usize>, at: &str) -> Result<Change> {
    match (spec.operation.as_str(), known) {
        ("add", None) => Ok(Change::Add),
        ("edit", Some(known)) => Ok(Change::Edit(known)),
        ("remove", Some(known)) => Ok(Change::Remove(known)),
        _ => Err(Fault::invalid_argument(at)),
    }
}

/// The VM that a spec is about.
fn key_of(spec: &ArrayUpdateSpec, info: Option<&MoRef>, at: &str) -> Result<MoRef> {
    match (spec.operation.as_str(), &spec.remove_key, info) {
        ("remove", Some(Any::MoRef(moref)), _) => Ok(moref.clone()),
        ("remove", ..) | (_, _, None) => Err(Fault::invalid_argument(at)),
        (_, _, Some(moref)) => Ok(moref.clone()),
    }
}

/// Changes what is different for single VMs and hosts.
fn change_overrides(
    world: &World,
    cluster: &MoRef,
    config: &mut ClusterConfigInfoEx,
    spec: &ClusterConfigSpecEx,
) -> Result<()> {
    let own = |spec: &ArrayUpdateSpec, vm: &MoRef, at: &str| {
        if spec.operation.as_str() == "remove" || has_vm(world, cluster, vm) {
            return Ok(());
        }
        world.must(vm)?;
        Err(Fault::invalid_argument(at))
    };
    for change_of in &spec.das_vm_config_spec {
        let at = "spec.dasVmConfigSpec";
        let vm = key_of(change_of, change_of.info.as_ref().map(|info| &info.key), at)?;
        own(change_of, &vm, at)?;
        let list = &mut config.das_vm_config;
        match change(change_of, list.iter().position(|known| known.key == vm), at)? {
            Change::Add => list.extend(change_of.info.clone()),
            Change::Edit(known) => {
                let (to, info) = (&mut list[known], change_of.info.clone().unwrap_or_default());
                merge!(to, info; restart_priority, power_off_on_isolation);
                if let Some(settings) = &info.das_settings {
                    change_das_settings(to.das_settings.get_or_insert_default(), settings);
                }
            }
            Change::Remove(known) => drop(list.remove(known)),
        }
    }
    for change_of in &spec.drs_vm_config_spec {
        let at = "spec.drsVmConfigSpec";
        let vm = key_of(change_of, change_of.info.as_ref().map(|info| &info.key), at)?;
        own(change_of, &vm, at)?;
        let list = &mut config.drs_vm_config;
        match change(change_of, list.iter().position(|known| known.key == vm), at)? {
            Change::Add => list.extend(change_of.info.clone()),
            Change::Edit(known) => {
                let (to, info) = (&mut list[known], change_of.info.clone().unwrap_or_default());
                merge!(to, info; enabled, behavior);
            }
            Change::Remove(known) => drop(list.remove(known)),
        }
    }
    for change_of in &spec.vm_orchestration_spec {
        let at = "spec.vmOrchestrationSpec";
        let vm = key_of(change_of, change_of.info.as_ref().map(|info| &info.vm), at)?;
        own(change_of, &vm, at)?;
        let list = &mut config.vm_orchestration;
        match change(change_of, list.iter().position(|known| known.vm == vm), at)? {
            Change::Add => list.extend(change_of.info.clone()),
            Change::Edit(known) => {
                let (to, info) = (&mut list[known].vm_readiness, change_of.info.clone().unwrap_or_default());
                merge!(to, info.vm_readiness; ready_condition, post_ready_delay);
            }
            Change::Remove(known) => drop(list.remove(known)),
        }
    }
    let hosts = &world.get::<ClusterComputeResourceProperties>(cluster)?.host;
    for change_of in &spec.dpm_host_config_spec {
        let at = "spec.dpmHostConfigSpec";
        let host = key_of(change_of, change_of.info.as_ref().map(|info| &info.key), at)?;
        if !hosts.contains(&host) {
            return Err(Fault::invalid_argument(at));
        }
        let list = &mut config.dpm_host_config;
        match change(change_of, list.iter().position(|known| known.key == host), at)? {
            Change::Add => list.extend(change_of.info.clone()),
            Change::Edit(known) => {
                let (to, info) = (&mut list[known], change_of.info.clone().unwrap_or_default());
                merge!(to, info; enabled, behavior);
            }
            Change::Remove(known) => drop(list.remove(known)),
        }
    }
    Ok(())
}
