//! Which datastore a request means.

use crate::files;
use crate::mo::service_instance;
use crate::serve::url::encode;
use crate::world::World;
use std::collections::HashMap;
use vim_types::mo::{DatacenterProperties, FolderProperties};
use vim_wire::MoRef;

/// What a request names.
pub(super) enum Found {
    File(MoRef),
    /// Names and what leads to each: datacenters, or the datastores of one.
    List(Vec<(String, String)>),
}

/// The datastore that a request names. Without `dsName` there is a list.
pub(super) fn find(world: &World, parameters: &HashMap<String, Vec<String>>) -> Option<Found> {
    let one =
        |name: &str| parameters.get(name).and_then(|values| values.first()).filter(|value| !value.is_empty());
    let datacenters = world.of_kind("Datacenter");
    let datacenter = match (one("dcPath"), datacenters.as_slice()) {
        (Some(path), _) => Some(datacenter(world, path)?),
        (None, [only]) => Some(only.moref.clone()),
        (None, _) => None,
    };
    let name = one("dsName");
    match (datacenter, name) {
        (Some(datacenter), Some(name)) => {
            let folder = &world.get::<DatacenterProperties>(&datacenter).ok()?.datastore_folder;
            files::find_datastore(world, folder, name).map(Found::File)
        }
        // A host does not know datacenters: a ticket for one names none.
        (None, Some(name)) => datacenters.iter().find_map(|node| {
            let folder = &world.get::<DatacenterProperties>(&node.moref).ok()?.datastore_folder;
            files::find_datastore(world, folder, name).map(Found::File)
        }),
        (Some(datacenter), None) => {
            let path = one("dcPath").cloned().unwrap_or_else(|| path_of(world, &datacenter));
            let datastores = &world.get::<DatacenterProperties>(&datacenter).ok()?.datastore;
            let link = |name: &str| format!("/folder?dcPath={}&dsName={}", encode(&path), encode(name));
            let names = datastores.iter().map(|datastore| world.name(datastore));
            Some(Found::List(names.map(|name| (name.to_owned(), link(name))).collect()))
        }
        (None, None) => {
            let all = datacenters.iter().map(|node| path_of(world, &node.moref));
            Some(Found::List(
                all.map(|path| (path.clone(), format!("/folder?dcPath={}", encode(&path)))).collect(),
            ))
        }
    }
}

/// A datacenter by its path in the inventory: `DC0`, `/F0/DC0`.
fn datacenter(world: &World, path: &str) -> Option<MoRef> {
    let mut at = service_instance::content(world)?.root_folder.clone();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let children = &world.get::<FolderProperties>(&at).ok()?.child_entity;
        at = children.iter().find(|child| world.name(child) == name)?.clone();
    }
    (at.kind() == "Datacenter").then_some(at)
}

fn path_of(world: &World, moref: &MoRef) -> String {
    // The root folder is not named.
    let mut names: Vec<_> =
        world.lineage(moref).filter(|node| node.parent().is_some()).map(|node| node.name()).collect();
    names.reverse();
    names.join("/")
}
