//! A host's own interfaces: `vmk0` …

use super::{edit, info};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::host_system::host_of;
use crate::mo::host_virtual_nic_manager;
use crate::world::{Tx, World};
use vim_types::mo::DistributedVirtualSwitchProperties;
use vim_types::{HostIpConfig, HostPortGroupPort, HostVirtualNic, HostVirtualNicSpec};
use vim_wire::MoRef;

/// The most interfaces of a host.
const MOST: usize = 512;

/// The portgroup of an interface: one of a standard switch by name, or one of a distributed switch, which has no name here.
fn portgroup(world: &World, host: &MoRef, name: &str, spec: &HostVirtualNicSpec) -> Result<String> {
    if let Some(port) = &spec.distributed_virtual_port {
        let switch = crate::mo::distributed_virtual_switch::of_uuid(world, &port.switch_uuid);
        let switch = switch.ok_or_else(|| Fault::not_found(format!("switch {}", port.switch_uuid)))?;
        let switch = world.get::<DistributedVirtualSwitchProperties>(&switch)?;
        let key = port.portgroup_key.as_deref().unwrap_or("");
        if !switch.summary.host_member.contains(host)
            || !switch.portgroup.iter().any(|known| known.value() == key)
        {
            return Err(Fault::not_found(format!("portgroup {key} of switch {}", switch.name)));
        }
        return Ok(String::new());
    }
    let known = info(world, host)?.portgroup.iter().any(|portgroup| portgroup.spec.name == name);
    if known { Ok(name.to_owned()) } else { Err(Fault::not_found(format!("portgroup {name}"))) }
}

fn check_address(ip: Option<&HostIpConfig>) -> Result<()> {
    let Some(ip) = ip.filter(|ip| !ip.dhcp) else { return Ok(()) };
    let parses =
        |text: &Option<String>| text.as_ref().is_none_or(|text| text.parse::<std::net::Ipv4Addr>().is_ok());
    match parses(&ip.ip_address) && parses(&ip.subnet_mask) {
        true => Ok(()),
        false => Err(Fault::invalid_argument("nic.ip")),
    }
}

pub(super) fn add(call: &Call<'_>) -> Result<Reply> {
    let (name, mut spec): (String, HostVirtualNicSpec) = (call.arg("portgroup")?, call.arg("nic")?);
    check_address(spec.ip.as_ref())?;
    let device = call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let portgroup = portgroup(tx, &host, &name, &spec)?;
        let known = &info(tx, &host)?.vnic;
        let free = (0..MOST).map(|number| format!("vmk{number}"));
        let mut free = free.filter(|device| !known.iter().any(|vnic| vnic.device == *device));
        let device = free.next().ok_or_else(|| Fault::resource_in_use("HostVirtualNic", &name))?;
        spec.mac.get_or_insert_with(|| new_mac(&host, &device));
        spec.mtu.get_or_insert(1_500);
        spec.tso_enabled.get_or_insert(true);
        spec.net_stack_instance_key.get_or_insert_with(|| "defaultTcpipStack".into());
        spec.portgroup = Some(portgroup.clone()).filter(|name| !name.is_empty());
        let port = format!("key-vim.host.PortGroup.Port-{}", tx.new_number());
        let standard = !portgroup.is_empty();
        let nic = HostVirtualNic {
            key: format!("key-vim.host.VirtualNic-{device}"),
            device: device.clone(),
            port: standard.then(|| port.clone()),
            portgroup: portgroup.clone(),
            spec,
            ..Default::default()
        };
        edit(tx, &host, |info| {
            let of = info.portgroup.iter_mut().find(|of| standard && of.spec.name == portgroup);
            if let Some(of) = of {
                of.port.push(HostPortGroupPort {
                    key: Some(port),
                    mac: nic.spec.mac.iter().cloned().collect(),
                    r#type: "host".into(),
                });
            }
            info.vnic.push(nic);
            Ok(())
        })?;
        host_virtual_nic_manager::candidates(tx, &host)?;
        Ok(device)
    })?;
    call.returns(&device)
}

fn new_mac(host: &MoRef, device: &str) -> String {
    let seed = host.value().bytes().chain(device.bytes());
    let hash = seed.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [a, b, c, ..] = hash.to_be_bytes();
    format!("00:50:56:{:02x}:{b:02x}:{c:02x}", 0x60 | a & 0x0f)
}

pub(super) fn update(call: &Call<'_>) -> Result<Reply> {
    let (device, spec): (String, HostVirtualNicSpec) = (call.arg("device")?, call.arg("nic")?);
    check_address(spec.ip.as_ref())?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let known = info(tx, &host)?.vnic.iter().find(|vnic| vnic.device == device);
        let known = known.ok_or_else(|| Fault::not_found(format!("interface {device}")))?;
        let moved = spec.portgroup.is_some() || spec.distributed_virtual_port.is_some();
        let to = match (&spec.portgroup, moved) {
            (name, true) => portgroup(tx, &host, name.as_deref().unwrap_or(""), &spec)?,
            _ => known.portgroup.clone(),
        };
        edit(tx, &host, |info| {
            let Some(vnic) = info.vnic.iter_mut().find(|vnic| vnic.device == device) else { return Ok(()) };
            crate::mo::merge::merge!(vnic.spec, spec; ip, mac, mtu, tso_enabled, external_id, pinned_pnic, ip_route_spec);
            if moved {
                vnic.spec.distributed_virtual_port = spec.distributed_virtual_port;
                vnic.spec.portgroup = Some(to.clone()).filter(|name| !name.is_empty());
                vnic.portgroup = to;
            }
            Ok(())
        })?;
        host_virtual_nic_manager::candidates(tx, &host)
    })?;
    call.done()
}

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let device: String = call.arg("device")?;
    call.write(|tx| remove_device(tx, &call.this, &device))?;
    call.done()
}

fn remove_device(tx: &mut Tx<'_>, system: &MoRef, device: &str) -> Result<()> {
    let host = host_of(tx, system)?;
    let used = host_virtual_nic_manager::is_management(tx, &host, device)?;
    edit(tx, &host, |info| {
        let known = info.vnic.iter().find(|vnic| vnic.device == device);
        let known = known.ok_or_else(|| Fault::not_found(format!("interface {device}")))?;
        // Without its last interface for management the host would be lost.
        if used {
            return Err(Fault::resource_in_use("HostVirtualNic", device));
        }
        let port = known.port.clone();
        info.vnic.retain(|vnic| vnic.device != device);
        for portgroup in &mut info.portgroup {
            portgroup.port.retain(|known| known.key != port);
        }
        Ok(())
    })?;
    host_virtual_nic_manager::candidates(tx, &host)
}
