//! Network cards: what they are connected to.

use super::super::edit::Edit;
use super::super::{faults, place};
use super::{mac, other};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, HostSystemProperties,
    NetworkProperties,
};
use vim_types::{
    DistributedVirtualSwitchPortConnection, LocalizableMessage, MethodFault, NotFound, OpaqueNetworkSummary,
    SharesInfo, SharesLevel, VimFault, VirtualDevice, VirtualDeviceBackingInfo, VirtualDeviceConnectInfo,
    VirtualDeviceDeviceBackingInfo, VirtualEthernetCard,
    VirtualEthernetCardDistributedVirtualPortBackingInfo, VirtualEthernetCardNetworkBackingInfo,
    VirtualEthernetCardOpaqueNetworkBackingInfo, VirtualEthernetCardResourceAllocation,
};
use vim_wire::{MoRef, Poly};

pub(super) fn add(edit: &mut Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    subnet(edit, index, device)?;
    connect(edit, index, device)?;
    let Some(card) = device.downcast_mut::<VirtualEthernetCard>() else { return Ok(()) };
    mac::set(edit, index, card)?;
    card.wake_on_lan_enabled = card.wake_on_lan_enabled.or(Some(true));
    card.upt_compatibility_enabled = card.upt_compatibility_enabled.or(Some(false));
    let connectable = card.connectable.get_or_insert_with(|| VirtualDeviceConnectInfo {
        start_connected: true,
        allow_guest_control: true,
        connected: true,
        ..Default::default()
    });
    connectable.migrate_connect.get_or_insert_with(|| "unset".into());
    allocation(card);
    other::connect(edit, device, true);
    Ok(())
}

pub(super) fn edit(
    edit: &mut Edit<'_, '_>,
    index: usize,
    device: &mut Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
) -> Result<()> {
    if device.backing != old.backing {
        connect(edit, index, device)?;
    }
    let (Some(card), Some(was)) =
        (device.downcast_mut::<VirtualEthernetCard>(), old.downcast_ref::<VirtualEthernetCard>())
    else {
        return Ok(());
    };
    card.wake_on_lan_enabled = card.wake_on_lan_enabled.or(was.wake_on_lan_enabled);
    card.upt_compatibility_enabled = card.upt_compatibility_enabled.or(was.upt_compatibility_enabled);
    if card.resource_allocation.is_none() {
        card.resource_allocation.clone_from(&was.resource_allocation);
    }
    allocation(card);
    if card.external_id.is_none() {
        card.external_id.clone_from(&was.external_id);
    }
    if card.subnet_id.is_none() {
        card.subnet_id.clone_from(&was.subnet_id);
    }
    let same = card.mac_address.is_none()
        || (card.mac_address == was.mac_address
            && card.address_type.as_ref().is_none_or(|kind| was.address_type.as_ref() == Some(kind)));
    if same && card.address_type.as_ref().is_none_or(|kind| Some(kind) == was.address_type.as_ref()) {
        card.mac_address.clone_from(&was.mac_address);
        card.address_type.clone_from(&was.address_type);
    } else {
        edit.must_be_off()?;
        if card.mac_address == was.mac_address && card.address_type.as_deref() != Some("manual") {
            card.mac_address = None;
        }
        mac::set(edit, index, card)?;
    }
    other::connect(edit, device, false);
    Ok(())
}

/// What a card may use of its network; shares are what their level stands for.
fn allocation(card: &mut VirtualEthernetCard) {
    let allocation = card.resource_allocation.get_or_insert(VirtualEthernetCardResourceAllocation {
        reservation: Some(0),
        share: SharesInfo { shares: 50, level: SharesLevel::NORMAL },
        limit: Some(-1),
    });
    allocation.reservation = allocation.reservation.or(Some(0));
    allocation.limit = allocation.limit.or(Some(-1));
    allocation.share.shares = match allocation.share.level {
        SharesLevel::LOW => 25,
        SharesLevel::NORMAL => 50,
        SharesLevel::HIGH => 100,
        _ => allocation.share.shares,
    };
}

