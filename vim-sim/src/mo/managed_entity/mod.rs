//! `ManagedEntity`: what has a name and a place in the inventory.

mod destroy;
pub(crate) mod privilege;
mod rename;

pub(crate) use destroy::{destroy, forget_vm};
pub(crate) use rename::rename;

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{
    ComputeResourceProperties, DatacenterProperties, FolderProperties, ManagedEntityProperties,
    ResourcePoolProperties,
};
use vim_types::{InvalidName, ManagedEntityStatus};
use vim_wire::MoRef;

methods! {
    "Destroy_Task" => destroy::destroy_task,
    "Rename_Task" => rename::rename_task,
    "Reload" => reload,
}

/// The most characters of an entity's name.
const NAME_LENGTH: usize = 80;

/// The role of who may do everything.
const ADMINISTRATOR: i32 = -1;

/// What every managed entity has from the start. Its place comes with [`attach`].
pub(crate) fn entity(name: impl Into<String>) -> ManagedEntityProperties {
    ManagedEntityProperties {
        name: name.into(),
        overall_status: ManagedEntityStatus::GREEN,
        config_status: ManagedEntityStatus::GREEN,
        effective_role: vec![ADMINISTRATOR],
        alarm_actions_enabled: Some(true),
        ..Default::default()
    }
}

/// A name as it is kept and told: `/`, `\` and `%` are escaped, since paths are made of names. What is escaped already
/// stays as it is.
pub(crate) fn valid_name(name: &str) -> Result<String> {
    let mut escaped = String::with_capacity(name.len());
    for (at, char) in name.char_indices() {
        match char {
            '/' => escaped.push_str("%2f"),
            '\\' => escaped.push_str("%5c"),
            '%' if !is_escape(name, at) => escaped.push_str("%25"),
            other => escaped.push(other),
        }
    }
    if name.trim().is_empty() || name.chars().count() > NAME_LENGTH {
        let fault = InvalidName { name: name.to_owned(), ..Default::default() };
        return Err(Fault::new(fault, format!("The name '{name}' is not valid.")));
    }
    Ok(escaped)
}

fn is_escape(name: &str, at: usize) -> bool {
    name.get(at + 1..at + 3)
        .is_some_and(|code| ["2f", "5c", "25"].iter().any(|known| code.eq_ignore_ascii_case(known)))
}

/// The child of that name of a folder or resource pool.
pub(crate) fn child_named<'w>(world: &'w World, parent: &MoRef, name: &str) -> Option<&'w MoRef> {
    let node = world.node(parent)?;
    let children = match (node.properties::<FolderProperties>(), node.properties::<ResourcePoolProperties>())
    {
        (Some(folder), _) => &folder.child_entity,
        (None, Some(pool)) => &pool.resource_pool,
        (None, None) => return None,
    };
    children.iter().find(|child| world.name(child) == name)
}

/// The fault that a folder or resource pool has another child of that name.
pub(crate) fn check_free(world: &World, parent: &MoRef, name: &str) -> Result<()> {
    match child_named(world, parent, name) {
        Some(child) => Err(Fault::duplicate_name(name, child)),
        None => Ok(()),
    }
}

/// What there is, is up to date always.
fn reload(call: &Call<'_>) -> Result<Reply> {
    call.done()
}

/// Puts an entity below another, whose list it joins.
pub(crate) fn attach(tx: &mut Tx<'_>, child: &MoRef, parent: &MoRef) -> Result<()> {
    tx.set_parent(child, parent)?;
    let kind = kind_of(tx, parent)?;
    match (kind, child.kind()) {
        (Parent::Folder, _) => tx.edit::<FolderProperties>(parent)?.child_entity.push(child.clone()),
        (Parent::ComputeResource, "HostSystem") => {
            tx.edit::<ComputeResourceProperties>(parent)?.host.push(child.clone());
        }
        (Parent::ComputeResource, _) => {
            tx.edit::<ComputeResourceProperties>(parent)?.resource_pool = Some(child.clone());
        }
        (Parent::ResourcePool, _) => {
            tx.edit::<ResourcePoolProperties>(parent)?.resource_pool.push(child.clone());
        }
        (Parent::Other, _) => {}
    }
    if let Some(datacenter) = lists_of(tx, child) {
        let datacenter = tx.edit::<DatacenterProperties>(&datacenter)?;
        list_of(datacenter, child).push(child.clone());
    }
    Ok(())
}

/// Takes an entity out of its parent's lists. It keeps its `parent`; whoever detaches it removes it or attaches it elsewhere.
pub(crate) fn detach(tx: &mut Tx<'_>, child: &MoRef) -> Result<()> {
    if let Some(datacenter) = lists_of(tx, child) {
        let datacenter = tx.edit::<DatacenterProperties>(&datacenter)?;
        list_of(datacenter, child).retain(|other| other != child);
    }
    let Some(parent) = tx.must(child)?.parent().cloned() else { return Ok(()) };
    match (kind_of(tx, &parent)?, child.kind()) {
        (Parent::Folder, _) => {
            tx.edit::<FolderProperties>(&parent)?.child_entity.retain(|other| other != child);
        }
        (Parent::ComputeResource, "HostSystem") => {
            tx.edit::<ComputeResourceProperties>(&parent)?.host.retain(|other| other != child);
        }
        (Parent::ComputeResource, _) => tx.edit::<ComputeResourceProperties>(&parent)?.resource_pool = None,
        (Parent::ResourcePool, _) => {
            tx.edit::<ResourcePoolProperties>(&parent)?.resource_pool.retain(|other| other != child);
        }
        (Parent::Other, _) => {}
    }
    Ok(())
}

enum Parent {
    Folder,
    ComputeResource,
    ResourcePool,
    Other,
}

fn kind_of(tx: &Tx<'_>, parent: &MoRef) -> Result<Parent> {
    let node = tx.must(parent)?;
    Ok(match () {
        () if node.is_a("Folder") => Parent::Folder,
        () if node.is_a("ComputeResource") => Parent::ComputeResource,
        () if node.is_a("ResourcePool") => Parent::ResourcePool,
        () => Parent::Other,
    })
}

/// The datacenter that lists the entity, where it is a datastore or a network.
fn lists_of(tx: &Tx<'_>, child: &MoRef) -> Option<MoRef> {
    let node = tx.node(child)?;
    if !node.is_a("Datastore") && !node.is_a("Network") {
        return None;
    }
    Some(tx.above(child, "Datacenter")?.moref.clone())
}

fn list_of<'a>(datacenter: &'a mut DatacenterProperties, child: &MoRef) -> &'a mut Vec<MoRef> {
    if child.kind() == "Datastore" { &mut datacenter.datastore } else { &mut datacenter.network }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_once() {
        assert_eq!(valid_name("a/b\\c%").ok().as_deref(), Some("a%2fb%5cc%25"));
        assert_eq!(valid_name("a%2fb%5Cc%25").ok().as_deref(), Some("a%2fb%5Cc%25"));
        assert_eq!(valid_name("50%ü").ok().as_deref(), Some("50%25ü"));
        assert!(valid_name("").is_err());
        assert!(valid_name(&"x".repeat(81)).is_err());
    }
}
