//! The ports of a switch: who is connected to which, and how each is set.

use super::{check_version, next_version, setting};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use std::collections::{HashMap, HashSet};
use vim_types::ext::DeviceList;
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, VirtualMachineProperties,
};
use vim_types::{
    DVPortConfigInfo, DVPortConfigSpec, DVPortSetting, DVPortState, DVPortStatus, DistributedVirtualPort,
    DistributedVirtualSwitchPortConnectee, DistributedVirtualSwitchPortConnection,
    DistributedVirtualSwitchPortCriteria, DistributedVirtualSwitchPortStatistics, VMwareDVSConfigInfo,
    VMwareDVSPortgroupPolicy, VirtualEthernetCardDistributedVirtualPortBackingInfo, VirtualMachinePowerState,
};
use vim_wire::{Any, MoRef, Poly};

/// What is known of a switch's ports beside what their portgroups have: the switch's own facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    /// The number of the next port's key.
    next: u64,
    /// Ports that are configured by themselves.
    configured: HashMap<String, DVPortConfigInfo>,
}

impl Ports {
    /// Forgets ports that are no more.
    pub(super) fn forget(&mut self, keys: &[String]) {
        self.configured.retain(|key, _| !keys.contains(key));
    }
}

/// Keys for that many new ports.
pub(crate) fn new_ports(tx: &mut Tx<'_>, switch: &MoRef, number: usize) -> Result<Vec<String>> {
    if number == 0 {
        return Ok(Vec::new());
    }
    let ports = tx.edit_state::<Ports>(switch)?;
    let first = ports.next;
    ports.next += number as u64;
    Ok((first..ports.next).map(|key| key.to_string()).collect())
}

/// A card of a VM that is connected to a portgroup.
struct Connected {
    vm: MoRef,
    nic_key: i32,
    mac: Option<String>,
    on: bool,
    host: Option<MoRef>,
    connection: DistributedVirtualSwitchPortConnection,
}

/// The cards that are connected to a portgroup, in the order in which their VMs came.
fn connected(world: &World, portgroup: &DistributedVirtualPortgroupProperties) -> Vec<Connected> {
    let mut all = Vec::new();
    for moref in &portgroup.vm {
        let Ok(vm) = world.get::<VirtualMachineProperties>(moref) else { continue };
        let Some(config) = &vm.config else { continue };
        for (device, card) in config.hardware.device.nics() {
            let backing = device.backing.as_ref();
            let backing = backing.and_then(|backing| {
                backing.downcast_ref::<VirtualEthernetCardDistributedVirtualPortBackingInfo>()
            });
            let Some(backing) =
                backing.filter(|backing| backing.port.portgroup_key.as_ref() == Some(&portgroup.key))
            else {
                continue;
            };
            all.push(Connected {
                vm: moref.clone(),
                nic_key: device.key,
                mac: card.mac_address.clone(),
                on: vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON
                    && device.connectable.as_ref().is_none_or(|connectable| connectable.connected),
                host: vm.runtime.host.clone(),
                connection: backing.port.clone(),
            });
        }
    }
    all
}

/// Who is connected to which port: a card is where its backing says, or on the first port that is free.
fn assigned(
    portgroup: &DistributedVirtualPortgroupProperties,
    cards: Vec<Connected>,
) -> HashMap<String, Connected> {
    let keys: HashSet<&String> = portgroup.port_keys.iter().collect();
    let mut ports = HashMap::new();
    let mut later = Vec::new();
    for card in cards {
        match card.connection.port_key.clone().filter(|key| keys.contains(key) && !ports.contains_key(key)) {
            Some(key) => {
                ports.insert(key, card);
            }
            None => later.push(card),
        }
    }
    let mut free = portgroup
        .port_keys
        .iter()
        .filter(|key| !ports.contains_key(*key))
        .cloned()
        .collect::<Vec<_>>()
        .into_iter();
    for card in later {
        if let Some(key) = free.next() {
            ports.insert(key, card);
        }
    }
    ports
}

