//! `DistributedVirtualSwitch`, of which all are VMware's.

mod config;
mod hosts;
mod ports;
pub(crate) mod setting;
mod versions;

pub(crate) use hosts::{add_host, remove_host};
pub(crate) use ports::{Ports, new_ports};
pub(crate) use versions::{feature_capability, product_specs, product_version};

use super::distributed_virtual_portgroup as portgroup;
use super::managed_entity::{attach, check_free, detach, entity, valid_name};
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{
    DistributedVirtualSwitchProperties, NetworkProperties, VmwareDistributedVirtualSwitchProperties,
};
use vim_types::{
    ConcurrentAccess, DVPortgroupConfigSpec, DVSConfigSpec, DVSContactInfo, DVSCreateSpec,
    DVSNameArrayUplinkPortPolicy, DVSPolicy, DVSRuntimeInfo, DVSSummary, DvsCreatedEvent, DvsDestroyedEvent,
    DvsEvent, DvsReconfiguredEvent, DvsRenamedEvent, Event, LinkDiscoveryProtocolConfig, VMwareDVSConfigInfo,
    VMwareIpfixConfig,
};
use vim_wire::{Any, MoRef, Poly};

methods! {
    "ReconfigureDvs_Task" => reconfigure,
    "AddDVPortgroup_Task" => add_portgroups,
    "CreateDVPortgroup_Task" => create_portgroup,
    "LookupDvPortGroup" => lookup_portgroup,
    "FetchDVPorts" => ports::fetch,
    "FetchDVPortKeys" => ports::fetch_keys,
    "ReconfigureDVPort_Task" => ports::reconfigure,
    "RefreshDVPortState" => ports::refresh,
    "QueryUsedVlanIdInDvs" => query_used_vlans,
    "EnableNetworkResourceManagement" => enable_resource_management,
}

/// How many uplinks a switch has unless told otherwise.
const UPLINKS: u32 = 4;

/// Adds a switch to a folder, as yet without what [`furnish`] gives it.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, spec: &DVSCreateSpec) -> Result<MoRef> {
    let name =
        spec.config_spec.name.as_deref().ok_or_else(|| Fault::invalid_argument("spec.configSpec.name"))?;
    let name = valid_name(name)?;
    check_free(tx, folder, &name)?;
    let product_info = versions::product(spec.product_info.as_ref())?;
    let moref = tx.new_ref("VmwareDistributedVirtualSwitch");
    let uuid = new_uuid();
    let uplinks: Vec<String> = (1..=UPLINKS).map(|number| format!("Uplink {number}")).collect();
    let mut config = VMwareDVSConfigInfo {
        max_mtu: 1_500,
        link_discovery_protocol_config: Some(LinkDiscoveryProtocolConfig {
            protocol: "cdp".into(),
            operation: "listen".into(),
        }),
        ipfix_config: Some(VMwareIpfixConfig {
            collector_port: Some(0),
            observation_domain_id: Some(0),
            active_flow_timeout: 60,
            idle_flow_timeout: Some(15),
            ..Default::default()
        }),
        lacp_api_version: Some("multipleLag".into()),
        multicast_filtering_mode: Some("legacyFiltering".into()),
        ..Default::default()
    };
    config.uuid.clone_from(&uuid);
    config.name.clone_from(&name);
    config.max_ports = i32::MAX;
    config.default_port_config = setting::default_setting(&uplinks).into();
    config.uplink_port_policy =
        DVSNameArrayUplinkPortPolicy { uplink_port_name: uplinks, ..Default::default() }.into();
    config.policy = Some(DVSPolicy {
        auto_pre_install_allowed: Some(false),
        auto_upgrade_allowed: Some(false),
        partial_upgrade_allowed: Some(false),
    });
    config.product_info = product_info.clone();
    config.config_version = "0".into();
    config.contact = DVSContactInfo::default();
    config.create_time = tx.now;
    config.network_resource_management_enabled = true;
    config.default_proxy_switch_max_num_ports = Some(i32::from(u8::MAX) * 10);
    config.network_resource_control_version = Some("version3".into());
    let extends = DistributedVirtualSwitchProperties {
        extends: entity(name),
        uuid,
        capability: versions::capability(),
        summary: DVSSummary { product_info: Some(product_info), num_hosts: Some(0), ..Default::default() },
        config: config.into(),
        runtime: Some(DVSRuntimeInfo::default()),
        ..Default::default()
    };
    tx.create(&moref, VmwareDistributedVirtualSwitchProperties { extends });
    attach(tx, &moref, folder)?;
    let event = DvsCreatedEvent { extends: event(tx, &moref), parent: events::folder(tx, folder) };
    events::post(tx, event);
    Ok(moref)
}

