//! `DistributedVirtualPortgroup`.

use super::distributed_virtual_switch::{self as switch, setting};
use super::managed_entity::{attach, check_free, detach, entity, rename, valid_name};
use super::merge::{merge, replace};
use super::relations;
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, NetworkProperties,
};
use vim_types::{
    DVPortgroupConfigInfo, DVPortgroupConfigSpec, DVPortgroupCreatedEvent, DVPortgroupDestroyedEvent,
    DVPortgroupEvent, DVPortgroupPolicy, DVPortgroupReconfiguredEvent, DVPortgroupRenamedEvent, Event,
    NetworkSummary, VMwareDVSConfigInfo, VMwareDVSPortgroupPolicy, VMwareDVSPvlanMapEntry,
};
use vim_wire::{Any, MoRef};

methods! {
    "ReconfigureDVPortgroup_Task" => reconfigure,
}

/// The most ports of a portgroup.
const MOST_PORTS: i32 = 8_192;

/// What ports may be set to by themselves unless told otherwise.
fn default_policy() -> VMwareDVSPortgroupPolicy {
    VMwareDVSPortgroupPolicy {
        extends: DVPortgroupPolicy {
            block_override_allowed: true,
            shaping_override_allowed: false,
            vendor_config_override_allowed: false,
            live_port_moving_allowed: false,
            port_config_reset_at_disconnect: true,
            network_resource_pool_override_allowed: Some(false),
            traffic_filter_override_allowed: Some(false),
        },
        vlan_override_allowed: false,
        uplink_teaming_override_allowed: false,
        security_policy_override_allowed: false,
        ipfix_override_allowed: Some(false),
        mac_management_override_allowed: Some(false),
    }
}

/// Adds a portgroup to a switch.
pub(crate) fn create(tx: &mut Tx<'_>, switch: &MoRef, spec: &DVPortgroupConfigSpec) -> Result<MoRef> {
    create_with(tx, switch, spec, false)
}

/// Adds a portgroup to a switch, which may be that of its uplinks.
pub(crate) fn create_with(
    tx: &mut Tx<'_>,
    switch: &MoRef,
    spec: &DVPortgroupConfigSpec,
    uplink: bool,
) -> Result<MoRef> {
    let name = spec.name.as_deref().ok_or_else(|| Fault::invalid_argument("spec.name"))?;
    let name = valid_name(name)?;
    let folder = tx.must(switch)?.parent().cloned().ok_or_else(|| Fault::managed_object_not_found(switch))?;
    check_free(tx, &folder, &name)?;
    check(spec)?;
    let nsx = spec.logical_switch_uuid.is_some() || spec.backing_type.as_deref() == Some("nsx");
    let moref = tx.new_ref("DistributedVirtualPortgroup");
    let key = moref.value().to_owned();
    let r#type = spec.r#type.clone().filter(|kind| !kind.is_empty()).unwrap_or_else(|| "earlyBinding".into());
    let ephemeral = r#type == "ephemeral";
    let num_ports = if ephemeral { 0 } else { spec.num_ports.unwrap_or(8) };
    let of = tx.get::<DistributedVirtualSwitchProperties>(switch)?;
    let mut default_port_config = of.config.default_port_config.clone();
    let hosts = of.summary.host_member.clone();
    if let Some(changes) = &spec.default_port_config {
        default_port_config = setting::changed(&default_port_config, changes, Some(&default_port_config));
        setting::check(&default_port_config, &private(tx, switch), "spec.defaultPortConfig")?;
    }
    let mut config = DVPortgroupConfigInfo {
        key: key.clone(),
        name: name.clone(),
        num_ports,
        distributed_virtual_switch: Some(switch.clone()),
        default_port_config: Some(default_port_config),
        r#type,
        backing_type: Some(if nsx { "nsx" } else { "standard" }.to_owned()),
        policy: spec.policy.clone().unwrap_or_else(|| default_policy().into()),
        auto_expand: Some(!uplink && !ephemeral),
        config_version: Some("0".into()),
        uplink: Some(uplink),
        ..Default::default()
    };
    take_over(&mut config, spec);
    let port_keys = switch::new_ports(tx, switch, usize::try_from(num_ports).unwrap_or(0))?;
    let extends = NetworkProperties {
        extends: entity(name),
        summary: NetworkSummary { accessible: true, ..Default::default() }.into(),
        ..Default::default()
    };
    tx.create(&moref, DistributedVirtualPortgroupProperties { extends, key, config, port_keys });
    attach(tx, &moref, &folder)?;
    tx.edit::<DistributedVirtualSwitchProperties>(switch)?.portgroup.push(moref.clone());
    for host in &hosts {
        relations::join_network(tx, &moref, host)?;
    }
    let extends = event(tx, switch, &moref);
    events::post(tx, DVPortgroupCreatedEvent { extends });
    Ok(moref)
}

