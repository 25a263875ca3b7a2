//! Lists of the inventory: `vcenter/vm`, `vcenter/host` …, with the filters of each and its bound.

use super::{Answer, Call, Error, Result};
use crate::world::{Node, World};
use serde_json::{Value, json};
use vim_types::mo::{
    ClusterComputeResourceProperties, DatacenterProperties, DatastoreProperties, HostSystemProperties,
    ResourcePoolProperties, VirtualMachineProperties,
};
use vim_types::{ClusterConfigInfo, ClusterConfigInfoEx, HostSystemConnectionState};
use vim_wire::MoRef;

/// What a filter compares with what a list holds: none where that is unknown.
type Of = fn(&World, &Node) -> Option<String>;

/// A list: of which objects, how many of them at the most, by what they can be filtered, and what is told of each.
struct List {
    kind: &'static str,
    limit: usize,
    filters: &'static [(&'static str, Of)],
    row: fn(&World, &Node) -> Option<Value>,
}

fn list(call: &Call<'_>, list: &List) -> Result<Answer> {
    for key in call.query.keys() {
        let name = key.trim_end_matches("[]").trim_start_matches("filter.");
        let name = name.split('.').next().unwrap_or(name);
        if !list.filters.iter().any(|(known, _)| *known == name) {
            return Err(Error::invalid(&format!("unknown parameter `{key}`")));
        }
    }
    let wanted: Vec<(Of, Vec<&str>)> =
        list.filters.iter().filter_map(|(name, of)| Some((*of, call.filter(name)?))).collect();
    let rows: Vec<Value> = call.sim.read(|world| {
        let passes = |node: &Node| {
            wanted.iter().all(|(of, values)| of(world, node).is_some_and(|is| values.contains(&&*is)))
        };
        let found = world.of_kind(list.kind).into_iter().filter(|node| passes(node));
        found
            .filter_map(|node| {
                let seen =
                    crate::mo::authorization_manager::require(world, call.user(), "System.Read", &node.moref);
                seen.ok().and_then(|()| (list.row)(world, node))
            })
            .take(list.limit + 1)
            .collect()
    });
    match rows.len() > list.limit {
        true => Err(Error::too_many(list.limit)),
        false => Ok(Answer::Value(Value::Array(rows))),
    }
}

fn name(_: &World, node: &Node) -> Option<String> {
    Some(node.name().to_owned())
}

fn id(_: &World, node: &Node) -> Option<String> {
    Some(node.moref.value().to_owned())
}

fn value(moref: &MoRef) -> String {
    moref.value().to_owned()
}

fn datacenter(world: &World, node: &Node) -> Option<String> {
    world.above(&node.moref, "Datacenter").map(|datacenter| value(&datacenter.moref))
}

fn parent(_: &World, node: &Node) -> Option<String> {
    node.parent().map(value)
}

fn machine(node: &Node) -> Option<&VirtualMachineProperties> {
    node.properties()
}

/// `POWERED_ON` of `poweredOn`.
fn upper(word: &str) -> String {
    let mut upper = String::with_capacity(word.len() + 2);
    for (at, char) in word.char_indices() {
        if at > 0 && char.is_ascii_uppercase() {
            upper.push('_');
        }
        upper.push(char.to_ascii_uppercase());
    }
    upper
}

fn cluster_of_host(world: &World, host: &MoRef) -> Option<String> {
    world.above(host, "ClusterComputeResource").map(|cluster| value(&cluster.moref))
}

pub(super) fn machines(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "VirtualMachine",
        limit: 4000,
        filters: &[
            ("vms", id),
            ("names", name),
            ("datacenters", datacenter),
            ("folders", parent),
            ("hosts", |_, node| machine(node)?.runtime.host.as_ref().map(value)),
            ("clusters", |world, node| cluster_of_host(world, machine(node)?.runtime.host.as_ref()?)),
            ("resource_pools", |_, node| machine(node)?.resource_pool.as_ref().map(value)),
            ("power_states", |_, node| Some(upper(machine(node)?.runtime.power_state.as_str()))),
        ],
        row: |_, node| {
            let vm = machine(node)?;
            let config = vm.config.as_ref()?;
            // Templates are no machines to this list.
            (!config.template).then(|| {
                json!({
                    "vm": node.moref.value(),
                    "name": node.name(),
                    "power_state": upper(vm.runtime.power_state.as_str()),
                    "cpu_count": config.hardware.num_cpu,
                    "memory_size_MiB": config.hardware.memory_mb,
                })
            })
        },
    };
    list(call, &LIST)
}

fn host(node: &Node) -> Option<&HostSystemProperties> {
    node.properties()
}

pub(super) fn hosts(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "HostSystem",
        limit: 2500,
        filters: &[
            ("hosts", id),
            ("names", name),
            ("datacenters", datacenter),
            ("folders", |world, node| world.above(&node.moref, "Folder").map(|folder| value(&folder.moref))),
            ("clusters", |world, node| cluster_of_host(world, &node.moref)),
            ("standalone", |world, node| Some(cluster_of_host(world, &node.moref).is_none().to_string())),
            ("connection_states", |_, node| Some(connection(host(node)?))),
        ],
        row: |_, node| {
            let host = host(node)?;
            let mut row = json!({
                "host": node.moref.value(),
                "name": node.name(),
                "connection_state": connection(host),
            });
            if host.runtime.connection_state == HostSystemConnectionState::CONNECTED {
                row["power_state"] = json!(upper(host.runtime.power_state.as_str()));
            }
            Some(row)
        },
    };
    list(call, &LIST)
}

