//! The managed objects of a simulator: their properties, and what happened to them.
//!
//! *Invariant:* an object that others can see never changes. A transaction copies what it edits; when it ends well, the
//! copies take the originals' places under one new version, and otherwise they are dropped. Readers keep what they have.
//! That version is what property collectors go by.

mod derived;
mod diff;
mod path;
mod tx;

pub(crate) use path::{Found, Steps, find};
pub(crate) use tx::Tx;

use crate::fault::{Fault, Result};
use std::any::Any as StdAny;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use vim_types::mo::ManagedEntityProperties;
use vim_wire::{DataObject, MoRef, Object, TypeDesc};

/// How many changes are remembered. Who is further behind looks at everything.
const REMEMBERED: usize = 1 << 18;

/// What there is beside an object's properties: the simulator's own facts about it.
pub(crate) type State = Arc<dyn StdAny + Send + Sync>;

/// A managed object.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) moref: MoRef,
    /// Its properties, as a `…Properties` of vim-types.
    pub(crate) object: Object,
    pub(crate) state: Option<State>,
    /// The version in which it was created.
    pub(crate) born: u64,
    /// The version in which it changed last.
    pub(crate) changed: u64,
    /// The property paths that changed after it was created, as deep as the difference lay, and in which version.
    stamps: Vec<(Box<str>, u64)>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("moref", &self.moref)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// An object that lies outside of the world, as a session's own do, with its properties as they are now.
    pub(crate) const fn outside(moref: MoRef, object: Object) -> Self {
        Self { moref, object, state: None, born: u64::MAX, changed: u64::MAX, stamps: Vec::new() }
    }

    /// Whether it lies outside of the world: nobody notes what changes of it.
    pub(crate) const fn is_outside(&self) -> bool {
        self.born == u64::MAX
    }

    /// Its managed object type.
    pub(crate) fn kind(&self) -> &'static TypeDesc {
        self.object.desc()
    }

    /// Whether it is of that managed object type or of one that extends it.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        self.kind().lineage().any(|desc| desc.name == kind)
    }

    /// Its properties as those of a managed object type that it is or extends.
    pub(crate) fn properties<P: DataObject>(&self) -> Option<&P> {
        self.object.downcast_ref()
    }

    pub(crate) fn state<S: StdAny>(&self) -> Option<&S> {
        self.state.as_ref()?.downcast_ref()
    }

    /// The name of a managed entity; empty for others.
    pub(crate) fn name(&self) -> &str {
        self.properties::<ManagedEntityProperties>().map_or("", |entity| &entity.name)
    }

    pub(crate) fn parent(&self) -> Option<&MoRef> {
        self.properties::<ManagedEntityProperties>()?.parent.as_ref()
    }

    /// Whether what lies at a property path, above it or below it has changed since a version.
    pub(crate) fn changed_at(&self, path: &str, since: u64) -> bool {
        self.changed > since
            && (self.born > since
                || self.stamps.iter().any(|(at, version)| *version > since && touches(at, path)))
    }

    fn stamp(&mut self, path: String, version: u64) {
        match self.stamps.iter_mut().find(|(at, _)| **at == *path) {
            Some(stamp) => stamp.1 = version,
            None => self.stamps.push((path.into(), version)),
        }
        self.changed = version;
    }
}

/// Whether one of two paths is the other or lies in it.
fn touches(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// That an object came, went or changed in a version.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) moref: MoRef,
}

/// Everything that there is.
#[derive(Debug, Default)]
pub(crate) struct World {
    nodes: HashMap<MoRef, Arc<Node>>,
    version: u64,
    journal: VecDeque<Change>,
    /// The last number of an id.
    number: u64,
    /// The managers of the service content.
    managers: Vec<MoRef>,
}

impl World {
    /// The version of now; each transaction that changes something makes the next one.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn node(&self, moref: &MoRef) -> Option<&Arc<Node>> {
        self.nodes.get(moref)
    }

    /// The object, or the fault that there is none.
    pub(crate) fn must(&self, moref: &MoRef) -> Result<&Arc<Node>> {
        self.nodes.get(moref).ok_or_else(|| Fault::managed_object_not_found(moref))
    }

    /// An object's properties, or the fault that there is no such object of that type.
    pub(crate) fn get<P: DataObject>(&self, moref: &MoRef) -> Result<&P> {
        self.must(moref)?.properties().ok_or_else(|| Fault::managed_object_not_found(moref))
    }

    /// The simulator's own facts about an object.
    pub(crate) fn state<S: StdAny>(&self, moref: &MoRef) -> Option<&S> {
        self.nodes.get(moref)?.state()
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// All objects of a managed object type or of one that extends it, in the order of their ids.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<&Arc<Node>> {
        let mut found: Vec<_> = self.nodes.values().filter(|node| node.is_a(kind)).collect();
        found.sort_unstable_by(|a, b| order(a.moref.value()).cmp(&order(b.moref.value())));
        found
    }

    /// The service content's manager of that managed object type.
    pub(crate) fn of_kind_one(&self, kind: &str) -> Option<MoRef> {
        self.managers.iter().find(|manager| manager.kind() == kind).cloned()
    }

    pub(crate) fn name(&self, moref: &MoRef) -> &str {
        self.nodes.get(moref).map_or("", |node| node.name())
    }

    /// The object, its parent, its parent's parent and so on.
    pub(crate) fn lineage<'a>(&'a self, moref: &MoRef) -> impl Iterator<Item = &'a Arc<Node>> {
        std::iter::successors(self.nodes.get(moref), |node| self.nodes.get(node.parent()?))
    }

    /// The nearest of that type among an object and those above it.
    pub(crate) fn above<'a>(&'a self, moref: &MoRef, kind: &str) -> Option<&'a Arc<Node>> {
        self.lineage(moref).find(|node| node.is_a(kind))
    }

    /// What happened after a version, oldest first; none where that is not remembered any more.
    pub(crate) fn changes_since(&self, version: u64) -> Option<impl ExactSizeIterator<Item = &Change>> {
        let forgotten = match self.journal.front() {
            Some(first) => first.version > version + 1 && self.journal.len() >= REMEMBERED,
            None => false,
        };
        if forgotten {
            return None;
        }
        let from = self.journal.partition_point(|change| change.version <= version);
        Some(self.journal.range(from..))
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self) -> Tx<'_> {
        Tx::new(self)
    }

    fn note(&mut self, change: Change) {
        if self.journal.len() >= REMEMBERED {
            self.journal.pop_front();
        }
        self.journal.push_back(change);
    }
}

/// Ids in the order of their numbers.
fn order(value: &str) -> (&str, u64) {
    let digits = value.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, number) = value.split_at(value.len() - digits);
    (head, number.parse().unwrap_or(0))
}