/// The fault that a spec is none.
fn check(spec: &DVPortgroupConfigSpec) -> Result<()> {
    if spec.num_ports.is_some_and(|ports| !(0..=MOST_PORTS).contains(&ports)) {
        return Err(Fault::invalid_argument("spec.numPorts"));
    }
    let kinds = ["", "earlyBinding", "lateBinding", "ephemeral"];
    if spec.r#type.as_deref().is_some_and(|kind| !kinds.contains(&kind)) {
        return Err(Fault::invalid_argument("spec.type"));
    }
    if spec.backing_type.as_deref().is_some_and(|kind| !["", "standard", "nsx"].contains(&kind)) {
        return Err(Fault::invalid_argument("spec.backingType"));
    }
    Ok(())
}

fn take_over(config: &mut DVPortgroupConfigInfo, spec: &DVPortgroupConfigSpec) {
    merge!(config, spec; description, port_name_format, auto_expand, vm_vnic_network_resource_pool_key,
        transport_zone_uuid, transport_zone_name, logical_switch_uuid, segment_id, subnet_id, nsx_config);
    replace!(config, spec; scope, vendor_specific_config);
    if let Some(policy) = &spec.policy {
        config.policy = policy.clone();
    }
}

/// A switch's private VLANs.
fn private(world: &World, switch: &MoRef) -> Vec<VMwareDVSPvlanMapEntry> {
    let switch = world.get::<DistributedVirtualSwitchProperties>(switch).ok();
    let config = switch.and_then(|switch| switch.config.downcast_ref::<VMwareDVSConfigInfo>());
    config.map(|config| config.pvlan_config.clone()).unwrap_or_default()
}

fn event(world: &World, switch: &MoRef, portgroup: &MoRef) -> DVPortgroupEvent {
    DVPortgroupEvent {
        extends: Event {
            net: Some(events::network(world, portgroup)),
            dvs: Some(events::dvs(world, switch)),
            ..Default::default()
        },
    }
}

fn switch_of(world: &World, portgroup: &MoRef) -> Result<MoRef> {
    let switch =
        &world.get::<DistributedVirtualPortgroupProperties>(portgroup)?.config.distributed_virtual_switch;
    switch.clone().ok_or_else(|| Fault::managed_object_not_found(portgroup))
}

/// Takes a portgroup out of the inventory that no VM is connected to.
pub(crate) fn destroy(tx: &mut Tx<'_>, portgroup: &MoRef) -> Result<()> {
    let properties = tx.get::<DistributedVirtualPortgroupProperties>(portgroup)?;
    let uplink = properties.config.uplink.unwrap_or(false);
    if uplink || !properties.vm.is_empty() {
        return Err(Fault::resource_in_use("DistributedVirtualPortgroup", &properties.name));
    }
    let hosts = properties.host.clone();
    let switch = switch_of(tx, portgroup)?;
    let extends = event(tx, &switch, portgroup);
    events::post(tx, DVPortgroupDestroyedEvent { extends });
    for host in &hosts {
        relations::leave_network(tx, portgroup, host)?;
    }
    tx.edit::<DistributedVirtualSwitchProperties>(&switch)?.portgroup.retain(|other| other != portgroup);
    detach(tx, portgroup)?;
    tx.remove(portgroup);
    Ok(())
}

