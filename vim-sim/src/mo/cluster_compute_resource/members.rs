//! Who is gone from a cluster is gone from its rules, groups and exceptions too.

use super::info;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{ClusterComputeResourceProperties, ResourcePoolProperties, VirtualMachineProperties};
use vim_types::{
    ClusterAffinityRuleSpec, ClusterAntiAffinityRuleSpec, ClusterConfigInfoEx, ClusterHostGroup,
    ClusterVmGroup,
};
use vim_wire::MoRef;

fn change(tx: &mut Tx<'_>, cluster: &MoRef, change: impl FnOnce(&mut ClusterConfigInfoEx)) -> Result<()> {
    let properties = tx.get::<ClusterComputeResourceProperties>(cluster)?;
    let Some(config) = info(properties) else { return Ok(()) };
    let mut changed = config.clone();
    change(&mut changed);
    if changed != *config {
        tx.edit::<ClusterComputeResourceProperties>(cluster)?.configuration_ex = changed.into();
    }
    Ok(())
}

/// Has a cluster forget a VM that left it in this transaction.
pub(crate) fn forget_vm(tx: &mut Tx<'_>, vm: &MoRef) {
    let owner = |tx: &Tx<'_>, vm: Option<&VirtualMachineProperties>| {
        let pool = vm?.resource_pool.as_ref()?;
        let now = tx.get::<ResourcePoolProperties>(pool).ok();
        now.or_else(|| tx.before(pool)).map(|pool| pool.owner.clone())
    };
    let before = owner(tx, tx.before::<VirtualMachineProperties>(vm));
    let after = owner(tx, tx.get::<VirtualMachineProperties>(vm).ok());
    let Some(cluster) = before.filter(|before| after.as_ref() != Some(before)) else { return };
    let template = tx.get::<VirtualMachineProperties>(vm).is_ok() && after.is_none();
    if cluster.kind() != "ClusterComputeResource" || template {
        return;
    }
    // The cluster may be gone as well.
    let _ = change(tx, &cluster, |config| {
        config.das_vm_config.retain(|config| config.key != *vm);
        config.drs_vm_config.retain(|config| config.key != *vm);
        config.vm_orchestration.retain(|config| config.vm != *vm);
        for group in &mut config.group {
            if let Some(group) = group.downcast_mut::<ClusterVmGroup>() {
                group.vm.retain(|member| member != vm);
            }
        }
        config.rule.retain_mut(|rule| {
            let vms = if rule.is::<ClusterAffinityRuleSpec>() {
                rule.downcast_mut::<ClusterAffinityRuleSpec>().map(|rule| &mut rule.vm)
            } else {
                rule.downcast_mut::<ClusterAntiAffinityRuleSpec>().map(|rule| &mut rule.vm)
            };
            let Some(vms) = vms.filter(|vms| vms.contains(vm)) else { return true };
            vms.retain(|member| member != vm);
            // A rule needs two.
            vms.len() > 1
        });
    });
}

/// Has a cluster forget a host that leaves it.
pub(crate) fn forget_host(tx: &mut Tx<'_>, cluster: &MoRef, host: &MoRef) -> Result<()> {
    change(tx, cluster, |config| {
        config.dpm_host_config.retain(|config| config.key != *host);
        config.vsan_host_config.retain(|config| config.host_system.as_ref() != Some(host));
        for group in &mut config.group {
            if let Some(group) = group.downcast_mut::<ClusterHostGroup>() {
                group.host.retain(|member| member != host);
            }
        }
    })
}
