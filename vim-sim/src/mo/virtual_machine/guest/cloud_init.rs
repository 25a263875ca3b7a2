//! What cloud-init reads of a machine's options: `guestinfo.metadata` and `guestinfo.userdata`.

use super::super::config::extra;
use super::encoded;
use super::identity::{Card, Identity};
use super::yaml::{self, Value};
use vim_types::OptionValue;
use vim_wire::Poly;

/// What a machine's options tell its guest of itself.
pub(super) fn read(options: &[Poly<OptionValue>]) -> Identity {
    let text = |key: &str| {
        let text = extra::text(options, key)?;
        encoded::decode(text, extra::text(options, &format!("{key}.encoding")))
    };
    let mut identity = text("guestinfo.metadata").map(|text| metadata(&text)).unwrap_or_default();
    if let Some(data) = text("guestinfo.userdata").filter(|text| text.starts_with("#cloud-config")) {
        let data = yaml::parse(&data);
        let name = data.text("fqdn").or_else(|| data.text("hostname"));
        if let Some(name) = name.filter(|_| data.text("preserve_hostname") != Some("true")) {
            named(&mut identity, name);
        }
    }
    identity
}

/// What metadata tell: a name and a network.
pub(in super::super) fn metadata(text: &str) -> Identity {
    let data = yaml::parse(text);
    let mut identity = Identity::default();
    if let Some(name) = data.text("local-hostname").or_else(|| data.text("hostname")) {
        named(&mut identity, name);
    }
    let encoded = match data.get("network") {
        Some(Value::Text(text)) => {
            let encoding = data.text("network.encoding");
            let text = match encoding {
                Some(_) => encoded::decode(text, encoding),
                None => Some(encoded::guess(text)),
            };
            text.map(|text| yaml::parse(&text))
        }
        other => other.cloned(),
    };
    if let Some(network) = encoded {
        // The document may have the word for itself in it.
        self::network(&mut identity, network.get("network").unwrap_or(&network));
    }
    identity
}

fn named(identity: &mut Identity, name: &str) {
    identity.host_name = Some(name.to_owned());
    identity.domain = name.split_once('.').map(|(_, domain)| domain.to_owned());
}

/// Networks in both versions of cloud-init's format.
fn network(identity: &mut Identity, network: &Value) {
    let mut cards: Vec<(String, Card)> = Vec::new();
    if let Some(Value::Map(ethernets)) = network.get("ethernets") {
        cards.extend(ethernets.iter().map(|(name, set)| (name.clone(), version2(set))));
        cards.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    if let Some(Value::List(config)) = network.get("config") {
        let physical = config.iter().filter(|item| item.text("type") == Some("physical"));
        cards.extend(physical.map(|item| (String::new(), version1(item))));
    }
    identity.cards = cards.into_iter().map(|(_, card)| card).collect();
    identity.dns = identity.cards.iter().flat_map(|card| card.dns.clone()).collect();
    identity.search = identity.cards.iter().flat_map(|card| card.search.clone()).collect();
}

fn version2(set: &Value) -> Card {
    let gateways = ["gateway4", "gateway6"].iter().filter_map(|key| set.text(key)).map(str::to_owned);
    let routes = set
        .items("routes")
        .into_iter()
        .filter(|route| matches!(route.text("to"), Some("default" | "0.0.0.0/0" | "::/0")));
    Card {
        mac: set.get("match").and_then(|of| of.text("macaddress")).map(str::to_owned),
        addresses: set.texts("addresses").iter().map(|address| cidr(address)).collect(),
        gateways: gateways.chain(routes.filter_map(|route| route.text("via").map(str::to_owned))).collect(),
        dns: set.get("nameservers").map(|dns| dns.texts("addresses")).unwrap_or_default(),
        search: set.get("nameservers").map(|dns| dns.texts("search")).unwrap_or_default(),
        domain: None,
    }
}

fn version1(item: &Value) -> Card {
    let mut card = Card { mac: item.text("mac_address").map(str::to_owned), ..Default::default() };
    for subnet in item.items("subnets") {
        if let Some(address) = subnet.text("address") {
            let (ip, prefix) = cidr(address);
            let mask = subnet.text("netmask").and_then(prefix_of);
            card.addresses.push((ip, mask.unwrap_or(prefix)));
        }
        card.gateways.extend(subnet.text("gateway").map(str::to_owned));
        card.dns.extend(subnet.texts("dns_nameservers"));
        card.search.extend(subnet.texts("dns_search"));
    }
    card
}

/// An address and the length of its network's prefix.
fn cidr(address: &str) -> (String, i32) {
    let whole = if address.contains(':') { 64 } else { 24 };
    match address.split_once('/') {
        Some((ip, prefix)) => {
            (ip.to_owned(), prefix.parse().ok().or_else(|| prefix_of(prefix)).unwrap_or(whole))
        }
        None => (address.to_owned(), whole),
    }
}

/// The length of a prefix that is written as a mask: 24 of 255.255.255.0.
pub(in super::super) fn prefix_of(mask: &str) -> Option<i32> {
    let mask: std::net::Ipv4Addr = mask.parse().ok()?;
    i32::try_from(u32::from(mask).leading_ones()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vim_wire::Any;

    fn option(key: &str, value: &str) -> Poly<OptionValue> {
        OptionValue { key: key.into(), value: Some(Any::String(value.into())) }.into()
    }

    #[test]
    fn metadata_name_the_guest_and_its_addresses() {
        let text = "instance-id: i-1\nlocal-hostname: web-1.example.com\nnetwork:\n  version: 2\n  ethernets:\n    \
                    ens192:\n      dhcp4: false\n      addresses:\n      - 192.0.2.10/24\n      - 2001:db8::10/64\n      \
                    gateway4: 192.0.2.1\n      nameservers:\n        addresses: [192.0.2.2, 192.0.2.3]\n        \
                    search: [example.com]\n";
        let identity = read(&[option("guestinfo.metadata", text)]);
        assert_eq!(identity.host_name.as_deref(), Some("web-1.example.com"));
        assert_eq!(identity.domain.as_deref(), Some("example.com"));
        let addresses = [("192.0.2.10".to_owned(), 24), ("2001:db8::10".to_owned(), 64)];
        assert_eq!(identity.cards.first().map(|card| &card.addresses[..]), Some(&addresses[..]));
        assert_eq!(identity.dns, ["192.0.2.2", "192.0.2.3"]);
    }

    #[test]
    fn user_data_have_the_last_word_and_may_be_encoded() {
        let identity = read(&[
            option("guestinfo.metadata", "{\"local-hostname\": \"one\"}"),
            option("guestinfo.userdata", "I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogdHdvCg=="),
            option("guestinfo.userdata.encoding", "base64"),
        ]);
        assert_eq!(identity.host_name.as_deref(), Some("two"));
    }

    #[test]
    fn version_one_has_masks() {
        let text = "network:\n  version: 1\n  config:\n  - type: physical\n    name: eth0\n    subnets:\n    - type: static\n      \
                    address: 192.0.2.7\n      netmask: 255.255.255.0\n      gateway: 192.0.2.1\n";
        let identity = metadata(text);
        assert_eq!(
            identity.cards.first().map(|card| card.addresses.clone()),
            Some(vec![("192.0.2.7".into(), 24)])
        );
    }
}