/// Gives a new switch its portgroup of uplinks, and what the spec says of hosts and else.
pub(crate) fn furnish(tx: &mut Tx<'_>, switch: &MoRef, spec: &Poly<DVSConfigSpec>) -> Result<()> {
    config::apply_own(tx, switch, spec)?;
    create_uplinks(tx, switch)?;
    hosts::apply(tx, switch, &spec.host)
}

/// Adds the portgroup of a switch's uplinks.
pub(crate) fn create_uplinks(tx: &mut Tx<'_>, switch: &MoRef) -> Result<MoRef> {
    let number = switch.value().trim_start_matches("dvs-");
    let name = format!("{}-DVUplinks-{number}", tx.name(switch));
    let names = uplink_names(tx, switch);
    let spec = DVPortgroupConfigSpec {
        name: Some(name),
        num_ports: Some(0),
        r#type: Some("earlyBinding".into()),
        auto_expand: Some(false),
        default_port_config: Some(setting::uplink_setting(&names).into()),
        ..Default::default()
    };
    let uplinks = portgroup::create_with(tx, switch, &spec, true)?;
    tx.edit::<DistributedVirtualSwitchProperties>(switch)?.config.uplink_portgroup.push(uplinks.clone());
    Ok(uplinks)
}

/// The names of a switch's uplinks.
fn uplink_names(world: &World, switch: &MoRef) -> Vec<String> {
    let config = world.get::<DistributedVirtualSwitchProperties>(switch).map(|switch| &switch.config);
    let policy = config
        .ok()
        .and_then(|config| config.uplink_port_policy.downcast_ref::<DVSNameArrayUplinkPortPolicy>());
    policy.map(|policy| policy.uplink_port_name.clone()).unwrap_or_default()
}

/// The switch of that uuid.
pub(crate) fn of_uuid(world: &World, uuid: &str) -> Option<MoRef> {
    let switches = world.of_kind("DistributedVirtualSwitch").into_iter();
    let mut found = switches.filter(|node| {
        node.properties::<DistributedVirtualSwitchProperties>().is_some_and(|switch| switch.uuid == uuid)
    });
    found.next().map(|node| node.moref.clone())
}

/// Takes a switch out of the inventory, with its portgroups, to which no VM is connected.
pub(crate) fn destroy(tx: &mut Tx<'_>, switch: &MoRef) -> Result<()> {
    let properties = tx.get::<DistributedVirtualSwitchProperties>(switch)?;
    let (portgroups, hosts) = (properties.portgroup.clone(), properties.summary.host_member.clone());
    for portgroup in &portgroups {
        let portgroup = tx.get::<NetworkProperties>(portgroup)?;
        if !portgroup.vm.is_empty() {
            return Err(Fault::resource_in_use("DistributedVirtualPortgroup", &portgroup.name));
        }
    }
    for host in &hosts {
        remove_host(tx, switch, host)?;
    }
    for portgroup in &portgroups {
        detach(tx, portgroup)?;
        tx.remove(portgroup);
    }
    let event = DvsDestroyedEvent { extends: event(tx, switch) };
    events::post(tx, event);
    detach(tx, switch)?;
    tx.remove(switch);
    Ok(())
}

/// Has a switch's configuration know its new name.
pub(crate) fn renamed(tx: &mut Tx<'_>, switch: &MoRef, old: &str) -> Result<()> {
    let name = tx.name(switch).to_owned();
    tx.edit::<DistributedVirtualSwitchProperties>(switch)?.config.name.clone_from(&name);
    let extends = event(tx, switch);
    events::post(tx, DvsRenamedEvent { extends, old_name: old.to_owned(), new_name: name });
    Ok(())
}

/// An event that befell a switch.
pub(crate) fn event(world: &World, switch: &MoRef) -> DvsEvent {
    DvsEvent { extends: Event { dvs: Some(events::dvs(world, switch)), ..Default::default() } }
}

/// A version of a configuration that others have not changed meanwhile.
pub(crate) fn check_version(is: &str, spec: Option<&str>) -> Result<()> {
    match spec {
        Some(version) if !version.is_empty() && version != is => Err(Fault::new(
            ConcurrentAccess::default(),
            "The configuration was changed by somebody else since it was read.",
        )),
        _ => Ok(()),
    }
}

