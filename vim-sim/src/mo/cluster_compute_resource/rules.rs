//! The rules of a cluster, and the groups that they speak of.

use super::config::{Change, change, has_vm};
use super::info;
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::ClusterComputeResourceProperties;
use vim_types::{
    ClusterAffinityRuleSpec, ClusterAntiAffinityRuleSpec, ClusterConfigInfoEx, ClusterDependencyRuleInfo,
    ClusterGroupInfo, ClusterGroupSpec, ClusterHostGroup, ClusterRuleInfo, ClusterRuleSpec, ClusterVmGroup,
    ClusterVmHostRuleInfo, ManagedEntityStatus,
};
use vim_wire::{Any, MoRef, Poly};

/// Changes a cluster's groups, which are known by their names.
pub(super) fn change_groups(
    world: &World,
    cluster: &MoRef,
    config: &mut ClusterConfigInfoEx,
    specs: &[ClusterGroupSpec],
) -> Result<()> {
    let at = "spec.groupSpec";
    for spec in specs {
        let name = match (&spec.info, &spec.remove_key) {
            (Some(info), _) => info.name.clone(),
            (None, Some(Any::String(name))) => name.clone(),
            _ => return Err(Fault::invalid_argument(at)),
        };
        if let Some(info) = &spec.info {
            check_group(world, cluster, info)?;
        }
        let groups = &mut config.group;
        match (change(spec, groups.iter().position(|group| group.name == name), at)?, &spec.info) {
            (Change::Add, Some(info)) => {
                let mut info = info.clone();
                info.user_created = info.user_created.or(Some(true));
                info.unique_id = Some(uuid::Uuid::new_v4().to_string());
                groups.push(info);
            }
            (Change::Edit(known), Some(info)) => {
                let mut info = info.clone();
                info.user_created = info.user_created.or(groups[known].user_created);
                info.unique_id.clone_from(&groups[known].unique_id);
                groups[known] = info;
            }
            (Change::Remove(known), _) => drop(groups.remove(known)),
            _ => return Err(Fault::invalid_argument(at)),
        }
    }
    Ok(())
}

/// The fault that a group has members which are not the cluster's.
fn check_group(world: &World, cluster: &MoRef, group: &Poly<ClusterGroupInfo>) -> Result<()> {
    if group.name.is_empty() {
        return Err(Fault::invalid_argument("spec.groupSpec.info.name"));
    }
    if let Some(group) = group.downcast_ref::<ClusterVmGroup>() {
        check_vms(world, cluster, &group.vm, "spec.groupSpec.info.vm")
    } else if let Some(group) = group.downcast_ref::<ClusterHostGroup>() {
        let hosts = &world.get::<ClusterComputeResourceProperties>(cluster)?.host;
        for host in &group.host {
            world.must(host)?;
            if !hosts.contains(host) {
                return Err(Fault::invalid_argument("spec.groupSpec.info.host"));
            }
        }
        Ok(())
    } else {
        Err(Fault::invalid_argument("spec.groupSpec.info"))
    }
}

fn check_vms(world: &World, cluster: &MoRef, vms: &[MoRef], at: &str) -> Result<()> {
    for vm in vms {
        world.must(vm)?;
        if !has_vm(world, cluster, vm) {
            return Err(Fault::invalid_argument(at));
        }
    }
    Ok(())
}

/// Changes a cluster's rules, which are known by their keys, and by their names where a spec has no key.
pub(super) fn change_rules(
    world: &World,
    cluster: &MoRef,
    config: &mut ClusterConfigInfoEx,
    specs: &[ClusterRuleSpec],
) -> Result<()> {
    let at = "spec.rulesSpec";
    for spec in specs {
        if let Some(info) = &spec.info {
            check_rule(world, cluster, config, info)?;
        }
        let rules = &mut config.rule;
        let named = |name: &Option<String>| rules.iter().position(|rule| rule.name == *name);
        let keyed = |key: i32| rules.iter().position(|rule| rule.key == Some(key));
        let known = match (spec.operation.as_str(), &spec.remove_key, &spec.info) {
            ("remove", Some(Any::Int(key)), _) => keyed(*key),
            ("remove", ..) => return Err(Fault::invalid_argument(at)),
            ("edit", _, Some(info)) => info.key.and_then(keyed).or_else(|| named(&info.name)),
            (_, _, Some(info)) => named(&info.name),
            _ => return Err(Fault::invalid_argument(at)),
        };
        match (change(spec, known, at)?, &spec.info) {
            (Change::Add, Some(info)) => {
                let mut info = info.clone();
                info.key = Some(rules.iter().filter_map(|rule| rule.key).max().unwrap_or(0) + 1);
                info.rule_uuid = Some(uuid::Uuid::new_v4().to_string());
                complete(&mut info);
                rules.push(info);
            }
            (Change::Edit(known), Some(info)) => {
                let mut info = info.clone();
                let old = &rules[known];
                (info.key, info.name) = (old.key, info.name.clone().or_else(|| old.name.clone()));
                info.rule_uuid.clone_from(&old.rule_uuid);
                info.enabled = info.enabled.or(old.enabled);
                info.mandatory = info.mandatory.or(old.mandatory);
                complete(&mut info);
                rules[known] = info;
            }
            (Change::Remove(known), _) => drop(rules.remove(known)),
            _ => return Err(Fault::invalid_argument(at)),
        }
    }
    Ok(())
}

