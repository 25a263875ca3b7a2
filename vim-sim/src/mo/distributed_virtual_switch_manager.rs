//! `DistributedVirtualSwitchManager`.

use super::distributed_virtual_switch as switches;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, HostSystemProperties,
};
use vim_types::{
    DVSManagerDvsConfigTarget, DistributedVirtualPortgroupInfo, DistributedVirtualSwitchHostProductSpec,
    DistributedVirtualSwitchInfo, DistributedVirtualSwitchProductSpec, HostSystemConnectionState,
};
use vim_wire::MoRef;

methods! {
    "QueryAvailableDvsSpec" => query_available_spec,
    "QueryDvsByUuid" => query_by_uuid,
    "QueryDvsConfigTarget" => query_config_target,
    "QueryCompatibleHostForNewDvs" => query_hosts_for_new,
    "QueryCompatibleHostForExistingDvs" => query_hosts_for_existing,
    "QueryDvsCompatibleHostSpec" => query_host_spec,
    "QueryDvsFeatureCapability" => query_feature_capability,
    "DVSManagerLookupDvPortGroup" => lookup_portgroup,
}

/// What is told of a switch to who looks for one.
pub(crate) fn switch_info(world: &World, moref: &MoRef) -> Result<DistributedVirtualSwitchInfo> {
    let switch = world.get::<DistributedVirtualSwitchProperties>(moref)?;
    Ok(DistributedVirtualSwitchInfo {
        switch_name: switch.name.clone(),
        switch_uuid: switch.uuid.clone(),
        distributed_virtual_switch: moref.clone(),
        network_reservation_supported: Some(true),
    })
}

/// What is told of a portgroup to who looks for one.
pub(crate) fn portgroup_info(
    world: &World,
    moref: &MoRef,
    portgroup: &DistributedVirtualPortgroupProperties,
) -> Result<DistributedVirtualPortgroupInfo> {
    let switch = portgroup.config.distributed_virtual_switch.clone();
    let switch = world.get::<DistributedVirtualSwitchProperties>(&switch.unwrap_or_default())?;
    Ok(DistributedVirtualPortgroupInfo {
        switch_name: switch.name.clone(),
        switch_uuid: switch.uuid.clone(),
        portgroup_name: portgroup.name.clone(),
        portgroup_key: portgroup.key.clone(),
        portgroup_type: portgroup.config.r#type.clone(),
        uplink_portgroup: portgroup.config.uplink.unwrap_or(false),
        portgroup: moref.clone(),
        network_reservation_supported: Some(true),
        backing_type: portgroup.config.backing_type.clone(),
        logical_switch_uuid: portgroup.config.logical_switch_uuid.clone(),
        segment_id: portgroup.config.segment_id.clone(),
        ..Default::default()
    })
}

fn query_available_spec(call: &Call<'_>) -> Result<Reply> {
    let recommended: Option<bool> = call.opt("recommended")?;
    call.returns(&switches::product_specs(recommended))
}

fn query_by_uuid(call: &Call<'_>) -> Result<Reply> {
    let uuid: String = call.arg("uuid")?;
    let found = call.read(|world| switches::of_uuid(world, &uuid));
    let found = found.ok_or_else(|| Fault::not_found(format!("switch {uuid}")))?;
    call.returns(&found)
}

/// The switches of a host, or all, with their portgroups.
fn query_config_target(call: &Call<'_>) -> Result<Reply> {
    let (host, switch): (Option<MoRef>, Option<MoRef>) = (call.opt("host")?, call.opt("dvs")?);
    let target = call.read(|world| {
        let mut target = DVSManagerDvsConfigTarget::default();
        let all = world.of_kind("DistributedVirtualSwitch");
        host.iter().try_for_each(|host| world.get::<HostSystemProperties>(host).map(|_| ()))?;
        switch.iter().try_for_each(|switch| world.must(switch).map(|_| ()))?;
        for node in all.iter().filter(|node| switch.as_ref().is_none_or(|switch| node.moref == *switch)) {
            let properties = world.get::<DistributedVirtualSwitchProperties>(&node.moref)?;
            if host.as_ref().is_some_and(|host| !properties.summary.host_member.contains(host)) {
                continue;
            }
            target.distributed_virtual_switch.push(switch_info(world, &node.moref)?);
            for portgroup in &properties.portgroup {
                let info = portgroup_info(world, portgroup, world.get(portgroup)?)?;
                target.distributed_virtual_portgroup.push(info);
            }
        }
        Ok::<_, Fault>(target)
    })?;
    call.returns(&target)
}

/// The connected hosts in a container: a datacenter, folder, cluster or host.
fn hosts(world: &World, container: &MoRef, recursive: bool) -> Result<Vec<MoRef>> {
    world.must(container)?;
    let within = |host: &MoRef| match recursive {
        true => world.lineage(host).any(|node| node.moref == *container),
        false => host == container || world.node(host).and_then(|node| node.parent()) == Some(container),
    };
    let hosts = world.of_kind("HostSystem").into_iter().filter(|node| {
        let host = node.properties::<HostSystemProperties>();
        let up =
            host.is_some_and(|host| host.runtime.connection_state == HostSystemConnectionState::CONNECTED);
        up && within(&node.moref)
    });
    Ok(hosts.map(|node| node.moref.clone()).collect())
}

fn query_hosts_for_new(call: &Call<'_>) -> Result<Reply> {
    let (container, recursive): (MoRef, bool) = (call.arg("container")?, call.arg("recursive")?);
    let found = call.read(|world| hosts(world, &container, recursive))?;
    call.returns(&found)
}

fn query_hosts_for_existing(call: &Call<'_>) -> Result<Reply> {
    let (container, recursive): (MoRef, bool) = (call.arg("container")?, call.arg("recursive")?);
    let switch: MoRef = call.arg("dvs")?;
    let found = call.read(|world| {
        let members = &world.get::<DistributedVirtualSwitchProperties>(&switch)?.summary.host_member;
        let hosts = hosts(world, &container, recursive)?;
        Ok::<_, Fault>(hosts.into_iter().filter(|host| !members.contains(host)).collect::<Vec<_>>())
    })?;
    call.returns(&found)
}

fn query_host_spec(call: &Call<'_>) -> Result<Reply> {
    let wanted: Option<DistributedVirtualSwitchProductSpec> = call.opt("switchProductSpec")?;
    let version = switches::product_version(wanted.as_ref())?;
    call.returns(&vec![DistributedVirtualSwitchHostProductSpec {
        product_line_id: Some("embeddedEsx".into()),
        version: Some(format!("{version}+")),
    }])
}

fn query_feature_capability(call: &Call<'_>) -> Result<Reply> {
    let wanted: Option<DistributedVirtualSwitchProductSpec> = call.opt("switchProductSpec")?;
    switches::product_version(wanted.as_ref())?;
    let capability: vim_wire::Poly<vim_types::DVSFeatureCapability> = switches::feature_capability().into();
    call.returns(&capability)
}

fn lookup_portgroup(call: &Call<'_>) -> Result<Reply> {
    let (uuid, key): (String, String) = (call.arg("switchUuid")?, call.arg("portgroupKey")?);
    let found = call.read(|world| {
        let switch =
            switches::of_uuid(world, &uuid).ok_or_else(|| Fault::not_found(format!("switch {uuid}")))?;
        let portgroups = &world.get::<DistributedVirtualSwitchProperties>(&switch)?.portgroup;
        Ok::<_, Fault>(portgroups.iter().find(|portgroup| portgroup.value() == key).cloned())
    })?;
    found.map_or_else(|| call.done(), |found| call.returns(&found))
}
