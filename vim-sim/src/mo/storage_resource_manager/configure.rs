//! How a datastore cluster is run.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::world::World;
use vim_types::mo::StoragePodProperties;
use vim_types::{
    ArrayUpdateOperation, ClusterRuleInfo, ClusterRuleSpec, OptionValue, PodStorageDrsEntry,
    StorageDrsConfigInfo, StorageDrsConfigSpec, StorageDrsOptionSpec, StorageDrsPodConfigInfo,
    StorageDrsPodConfigInfoBehavior, StorageDrsPodConfigSpec, StorageDrsVmConfigInfo, StorageDrsVmConfigSpec,
};
use vim_wire::{Any, MoRef, OpenEnum, Poly};

pub(super) fn configure_pod(call: &Call<'_>) -> Result<Reply> {
    let (pod, spec): (MoRef, StorageDrsConfigSpec) = (call.arg("pod")?, call.arg("spec")?);
    // Without it, only what differs is given; with it, what is not given is as it is at first.
    let modify: bool = call.arg("modify")?;
    call.read(|world| {
        require(world, call.user(), "StoragePod.Config", &pod)?;
        changed(world, &pod, &spec, modify).map(|_| ())
    })?;
    let entity = pod.clone();
    call.task(&entity, move |tx| {
        let config = changed(tx, &pod, &spec, modify)?;
        let properties = tx.edit::<StoragePodProperties>(&pod)?;
        let entry = properties.pod_storage_drs_entry.get_or_insert_with(PodStorageDrsEntry::default);
        entry.storage_drs_config = config;
        Ok(Any::Nil)
    })
}

/// Says what is wrong with a configuration; nothing where it is right.
pub(super) fn validate(call: &Call<'_>) -> Result<Reply> {
    let (pod, spec): (MoRef, StorageDrsConfigSpec) = (call.arg("pod")?, call.arg("spec")?);
    call.read(|world| world.get::<StoragePodProperties>(&pod).map(|_| ()))?;
    match call.read(|world| changed(world, &pod, &spec, true)) {
        Ok(_) => call.done(),
        Err(fault) => call.returns(&fault.localized()),
    }
}

/// There is no load that would be balanced, hence nothing to recommend.
pub(super) fn refresh(call: &Call<'_>) -> Result<Reply> {
    let pod: MoRef = call.arg("pod")?;
    call.read(|world| world.get::<StoragePodProperties>(&pod).map(|_| ()))?;
    call.done()
}

pub(super) fn refresh_task(call: &Call<'_>) -> Result<Reply> {
    let pod: MoRef = call.arg("pod")?;
    call.read(|world| world.get::<StoragePodProperties>(&pod).map(|_| ()))?;
    call.task(&pod, |_| Ok(Any::Nil))
}

/// The configuration that a pod will have.
fn changed(
    world: &World,
    pod: &MoRef,
    spec: &StorageDrsConfigSpec,
    modify: bool,
) -> Result<StorageDrsConfigInfo> {
    let entry = world.get::<StoragePodProperties>(pod)?.pod_storage_drs_entry.as_ref();
    let mut config = match entry {
        Some(entry) if modify => entry.storage_drs_config.clone(),
        _ => StorageDrsConfigInfo { pod_config: super::pod::default_config(), ..Default::default() },
    };
    if let Some(spec) = &spec.pod_config_spec {
        set_pod(&mut config.pod_config, spec)?;
    }
    for spec in &spec.vm_config_spec {
        set_vm(world, &mut config.vm_config, spec)?;
    }
    Ok(config)
}

/// Sets what is given.
fn give<T: Clone>(value: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        *value = given.clone();
    }
}

fn give_some<T: Clone>(value: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *value = given.cloned();
    }
}

fn in_range(value: Option<i32>, range: std::ops::RangeInclusive<i32>, path: &str) -> Result<()> {
    match value {
        Some(value) if !range.contains(&value) => Err(Fault::invalid_argument(path)),
        _ => Ok(()),
    }
}

