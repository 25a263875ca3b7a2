//! Transactions.

use super::diff::diff;
use super::{Change, Node, State, World, derived};
use crate::fault::{Fault, Result};
use crate::sim::Sim;
use std::any::Any as StdAny;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use vim_types::mo::ManagedEntityProperties;
use vim_wire::{DataObject, DateTime, MoRef, Object};

/// Changes that become visible together, or not at all. It is a [`World`] in which they have happened already.
pub(crate) struct Tx<'w> {
    world: &'w mut World,
    /// What was there before, of everything that was touched; in the order of the first touch.
    before: HashMap<MoRef, Option<Arc<Node>>>,
    touched: Vec<MoRef>,
    pub(crate) now: DateTime,
    /// Who causes it, for events.
    pub(crate) user: String,
    /// The chain of events that it belongs to: its task's, or that of its first event; 0 before there is one.
    pub(crate) chain: i32,
    /// What is to be done once the changes are visible.
    then: Vec<Then>,
    done: bool,
}

/// Something that follows a transaction.
pub(crate) type Then = Box<dyn FnOnce(&Arc<Sim>) + Send>;

impl Deref for Tx<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.world
    }
}

impl<'w> Tx<'w> {
    pub(super) fn new(world: &'w mut World) -> Self {
        Self {
            world,
            before: HashMap::new(),
            touched: Vec::new(),
            now: std::time::SystemTime::now().into(),
            user: String::new(),
            chain: 0,
            then: Vec::new(),
            done: false,
        }
    }

    /// Has something done once the changes are visible; it is not where they do not become so.
    pub(crate) fn then(&mut self, work: impl FnOnce(&Arc<Sim>) + Send + 'static) {
        self.then.push(Box::new(work));
    }

    /// What is to be done once the changes are visible.
    pub(crate) fn take_then(&mut self) -> Vec<Then> {
        std::mem::take(&mut self.then)
    }

    /// A reference for a new object: `vm-62`, `host-21`.
    pub(crate) fn new_ref(&mut self, kind: &'static str) -> MoRef {
        self.world.number += 1;
        MoRef::new(kind, format!("{}{}", prefix(kind), self.world.number))
    }

    /// Says which objects are the service content's managers.
    pub(crate) fn set_managers(&mut self, managers: Vec<MoRef>) {
        self.world.managers = managers;
    }

    /// A number that was not given before.
    pub(crate) fn new_number(&mut self) -> u64 {
        self.world.number += 1;
        self.world.number
    }

    fn touch(&mut self, moref: &MoRef) {
        if !self.before.contains_key(moref) {
            self.before.insert(moref.clone(), self.world.nodes.get(moref).cloned());
            self.touched.push(moref.clone());
        }
    }

    fn node_mut(&mut self, moref: &MoRef) -> Result<&mut Node> {
        self.touch(moref);
        match self.world.nodes.get_mut(moref) {
            // Copied at the first touch: `before` has the original.
            Some(node) => Ok(Arc::make_mut(node)),
            None => Err(Fault::managed_object_not_found(moref)),
        }
    }

    /// An object's properties, to be changed.
    pub(crate) fn edit<P: DataObject>(&mut self, moref: &MoRef) -> Result<&mut P> {
        self.node_mut(moref)?.object.downcast_mut().ok_or_else(|| Fault::managed_object_not_found(moref))
    }

    /// The simulator's own facts about an object, to be changed; made by default where there are none.
    pub(crate) fn edit_state<S: StdAny + Clone + Default + Send + Sync>(
        &mut self,
        moref: &MoRef,
    ) -> Result<&mut S> {
        let node = self.node_mut(moref)?;
        let state = node.state.get_or_insert_with(|| Arc::new(S::default()));
        if (**state).downcast_ref::<S>().is_none() {
            *state = Arc::new(S::default());
        }
        if Arc::get_mut(state).is_none() {
            let copy: Option<State> = (**state).downcast_ref::<S>().map(|old| Arc::new(old.clone()) as State);
            *state = copy.unwrap_or_else(|| Arc::new(S::default()));
        }
        Arc::get_mut(state)
            .and_then(|state| state.downcast_mut())
            .ok_or_else(|| Fault::managed_object_not_found(moref))
    }

