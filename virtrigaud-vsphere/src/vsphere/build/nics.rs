//! Network cards.

use super::{Built, Wanted};
use crate::provider::Result;
use crate::spec::Adapter;
use crate::spec::resolved::Card;
use crate::vsphere::describe;
use crate::vsphere::errors::{invalid, not_yet};
use crate::vsphere::place::Net;
use vim_client::Poly;
use vim_client::types::ext::{
    DeviceChanges, DeviceList, Files, NetworkBacking, connect_to, network_backing, set_mac,
};
use vim_client::types::{
    VirtualDevice, VirtualE1000, VirtualE1000e, VirtualEthernetCard, VirtualEthernetCardMacType,
    VirtualVmxnet3,
};

fn adapter(adapter: Adapter) -> &'static str {
    match adapter {
        Adapter::Vmxnet3 => "vmxnet3",
        Adapter::E1000 => "e1000",
        Adapter::E1000e => "e1000e",
    }
}

fn new_card(adapter: Adapter) -> Poly<VirtualDevice> {
    match adapter {
        Adapter::Vmxnet3 => VirtualVmxnet3::default().into(),
        Adapter::E1000 => VirtualE1000::default().into(),
        Adapter::E1000e => VirtualE1000e::default().into(),
    }
}

fn backing(net: &Net) -> Result<NetworkBacking<'_>> {
    match net {
        Net::Standard { moref, name } => Ok(NetworkBacking::Standard { name, network: Some(moref) }),
        Net::Distributed { key, switch, .. } => {
            Ok(NetworkBacking::Portgroup { switch_uuid: switch, portgroup_key: key })
        }
        Net::Opaque { moref } => {
            Err(not_yet(&format!("connecting a network card to {moref}, which is one of NSX")))
        }
    }
}

/// Whether a card is connected to that network.
fn is_on(card: &VirtualEthernetCard, net: &Net) -> bool {
    match (network_backing(card), net) {
        (Some(NetworkBacking::Standard { name: is, network }), Net::Standard { moref, name }) => {
            network.map_or(is == name, |network| network == moref)
        }
        (
            Some(NetworkBacking::Portgroup { switch_uuid, portgroup_key }),
            Net::Distributed { key, switch, .. },
        ) => switch_uuid == switch && portgroup_key == key,
        _ => false,
    }
}

/// The cards: those that there are are edited in their order, and the others are added.
pub(super) fn cards(wanted: &Wanted<'_>, changes: &mut DeviceChanges, built: &mut Built) -> Result<()> {
    let there: Vec<Poly<VirtualDevice>> =
        changes.devices().nics().map(|(device, _)| device.clone()).collect();
    let wishes = wanted.machine.networks.iter().zip(wanted.nets);
    for (index, (card, net)) in wishes.enumerate() {
        if card.vlan.is_some() && matches!(net, Net::Standard { .. }) {
            return Err(not_yet(&format!(
                "comparing a standard port group's VLAN with networks[{index}].vlan; take the key out to go on without it"
            )));
        }
        match there.get(index) {
            Some(device) if card.adapter.is_none_or(|wish| describe::adapter(device) == adapter(wish)) => {
                edit(wanted.copied, (card, net), device, changes, built)?;
            }
            Some(device) => {
                // A card's kind cannot be changed: another one takes its place.
                if !changes.remove(device.key, Files::Keep) {
                    return Err(invalid(format!("network '{}' has no card", card.name)));
                }
                add(card, net, changes, built)?;
            }
            None => add(card, net, changes, built)?,
        }
    }
    if wanted.remove_cards && !wanted.machine.networks.is_empty() {
        for device in there.iter().skip(wanted.machine.networks.len()) {
            if changes.remove(device.key, Files::Keep) {
                built.changes.push(format!("network card {}: removed", device.key));
            }
        }
    }
    Ok(())
}

fn edit(
    copied: bool,
    (wish, net): (&Card, &Net),
    device: &Poly<VirtualDevice>,
    changes: &mut DeviceChanges,
    built: &mut Built,
) -> Result<()> {
    let mut edited = device.clone();
    let Some(card) = edited.downcast_mut::<VirtualEthernetCard>() else { return Ok(()) };
    let mut differs = false;
    if copied && wish.mac.is_none() {
        // The address that was read is the template's card's, and two cards of one address disturb each other.
        card.address_type = Some(VirtualEthernetCardMacType::GENERATED.as_str().to_owned());
        card.mac_address = None;
    }
    let starts = card.connectable.as_ref().is_some_and(|state| state.start_connected);
    if !is_on(card, net) || !starts {
        connect_to(card, backing(net)?);
        built.changes.push(format!("network '{}': connected to '{}'", wish.name, wish.port_group));
        differs = true;
    }
    if let Some(mac) = &wish.mac
        && !card.mac_address.as_deref().is_some_and(|is| is.eq_ignore_ascii_case(&mac.to_string()))
    {
        set_mac(card, &mac.to_string());
        built.changes.push(format!("network '{}': address {mac}", wish.name));
        differs = true;
    }
    if differs && !changes.edit(edited) {
        return Err(invalid(format!("network '{}' has no card", wish.name)));
    }
    Ok(())
}

fn add(wish: &Card, net: &Net, changes: &mut DeviceChanges, built: &mut Built) -> Result<()> {
    let mut device = new_card(wish.adapter.unwrap_or(Adapter::Vmxnet3));
    if let Some(card) = device.downcast_mut::<VirtualEthernetCard>() {
        connect_to(card, backing(net)?);
        card.address_type = Some(VirtualEthernetCardMacType::GENERATED.as_str().to_owned());
        if let Some(mac) = &wish.mac {
            set_mac(card, &mac.to_string());
        }
    }
    changes.add(device);
    built.changes.push(format!("network '{}': added", wish.name));
    Ok(())
}