/// A card that names a subnet and no network is connected to the subnet's.
fn subnet(edit: &Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let subnet = device.downcast_ref::<VirtualEthernetCard>().and_then(|card| card.subnet_id.clone());
    let Some(subnet) = subnet.filter(|subnet| !subnet.is_empty() && device.backing.is_none()) else {
        return Ok(());
    };
    let of =
        |group: &DistributedVirtualPortgroupProperties| group.config.subnet_id.as_deref() == Some(&subnet);
    let Some(backing) = backing_of(edit.tx, &edit.vm, of) else {
        return Err(faults::invalid_backing(index, "device.subnetId"));
    };
    device.backing = Some(backing);
    Ok(())
}

/// The port groups of a machine's datacenter.
fn portgroups<'w>(
    world: &'w World,
    vm: &MoRef,
) -> impl Iterator<Item = (&'w MoRef, &'w DistributedVirtualPortgroupProperties)> {
    let datacenter = place::datacenter(world, vm);
    world.of_kind("DistributedVirtualPortgroup").into_iter().filter_map(move |node| {
        let own = world.above(&node.moref, "Datacenter").map(|node| &node.moref) == datacenter.as_ref();
        if own { Some((&node.moref, node.properties()?)) } else { None }
    })
}

/// A connection to the port group that is meant.
fn backing_of(
    world: &World,
    vm: &MoRef,
    is: impl Fn(&DistributedVirtualPortgroupProperties) -> bool,
) -> Option<Poly<VirtualDeviceBackingInfo>> {
    let (moref, group) = portgroups(world, vm).find(|(_, group)| is(group))?;
    let switch = group.config.distributed_virtual_switch.as_ref()?;
    let switch_uuid = world.get::<DistributedVirtualSwitchProperties>(switch).ok()?.uuid.clone();
    let port = DistributedVirtualSwitchPortConnection {
        switch_uuid,
        portgroup_key: Some(moref.value().to_owned()),
        ..Default::default()
    };
    Some(VirtualEthernetCardDistributedVirtualPortBackingInfo { port, ..Default::default() }.into())
}

/// Finds what a card shall be connected to.
fn connect(edit: &Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let Some(backing) = &mut device.backing else {
        return Err(faults::invalid_backing(index, "device.backing"));
    };
    if let Some(opaque) = backing.downcast_ref::<VirtualEthernetCardOpaqueNetworkBackingInfo>() {
        if let Some(new) = opaque_network(edit, opaque)? {
            *backing = new;
        }
        return Ok(());
    }
    if let Some(port) = backing.downcast_mut::<VirtualEthernetCardDistributedVirtualPortBackingInfo>() {
        return port_group(edit, &mut port.port);
    }
    if let Some(standard) = backing.downcast_mut::<VirtualEthernetCardNetworkBackingInfo>() {
        let found = standard_network(edit, standard)
            .ok_or_else(|| faults::invalid_backing(index, "device.backing.deviceName"))?;
        edit.tx.name(&found).clone_into(&mut standard.device_name);
        standard.network = Some(found);
        return Ok(());
    }
    Err(faults::invalid_backing(index, "device.backing"))
}

/// The host's network of that name; by its reference, where there is no name.
fn standard_network(edit: &Edit<'_, '_>, backing: &VirtualEthernetCardNetworkBackingInfo) -> Option<MoRef> {
    let host = edit.tx.get::<HostSystemProperties>(edit.host.as_ref()?).ok()?;
    let name = backing.extends.device_name.as_str();
    host.network
        .iter()
        .find(|network| match name {
            "" => Some(*network) == backing.network.as_ref(),
            name => edit.tx.name(network) == name,
        })
        .filter(|network| network.kind() == "Network")
        .cloned()
}

