//! Which objects a specification selects.

use super::scope::Scope;
use super::spec::Plan;
use crate::fast::FastSet;
use crate::fault::{Fault, Result};
use crate::world::Node;
use std::sync::Arc;
use vim_wire::MoRef;

/// What was selected.
#[derive(Default)]
pub(crate) struct Selection {
    /// The objects that are reported, each once, in the order in which they were come upon.
    pub(crate) nodes: Vec<Arc<Node>>,
    /// Objects to start from that are not there, and whether that was to be expected.
    pub(crate) missing: Vec<(MoRef, bool)>,
    /// The objects from which ways led on.
    pub(crate) passed: Vec<Arc<Node>>,
}

impl Selection {
    /// The fault where an object to start from is missing that should not.
    pub(crate) fn check(&self) -> Result<()> {
        match self.missing.iter().find(|(_, expected)| !expected) {
            Some((moref, _)) => Err(Fault::managed_object_not_found(moref)),
            None => Ok(()),
        }
    }

    /// The objects that are reported.
    pub(crate) fn nodes(self) -> Result<Vec<Arc<Node>>> {
        self.check()?;
        Ok(self.nodes)
    }
}

/// An object that was come upon, and the ways to go on from it.
struct Visit<'p> {
    node: Arc<Node>,
    report: bool,
    next: &'p [usize],
}

/// Follows a plan. What comes of each object comes before the next object, as in a walk down a tree.
pub(crate) fn select(scope: &Scope<'_>, plan: &Plan) -> Selection {
    let mut selection = Selection::default();
    let mut seen: FastSet<usize> = FastSet::default();
    let mut gone: FastSet<(usize, usize)> = FastSet::default();
    let mut open: Vec<Visit<'_>> = Vec::new();
    for root in &plan.roots {
        let Some(node) = scope.waypoint(&root.moref) else {
            selection.missing.push((root.moref.clone(), root.may_miss));
            continue;
        };
        open.push(Visit { node, report: !root.skip, next: &root.next });
        while let Some(Visit { node, report, next }) = open.pop() {
            // Objects outside of the world are made anew each time that they are come upon, and kept until the end: no two
            // share an address.
            let place = Arc::as_ptr(&node) as usize;
            let kind = node.kind();
            let from = open.len();
            let mut led_on = false;
            for way in next {
                let Some(way_on) = plan.ways.get(*way).filter(|way_on| way_on.leads_from(kind)) else {
                    continue;
                };
                if !gone.insert((place, *way)) {
                    continue;
                }
                led_on = true;
                let (report, next) = (!way_on.skip, &*way_on.next);
                scope.follow(&node, &way_on.path, &mut |node| open.push(Visit { node, report, next }));
            }
            if let Some(found) = open.get_mut(from..) {
                found.reverse();
            }
            if led_on {
                selection.passed.push(Arc::clone(&node));
            }
            if report && plan.reports(kind) && seen.insert(place) {
                selection.nodes.push(node);
            }
        }
    }
    complete(scope, &mut selection);
    selection
}

/// Views that are reported themselves were come upon without what they show.
fn complete(scope: &Scope<'_>, selection: &mut Selection) {
    let Some(session) = scope.session else { return };
    let mut told: Vec<MoRef> = Vec::new();
    selection.nodes.retain_mut(|node| {
        if !session.has(&node.moref) {
            return true;
        }
        if told.contains(&node.moref) {
            return false;
        }
        told.push(node.moref.clone());
        if let Some(whole) = scope.subject(&node.moref) {
            *node = whole;
        }
        true
    });
}
