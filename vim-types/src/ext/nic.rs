//! Network cards.

use crate::{
    DistributedVirtualSwitchPortConnection, VirtualDeviceBackingInfo, VirtualDeviceConnectInfo,
    VirtualDeviceDeviceBackingInfo, VirtualEthernetCard,
    VirtualEthernetCardDistributedVirtualPortBackingInfo, VirtualEthernetCardMacType,
    VirtualEthernetCardNetworkBackingInfo, VirtualEthernetCardOpaqueNetworkBackingInfo, VirtualVmxnet3,
};
use vim_wire::{MoRef, Poly};

/// What a network card is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkBacking<'a> {
    /// A network of standard switches.
    Standard {
        /// The network's name.
        name: &'a str,
        /// The network, where names are not enough to tell.
        network: Option<&'a MoRef>,
    },
    /// A distributed port group.
    Portgroup {
        /// The distributed switch's `uuid`.
        switch_uuid: &'a str,
        /// The port group's `key`.
        portgroup_key: &'a str,
    },
    /// A network that another system manages, such as a segment of NSX.
    Opaque {
        /// The network's `opaqueNetworkId`.
        id: &'a str,
        /// The network's `opaqueNetworkType`, such as `nsx.LogicalSwitch`.
        kind: &'a str,
    },
}

impl From<NetworkBacking<'_>> for Poly<VirtualDeviceBackingInfo> {
    fn from(backing: NetworkBacking<'_>) -> Self {
        match backing {
            NetworkBacking::Standard { name, network } => VirtualEthernetCardNetworkBackingInfo {
                extends: VirtualDeviceDeviceBackingInfo {
                    device_name: name.to_owned(),
                    ..Default::default()
                },
                network: network.cloned(),
                ..Default::default()
            }
            .into(),
            NetworkBacking::Portgroup { switch_uuid, portgroup_key } => {
                VirtualEthernetCardDistributedVirtualPortBackingInfo {
                    port: DistributedVirtualSwitchPortConnection {
                        switch_uuid: switch_uuid.to_owned(),
                        portgroup_key: Some(portgroup_key.to_owned()),
                        ..Default::default()
                    },
                    ..Default::default()
                }
                .into()
            }
            NetworkBacking::Opaque { id, kind } => VirtualEthernetCardOpaqueNetworkBackingInfo {
                opaque_network_id: id.to_owned(),
                opaque_network_type: kind.to_owned(),
                ..Default::default()
            }
            .into(),
        }
    }
}

/// What a network card is connected to; none where that is nothing, or of another kind.
///
/// ```
/// use vim_types::ext::{NetworkBacking, network_backing, new_vmxnet3};
///
/// let lan = NetworkBacking::Standard { name: "VM Network", network: None };
/// assert_eq!(network_backing(&new_vmxnet3(lan)), Some(lan));
/// ```
#[must_use]
pub fn network_backing(card: &VirtualEthernetCard) -> Option<NetworkBacking<'_>> {
    let backing = card.backing.as_ref()?;
    if let Some(standard) = backing.downcast_ref::<VirtualEthernetCardNetworkBackingInfo>() {
        return Some(NetworkBacking::Standard {
            name: &standard.device_name,
            network: standard.network.as_ref(),
        });
    }
    if let Some(distributed) = backing.downcast_ref::<VirtualEthernetCardDistributedVirtualPortBackingInfo>()
    {
        let DistributedVirtualSwitchPortConnection { switch_uuid, portgroup_key, .. } = &distributed.port;
        return Some(NetworkBacking::Portgroup { switch_uuid, portgroup_key: portgroup_key.as_deref()? });
    }
    let opaque = backing.downcast_ref::<VirtualEthernetCardOpaqueNetworkBackingInfo>()?;
    Some(NetworkBacking::Opaque { id: &opaque.opaque_network_id, kind: &opaque.opaque_network_type })
}

/// A paravirtual network card, connected when the VM starts, with an address that the server makes.
#[must_use]
pub fn new_vmxnet3(backing: NetworkBacking<'_>) -> VirtualVmxnet3 {
    let mut card = VirtualVmxnet3::default();
    connect_to(&mut card, backing);
    card.address_type = Some(VirtualEthernetCardMacType::GENERATED.as_str().to_owned());
    card
}

/// Connects a network card of any kind, at once and whenever the VM starts.
///
/// ```
/// use vim_types::VirtualE1000e;
/// use vim_types::ext::{NetworkBacking, connect_to, set_mac};
///
/// let mut card = VirtualE1000e::default();
/// connect_to(&mut card, NetworkBacking::Opaque { id: "0a6f", kind: "nsx.LogicalSwitch" });
/// set_mac(&mut card, "00:50:56:00:00:01");
/// assert!(card.connectable.as_ref().is_some_and(|connect| connect.start_connected));
/// ```
pub fn connect_to(card: &mut VirtualEthernetCard, backing: NetworkBacking<'_>) {
    card.backing = Some(backing.into());
    let connect = card
        .connectable
        .get_or_insert_with(|| VirtualDeviceConnectInfo { allow_guest_control: true, ..Default::default() });
    connect.connected = true;
    connect.start_connected = true;
}

/// Gives a network card an address of one's own choice; vCenter accepts those from `00:50:56:00:00:00` to
/// `00:50:56:3f:ff:ff`, and others where it is told to.
pub fn set_mac(card: &mut VirtualEthernetCard, address: &str) {
    card.address_type = Some(VirtualEthernetCardMacType::MANUAL.as_str().to_owned());
    card.mac_address = Some(address.to_owned());
}
