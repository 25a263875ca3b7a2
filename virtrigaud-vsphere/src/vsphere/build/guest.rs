//! What cloud-init in the guest is told: user data, metadata and addresses, through the machine's settings.

use crate::provider::Result;
use crate::spec::resolved::{Card, Machine};
use crate::vsphere::errors::invalid;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A larger text is compressed: the server bounds what all settings take together.
const LARGE: usize = 16 * 1024;

/// Whether the guest can only be told its addresses when the server has given the cards theirs.
pub(crate) fn needs_macs(machine: &Machine) -> bool {
    let is_static = machine.networks.iter().any(|card| card.address.is_some());
    is_static && machine.networks.iter().any(|card| card.mac.is_none())
}

/// The settings that tell it, by key. `macs` are the cards' hardware addresses; without them, what needs them is left out.
pub(crate) fn settings(machine: &Machine, macs: Option<&[String]>) -> Result<Vec<(String, String)>> {
    let mut settings = Vec::new();
    if let Some(data) = &machine.user_data {
        put(&mut settings, "guestinfo.userdata", data)?;
    }
    let is_static = machine.networks.iter().any(|card| card.address.is_some());
    let told: Option<Vec<String>> = match macs {
        Some(macs) => Some(macs.to_vec()),
        None => machine.networks.iter().map(|card| card.mac.as_ref().map(ToString::to_string)).collect(),
    };
    let network = match told {
        Some(macs) if is_static => Some(network(&machine.networks, &macs)?),
        None if is_static => return Ok(settings),
        _ => None,
    };
    let metadata = match (&machine.meta_data, network) {
        (Some(text), None) => Some(text.clone()),
        (Some(text), Some(network)) => Some(with_network(text, &network)?),
        (None, None) if machine.user_data.is_none() => None,
        (None, network) => {
            let mut metadata = Map::new();
            metadata.insert("instance-id".to_owned(), json!(machine.name));
            metadata.insert("local-hostname".to_owned(), json!(machine.name));
            metadata.extend(network.map(|network| ("network".to_owned(), network)));
            Some(Value::Object(metadata).to_string())
        }
    };
    if let Some(metadata) = metadata {
        put(&mut settings, "guestinfo.metadata", &metadata)?;
    }
    Ok(settings)
}

fn put(settings: &mut Vec<(String, String)>, key: &str, text: &str) -> Result<()> {
    let (encoding, value) = if text.len() > LARGE {
        ("gzip+base64", STANDARD.encode(compressed(text)?))
    } else {
        ("base64", STANDARD.encode(text))
    };
    settings.push((key.to_owned(), value));
    settings.push((format!("{key}.encoding"), encoding.to_owned()));
    Ok(())
}

fn compressed(text: &str) -> Result<Vec<u8>> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    written.map_err(|error| invalid(format!("the text for cloud-init cannot be compressed: {error}")))
}

/// A text of metadata with the addresses in it, unless it has some of its own.
fn with_network(text: &str, network: &Value) -> Result<String> {
    if let Ok(Value::Object(mut map)) = serde_json::from_str::<Value>(text) {
        map.entry("network").or_insert_with(|| network.clone());
        return Ok(Value::Object(map).to_string());
    }
    if text.lines().any(|line| line.starts_with("network:")) {
        return Ok(text.to_owned());
    }
    if text.trim_start().starts_with('{') {
        return Err(invalid(
            "metaData.cloudInit.inline: expected a mapping, to put the addresses of networks[].staticIP into",
        ));
    }
    // JSON is YAML, and so the addresses are a last line of the mapping.
    Ok(format!("{}\nnetwork: {network}\n", text.trim_end()))
}

/// The cards' addresses in cloud-init's form.
fn network(cards: &[Card], macs: &[String]) -> Result<Value> {
    let mut ethernets = Map::new();
    for (index, card) in cards.iter().enumerate() {
        let mac = macs.get(index).ok_or_else(|| invalid(format!("network '{}' has no card", card.name)))?;
        let mut told = json!({ "match": { "macaddress": mac.to_lowercase() } });
        match &card.address {
            None => told["dhcp4"] = json!(true),
            Some(ip) => {
                told["dhcp4"] = json!(false);
                told["addresses"] = json!([ip.address.to_string()]);
                if let Some(gateway) = ip.gateway {
                    let to = if gateway.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
                    told["routes"] = json!([{ "to": to, "via": gateway.to_string() }]);
                }
                if !ip.dns.is_empty() {
                    told["nameservers"] =
                        json!({ "addresses": ip.dns.iter().map(ToString::to_string).collect::<Vec<_>>() });
                }
            }
        }
        ethernets.insert(format!("id{index}"), told);
    }
    Ok(json!({ "version": 2, "ethernets": ethernets }))
}
