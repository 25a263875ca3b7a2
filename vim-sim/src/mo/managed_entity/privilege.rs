//! The privileges that methods of all entities need, which depend on what the entity is.

use crate::world::{Node, World};
use vim_wire::MoRef;

/// Type, and what it takes to destroy, rename and move one.
const PRIVILEGES: [(&str, &str, &str, &str); 11] = [
    (
        "VirtualMachine",
        "VirtualMachine.Inventory.Delete",
        "VirtualMachine.Config.Rename",
        "VirtualMachine.Inventory.Move",
    ),
    ("VirtualApp", "VApp.Delete", "VApp.Rename", "VApp.Move"),
    ("ResourcePool", "Resource.DeletePool", "Resource.RenamePool", "Resource.MovePool"),
    ("Folder", "Folder.Delete", "Folder.Rename", "Folder.Move"),
    ("Datacenter", "Datacenter.Delete", "Datacenter.Rename", "Datacenter.Move"),
    ("HostSystem", "Host.Inventory.RemoveHostFromCluster", "System.Read", "Host.Inventory.MoveHost"),
    (
        "ComputeResource",
        "Host.Inventory.DeleteCluster",
        "Host.Inventory.RenameCluster",
        "Host.Inventory.MoveCluster",
    ),
    ("Datastore", "Datastore.Delete", "Datastore.Rename", "Datastore.Move"),
    ("DistributedVirtualPortgroup", "DVPortgroup.Delete", "DVPortgroup.Modify", "Network.Move"),
    ("Network", "Network.Delete", "Network.Config", "Network.Move"),
    ("DistributedVirtualSwitch", "DVSwitch.Delete", "DVSwitch.Modify", "DVSwitch.Move"),
];

fn of(node: &Node) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    PRIVILEGES.iter().find(|(kind, ..)| node.is_a(kind))
}

pub(crate) fn to_destroy(world: &World, moref: &MoRef) -> Option<&'static str> {
    of(world.node(moref)?).map(|privileges| privileges.1)
}

pub(crate) fn to_rename(world: &World, moref: &MoRef) -> Option<&'static str> {
    of(world.node(moref)?).map(|privileges| privileges.2)
}

pub(crate) fn to_move(world: &World, moref: &MoRef) -> Option<&'static str> {
    of(world.node(moref)?).map(|privileges| privileges.3)
}