/// Checks a port group: it is there, the switch is its own, and the machine's host is on it.
fn port_group(edit: &Edit<'_, '_>, port: &mut DistributedVirtualSwitchPortConnection) -> Result<()> {
    let switches = edit.tx.of_kind("DistributedVirtualSwitch");
    let switch = switches.iter().find(|node| {
        node.properties::<DistributedVirtualSwitchProperties>()
            .is_some_and(|dvs| dvs.uuid == port.switch_uuid)
    });
    let Some(switch) = switch else {
        return Err(Fault::not_found(format!("the distributed switch {}", port.switch_uuid)));
    };
    let invalid = |field| Fault::invalid_argument(&format!("spec.deviceChange.device.port.{field}"));
    let Some(key) = port.portgroup_key.as_deref().filter(|key| !key.is_empty()) else {
        return Err(invalid("portgroupKey"));
    };
    let moref = MoRef::new("DistributedVirtualPortgroup", key);
    let group =
        edit.tx.get::<DistributedVirtualPortgroupProperties>(&moref).map_err(|_| invalid("portgroupKey"))?;
    if group.config.distributed_virtual_switch.as_ref() != Some(&switch.moref) {
        return Err(invalid("portgroupKey"));
    }
    if let Some(wanted) = &port.port_key
        && !group.port_keys.contains(wanted)
    {
        return Err(invalid("portKey"));
    }
    let host = edit.host.as_ref();
    let member = host.is_none_or(|host| group.host.contains(host));
    if member { Ok(()) } else { Err(invalid("switchUuid")) }
}

/// Checks a network that NSX manages. On hosts of distributed switches, NSX has port groups for its segments.
fn opaque_network(
    edit: &Edit<'_, '_>,
    backing: &VirtualEthernetCardOpaqueNetworkBackingInfo,
) -> Result<Option<Poly<VirtualDeviceBackingInfo>>> {
    let id = &backing.opaque_network_id;
    let segment =
        |group: &DistributedVirtualPortgroupProperties| group.config.logical_switch_uuid.as_ref() == Some(id);
    if let Some(group) = backing_of(edit.tx, &edit.vm, segment) {
        return Ok(Some(group));
    }
    let there = opaque(edit.tx, id).is_some_and(|(_, network)| {
        edit.host.as_ref().is_none_or(|host| network.host.is_empty() || network.host.contains(host))
    });
    if there {
        return Ok(None);
    }
    let message = format!("The requested object : LogicalSwitch/{id} could not be found.");
    let told = LocalizableMessage {
        key: "com.vmware.nsx.attachFailed".into(),
        message: Some(message.clone()),
        ..Default::default()
    };
    let cause = MethodFault { fault_message: vec![told], ..Default::default() };
    let fault = NotFound { extends: VimFault { extends: cause } };
    Err(Fault::new(fault, message))
}

fn opaque<'w>(world: &'w World, id: &str) -> Option<(MoRef, &'w NetworkProperties)> {
    world.of_kind("OpaqueNetwork").into_iter().find_map(|node| {
        let network = node.properties::<NetworkProperties>()?;
        let summary = network.summary.downcast_ref::<OpaqueNetworkSummary>()?;
        (summary.opaque_network_id == id).then(|| (node.moref.clone(), network))
    })
}

/// The network that a card is connected to.
pub(in super::super) fn network_of(world: &World, device: &VirtualDevice) -> Option<MoRef> {
    let backing = device.backing.as_ref()?;
    if let Some(port) = backing.downcast_ref::<VirtualEthernetCardDistributedVirtualPortBackingInfo>() {
        let moref = MoRef::new("DistributedVirtualPortgroup", port.port.portgroup_key.as_deref()?);
        return world.node(&moref).map(|_| moref);
    }
    if let Some(backing) = backing.downcast_ref::<VirtualEthernetCardOpaqueNetworkBackingInfo>() {
        return opaque(world, &backing.opaque_network_id).map(|(moref, _)| moref);
    }
    let network = backing.downcast_ref::<VirtualEthernetCardNetworkBackingInfo>()?.network.clone()?;
    world.node(&network).map(|_| network)
}

/// What a server says of a card: its network.
pub(super) fn summary(world: &World, device: &VirtualDevice) -> String {
    let Some(backing) = &device.backing else { return String::new() };
    if let Some(port) = backing.downcast_ref::<VirtualEthernetCardDistributedVirtualPortBackingInfo>() {
        return format!("DVSwitch: {}", port.port.switch_uuid);
    }
    if let Some(opaque) = backing.downcast_ref::<VirtualEthernetCardOpaqueNetworkBackingInfo>() {
        return format!("{}: {}", opaque.opaque_network_type, opaque.opaque_network_id);
    }
    let named =
        backing.downcast_ref::<VirtualDeviceDeviceBackingInfo>().map(|backing| backing.device_name.clone());
    named
        .or_else(|| network_of(world, device).map(|network| world.name(&network).to_owned()))
        .unwrap_or_default()
}
