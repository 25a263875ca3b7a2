//! A guest's network: what each card's addresses are.

use super::super::create as machines;
use super::super::devices::{self, Kind};
use super::Identity;
use crate::fault::Result;
use crate::world::World;
use vim_types::{
    GuestNicInfo, GuestStackInfo, NetDnsConfigInfo, NetIpConfigInfo, NetIpConfigInfoIpAddress,
    NetIpRouteConfigInfo, NetIpRouteConfigInfoGateway, NetIpRouteConfigInfoIpRoute, VirtualEthernetCard,
};
use vim_wire::MoRef;

/// The length of the prefix of networks that guests ask for an address.
const PREFIX: i32 = 16;

/// What a guest tells of its cards, and of all of them together.
pub(super) fn tell(
    world: &World,
    vm: &MoRef,
    identity: &Identity,
    name: &str,
) -> Result<(Vec<GuestNicInfo>, GuestStackInfo)> {
    let config = machines::config_of(world, vm)?;
    let cards = config.hardware.device.iter().filter(|device| Kind::of(device) == Kind::Network);
    let mut told = Vec::new();
    let mut routes = Vec::new();
    for (number, device) in cards.enumerate() {
        let Some(card) = device.downcast_ref::<VirtualEthernetCard>() else { continue };
        let mac = card.mac_address.clone().unwrap_or_default();
        let connected = card.connectable.as_ref().is_none_or(|connectable| connectable.connected);
        let set = identity.card(number, &mac);
        let mut addresses: Vec<NetIpConfigInfoIpAddress> = Vec::new();
        if connected {
            match set.filter(|card| !card.addresses.is_empty()) {
                Some(card) => {
                    addresses
                        .extend(card.addresses.iter().map(|(ip, prefix)| address(ip, *prefix, "manual")));
                }
                None => addresses.push(address(&leased(vm, number), PREFIX, "dhcp")),
            }
            addresses.extend(link_local(&mac).map(|ip| address(&ip, 64, "linklayer")));
        }
        let gateways = match set.filter(|card| !card.addresses.is_empty()) {
            Some(card) => card.gateways.clone(),
            None if connected => vec!["10.0.0.1".to_owned()],
            None => Vec::new(),
        };
        routes.extend(gateways.into_iter().map(|gateway| route(gateway, number)));
        let network = devices::network_of(world, device).map(|network| world.name(&network).to_owned());
        told.push(GuestNicInfo {
            network,
            ip_address: addresses.iter().map(|address| address.ip_address.clone()).collect(),
            mac_address: Some(mac.to_lowercase()),
            connected,
            device_config_id: card.key,
            dns_config: set.filter(|card| !card.dns.is_empty() || card.domain.is_some()).map(|card| {
                NetDnsConfigInfo {
                    dhcp: false,
                    host_name: name.to_owned(),
                    domain_name: card.domain.clone().unwrap_or_default(),
                    ip_address: card.dns.clone(),
                    search_domain: if card.search.is_empty() {
                        identity.search.clone()
                    } else {
                        card.search.clone()
                    },
                }
            }),
            ip_config: connected.then_some(NetIpConfigInfo { ip_address: addresses, ..Default::default() }),
            ..Default::default()
        });
    }
    let stack = GuestStackInfo {
        dns_config: Some(NetDnsConfigInfo {
            dhcp: identity.dns.is_empty(),
            host_name: name.to_owned(),
            domain_name: identity.domain.clone().unwrap_or_default(),
            ip_address: if identity.dns.is_empty() { vec!["10.0.0.2".into()] } else { identity.dns.clone() },
            search_domain: identity.search.clone(),
        }),
        ip_route_config: Some(NetIpRouteConfigInfo { ip_route: routes }),
        ..Default::default()
    };
    Ok((told, stack))
}

fn route(gateway: String, device: usize) -> NetIpRouteConfigInfoIpRoute {
    let network = if gateway.contains(':') { "::" } else { "0.0.0.0" };
    NetIpRouteConfigInfoIpRoute {
        network: network.into(),
        prefix_length: 0,
        gateway: NetIpRouteConfigInfoGateway { ip_address: Some(gateway), device: Some(device.to_string()) },
    }
}

fn address(ip: &str, prefix: i32, origin: &str) -> NetIpConfigInfoIpAddress {
    NetIpConfigInfoIpAddress {
        ip_address: ip.to_owned(),
        prefix_length: prefix,
        origin: Some(origin.to_owned()),
        state: Some("preferred".into()),
        ..Default::default()
    }
}

/// The address that a card gets when it asks for one: always the same.
fn leased(vm: &MoRef, card: usize) -> String {
    let digits: String = vm.value().chars().filter(char::is_ascii_digit).collect();
    let number = digits.parse::<u64>().unwrap_or(0).wrapping_mul(10).wrapping_add(card as u64);
    // A network of 254 hosts each, so that no address is one of a network or of all of its hosts.
    let (network, host) = (number / 254 + 256, number % 254 + 1);
    format!("10.{}.{}.{host}", network / 256 % 256, network % 256)
}

/// The address that a card has without asking.
fn link_local(mac: &str) -> Option<String> {
    let octets: Vec<u16> = mac
        .split([':', '-'])
        .map(|octet| u16::from_str_radix(octet, 16))
        .collect::<std::result::Result<_, _>>()
        .ok()?;
    let [a, b, c, d, e, f] = *octets else { return None };
    Some(format!("fe80::{:x}:{:x}:{:x}:{:x}", (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stable_and_differ() {
        let vm = MoRef::new("VirtualMachine", "vm-62");
        assert_eq!(leased(&vm, 0), leased(&vm, 0));
        assert_ne!(leased(&vm, 0), leased(&vm, 1));
        assert_ne!(leased(&vm, 0), leased(&MoRef::new("VirtualMachine", "vm-63"), 0));
        assert_eq!(leased(&vm, 0), "10.1.2.113");
        assert_eq!(link_local("00:50:56:80:01:02").as_deref(), Some("fe80::250:56ff:fe80:102"));
        assert_eq!(link_local(""), None);
    }
}