/// All ports of a switch that meet some criteria.
fn ports(
    world: &World,
    switch: &MoRef,
    criteria: &DistributedVirtualSwitchPortCriteria,
) -> Result<Vec<DistributedVirtualPort>> {
    let properties = world.get::<DistributedVirtualSwitchProperties>(switch)?;
    let configured = world.state::<Ports>(switch);
    let mut all = Vec::new();
    for moref in &properties.portgroup {
        let portgroup = world.get::<DistributedVirtualPortgroupProperties>(moref)?;
        let listed = criteria.portgroup_key.contains(&portgroup.key);
        if !criteria.portgroup_key.is_empty() && listed != criteria.inside.unwrap_or(true) {
            continue;
        }
        let uplink = portgroup.config.uplink.unwrap_or(false);
        if criteria.uplink_port.is_some_and(|wanted| wanted != uplink) {
            continue;
        }
        let nsx = portgroup.config.backing_type.as_deref() == Some("nsx");
        if criteria.nsx_port.is_some_and(|wanted| wanted != nsx) {
            continue;
        }
        let mut cards = assigned(portgroup, connected(world, portgroup));
        for key in &portgroup.port_keys {
            if !criteria.port_key.is_empty() && !criteria.port_key.contains(key) {
                continue;
            }
            let own = configured.and_then(|ports| ports.configured.get(key));
            let card = cards.remove(key);
            let port = port(properties, portgroup, key, own, card);
            if meets(criteria, &port) {
                all.push(port);
            }
        }
    }
    Ok(all)
}

fn meets(criteria: &DistributedVirtualSwitchPortCriteria, port: &DistributedVirtualPort) -> bool {
    let up =
        port.state.as_ref().and_then(|state| state.runtime_info.as_ref()).is_some_and(|info| info.link_up);
    criteria.connected.is_none_or(|wanted| wanted == port.connectee.is_some())
        && criteria.active.is_none_or(|wanted| wanted == up)
        && (criteria.host.is_empty()
            || port.proxy_host.as_ref().is_some_and(|host| criteria.host.contains(host)))
}

fn port(
    switch: &DistributedVirtualSwitchProperties,
    portgroup: &DistributedVirtualPortgroupProperties,
    key: &str,
    own: Option<&DVPortConfigInfo>,
    card: Option<Connected>,
) -> DistributedVirtualPort {
    let uplink_host =
        switch.config.host.iter().find(|member| member.uplink_port_key.iter().any(|port| port == key));
    let uplink_host = uplink_host.and_then(|member| member.config.host.clone());
    let config = own.cloned().unwrap_or_else(|| DVPortConfigInfo {
        setting: portgroup.config.default_port_config.clone(),
        config_version: "0".into(),
        ..Default::default()
    });
    let up = card.as_ref().is_some_and(|card| card.on);
    let setting = config.setting.as_ref();
    let (vlan_ids, trunk) = setting.map(setting::vlans).unwrap_or_default();
    let blocked = setting.and_then(|setting| setting.blocked.as_ref()).and_then(|blocked| blocked.value);
    let status = DVPortStatus {
        link_up: up,
        blocked: blocked.unwrap_or(false),
        vlan_ids,
        trunking_mode: Some(trunk),
        mtu: switch.config.downcast_ref::<VMwareDVSConfigInfo>().map(|config| config.max_mtu),
        mac_address: card
            .as_ref()
            .and_then(|card| card.mac.clone())
            .or_else(|| Some("00:00:00:00:00:00".into())),
        ..Default::default()
    };
    DistributedVirtualPort {
        key: key.to_owned(),
        config,
        dvs_uuid: switch.uuid.clone(),
        portgroup_key: Some(portgroup.key.clone()),
        proxy_host: card.as_ref().and_then(|card| card.host.clone()).or(uplink_host),
        connectee: card.as_ref().map(|card| DistributedVirtualSwitchPortConnectee {
            connected_entity: Some(card.vm.clone()),
            nic_key: Some(card.nic_key.to_string()),
            r#type: Some("vmVnic".into()),
            ..Default::default()
        }),
        conflict: false,
        state: Some(DVPortState {
            runtime_info: Some(status),
            stats: DistributedVirtualSwitchPortStatistics::default(),
            ..Default::default()
        }),
        connection_cookie: card.as_ref().and_then(|card| card.connection.connection_cookie),
        last_status_change: switch.config.create_time,
        host_local_port: Some(false),
        ..Default::default()
    }
}

pub(super) fn fetch(call: &Call<'_>) -> Result<Reply> {
    let criteria = call.opt("criteria")?.unwrap_or_default();
    let found = call.read(|world| ports(world, &call.this, &criteria))?;
    call.returns(&found)
}

