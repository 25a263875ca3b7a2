//! `View`: what a session looks at. Views follow the inventory by themselves, since they are worked out when they are read.

use crate::call::{Call, Reply, methods};
use crate::collector::Scope;
use crate::fast::FastSet;
use crate::fault::{Fault, Result};
use crate::session::{Own, Session};
use crate::sim::properties_of;
use crate::world::{Node, World};
use indexmap::IndexSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vim_types::mo::{
    ComputeResourceProperties, ContainerViewProperties, DatacenterProperties, FolderProperties,
    HostSystemProperties, InventoryViewProperties, ListViewProperties, ManagedObjectViewProperties,
    ResourcePoolProperties, VirtualAppProperties, VirtualMachineProperties,
};
use vim_wire::{MoRef, Object, TypeDesc};

methods! {
    "DestroyView" => destroy,
    "ModifyListView" => modify_list,
    "ResetListView" => reset_list,
    "ResetListViewFromView" => reset_list_from_view,
    "OpenInventoryViewFolder" => open_folder,
    "CloseInventoryViewFolder" => close_folder,
}

/// A view.
pub(crate) struct View {
    shows: Shows,
    /// How often it was changed by its owner.
    edition: AtomicU64,
}

enum Shows {
    Container(Container),
    List(Mutex<IndexSet<MoRef>>),
    Inventory { root: MoRef, open: Mutex<IndexSet<MoRef>> },
}

/// What lies in a managed entity.
struct Container {
    moref: MoRef,
    types: Vec<String>,
    /// The types that are shown; all where there are none.
    kinds: Vec<&'static TypeDesc>,
    recursive: bool,
}

/// What can be shown by a container view, and what can be its container.
const ENTITIES: &[(&str, bool)] = &[
    ("ManagedEntity", true),
    ("Folder", true),
    ("StoragePod", true),
    ("Datacenter", true),
    ("ComputeResource", true),
    ("ClusterComputeResource", true),
    ("HostSystem", true),
    ("ResourcePool", true),
    ("VirtualApp", true),
    ("VirtualMachine", false),
    ("Datastore", false),
    ("Network", false),
    ("OpaqueNetwork", false),
    ("DistributedVirtualPortgroup", false),
    ("DistributedVirtualSwitch", false),
    ("VmwareDistributedVirtualSwitch", false),
];

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl View {
    fn new(shows: Shows) -> Self {
        Self { shows, edition: AtomicU64::new(0) }
    }

    /// A view of what lies in a container.
    pub(crate) fn container(
        world: &World,
        moref: MoRef,
        types: Vec<String>,
        recursive: bool,
    ) -> Result<Self> {
        let container = world.must(&moref)?.kind().name;
        if !ENTITIES.iter().any(|(name, contains)| *name == container && *contains) {
            return Err(Fault::invalid_argument("container"));
        }
        let known =
            |name: &String| properties_of(name).filter(|_| ENTITIES.iter().any(|(entity, _)| entity == name));
        let kinds: Option<Vec<_>> = types.iter().map(known).collect();
        let kinds = kinds.ok_or_else(|| Fault::invalid_argument("type"))?;
        Ok(Self::new(Shows::Container(Container { moref, types, kinds, recursive })))
    }

    /// A view of the objects of a list.
    pub(crate) fn list(list: IndexSet<MoRef>) -> Self {
        Self::new(Shows::List(Mutex::new(list)))
    }

    /// A view of the inventory, of which nothing but the root is to be seen at first.
    pub(crate) fn inventory(root: MoRef) -> Self {
        Self::new(Shows::Inventory { root, open: Mutex::default() })
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self.shows {
            Shows::Container(_) => "ContainerView",
            Shows::List(_) => "ListView",
            Shows::Inventory { .. } => "InventoryView",
        }
    }

    /// How often its owner has changed it.
    pub(crate) fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.edition.fetch_add(1, Ordering::AcqRel);
    }

    /// Its properties without what it shows.
    pub(crate) fn outline(&self) -> Object {
        match &self.shows {
            Shows::Container(container) => Object::new(ContainerViewProperties {
                container: container.moref.clone(),
                r#type: container.types.clone(),
                recursive: container.recursive,
                ..Default::default()
            }),
            Shows::List(_) => Object::new(ListViewProperties::default()),
            Shows::Inventory { .. } => Object::new(InventoryViewProperties::default()),
        }
    }

    /// Calls `reach` with each object that it shows, once.
    pub(crate) fn each(&self, scope: &Scope<'_>, reach: &mut dyn FnMut(Arc<Node>)) {
        match &self.shows {
            Shows::Container(container) => container.each(scope.world, reach),
            Shows::List(list) => {
                let list: Vec<MoRef> = lock(list).iter().cloned().collect();
                list.iter().filter_map(|moref| scope.waypoint(moref)).for_each(reach);
            }
            Shows::Inventory { root, open } => shown(scope.world, root, &lock(open), reach),
        }
    }

    /// Whether it shows an object that there is, told by the object and what lies above it: as fast in a large inventory as
    /// in a small one.
    pub(crate) fn contains(&self, world: &World, node: &Node) -> bool {
        match &self.shows {
            Shows::Container(container) => container.contains(world, node),
            Shows::List(list) => lock(list).contains(&node.moref),
            Shows::Inventory { root, open } => {
                let mut found = false;
                shown(world, root, &lock(open), &mut |shown| found |= shown.moref == node.moref);
                found
            }
        }
    }

    /// Whether what it shows depends on where objects are.
    pub(crate) const fn follows_inventory(&self) -> bool {
        !matches!(self.shows, Shows::List(_))
    }
}

