//! Events: what happened, told to whoever asks.
//!
//! Handlers post an event with what they know; who caused it, when, where in the inventory and in which words is filled in
//! here.

mod description;
mod message;
mod words;

pub(crate) use description::{category, description};

use crate::log::Log;
use crate::world::{Tx, World};
use std::sync::Arc;
use vim_types::mo::{EventManagerProperties, VirtualMachineProperties};
use vim_types::{
    ComputeResourceEventArgument, DatacenterEventArgument, DatastoreEventArgument, DvsEventArgument,
    EntityEventArgument, Event, FolderEventArgument, HostEventArgument, ManagedEntityEventArgument,
    NetworkEventArgument, ResourcePoolEventArgument, VmEventArgument,
};
use vim_wire::{MoRef, Poly};

/// How many events are kept.
const KEPT: usize = 1 << 14;

/// The events that there were, oldest first: the event manager's own.
#[derive(Clone, Debug)]
pub(crate) struct History(pub(crate) Log<Arc<Poly<Event>>>);

impl Default for History {
    fn default() -> Self {
        Self(Log::new(KEPT))
    }
}

/// Posts an event. What is empty is filled in: key, chain, time, user, the places of its virtual machine or host, the names
/// of all places, and the message. Returns its key.
pub(crate) fn post(tx: &mut Tx<'_>, event: impl Into<Poly<Event>>) -> i32 {
    let mut event = event.into();
    let Some(manager) = manager(tx) else { return 0 };
    let key = tx.state::<History>(&manager).map_or(0, |history| history.0.next()) + 1;
    let key = i32::try_from(key).unwrap_or(i32::MAX);
    if tx.chain == 0 {
        tx.chain = key;
    }
    event.key = key;
    event.created_time = tx.now;
    if event.chain_id == 0 {
        event.chain_id = tx.chain;
    }
    if event.user_name.is_empty() {
        event.user_name = tx.user.clone();
    }
    place(tx, &mut event);
    if event.full_formatted_message.as_ref().is_none_or(String::is_empty) {
        event.full_formatted_message = Some(message::of(&event));
    }
    if let Ok(manager) = tx.edit::<EventManagerProperties>(&manager) {
        manager.latest_event = Some(event.clone());
    }
    crate::mo::alarm_manager::trigger(tx, &event);
    if let Ok(history) = tx.edit_state::<History>(&manager) {
        history.0.push(Arc::new(event));
    }
    key
}

/// The events that there were.
pub(crate) fn history(world: &World) -> Option<&Log<Arc<Poly<Event>>>> {
    world.state::<History>(&manager(world)?).map(|history| &history.0)
}

/// Makes an event one of an entity's, where events have a place for such.
pub(crate) fn set_argument(world: &World, event: &mut Event, entity: &MoRef) {
    let Some(node) = world.node(entity) else { return };
    let is_a = |kind: &str| node.is_a(kind);
    if is_a("VirtualMachine") {
        event.vm = Some(vm(world, entity));
    } else if is_a("HostSystem") {
        event.host = Some(host(world, entity));
    } else if is_a("ComputeResource") {
        event.compute_resource = Some(compute_resource(world, entity));
    } else if is_a("Datacenter") {
        event.datacenter = Some(datacenter(world, entity));
    } else if is_a("Datastore") {
        event.ds = Some(datastore(world, entity));
    } else if is_a("Network") {
        event.net = Some(network(world, entity));
    } else if is_a("DistributedVirtualSwitch") {
        event.dvs = Some(dvs(world, entity));
    }
}

fn manager(world: &World) -> Option<MoRef> {
    world.of_kind_one("EventManager")
}

/// Fills in where an event happened, and the names of those places.
fn place(world: &World, event: &mut Event) {
    if let Some(vm) = &event.vm
        && event.host.is_none()
        && let Ok(properties) = world.get::<VirtualMachineProperties>(&vm.vm)
        && let Some(at) = &properties.runtime.host
    {
        event.host = Some(host(world, at));
    }
    if event.compute_resource.is_none()
        && let Some(of) = &event.host
        && let Some(compute) = world.above(&of.host, "ComputeResource")
    {
        event.compute_resource = Some(compute_resource(world, &compute.moref));
    }
    if event.datacenter.is_none() {
        let inner = event.vm.as_ref().map(|of| &of.vm);
        let inner = inner.or(event.host.as_ref().map(|of| &of.host));
        let inner = inner.or(event.compute_resource.as_ref().map(|of| &of.compute_resource));
        let inner = inner.or(event.ds.as_ref().map(|of| &of.datastore));
        let inner = inner.or(event.net.as_ref().map(|of| &of.network));
        let inner = inner.or(event.dvs.as_ref().map(|of| &of.dvs));
        if let Some(at) = inner.and_then(|inner| world.above(inner, "Datacenter")) {
            event.datacenter = Some(datacenter(world, &at.moref));
        }
    }
    let name = |argument: &mut EntityEventArgument, moref: &MoRef| {
        if argument.name.is_empty() {
            world.name(moref).clone_into(&mut argument.name);
        }
    };
    if let Some(of) = &mut event.vm {
        name(&mut of.extends, &of.vm);
    }
    if let Some(of) = &mut event.host {
        name(&mut of.extends, &of.host);
    }
    if let Some(of) = &mut event.compute_resource {
        name(&mut of.extends, &of.compute_resource);
    }
    if let Some(of) = &mut event.datacenter {
        name(&mut of.extends, &of.datacenter);
    }
    if let Some(of) = &mut event.ds {
        name(&mut of.extends, &of.datastore);
    }
    if let Some(of) = &mut event.net {
        name(&mut of.extends, &of.network);
    }
    if let Some(of) = &mut event.dvs {
        name(&mut of.extends, &of.dvs);
    }
}

fn named(world: &World, moref: &MoRef) -> EntityEventArgument {
    EntityEventArgument { name: world.name(moref).to_owned(), ..Default::default() }
}

/// Arguments of events: an object and its name of now.
macro_rules! arguments {
    ($($name:ident: $kind:ident { $field:ident };)*) => {
        $(pub(crate) fn $name(world: &World, moref: &MoRef) -> $kind {
            $kind { $field: moref.clone(), extends: named(world, moref) }
        })*
    };
}
arguments! {
    vm: VmEventArgument { vm };
    host: HostEventArgument { host };
    compute_resource: ComputeResourceEventArgument { compute_resource };
    datacenter: DatacenterEventArgument { datacenter };
    datastore: DatastoreEventArgument { datastore };
    network: NetworkEventArgument { network };
    dvs: DvsEventArgument { dvs };
    folder: FolderEventArgument { folder };
    resource_pool: ResourcePoolEventArgument { resource_pool };
    entity: ManagedEntityEventArgument { entity };
}

/// An event that befell a virtual machine, for `VmPoweredOnEvent { extends: events::of_vm(tx, &vm), .. }`.
pub(crate) fn of_vm(world: &World, moref: &MoRef) -> vim_types::VmEvent {
    vim_types::VmEvent {
        extends: Event { vm: Some(vm(world, moref)), ..Default::default() },
        template: world
            .get::<VirtualMachineProperties>(moref)
            .is_ok_and(|vm| vm.config.as_ref().is_some_and(|config| config.template)),
    }
}

/// An event that befell a host.
pub(crate) fn of_host(world: &World, moref: &MoRef) -> vim_types::HostEvent {
    vim_types::HostEvent { extends: Event { host: Some(host(world, moref)), ..Default::default() } }
}