fn set_pod(config: &mut StorageDrsPodConfigInfo, spec: &StorageDrsPodConfigSpec) -> Result<()> {
    if let Some(behavior) = &spec.default_vm_behavior
        && !StorageDrsPodConfigInfoBehavior::DESC.values.contains(&behavior.as_str())
    {
        return Err(Fault::invalid_argument("spec.podConfigSpec.defaultVmBehavior"));
    }
    // As the schema's documentation bounds them.
    if let Some(space) = &spec.space_load_balance_config {
        let path = "spec.podConfigSpec.spaceLoadBalanceConfig.spaceUtilizationThreshold";
        in_range(space.space_utilization_threshold, 50..=100, path)?;
        let path = "spec.podConfigSpec.spaceLoadBalanceConfig.minSpaceUtilizationDifference";
        in_range(space.min_space_utilization_difference, 1..=50, path)?;
    }
    if let Some(io) = &spec.io_load_balance_config {
        in_range(
            io.io_latency_threshold,
            5..=100,
            "spec.podConfigSpec.ioLoadBalanceConfig.ioLatencyThreshold",
        )?;
        let path = "spec.podConfigSpec.ioLoadBalanceConfig.ioLoadImbalanceThreshold";
        in_range(io.io_load_imbalance_threshold, 1..=100, path)?;
    }
    in_range(spec.load_balance_interval, 60..=43200, "spec.podConfigSpec.loadBalanceInterval")?;
    give(&mut config.enabled, spec.enabled.as_ref());
    give(&mut config.io_load_balance_enabled, spec.io_load_balance_enabled.as_ref());
    give(&mut config.default_vm_behavior, spec.default_vm_behavior.as_ref());
    give_some(&mut config.load_balance_interval, spec.load_balance_interval.as_ref());
    give_some(&mut config.default_intra_vm_affinity, spec.default_intra_vm_affinity.as_ref());
    give_some(&mut config.space_load_balance_config, spec.space_load_balance_config.as_ref());
    give_some(&mut config.io_load_balance_config, spec.io_load_balance_config.as_ref());
    give_some(&mut config.automation_overrides, spec.automation_overrides.as_ref());
    for spec in &spec.rule {
        set_rule(&mut config.rule, spec)?;
    }
    for spec in &spec.option {
        set_option(&mut config.option, spec)?;
    }
    Ok(())
}

fn set_rule(rules: &mut Vec<Poly<ClusterRuleInfo>>, spec: &ClusterRuleSpec) -> Result<()> {
    let path = "spec.podConfigSpec.rule";
    let wrong = || Fault::invalid_argument(path);
    let key = match (&spec.operation, &spec.remove_key) {
        (&ArrayUpdateOperation::REMOVE, Some(Any::Int(key))) => Some(*key),
        _ => spec.info.as_ref().and_then(|rule| rule.key),
    };
    let at = rules.iter().position(|rule| key.is_some() && rule.key == key);
    match (&spec.operation, at, spec.info.clone()) {
        (&ArrayUpdateOperation::ADD, _, Some(mut rule)) => {
            rule.key = Some(rules.iter().filter_map(|rule| rule.key).max().unwrap_or(0) + 1);
            rules.push(rule);
        }
        (&ArrayUpdateOperation::EDIT, Some(at), Some(rule)) => {
            *rules.get_mut(at).ok_or_else(wrong)? = rule;
        }
        (&ArrayUpdateOperation::REMOVE, Some(at), _) => drop(rules.remove(at)),
        _ => return Err(wrong()),
    }
    Ok(())
}

fn set_option(options: &mut Vec<Poly<OptionValue>>, spec: &StorageDrsOptionSpec) -> Result<()> {
    let key = match (&spec.option, &spec.remove_key) {
        (Some(option), _) => option.key.clone(),
        (None, Some(Any::String(key))) => key.clone(),
        _ => return Err(Fault::invalid_argument("spec.podConfigSpec.option")),
    };
    options.retain(|option| option.key != key);
    if spec.operation != ArrayUpdateOperation::REMOVE {
        options.extend(spec.option.clone());
    }
    Ok(())
}

fn set_vm(
    world: &World,
    configs: &mut Vec<StorageDrsVmConfigInfo>,
    spec: &StorageDrsVmConfigSpec,
) -> Result<()> {
    let vm = match (&spec.info, &spec.remove_key) {
        (Some(StorageDrsVmConfigInfo { vm: Some(vm), .. }), _) | (None, Some(Any::MoRef(vm))) => vm.clone(),
        _ => return Err(Fault::invalid_argument("spec.vmConfigSpec.info.vm")),
    };
    let known = configs.iter().any(|config| config.vm.as_ref() == Some(&vm));
    let removes = spec.operation == ArrayUpdateOperation::REMOVE;
    if removes != known && (removes || spec.operation == ArrayUpdateOperation::EDIT) {
        return Err(Fault::invalid_argument("spec.vmConfigSpec"));
    }
    configs.retain(|config| config.vm.as_ref() != Some(&vm));
    if !removes {
        world.must(&vm)?;
        configs.extend(spec.info.clone());
    }
    Ok(())
}