fn connection(host: &HostSystemProperties) -> String {
    upper(host.runtime.connection_state.as_str())
}

pub(super) fn datastores(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "Datastore",
        limit: 2500,
        filters: &[
            ("datastores", id),
            ("names", name),
            ("types", |_, node| {
                Some(node.properties::<DatastoreProperties>()?.summary.r#type.to_uppercase())
            }),
            ("folders", parent),
            ("datacenters", datacenter),
        ],
        row: |_, node| {
            let summary = &node.properties::<DatastoreProperties>()?.summary;
            let mut row = json!({
                "datastore": node.moref.value(),
                "name": node.name(),
                "type": summary.r#type.to_uppercase(),
            });
            if summary.accessible {
                row["free_space"] = json!(summary.free_space);
                row["capacity"] = json!(summary.capacity);
            }
            Some(row)
        },
    };
    list(call, &LIST)
}

fn network_type(_: &World, node: &Node) -> Option<String> {
    let kind = match node.kind().name {
        "DistributedVirtualPortgroup" => "DISTRIBUTED_PORTGROUP",
        "OpaqueNetwork" => "OPAQUE_NETWORK",
        _ => "STANDARD_PORTGROUP",
    };
    Some(kind.to_owned())
}

pub(super) fn networks(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "Network",
        limit: 5000,
        filters: &[
            ("networks", id),
            ("names", name),
            ("types", network_type),
            ("folders", parent),
            ("datacenters", datacenter),
        ],
        row: |world, node| {
            Some(json!({
                "network": node.moref.value(),
                "name": node.name(),
                "type": network_type(world, node),
            }))
        },
    };
    list(call, &LIST)
}

/// What a folder is for: that of the datacenter's folder above it.
fn folder_type(world: &World, node: &Node) -> Option<String> {
    // A datastore cluster is a folder, but not to this API.
    if node.kind().name != "Folder" {
        return None;
    }
    let Some(datacenter) = world.above(&node.moref, "Datacenter") else {
        return Some("DATACENTER".to_owned());
    };
    let datacenter = datacenter.properties::<DatacenterProperties>()?;
    let folders = [
        (&datacenter.vm_folder, "VIRTUAL_MACHINE"),
        (&datacenter.host_folder, "HOST"),
        (&datacenter.datastore_folder, "DATASTORE"),
        (&datacenter.network_folder, "NETWORK"),
    ];
    let above = |folder: &MoRef| world.lineage(&node.moref).any(|node| node.moref == *folder);
    folders.iter().find(|(folder, _)| above(folder)).map(|(_, kind)| (*kind).to_owned())
}

pub(super) fn folders(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "Folder",
        limit: 1000,
        filters: &[
            ("folders", id),
            ("names", name),
            ("type", folder_type),
            ("parent_folders", parent),
            ("datacenters", datacenter),
        ],
        row: |world, node| {
            let kind = folder_type(world, node)?;
            Some(json!({ "folder": node.moref.value(), "name": node.name(), "type": kind }))
        },
    };
    list(call, &LIST)
}

pub(super) fn datacenters(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "Datacenter",
        limit: 1000,
        filters: &[("datacenters", id), ("names", name), ("folders", parent)],
        row: |_, node| Some(json!({ "datacenter": node.moref.value(), "name": node.name() })),
    };
    list(call, &LIST)
}

pub(super) fn clusters(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "ClusterComputeResource",
        limit: 1000,
        filters: &[("clusters", id), ("names", name), ("folders", parent), ("datacenters", datacenter)],
        row: |_, node| {
            let cluster = node.properties::<ClusterComputeResourceProperties>()?;
            let config = cluster.configuration_ex.downcast_ref::<ClusterConfigInfoEx>();
            let (ha, drs) = match config {
                Some(config) => (config.das_config.enabled, config.drs_config.enabled),
                None => {
                    let ClusterConfigInfo { das_config, drs_config, .. } = &cluster.configuration;
                    (das_config.enabled, drs_config.enabled)
                }
            };
            Some(json!({
                "cluster": node.moref.value(),
                "name": node.name(),
                "ha_enabled": ha.unwrap_or(false),
                "drs_enabled": drs.unwrap_or(false),
            }))
        },
    };
    list(call, &LIST)
}

pub(super) fn pools(call: &Call<'_>) -> Result<Answer> {
    const LIST: List = List {
        kind: "ResourcePool",
        limit: 1000,
        filters: &[
            ("resource_pools", id),
            ("names", name),
            ("parent_resource_pools", parent),
            ("datacenters", datacenter),
            ("hosts", |world, node| {
                let owner = &node.properties::<ResourcePoolProperties>()?.owner;
                let owner = world.get::<vim_types::mo::ComputeResourceProperties>(owner).ok()?;
                owner.host.first().map(value)
            }),
            ("clusters", |_, node| Some(value(&node.properties::<ResourcePoolProperties>()?.owner))),
        ],
        row: |_, node| Some(json!({ "resource_pool": node.moref.value(), "name": node.name() })),
    };
    list(call, &LIST)
}