pub(super) fn fetch_keys(call: &Call<'_>) -> Result<Reply> {
    let criteria = call.opt("criteria")?.unwrap_or_default();
    let found = call.read(|world| ports(world, &call.this, &criteria))?;
    call.returns(&found.into_iter().map(|port| port.key).collect::<Vec<_>>())
}

/// What is known of ports is up to date always; but they must be there.
pub(super) fn refresh(call: &Call<'_>) -> Result<Reply> {
    let keys: Vec<String> = call.list("portKeys")?;
    let criteria = DistributedVirtualSwitchPortCriteria { port_key: keys.clone(), ..Default::default() };
    let found = call.read(|world| ports(world, &call.this, &criteria))?;
    if !keys.is_empty() && found.len() < keys.len() {
        return Err(Fault::not_found("a port of those keys"));
    }
    call.done()
}

pub(super) fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let (switch, specs): (_, Vec<DVPortConfigSpec>) = (call.this.clone(), call.list("port")?);
    call.task(&call.this, move |tx| {
        for spec in &specs {
            reconfigure_port(tx, &switch, spec)?;
        }
        Ok(Any::Nil)
    })
}

fn reconfigure_port(tx: &mut Tx<'_>, switch: &MoRef, spec: &DVPortConfigSpec) -> Result<()> {
    let key = spec.key.clone().ok_or_else(|| Fault::invalid_argument("port.key"))?;
    if spec.operation != "edit" {
        return Err(Fault::invalid_argument("port.operation"));
    }
    let properties = tx.get::<DistributedVirtualSwitchProperties>(switch)?;
    let portgroups = properties.portgroup.iter();
    let mut portgroups =
        portgroups.filter_map(|moref| tx.get::<DistributedVirtualPortgroupProperties>(moref).ok());
    let Some(portgroup) = portgroups.find(|portgroup| portgroup.port_keys.contains(&key)) else {
        return Err(Fault::not_found(format!("port {key}")));
    };
    let inherited = portgroup.config.default_port_config.clone();
    let known = tx.state::<Ports>(switch).and_then(|ports| ports.configured.get(&key)).cloned();
    let mut config = known.unwrap_or_else(|| DVPortConfigInfo {
        setting: inherited.clone(),
        config_version: "0".into(),
        ..Default::default()
    });
    check_version(&config.config_version, spec.config_version.as_deref())?;
    if let Some(changes) = &spec.setting {
        check_overrides(portgroup, changes)?;
        let current = config.setting.clone().unwrap_or_else(|| changes.clone());
        let setting = setting::changed(&current, changes, inherited.as_ref());
        let private = properties.config.downcast_ref::<VMwareDVSConfigInfo>();
        let private = private.map(|config| config.pvlan_config.clone()).unwrap_or_default();
        setting::check(&setting, &private, "port.setting")?;
        config.setting = Some(setting);
    }
    crate::mo::merge::merge!(config, spec; name, description);
    crate::mo::merge::replace!(config, spec; scope);
    config.config_version = next_version(&config.config_version);
    tx.edit_state::<Ports>(switch)?.configured.insert(key, config);
    Ok(())
}

/// The fault that ports may not differ from their portgroup in what is to be changed.
fn check_overrides(
    portgroup: &DistributedVirtualPortgroupProperties,
    changes: &Poly<DVPortSetting>,
) -> Result<()> {
    let policy = portgroup.config.policy.downcast_ref::<VMwareDVSPortgroupPolicy>();
    let own = changes.downcast_ref::<vim_types::VMwareDVSPortSetting>();
    let (Some(policy), Some(own)) = (policy, own) else { return Ok(()) };
    let refused = (own.vlan.as_ref().is_some_and(|vlan| !vlan.inherited) && !policy.vlan_override_allowed)
        || (own.uplink_teaming_policy.as_ref().is_some_and(|teaming| !teaming.inherited)
            && !policy.uplink_teaming_override_allowed)
        || (own.security_policy.as_ref().is_some_and(|security| !security.inherited)
            && !policy.security_policy_override_allowed)
        || (own.blocked.as_ref().is_some_and(|blocked| !blocked.inherited) && !policy.block_override_allowed);
    if refused {
        return Err(Fault::invalid_argument("port.setting"));
    }
    Ok(())
}