impl Own for View {
    fn properties(&self, session: &Session, world: &World) -> Object {
        let mut object = self.outline();
        if let Some(view) = object.downcast_mut::<ManagedObjectViewProperties>() {
            let mut add = |node: Arc<Node>| view.view.push(node.moref.clone());
            match &self.shows {
                Shows::Container(container) => container.each(world, &mut add),
                Shows::List(list) => {
                    let exists = |moref: &&MoRef| world.node(moref).is_some() || session.has(moref);
                    view.view = lock(list).iter().filter(exists).cloned().collect();
                }
                Shows::Inventory { root, open } => shown(world, root, &lock(open), &mut add),
            }
        }
        object
    }
}

impl Container {
    fn shows(&self, node: &Node) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|kind| node.kind().is_a(kind))
    }

    fn each(&self, world: &World, reach: &mut dyn FnMut(Arc<Node>)) {
        let Some(root) = world.node(&self.moref) else { return };
        // Virtual machines lie in a folder, in a pool and on a host at once.
        let mut seen: FastSet<usize> = FastSet::default();
        let mut open: Vec<&Arc<Node>> = vec![root];
        while let Some(node) = open.pop() {
            if !std::ptr::eq(node, root) && self.shows(node) {
                reach(Arc::clone(node));
            }
            if !self.recursive && !std::ptr::eq(node, root) {
                continue;
            }
            let from = open.len();
            children(node, &mut |child| {
                if let Some(child) = world.node(child)
                    && seen.insert(Arc::as_ptr(child) as usize)
                {
                    open.push(child);
                }
            });
            if let Some(found) = open.get_mut(from..) {
                found.reverse();
            }
        }
    }

    fn contains(&self, world: &World, node: &Node) -> bool {
        if !self.shows(node) {
            return false;
        }
        let mut open: Vec<&MoRef> = Vec::new();
        let mut at = 0;
        parents(world, node, &mut |parent| open.push(parent));
        while let Some(moref) = open.get(at).copied() {
            at += 1;
            if *moref == self.moref {
                return world.node(moref).is_some();
            }
            if self.recursive
                && let Some(parent) = world.node(moref)
            {
                parents(world, parent, &mut |above| {
                    if !open.contains(&above) {
                        open.push(above);
                    }
                });
            }
        }
        false
    }
}

/// Calls `each` with what lies directly in a managed entity.
pub(crate) fn children<'n>(node: &'n Node, each: &mut dyn FnMut(&'n MoRef)) {
    if let Some(folder) = node.properties::<FolderProperties>() {
        folder.child_entity.iter().for_each(each);
    } else if let Some(datacenter) = node.properties::<DatacenterProperties>() {
        each(&datacenter.vm_folder);
        each(&datacenter.host_folder);
        each(&datacenter.datastore_folder);
        each(&datacenter.network_folder);
    } else if let Some(compute) = node.properties::<ComputeResourceProperties>() {
        compute.host.iter().chain(&compute.resource_pool).for_each(each);
    } else if let Some(pool) = node.properties::<ResourcePoolProperties>() {
        pool.resource_pool.iter().chain(&pool.vm).for_each(each);
    } else if let Some(host) = node.properties::<HostSystemProperties>() {
        host.vm.iter().for_each(each);
    }
}

/// Calls `each` with what a managed entity lies directly in.
fn parents<'n>(world: &World, node: &'n Node, each: &mut dyn FnMut(&'n MoRef)) {
    node.parent().into_iter().for_each(&mut *each);
    if let Some(vm) = node.properties::<VirtualMachineProperties>() {
        vm.resource_pool.iter().chain(&vm.runtime.host).for_each(each);
    } else if let Some(app) = node.properties::<VirtualAppProperties>() {
        // A folder that an app belongs to need not have it among its children.
        let holds = |folder: &&MoRef| {
            let folder = world.get::<FolderProperties>(folder);
            folder.is_ok_and(|folder| folder.child_entity.contains(&node.moref))
        };
        app.parent_folder.iter().filter(holds).for_each(each);
    }
}

/// Whether other managed entities lie in an entity.
pub(crate) fn is_container(node: &Node) -> bool {
    ["Folder", "Datacenter", "ComputeResource", "ResourcePool", "HostSystem"]
        .iter()
        .any(|kind| node.is_a(kind))
}

