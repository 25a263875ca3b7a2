//! `SearchIndex`: finding managed entities by what they are known by elsewhere.

use super::view::children;
use crate::call::{Call, Reply, methods};
use crate::collector::Scope;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::authorization_manager as authorization;
use crate::world::{Node, World};
use std::borrow::Cow;
use std::sync::Arc;
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_wire::MoRef;

methods! {
    "FindByUuid" => find_by_uuid,
    "FindAllByUuid" => find_all_by_uuid,
    "FindByDatastorePath" => find_by_datastore_path,
    "FindByInventoryPath" => find_by_inventory_path,
    "FindByIp" => find_by_ip,
    "FindAllByIp" => find_all_by_ip,
    "FindByDnsName" => find_by_dns_name,
    "FindAllByDnsName" => find_all_by_dns_name,
    "FindChild" => find_child,
}

/// What is looked for.
struct Wanted {
    vms: fn(&VirtualMachineProperties, &str) -> bool,
    hosts: fn(&HostSystemProperties, &str) -> bool,
}

const BIOS_UUID: Wanted = Wanted {
    vms: |vm, uuid| vm.config.as_ref().is_some_and(|config| config.uuid.eq_ignore_ascii_case(uuid)),
    hosts: |host, uuid| {
        host.summary.hardware.as_ref().is_some_and(|hardware| hardware.uuid.eq_ignore_ascii_case(uuid))
    },
};

const INSTANCE_UUID: Wanted = Wanted {
    vms: |vm, uuid| {
        let config = vm.config.as_ref();
        config
            .and_then(|config| config.instance_uuid.as_ref())
            .is_some_and(|own| own.eq_ignore_ascii_case(uuid))
    },
    ..BIOS_UUID
};

const IP: Wanted = Wanted {
    vms: |vm, ip| {
        vm.guest.as_ref().is_some_and(|guest| {
            guest.ip_address.as_deref() == Some(ip)
                || guest.net.iter().any(|net| net.ip_address.iter().any(|address| address == ip))
        })
    },
    hosts: |host, ip| {
        let network = host.config.as_ref().and_then(|config| config.network.as_ref());
        network.is_some_and(|network| {
            network.vnic.iter().chain(&network.console_vnic).any(|nic| {
                nic.spec.ip.as_ref().is_some_and(|address| address.ip_address.as_deref() == Some(ip))
            })
        })
    },
};

const DNS_NAME: Wanted = Wanted {
    vms: |vm, name| {
        let guest = vm.guest.as_ref();
        guest.and_then(|guest| guest.host_name.as_ref()).is_some_and(|own| own.eq_ignore_ascii_case(name))
    },
    hosts: |host, name| {
        let network = host.config.as_ref().and_then(|config| config.network.as_ref());
        let stacks = network.map_or(&[][..], |network| &network.net_stack_instance);
        let own = network.and_then(|network| network.dns_config.as_ref());
        let all = stacks.iter().filter_map(|stack| stack.dns_config.as_ref()).chain(own);
        all.into_iter().any(|dns| {
            dns.host_name.eq_ignore_ascii_case(name)
                || format!("{}.{}", dns.host_name, dns.domain_name).eq_ignore_ascii_case(name)
        })
    },
};

impl Wanted {
    fn is(&self, node: &Node, value: &str, vms: bool) -> bool {
        match vms {
            true => node.properties().is_some_and(|vm| (self.vms)(vm, value)),
            false => node.properties().is_some_and(|host| (self.hosts)(host, value)),
        }
    }
}

/// The VMs or hosts that are meant and may be read, in the order of their ids.
fn search(call: &Call<'_>, wanted: &Wanted, value: &str) -> Result<Vec<MoRef>> {
    let vms: bool = call.arg("vmSearch")?;
    let datacenter: Option<MoRef> = call.opt("datacenter")?;
    let kind = if vms { "VirtualMachine" } else { "HostSystem" };
    Scope::read(call, |scope| {
        let world = scope.world;
        if let Some(datacenter) = &datacenter {
            world.must(datacenter)?;
        }
        let is_wanted = |node: &&Arc<Node>| {
            node.moref.kind() == kind
                && wanted.is(node, value, vms)
                && datacenter.as_ref().is_none_or(|datacenter| {
                    world.lineage(&node.moref).any(|above| above.moref == *datacenter)
                })
                && (scope.is_unlimited()
                    || authorization::can(world, call.user(), "System.Read", &node.moref))
        };
        let mut found: Vec<MoRef> = world.nodes().filter(is_wanted).map(|node| node.moref.clone()).collect();
        found.sort_unstable_by(|a, b| (a.value().len(), a.value()).cmp(&(b.value().len(), b.value())));
        Ok(found)
    })
}

