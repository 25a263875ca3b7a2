//! `PropertyFilter`: what a client wants to be told of.

use super::scope::Scope;
use super::spec::Plan;
use crate::fault::{Fault, Result};
use crate::mo::view::View;
use crate::session::{Own, Session};
use crate::world::World;
use std::sync::Arc;
use vim_types::PropertyFilterSpec;
use vim_types::mo::PropertyFilterProperties;
use vim_wire::{MoRef, Object};

/// A filter of a collector.
pub(crate) struct Filter {
    pub(crate) moref: MoRef,
    /// The collector that it is of.
    pub(crate) collector: MoRef,
    spec: PropertyFilterSpec,
    /// Whether changes are told down to the part that changed.
    pub(crate) partial: bool,
    pub(crate) plan: Arc<Plan>,
}

impl Own for Filter {
    fn properties(&self, _session: &Session, _world: &World) -> Object {
        Object::new(PropertyFilterProperties { spec: self.spec.clone(), partial_updates: self.partial })
    }
}

impl Filter {
    /// A filter in the version that is spoken. Fails where the specification is wrong, or an object is missing that must not.
    pub(crate) fn new(
        scope: &Scope<'_>,
        moref: MoRef,
        collector: MoRef,
        spec: PropertyFilterSpec,
        partial: bool,
        version: u8,
    ) -> Result<Self> {
        let plan = Arc::new(Plan::new(std::slice::from_ref(&spec), version, "spec")?);
        match plan.roots.iter().find(|root| !root.may_miss && !scope.exists(&root.moref)) {
            Some(root) => Err(Fault::managed_object_not_found(&root.moref)),
            None => Ok(Self { moref, collector, spec, partial, plan }),
        }
    }

    /// How often the views among what it starts from were changed by their owner.
    pub(crate) fn editions(&self, scope: &Scope<'_>) -> Vec<Option<u64>> {
        let view = |moref: &MoRef| scope.session.and_then(|session| session.find::<View>(moref));
        self.plan.roots.iter().map(|root| view(&root.moref).map(|view| view.edition())).collect()
    }

    /// The views that it looks through, where it does nothing else: then what comes and goes can be told object by object.
    pub(crate) fn views(&self, scope: &Scope<'_>) -> Option<Vec<Option<Arc<View>>>> {
        let session = scope.session?;
        let view = |root: &super::spec::Root| {
            let [way] = *root.next else { return None };
            let way = self.plan.ways.get(way)?;
            let is_view = matches!(root.moref.kind(), "ContainerView" | "ListView" | "InventoryView");
            (is_view && root.skip && way.path == "view" && !way.skip && way.next.is_empty())
                .then(|| session.find(&root.moref))
        };
        self.plan.roots.iter().map(view).collect()
    }
}
