//! What a compute resource, or one of its hosts, has for VMs.

use super::resource_of;
use crate::fault::Result;
use crate::mo::distributed_virtual_switch_manager::{portgroup_info, switch_info};
use crate::world::World;
use vim_types::mo::{
    DatastoreProperties, DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties,
    HostSystemProperties, NetworkProperties, ResourcePoolProperties,
};
use vim_types::{
    ConfigTarget, OpaqueNetworkSummary, OpaqueNetworkTargetInfo, VirtualMachineCdromInfo,
    VirtualMachineDatastoreInfo, VirtualMachineNetworkInfo, VirtualMachineTargetInfo, VmfsDatastoreInfo,
};
use vim_wire::MoRef;

fn named(name: &str) -> VirtualMachineTargetInfo {
    VirtualMachineTargetInfo {
        name: name.to_owned(),
        configuration_tag: vec!["compliant".into(), "clusterWide".into()],
    }
}

/// What there is for VMs, in all of a compute resource or on one host.
pub(super) fn target(world: &World, browser: &MoRef, host: Option<&MoRef>) -> Result<ConfigTarget> {
    let (_, resource) = resource_of(world, browser)?;
    let all = resource.host.as_slice();
    let hosts: &[MoRef] = host.map_or(all, std::slice::from_ref);
    let mut target = ConfigTarget {
        auto_vmotion: Some(false),
        max_simultaneous_threads: Some(2),
        sev_supported: Some(false),
        ..Default::default()
    };
    let (mut datastores, mut networks) = (Vec::new(), Vec::new());
    for host in hosts {
        let host = world.get::<HostSystemProperties>(host)?;
        if let Some(hardware) = &host.hardware {
            let memory = i32::try_from(hardware.memory_size >> 20).unwrap_or(i32::MAX);
            target.num_cpus = target.num_cpus.max(hardware.cpu_info.num_cpu_threads.into());
            target.num_cpu_cores = target.num_cpu_cores.max(hardware.cpu_info.num_cpu_cores.into());
            let nodes = hardware.numa_info.as_ref().map_or(1, |info| info.num_nodes);
            target.num_numa_nodes = target.num_numa_nodes.max(nodes);
            target.max_mem_mb_optimal_perf = target.max_mem_mb_optimal_perf.max(memory);
            target.supported_max_mem_mb = target.supported_max_mem_mb.max(Some(25_165_824));
        }
        union(&mut datastores, &host.datastore);
        union(&mut networks, &host.network);
    }
    target.max_cpus_per_host = Some(target.num_cpus);
    for datastore in &datastores {
        target.datastore.push(datastore_info(world.get(datastore)?));
    }
    for network in &networks {
        add_network(world, &mut target, network)?;
    }
    if let Some(pool) = &resource.resource_pool {
        target.resource_pool = Some(world.get::<ResourcePoolProperties>(pool)?.runtime.clone());
    }
    target.cd_rom = vec![VirtualMachineCdromInfo {
        extends: VirtualMachineTargetInfo {
            name: "/vmfs/devices/cdrom/mpx.vmhba1:C0:T4:L0".into(),
            ..Default::default()
        },
        ..Default::default()
    }];
    Ok(target)
}

fn union(all: &mut Vec<MoRef>, more: &[MoRef]) {
    for moref in more {
        if !all.contains(moref) {
            all.push(moref.clone());
        }
    }
}

fn datastore_info(datastore: &DatastoreProperties) -> VirtualMachineDatastoreInfo {
    let info = &datastore.info;
    let vmfs = info.downcast_ref::<VmfsDatastoreInfo>();
    VirtualMachineDatastoreInfo {
        extends: named(&datastore.name),
        datastore: datastore.summary.clone(),
        capability: datastore.capability.clone(),
        max_file_size: info.max_file_size,
        max_virtual_disk_capacity: info.max_virtual_disk_capacity,
        max_physical_rdm_file_size: vmfs.map(|vmfs| vmfs.max_physical_rdm_file_size),
        max_virtual_rdm_file_size: vmfs.map(|vmfs| vmfs.max_virtual_rdm_file_size),
        mode: "readWrite".into(),
        vstorage_support: Some("vStorageUnsupported".into()),
        ..Default::default()
    }
}

fn add_portgroup(
    world: &World,
    target: &mut ConfigTarget,
    moref: &MoRef,
    portgroup: &DistributedVirtualPortgroupProperties,
) -> Result<()> {
    let info = portgroup_info(world, moref, portgroup)?;
    if !target.distributed_virtual_portgroup.contains(&info) {
        target.distributed_virtual_portgroup.push(info);
    }
    Ok(())
}

fn add_network(world: &World, target: &mut ConfigTarget, moref: &MoRef) -> Result<()> {
    if let Ok(portgroup) = world.get::<DistributedVirtualPortgroupProperties>(moref) {
        if let Some(switch) = &portgroup.config.distributed_virtual_switch {
            let info = switch_info(world, switch)?;
            if !target.distributed_virtual_switch.contains(&info) {
                target.distributed_virtual_switch.push(info);
                // Hosts do not list the uplinks among their networks; a target has them, marked as what they are.
                for uplink in
                    &world.get::<DistributedVirtualSwitchProperties>(switch)?.config.uplink_portgroup
                {
                    let portgroup = world.get::<DistributedVirtualPortgroupProperties>(uplink)?;
                    add_portgroup(world, target, uplink, portgroup)?;
                }
            }
        }
        add_portgroup(world, target, moref, portgroup)?;
        return Ok(());
    }
    let network = world.get::<NetworkProperties>(moref)?;
    match network.summary.downcast_ref::<OpaqueNetworkSummary>() {
        Some(summary) => target.opaque_network.push(OpaqueNetworkTargetInfo {
            extends: named(&network.name),
            network: summary.clone(),
            ..Default::default()
        }),
        None => target.network.push(VirtualMachineNetworkInfo {
            extends: named(&network.name),
            network: network.summary.clone(),
            ..Default::default()
        }),
    }
    Ok(())
}