fn first(call: &Call<'_>, wanted: &Wanted, name: &str) -> Result<Reply> {
    let value: String = call.arg(name)?;
    call.returns(&search(call, wanted, &value)?.into_iter().next())
}

fn all(call: &Call<'_>, wanted: &Wanted, name: &str) -> Result<Reply> {
    let value: String = call.arg(name)?;
    call.returns(&search(call, wanted, &value)?)
}

fn uuid_of(call: &Call<'_>) -> Result<Wanted> {
    let instance: Option<bool> = call.opt("instanceUuid")?;
    Ok(if instance == Some(true) { INSTANCE_UUID } else { BIOS_UUID })
}

fn find_by_uuid(call: &Call<'_>) -> Result<Reply> {
    first(call, &uuid_of(call)?, "uuid")
}

fn find_all_by_uuid(call: &Call<'_>) -> Result<Reply> {
    all(call, &uuid_of(call)?, "uuid")
}

fn find_by_ip(call: &Call<'_>) -> Result<Reply> {
    first(call, &IP, "ip")
}

fn find_all_by_ip(call: &Call<'_>) -> Result<Reply> {
    all(call, &IP, "ip")
}

fn find_by_dns_name(call: &Call<'_>) -> Result<Reply> {
    first(call, &DNS_NAME, "dnsName")
}

fn find_all_by_dns_name(call: &Call<'_>) -> Result<Reply> {
    all(call, &DNS_NAME, "dnsName")
}

fn find_by_datastore_path(call: &Call<'_>) -> Result<Reply> {
    let (datacenter, path): (MoRef, String) = (call.arg("datacenter")?, call.arg("path")?);
    let found = Scope::read(call, |scope| {
        let world = scope.world;
        world.must(&datacenter)?;
        let (datastore, file) = files::resolve(world, Some(&datacenter), &path)?;
        let path = format!("[{}] {file}", world.name(&datastore));
        let is_wanted = |node: &&Arc<Node>| {
            let config = node.properties::<VirtualMachineProperties>().and_then(|vm| vm.config.as_ref());
            config.is_some_and(|config| config.files.vm_path_name.as_deref() == Some(&*path))
                && world.lineage(&node.moref).any(|above| above.moref == datacenter)
                && (scope.is_unlimited()
                    || authorization::can(world, call.user(), "System.Read", &node.moref))
        };
        Ok::<_, Fault>(world.nodes().find(is_wanted).map(|node| node.moref.clone()))
    })?;
    call.returns(&found)
}

/// The child of that name, where the caller may see it.
fn child(scope: &Scope<'_>, of: &Node, name: &str) -> Option<Arc<Node>> {
    let mut found = None;
    children(of, &mut |moref| {
        if found.is_none()
            && let Some(node) = scope.world.node(moref)
            && (node.name() == name || unescape(node.name()) == name)
            && scope.may_see(moref)
        {
            found = Some(Arc::clone(node));
        }
    });
    found
}

/// A name without the escapes of slashes, backslashes and percent signs, by which inventories keep them.
fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let name = name.replace("%2f", "/").replace("%2F", "/").replace("%5c", "\\").replace("%5C", "\\");
    Cow::Owned(name.replace("%25", "%"))
}

fn find_by_inventory_path(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("inventoryPath")?;
    let found = Scope::read(call, |scope| walk(&scope, &path));
    call.returns(&found)
}

fn walk(scope: &Scope<'_>, path: &str) -> Option<MoRef> {
    let world: &World = scope.world;
    let mut at = Arc::clone(world.node(&scope.sim.content.root_folder)?);
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    // The root itself is found by a slash alone.
    if names.is_empty() && path != "/" {
        return None;
    }
    for name in names {
        at = child(scope, &at, name).or_else(|| child(scope, &at, &unescape(name)))?;
    }
    Some(at.moref.clone())
}

fn find_child(call: &Call<'_>) -> Result<Reply> {
    let (entity, name): (MoRef, String) = (call.arg("entity")?, call.arg("name")?);
    let found = Scope::read(call, |scope| {
        let node = scope.world.must(&entity)?;
        if !node.is_a("ManagedEntity") {
            return Err(Fault::invalid_argument("entity"));
        }
        Ok(child(&scope, node, &name).map(|child| child.moref.clone()))
    })?;
    call.returns(&found)
}
