//! Properties that follow from others: summaries and lists. Handlers set causes; what follows is set here, before a
//! transaction becomes visible.

use super::Tx;
use vim_wire::MoRef;

/// Sets what follows from an object's other properties.
pub(super) fn refresh(tx: &mut Tx<'_>, moref: &MoRef) {
    match moref.kind() {
        "VirtualMachine" => {
            crate::mo::virtual_machine::derived(tx, moref);
            crate::mo::usage::follow(tx, moref);
            crate::mo::cluster_compute_resource::forget_vm(tx, moref);
        }
        "HostSystem" => crate::mo::host_system::derived(tx, moref),
        "Datastore" => crate::mo::datastore::derived(tx, moref),
        "StoragePod" => crate::mo::storage_resource_manager::pod::derived(tx, moref),
        "ClusterComputeResource" | "ComputeResource" => crate::mo::compute_resource::derived(tx, moref),
        "ResourcePool" | "VirtualApp" => crate::mo::resource_pool::derived(tx, moref),
        "OptionManager" => crate::mo::option_manager::derived(tx, moref),
        "DistributedVirtualPortgroup" => {
            crate::mo::network::derived(tx, moref);
            crate::mo::distributed_virtual_portgroup::derived(tx, moref);
        }
        "VmwareDistributedVirtualSwitch" => crate::mo::distributed_virtual_switch::derived(tx, moref),
        "Network" | "OpaqueNetwork" => crate::mo::network::derived(tx, moref),
        _ => {}
    }
    crate::mo::custom_fields_manager::derived(tx, moref);
}