    /// Adds an object.
    pub(crate) fn create<P: DataObject>(&mut self, moref: &MoRef, properties: P) {
        self.create_object(moref, Object::new(properties));
    }

    pub(crate) fn create_object(&mut self, moref: &MoRef, object: Object) {
        self.touch(moref);
        let node =
            Node { moref: moref.clone(), object, state: None, born: 0, changed: 0, stamps: Vec::new() };
        self.world.nodes.insert(moref.clone(), Arc::new(node));
    }

    /// Takes an object out.
    pub(crate) fn remove(&mut self, moref: &MoRef) {
        self.touch(moref);
        self.world.nodes.remove(moref);
    }

    /// Renames or moves: sets the parent of a managed entity.
    pub(crate) fn set_parent(&mut self, moref: &MoRef, parent: &MoRef) -> Result<()> {
        self.edit::<ManagedEntityProperties>(moref)?.parent = Some(parent.clone());
        Ok(())
    }

    /// An object's properties before the transaction.
    pub(crate) fn before<P: DataObject>(&self, moref: &MoRef) -> Option<&P> {
        self.before.get(moref)?.as_ref()?.properties()
    }

    /// Makes the changes visible. Returns whether there are any.
    pub(crate) fn commit(mut self) -> bool {
        // What follows from other properties follows now; that may touch more objects. VMs come first: what their hosts and
        // pools have follows from them.
        self.touched.sort_by_key(|moref| moref.kind() != "VirtualMachine");
        let mut at = 0;
        while at < self.touched.len() {
            let moref = self.touched[at].clone();
            derived::refresh(&mut self, &moref);
            at += 1;
        }
        let version = self.world.version + 1;
        let mut changes = Vec::new();
        for moref in std::mem::take(&mut self.touched) {
            let before = self.before.remove(&moref).flatten();
            match (before, self.world.nodes.get_mut(&moref)) {
                (None, None) => continue,
                (None, Some(node)) => {
                    let node = Arc::make_mut(node);
                    (node.born, node.changed) = (version, version);
                }
                (Some(_), None) => {}
                (Some(old), Some(new)) => {
                    if !stamp(&old, new, version) {
                        continue;
                    }
                }
            }
            changes.push(Change { version, moref });
        }
        self.done = true;
        if changes.is_empty() {
            return false;
        }
        self.world.version = version;
        for change in changes {
            self.world.note(change);
        }
        true
    }
}

/// Notes which properties differ; returns whether any does.
fn stamp(old: &Arc<Node>, new: &mut Arc<Node>, version: u64) -> bool {
    if Arc::ptr_eq(old, new) {
        return false;
    }
    let mut paths = Vec::new();
    diff(old.object.as_ref(), new.object.as_ref(), "", &mut |path| paths.push(path));
    if paths.is_empty() {
        return false;
    }
    let node = Arc::make_mut(new);
    for path in paths {
        node.stamp(path, version);
    }
    true
}

impl Drop for Tx<'_> {
    /// What was not committed did not happen.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        for (moref, before) in self.before.drain() {
            match before {
                Some(node) => self.world.nodes.insert(moref, node),
                None => self.world.nodes.remove(&moref),
            };
        }
    }
}

/// What the ids of a managed object's type begin with, as vcsim and servers have them.
fn prefix(kind: &'static str) -> Cow<'static, str> {
    let prefix = match kind {
        "VirtualMachine" => "vm-",
        "HostSystem" => "host-",
        "Folder" => "group-",
        "ResourcePool" => "resgroup-",
        "VirtualApp" => "resgroup-v",
        "ClusterComputeResource" => "domain-c",
        "ComputeResource" => "domain-s",
        "DistributedVirtualPortgroup" => "dvportgroup-",
        "VmwareDistributedVirtualSwitch" | "DistributedVirtualSwitch" => "dvs-",
        "StoragePod" => "group-p",
        "VirtualMachineSnapshot" => "snapshot-",
        "Datacenter" => "datacenter-",
        "Datastore" => "datastore-",
        "Network" => "network-",
        "OpaqueNetwork" => "network-o",
        "Task" => "task-",
        "EnvironmentBrowser" => "envbrowser-",
        "HostDatastoreBrowser" => "datastoreBrowser-",
        other => return format!("{other}-").into(),
    };
    prefix.into()
}