/// The version after that.
pub(crate) fn next_version(version: &str) -> String {
    (version.parse::<u64>().unwrap_or(0) + 1).to_string()
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let (switch, spec): (_, Poly<DVSConfigSpec>) = (call.this.clone(), call.arg("spec")?);
    call.task(&call.this, move |tx| {
        let is = &tx.get::<DistributedVirtualSwitchProperties>(&switch)?.config.config_version;
        check_version(is, spec.config_version.as_deref())?;
        if let Some(name) = &spec.name
            && valid_name(name)? != tx.name(&switch)
        {
            super::managed_entity::rename(tx, &switch, &valid_name(name)?)?;
        }
        config::apply(tx, &switch, &spec)?;
        let extends = event(tx, &switch);
        events::post(tx, DvsReconfiguredEvent { extends, config_spec: spec, ..Default::default() });
        Ok(Any::Nil)
    })
}

fn add_portgroups(call: &Call<'_>) -> Result<Reply> {
    let (switch, specs): (_, Vec<DVPortgroupConfigSpec>) = (call.this.clone(), call.list("spec")?);
    if specs.is_empty() {
        return Err(Fault::invalid_argument("spec"));
    }
    call.task(&call.this, move |tx| {
        for spec in &specs {
            portgroup::create(tx, &switch, spec)?;
        }
        Ok(Any::Nil)
    })
}

fn create_portgroup(call: &Call<'_>) -> Result<Reply> {
    let (switch, spec): (_, DVPortgroupConfigSpec) = (call.this.clone(), call.arg("spec")?);
    call.task(&call.this, move |tx| Ok(Any::MoRef(portgroup::create(tx, &switch, &spec)?)))
}

fn lookup_portgroup(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("portgroupKey")?;
    let found = call.read(|world| -> Result<_> {
        let portgroups = &world.get::<DistributedVirtualSwitchProperties>(&call.this)?.portgroup;
        Ok(portgroups.iter().find(|portgroup| portgroup.value() == key).cloned())
    })?;
    found.map_or_else(|| call.done(), |found| call.returns(&found))
}

fn query_used_vlans(call: &Call<'_>) -> Result<Reply> {
    let ids = call.read(|world| -> Result<_> {
        let mut ids = std::collections::BTreeSet::new();
        for portgroup in &world.get::<DistributedVirtualSwitchProperties>(&call.this)?.portgroup {
            let portgroup = world.get::<vim_types::mo::DistributedVirtualPortgroupProperties>(portgroup)?;
            let Some(config) = &portgroup.config.default_port_config else { continue };
            let (ranges, trunk) = setting::vlans(config);
            if !trunk {
                ids.extend(ranges.iter().map(|range| range.start).filter(|id| *id != 0));
            }
        }
        Ok(ids.into_iter().collect::<Vec<i32>>())
    })?;
    call.returns(&ids)
}

fn enable_resource_management(call: &Call<'_>) -> Result<Reply> {
    let enable: bool = call.arg("enable")?;
    call.write(|tx| {
        let switch = tx.edit::<DistributedVirtualSwitchProperties>(&call.this)?;
        switch.config.network_resource_management_enabled = enable;
        Ok(())
    })?;
    call.done()
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(switch) = tx.get::<DistributedVirtualSwitchProperties>(moref) else { return };
    let portgroups = switch.portgroup.iter();
    let names: Vec<String> = portgroups.clone().map(|portgroup| tx.name(portgroup).to_owned()).collect();
    let ports = portgroups
        .filter_map(|portgroup| {
            tx.get::<vim_types::mo::DistributedVirtualPortgroupProperties>(portgroup).ok()
        })
        .map(|portgroup| portgroup.config.num_ports)
        .sum::<i32>()
        .saturating_add(switch.config.num_standalone_ports);
    let hosts = i32::try_from(switch.summary.host_member.len()).unwrap_or(i32::MAX);
    let summary = DVSSummary {
        name: switch.name.clone(),
        uuid: switch.uuid.clone(),
        num_ports: ports,
        portgroup_name: names,
        num_hosts: Some(hosts),
        description: switch.config.description.clone(),
        contact: Some(switch.config.contact.clone()),
        host: switch.summary.host_member.clone(),
        ..switch.summary.clone()
    };
    if switch.summary == summary && switch.config.num_ports == ports {
        return;
    }
    if let Ok(switch) = tx.edit::<DistributedVirtualSwitchProperties>(moref) {
        (switch.summary, switch.config.num_ports) = (summary, ports);
    }
}

/// A uuid as distributed switches have it: `50 2c 8f 0d a1 3e 74 bb-61 0f 42 9d 33 07 c5 18`.
fn new_uuid() -> String {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (head, tail) = hex.split_at(8);
    format!("{}-{}", head.join(" "), tail.join(" "))
}