/// Whether what [`Container::contains`] goes by has changed of an entity since a version.
pub(crate) fn leads_up(node: &Node, since: u64) -> bool {
    let paths: &[&str] = match node.kind().name {
        "VirtualMachine" => &["parent", "resourcePool", "runtime.host"],
        "VirtualApp" => &["parent", "parentFolder"],
        _ => &["parent"],
    };
    paths.iter().any(|path| node.changed_at(path, since))
}

/// Calls `reach` with what is to be seen of the inventory where those entities are open.
fn shown(world: &World, root: &MoRef, open: &IndexSet<MoRef>, reach: &mut dyn FnMut(Arc<Node>)) {
    let mut seen: FastSet<usize> = FastSet::default();
    let mut next: Vec<&Arc<Node>> = world.node(root).into_iter().collect();
    while let Some(node) = next.pop() {
        if !seen.insert(Arc::as_ptr(node) as usize) {
            continue;
        }
        reach(Arc::clone(node));
        let from = next.len();
        // What belongs to a datacenter and to a compute resource is shown together with it.
        if open.contains(&node.moref) || node.is_a("Datacenter") || node.is_a("ComputeResource") {
            children(node, &mut |child| next.extend(world.node(child)));
        }
        if let Some(found) = next.get_mut(from..) {
            found.reverse();
        }
    }
}

/// The view of that reference, where it is the session's.
pub(crate) fn find(call: &Call<'_>, moref: &MoRef) -> Result<Arc<View>> {
    call.session()?.find(moref).ok_or_else(|| Fault::managed_object_not_found(moref))
}

fn destroy(call: &Call<'_>) -> Result<Reply> {
    find(call, &call.this)?;
    call.session()?.take(&call.this);
    call.sim.nudge();
    call.done()
}

/// Those of a list that there are, and those that there are not.
pub(crate) fn resolve(call: &Call<'_>, all: Vec<MoRef>) -> Result<(Vec<MoRef>, Vec<MoRef>)> {
    call.session()?;
    Ok(Scope::read(call, |scope| {
        all.into_iter().partition(|moref| scope.exists(moref) && scope.may_see(moref))
    }))
}

fn edit_list(
    call: &Call<'_>,
    add: Vec<MoRef>,
    edit: impl FnOnce(&mut IndexSet<MoRef>, Vec<MoRef>),
) -> Result<Reply> {
    let view = find(call, &call.this)?;
    let (found, missing) = resolve(call, add)?;
    if let Shows::List(list) = &view.shows {
        edit(&mut lock(list), found);
    }
    view.changed();
    call.sim.nudge();
    call.returns(&missing)
}

fn modify_list(call: &Call<'_>) -> Result<Reply> {
    let remove: Vec<MoRef> = call.list("remove")?;
    edit_list(call, call.list("add")?, |list, found| {
        list.extend(found);
        let remove: std::collections::HashSet<_> = remove.iter().collect();
        if !remove.is_empty() {
            list.retain(|moref| !remove.contains(moref));
        }
    })
}

fn reset_list(call: &Call<'_>) -> Result<Reply> {
    edit_list(call, call.list("obj")?, |list, found| *list = found.into_iter().collect())
}

fn reset_list_from_view(call: &Call<'_>) -> Result<Reply> {
    let shown = shown_by(call, &call.arg("view")?)?;
    edit_list(call, Vec::new(), |list, _| *list = shown)?;
    call.done()
}

/// What a view shows.
pub(crate) fn shown_by(call: &Call<'_>, moref: &MoRef) -> Result<IndexSet<MoRef>> {
    let view = find(call, moref)?;
    let mut shown = IndexSet::new();
    Scope::read(call, |scope| {
        view.each(&scope, &mut |node| {
            shown.insert(node.moref.clone());
        });
    });
    Ok(shown)
}

fn edit_open(call: &Call<'_>, edit: impl FnOnce(&World, &mut IndexSet<MoRef>, Vec<MoRef>)) -> Result<Reply> {
    let view = find(call, &call.this)?;
    let (found, missing) = resolve(call, call.list("entity")?)?;
    if let Shows::Inventory { open, .. } = &view.shows {
        call.read(|world| edit(world, &mut lock(open), found));
    }
    view.changed();
    call.sim.nudge();
    call.returns(&missing)
}

fn open_folder(call: &Call<'_>) -> Result<Reply> {
    edit_open(call, |world, open, found| {
        // What is not to be seen yet is come to by opening what lies above it.
        for moref in &found {
            open.extend(world.lineage(moref).map(|node| node.moref.clone()));
        }
    })
}

fn close_folder(call: &Call<'_>) -> Result<Reply> {
    edit_open(call, |world, open, found| {
        open.retain(|moref| !world.lineage(moref).any(|node| found.contains(&node.moref)));
    })
}