/// Has a portgroup's configuration and its switch know its new name.
pub(crate) fn renamed(tx: &mut Tx<'_>, portgroup: &MoRef, old: &str) -> Result<()> {
    let name = tx.name(portgroup).to_owned();
    tx.edit::<DistributedVirtualPortgroupProperties>(portgroup)?.config.name.clone_from(&name);
    let switch = switch_of(tx, portgroup)?;
    tx.edit::<DistributedVirtualSwitchProperties>(&switch)?;
    let extends = event(tx, &switch, portgroup);
    events::post(tx, DVPortgroupRenamedEvent { extends, old_name: old.to_owned(), new_name: name });
    Ok(())
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let (portgroup, spec): (_, DVPortgroupConfigSpec) = (call.this.clone(), call.arg("spec")?);
    check(&spec)?;
    call.task(&call.this, move |tx| {
        let config = &tx.get::<DistributedVirtualPortgroupProperties>(&portgroup)?.config;
        switch::check_version(
            config.config_version.as_deref().unwrap_or(""),
            spec.config_version.as_deref(),
        )?;
        change(tx, &portgroup, &spec)?;
        let switch = switch_of(tx, &portgroup)?;
        let extends = event(tx, &switch, &portgroup);
        let event = DVPortgroupReconfiguredEvent { extends, config_spec: spec, ..Default::default() };
        events::post(tx, event);
        Ok(Any::Nil)
    })
}

fn change(tx: &mut Tx<'_>, portgroup: &MoRef, spec: &DVPortgroupConfigSpec) -> Result<()> {
    if let Some(name) = &spec.name {
        rename(tx, portgroup, &valid_name(name)?)?;
    }
    let switch = switch_of(tx, portgroup)?;
    let properties = tx.get::<DistributedVirtualPortgroupProperties>(portgroup)?;
    let mut config = properties.config.clone();
    let used = properties.vm.len();
    let mut keys = properties.port_keys.clone();
    if let Some(kind) = spec.r#type.as_ref().filter(|kind| !kind.is_empty() && **kind != config.r#type) {
        if used > 0 {
            return Err(Fault::resource_in_use("DistributedVirtualPortgroup", &config.name));
        }
        config.r#type = kind.clone();
    }
    if let Some(ports) = spec.num_ports {
        let wanted = usize::try_from(ports).unwrap_or(0);
        if wanted < used {
            return Err(Fault::resource_in_use("DistributedVirtualPortgroup", &config.name));
        }
        if wanted > keys.len() {
            keys.extend(switch::new_ports(tx, &switch, wanted - keys.len())?);
        }
        keys.truncate(wanted);
        config.num_ports = ports;
    }
    if let (Some(changes), Some(current)) = (&spec.default_port_config, &config.default_port_config) {
        let parent = &tx.get::<DistributedVirtualSwitchProperties>(&switch)?.config.default_port_config;
        let setting = setting::changed(current, changes, Some(parent));
        setting::check(&setting, &private(tx, &switch), "spec.defaultPortConfig")?;
        config.default_port_config = Some(setting);
    }
    take_over(&mut config, spec);
    config.config_version = config.config_version.as_deref().map(switch::next_version);
    let properties = tx.edit::<DistributedVirtualPortgroupProperties>(portgroup)?;
    (properties.config, properties.port_keys) = (config, keys);
    tx.edit::<DistributedVirtualSwitchProperties>(&switch)?;
    Ok(())
}

/// How many ports a portgroup gets at once that grows by itself.
const GROWTH: usize = 10;

/// Has a portgroup that grows by itself have a port for each VM.
pub(crate) fn derived(tx: &mut Tx<'_>, portgroup: &MoRef) {
    let Ok(properties) = tx.get::<DistributedVirtualPortgroupProperties>(portgroup) else { return };
    let (used, ports) = (properties.vm.len(), properties.port_keys.len());
    if !properties.config.auto_expand.unwrap_or(false) || used <= ports {
        return;
    }
    let Some(switch) = properties.config.distributed_virtual_switch.clone() else { return };
    let more = (used - ports).next_multiple_of(GROWTH);
    let Ok(keys) = switch::new_ports(tx, &switch, more) else { return };
    if let Ok(properties) = tx.edit::<DistributedVirtualPortgroupProperties>(portgroup) {
        properties.port_keys.extend(keys);
        properties.config.num_ports = i32::try_from(properties.port_keys.len()).unwrap_or(i32::MAX);
    }
    switch::derived(tx, &switch);
}
