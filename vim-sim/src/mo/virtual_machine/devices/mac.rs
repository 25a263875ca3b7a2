//! The addresses of network cards.

use super::super::edit::Edit;
use super::super::faults;
use crate::fault::Result;
use crate::mo::service_instance;
use crate::world::Tx;
use vim_types::VirtualEthernetCard;

/// Gives a card its address, or checks the one that it is given.
pub(super) fn set(edit: &mut Edit<'_, '_>, index: usize, card: &mut VirtualEthernetCard) -> Result<()> {
    let given = card.mac_address.clone().filter(|address| !address.is_empty());
    let kind = card.address_type.clone().unwrap_or_default().to_lowercase();
    match (kind.as_str(), given) {
        ("" | "manual", Some(address)) => {
            let octets = parse(&address).ok_or_else(|| faults::invalid_device(index, "device.macAddress"))?;
            // An address of many is none of one.
            if octets.first().is_none_or(|first| first & 1 == 1) || octets == [0; 6] {
                return Err(faults::invalid_device(index, "device.macAddress"));
            }
            card.address_type = Some("manual".into());
        }
        ("manual", None) => return Err(faults::invalid_device(index, "device.macAddress")),
        // What has an address of the server's already keeps it.
        ("generated" | "assigned", Some(address)) if parse(&address).is_some() => {}
        ("" | "generated" | "assigned", _) => {
            let (kind, address) = new(edit.tx);
            (card.address_type, card.mac_address) = (Some(kind.to_owned()), Some(address));
        }
        _ => return Err(faults::invalid_device(index, "device.addressType")),
    }
    Ok(())
}

/// A new address and who made it. A vCenter gives out 00:50:56:80:00:00 to 00:50:56:bf:ff:ff, whatever is asked for; a host
/// alone makes its own of VMware's other number.
pub(in super::super) fn new(tx: &mut Tx<'_>) -> (&'static str, String) {
    let vcenter =
        service_instance::content(tx).is_none_or(|content| content.about.api_type == "VirtualCenter");
    let [.., a, b, c] = tx.new_number().to_be_bytes();
    match vcenter {
        true => ("assigned", format!("00:50:56:{:02x}:{b:02x}:{c:02x}", 0x80 | a & 0x3f)),
        false => ("generated", format!("00:0c:29:{a:02x}:{b:02x}:{c:02x}")),
    }
}

fn parse(address: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = address.split([':', '-']).collect();
    let octet = |part: &&str| if part.len() == 2 { u8::from_str_radix(part, 16).ok() } else { None };
    let octets: Option<Vec<u8>> = parts.iter().map(octet).collect();
    octets.filter(|octets| octets.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses() {
        assert_eq!(parse("00:50:56:80:00:FF"), Some(vec![0, 0x50, 0x56, 0x80, 0, 0xff]));
        assert_eq!(parse("00-50-56-80-00-ff"), Some(vec![0, 0x50, 0x56, 0x80, 0, 0xff]));
        for wrong in ["", "00:50:56:80:00", "00:50:56:80:00:0g", "0:50:56:80:00:01", "00:50:56:80:00:01:02"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