/// Sets what the server says of a rule.
fn complete(rule: &mut ClusterRuleInfo) {
    rule.status = Some(ManagedEntityStatus::GREEN);
    rule.enabled = rule.enabled.or(Some(true));
    rule.mandatory = rule.mandatory.or(Some(false));
    rule.user_created = rule.user_created.or(Some(true));
    rule.in_compliance = Some(true);
}

/// The fault that a rule speaks of what is not there.
fn check_rule(
    world: &World,
    cluster: &MoRef,
    config: &ClusterConfigInfoEx,
    rule: &Poly<ClusterRuleInfo>,
) -> Result<()> {
    let at = |field: &str| format!("spec.rulesSpec.info.{field}");
    let group = |name: &Option<String>, vms: bool, field: &str| {
        let Some(name) = name.as_ref().filter(|name| !name.is_empty()) else { return Ok(()) };
        let group = config.group.iter().find(|group| group.name == *name);
        match group.map(|group| group.is::<ClusterVmGroup>()) {
            Some(of_vms) if of_vms == vms => Ok(()),
            _ => Err(Fault::invalid_argument(&at(field))),
        }
    };
    let together = rule.downcast_ref::<ClusterAffinityRuleSpec>().map(|rule| &rule.vm);
    let apart = rule.downcast_ref::<ClusterAntiAffinityRuleSpec>().map(|rule| &rule.vm);
    if let Some(vms) = together.or(apart) {
        if vms.len() < 2 {
            return Err(Fault::invalid_argument(&at("vm")));
        }
        check_vms(world, cluster, vms, &at("vm"))
    } else if let Some(rule) = rule.downcast_ref::<ClusterVmHostRuleInfo>() {
        if rule.vm_group_name.is_none() {
            return Err(Fault::invalid_argument(&at("vmGroupName")));
        }
        group(&rule.vm_group_name, true, "vmGroupName")?;
        group(&rule.affine_host_group_name, false, "affineHostGroupName")?;
        group(&rule.anti_affine_host_group_name, false, "antiAffineHostGroupName")
    } else if let Some(rule) = rule.downcast_ref::<ClusterDependencyRuleInfo>() {
        group(&Some(rule.vm_group.clone()), true, "vmGroup")?;
        group(&Some(rule.depends_on_vm_group.clone()), true, "dependsOnVmGroup")
    } else {
        Err(Fault::invalid_argument("spec.rulesSpec.info"))
    }
}

pub(super) fn find_for_vm(call: &Call<'_>) -> Result<Reply> {
    let vm: MoRef = call.arg("vm")?;
    let found = call.read(|world| -> Result<_> {
        world.must(&vm)?;
        let cluster = world.get::<ClusterComputeResourceProperties>(&call.this)?;
        let Some(config) = info(cluster) else { return Ok(Vec::new()) };
        Ok(config.rule.iter().filter(|rule| speaks_of(config, rule, &vm)).cloned().collect::<Vec<_>>())
    })?;
    call.returns(&found)
}

/// Whether a rule is about a VM, by itself or by a group.
fn speaks_of(config: &ClusterConfigInfoEx, rule: &Poly<ClusterRuleInfo>, vm: &MoRef) -> bool {
    let in_group = |name: Option<&str>| {
        let group = config.group.iter().find(|group| Some(group.name.as_str()) == name);
        group
            .and_then(|group| group.downcast_ref::<ClusterVmGroup>())
            .is_some_and(|group| group.vm.contains(vm))
    };
    rule.downcast_ref::<ClusterAffinityRuleSpec>().is_some_and(|rule| rule.vm.contains(vm))
        || rule.downcast_ref::<ClusterAntiAffinityRuleSpec>().is_some_and(|rule| rule.vm.contains(vm))
        || rule
            .downcast_ref::<ClusterVmHostRuleInfo>()
            .is_some_and(|rule| in_group(rule.vm_group_name.as_deref()))
        || rule
            .downcast_ref::<ClusterDependencyRuleInfo>()
            .is_some_and(|rule| in_group(Some(&rule.vm_group)) || in_group(Some(&rule.depends_on_vm_group)))
}

/// The hosts on which a VM must not run, by mandatory rules and by those that keep VMs apart.
pub(super) fn forbidden(world: &World, config: &ClusterConfigInfoEx, vm: &MoRef, host: &MoRef) -> bool {
    let host_group = |name: Option<&String>| {
        let group = config.group.iter().find(|group| Some(&group.name) == name);
        group.and_then(|group| group.downcast_ref::<ClusterHostGroup>())
    };
    let runs_there = |other: &MoRef| {
        let other = world.get::<vim_types::mo::VirtualMachineProperties>(other).ok();
        other.is_some_and(|other| other.runtime.host.as_ref() == Some(host))
    };
    config.rule.iter().filter(|rule| rule.enabled == Some(true) && speaks_of(config, rule, vm)).any(|rule| {
        if let Some(apart) = rule.downcast_ref::<ClusterAntiAffinityRuleSpec>() {
            return apart.vm.iter().any(|other| other != vm && runs_there(other));
        }
        let Some(rule) = rule.downcast_ref::<ClusterVmHostRuleInfo>() else { return false };
        let affine = host_group(rule.affine_host_group_name.as_ref());
        let anti = host_group(rule.anti_affine_host_group_name.as_ref());
        rule.mandatory == Some(true)
            && (affine.is_some_and(|group| !group.host.contains(host))
                || anti.is_some_and(|group| group.host.contains(host)))
    })
}
