//! What a caller of the property collector sees: the world's objects, and its session's own.

use super::privilege::{ANONYMOUS, VIEW};
use super::spec::Column;
use crate::call::Call;
use crate::dispatch::not_authenticated;
use crate::fault::Fault;
use crate::mo::authorization_manager as authorization;
use crate::mo::view::View;
use crate::session::Session;
use crate::sim::Sim;
use crate::world::{Found, Node, World, find};
use std::sync::Arc;
use vim_types::mo::{
    EventManagerProperties, PropertyCollectorProperties, SessionManagerProperties, TaskManagerProperties,
    ViewManagerProperties,
};
use vim_wire::{MoRef, Object, Slot};

/// A world, as a caller sees it at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) world: &'a World,
    pub(crate) session: Option<&'a Session>,
    /// Whether privileges need not be looked at.
    unlimited: bool,
}

/// Why an object's properties cannot be read: the fault for each privilege that the caller lacks on it.
pub(crate) type Lacks = Option<Box<[(&'static str, Fault)]>>;

impl<'a> Scope<'a> {
    pub(crate) fn new(sim: &'a Sim, world: &'a World, session: Option<&'a Session>) -> Self {
        let unlimited = session.is_some_and(|session| authorization::unlimited(world, &session.user));
        Self { sim, world, session, unlimited }
    }

    /// Whether the caller may read everything.
    pub(crate) const fn is_unlimited(&self) -> bool {
        self.unlimited
    }

    /// Reads the world as that call's sender sees it.
    pub(crate) fn read<R>(call: &Call<'_>, read: impl FnOnce(Scope<'_>) -> R) -> R {
        call.read(|world| read(Scope::new(call.sim, world, call.session.as_deref())))
    }

    /// An object with its properties, those included that lie outside of the world.
    pub(crate) fn subject(&self, moref: &MoRef) -> Option<Arc<Node>> {
        match self.world.node(moref) {
            Some(node) if is_virtual(moref.kind()) => Some(self.with_session(node)),
            Some(node) if is_described(moref.kind()) => Some(with_description(node)),
            Some(node) => Some(Arc::clone(node)),
            None => self.own(moref),
        }
    }

    /// The same for going on from it: what views show is left out.
    pub(crate) fn waypoint(&self, moref: &MoRef) -> Option<Arc<Node>> {
        match self.session.and_then(|session| session.find::<View>(moref)) {
            Some(view) => Some(Arc::new(Node::outside(moref.clone(), view.outline()))),
            None => self.subject(moref),
        }
    }

    fn own(&self, moref: &MoRef) -> Option<Arc<Node>> {
        let session = self.session?;
        let object = session.get(moref)?.properties(session, self.world);
        Some(Arc::new(Node::outside(moref.clone(), object)))
    }

    /// A manager with what it has of the session's.
    fn with_session(&self, node: &Arc<Node>) -> Arc<Node> {
        let Some(session) = self.session else { return Arc::clone(node) };
        let mut object: Object = node.object.clone();
        if let Some(manager) = object.downcast_mut::<SessionManagerProperties>() {
            manager.session_list = crate::mo::session_manager::list(self.sim);
            manager.current_session = Some(session.info());
        } else if let Some(manager) = object.downcast_mut::<ViewManagerProperties>() {
            manager.view_list = ["ContainerView", "ListView", "InventoryView"]
                .iter()
                .flat_map(|kind| session.objects_of(kind))
                .collect();
            manager.view_list.sort_unstable();
        } else if let Some(collector) = object.downcast_mut::<PropertyCollectorProperties>() {
            collector.filter =
                super::Collector::find(session, &node.moref).map_or_else(Vec::new, |own| own.filters());
        }
        Arc::new(Node::outside(node.moref.clone(), object))
    }

    /// Whether there is an object.
    pub(crate) fn exists(&self, moref: &MoRef) -> bool {
        self.world.node(moref).is_some() || self.session.is_some_and(|session| session.has(moref))
    }

    /// Whether an object's properties may change without the world's.
    pub(crate) fn is_outside(&self, moref: &MoRef) -> bool {
        is_virtual(moref.kind()) || self.world.node(moref).is_none()
    }

    /// Calls `reach` with each object to which a property of an object leads and that the caller may see.
    pub(crate) fn follow(&self, node: &Node, path: &str, reach: &mut dyn FnMut(Arc<Node>)) {
        if path == "view"
            && let Some(view) = self.session.and_then(|session| session.find::<View>(&node.moref))
        {
            return view.each(self, &mut |node| {
                if self.may_see(&node.moref) {
                    reach(node);
                }
            });
        }
        let mut follow = |moref: &MoRef| {
            if let Some(node) = self.waypoint(moref).filter(|_| self.may_see(moref)) {
                reach(node);
            }
        };
        match find(node.object.as_ref(), path) {
            Ok(Found::Slot(Slot::MoRef(cell))) => cell.values().iter().for_each(follow),
            Ok(Found::Slot(Slot::Any(cell))) => {
                cell.values().iter().filter_map(|value| value.as_moref()).for_each(&mut follow);
            }
            _ => {}
        }
    }

    /// Whether the caller may see an object. Without a session there is no telling: what is read of it says so.
    pub(crate) fn may_see(&self, moref: &MoRef) -> bool {
        let Some(session) = self.session.filter(|_| !self.unlimited) else { return true };
        self.world.node(moref).is_none() || authorization::can(self.world, &session.user, VIEW, moref)
    }

    /// What the caller lacks to read those properties of an object.
    pub(crate) fn lacks(&self, moref: &MoRef, columns: &[Column]) -> Lacks {
        if self.unlimited {
            return None;
        }
        let mut lacks: Vec<(&'static str, Fault)> = Vec::new();
        let mut met: Vec<&'static str> = vec![ANONYMOUS];
        for Column { privilege, .. } in columns {
            if met.contains(privilege) {
                continue;
            }
            met.push(privilege);
            let fault = match self.session {
                None => Some(not_authenticated(moref)),
                Some(_) if self.world.node(moref).is_none() => None,
                Some(session) => authorization::require(self.world, &session.user, privilege, moref).err(),
            };
            lacks.extend(fault.map(|fault| (*privilege, fault)));
        }
        (!lacks.is_empty()).then(|| lacks.into())
    }
}

/// Whether objects of a type show each session something else.
fn is_virtual(kind: &str) -> bool {
    matches!(kind, "SessionManager" | "ViewManager" | "PropertyCollector")
}

/// Whether objects of a type have a description that is long and never changes, and that their nodes therefore lack.
fn is_described(kind: &str) -> bool {
    matches!(kind, "EventManager" | "TaskManager")
}

/// A manager with its description.
fn with_description(node: &Arc<Node>) -> Arc<Node> {
    let mut node = Node::clone(node);
    if let Some(manager) = node.object.downcast_mut::<EventManagerProperties>() {
        manager.description.clone_from(crate::events::description());
    } else if let Some(manager) = node.object.downcast_mut::<TaskManagerProperties>() {
        manager.description.clone_from(crate::mo::task_manager::description());
    }
    Arc::new(node)
}
