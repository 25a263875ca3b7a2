//! What a client was told of a filter, and what there is to be told.

use super::content::Item;
use super::filter::Filter;
use super::retrieve::item;
use super::scope::Scope;
use super::select::{Selection, select};
use super::spec::Columns;
use crate::fast::FastSet;
use crate::mo::view::{View, is_container, leads_up};
use crate::world::{Node, World};
use std::borrow::Borrow;
use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use vim_wire::MoRef;

/// What a client was told of a filter.
pub(crate) struct Told {
    pub(crate) filter: Arc<Filter>,
    /// The world's version up to which the filter has looked; none before it has looked at all.
    seen: Option<u64>,
    /// What is selected, and what the client believes to be.
    objects: FastSet<Entry>,
    /// What may have to be told, in the order in which it came up.
    queue: VecDeque<Arc<Node>>,
    /// The objects from which ways led on.
    passed: HashSet<MoRef>,
    /// The selected objects that lie outside of the world.
    outside: Vec<MoRef>,
    /// The objects to start from that are not there.
    missing: Vec<Missing>,
    /// How often the views that are looked through were changed by their owner.
    editions: Vec<Option<u64>>,
    /// What the client believed before it was told what it has not acknowledged yet, latest last.
    undo: Vec<(Arc<Node>, Option<Arc<Node>>)>,
    round: u32,
}

/// An object that is selected, or that the client believes to be.
///
/// *Invariant:* what changes of an entry in its place takes no part in its hash.
struct Entry {
    /// The object as it was told; as it came up, where it was not told.
    node: Arc<Node>,
    told: bool,
    selected: Cell<bool>,
    queued: Cell<bool>,
    round: Cell<u32>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.node.moref == other.node.moref
    }
}
impl Eq for Entry {}
impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.node.moref.hash(state);
    }
}
impl Borrow<MoRef> for Entry {
    fn borrow(&self) -> &MoRef {
        &self.node.moref
    }
}

struct Missing {
    moref: MoRef,
    known: Known,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Not,
    /// In an answer that may be asked for again.
    Lately,
    Surely,
}

/// What is to be told of an object.
pub(crate) enum Update {
    Enter(Item),
    Modify(Arc<Node>, Item),
    Leave(Arc<Node>),
}

impl Told {
    /// Of a filter of which the client knows nothing.
    pub(crate) fn nothing(filter: Arc<Filter>) -> Self {
        Self {
            filter,
            seen: None,
            objects: FastSet::default(),
            queue: VecDeque::new(),
            passed: HashSet::new(),
            outside: Vec::new(),
            missing: Vec::new(),
            editions: Vec::new(),
            undo: Vec::new(),
            round: 0,
        }
    }

    /// Of how many objects the client knows.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Takes what was told for known to the client.
    pub(crate) fn acknowledge(&mut self) {
        self.undo = Vec::new();
        for missing in &mut self.missing {
            if missing.known == Known::Lately {
                missing.known = Known::Surely;
            }
        }
    }

    /// Takes what was told since the last acknowledgement for lost: it is told again, as it is then.
    pub(crate) fn take_back(&mut self) {
        for missing in &mut self.missing {
            if missing.known == Known::Lately {
                missing.known = Known::Not;
            }
        }
        for (node, before) in std::mem::take(&mut self.undo).into_iter().rev() {
            let selected = self.objects.get(&node.moref).is_some_and(|entry| entry.selected.get());
            let told = before.is_some();
            self.put(before.unwrap_or_else(|| Arc::clone(&node)), told, selected);
            self.enqueue(&node.moref);
        }
    }

    /// Takes out what is to be told, of so many objects at the most.
    pub(crate) fn take(&mut self, scope: &Scope<'_>, most: usize) -> Vec<Update> {
        let filter = Arc::clone(&self.filter);
        let mut columns = Columns::new(&filter.plan);
        let mut updates = Vec::new();
        while updates.len() < most
            && let Some(node) = self.queue.pop_front()
        {
            let Some(entry) = self.objects.get(&node.moref) else { continue };
            entry.queued.set(false);
            let old = entry.told.then(|| Arc::clone(&entry.node));
            let new = scope.subject(&node.moref).filter(|_| entry.selected.get());
            let update = match (old, new) {
                (None, None) => {
                    self.objects.remove(&node.moref);
                    continue;
                }
                (Some(old), None) => {
                    self.objects.remove(&node.moref);
                    self.undo.push((Arc::clone(&node), Some(Arc::clone(&old))));
                    Update::Leave(old)
                }
                (Some(old), Some(new)) => {
                    self.put(Arc::clone(&new), true, true);
                    self.undo.push((node, Some(Arc::clone(&old))));
                    Update::Modify(old, item(scope, &mut columns, new))
                }
                (None, Some(new)) => {
                    self.put(Arc::clone(&new), true, true);
                    self.undo.push((node, None));
                    Update::Enter(item(scope, &mut columns, new))
                }
            };
            updates.push(update);
        }
        updates
    }

    /// The objects to start from of which the client does not know that they are missing.
    pub(crate) fn take_missing(&mut self) -> Vec<MoRef> {
        let untold = self.missing.iter_mut().filter(|missing| missing.known == Known::Not);
        untold
            .map(|missing| {
                missing.known = Known::Lately;
                missing.moref.clone()
            })
            .collect()
    }

    /// Whether there may be more to be told.
    pub(crate) fn has_more(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Looks at what has happened.
    pub(crate) fn look(&mut self, scope: &Scope<'_>) {
        let world = scope.world;
        let views = self.filter.views(scope);
        let editions = self.filter.editions(scope);
        let seen = self.seen.replace(world.version());
        let changes = match seen {
            Some(seen) if editions == self.editions => {
                world.changes_since(seen).map(|changes| (seen, changes))
            }
            _ => None,
        };
        self.editions = editions;
        let Some((seen, changes)) = changes else { return self.select_anew(scope) };
        let anew = match views {
            Some(views) => {
                let views: Vec<_> = views.into_iter().flatten().collect();
                changes
                    .into_iter()
                    .any(|change| self.follow_view(scope, &views, &change.moref, seen).is_none())
            }
            // Few objects are looked at faster than many changes.
            None if self.objects.len() + self.passed.len() + self.missing.len() < changes.len() => {
                let all: Vec<MoRef> = self.objects.iter().map(|entry| entry.node.moref.clone()).collect();
                let passed: Vec<MoRef> = self.passed.iter().cloned().collect();
                let missing: Vec<MoRef> = self.missing.iter().map(|missing| missing.moref.clone()).collect();
                all.iter()
                    .chain(&passed)
                    .chain(&missing)
                    .any(|moref| self.follow(world, moref, seen).is_none())
            }
            None => changes.into_iter().any(|change| self.follow(world, &change.moref, seen).is_none()),
        };
        if anew {
            return self.select_anew(scope);
        }
        for moref in self.outside.clone() {
            if let Some(entry) = self.objects.get(&moref) {
                entry.selected.set(scope.exists(&moref));
                self.enqueue(&moref);
            }
        }
    }

    /// Notes a change of an object; none where the selection has to be made anew for it.
    fn follow(&mut self, world: &World, moref: &MoRef, since: u64) -> Option<()> {
        let now = world.node(moref);
        if self.passed.contains(moref) {
            let now = now?;
            let ways = self.filter.plan.ways.iter().filter(|way| way.leads_from(now.kind()));
            if ways.into_iter().any(|way| now.changed_at(&way.path, since)) {
                return None;
            }
        }
        if self.missing.iter().any(|missing| missing.moref == *moref) && now.is_some() {
            return None;
        }
        // Something that starts the selection is gone.
        if now.is_none() && self.filter.plan.roots.iter().any(|root| root.moref == *moref && root.may_miss) {
            return None;
        }
        self.note(moref, now);
        Some(())
    }

    /// The same where views alone select: what came and went is told by where the object lies.
    fn follow_view(
        &mut self,
        scope: &Scope<'_>,
        views: &[Arc<View>],
        moref: &MoRef,
        since: u64,
    ) -> Option<()> {
        let world = scope.world;
        let now = world.node(moref);
        let Some(node) = now else {
            self.note(moref, None);
            return Some(());
        };
        let known = self.objects.get(moref).is_some_and(|entry| entry.selected.get());
        let moved = leads_up(node, since);
        if moved && views.iter().any(|view| view.follows_inventory()) {
            let old = node.born <= since;
            // What lies in it has moved together with it.
            if old && is_container(node) {
                return None;
            }
            if self.filter.plan.reports(node.kind()) {
                let shown = views.iter().any(|view| view.contains(world, node)) && scope.may_see(moref);
                self.select(node, shown);
            }
        } else if !known && node.born > since && self.filter.plan.reports(node.kind()) {
            // A list that was made before its object.
            let shown = views.iter().any(|view| view.contains(world, node)) && scope.may_see(moref);
            self.select(node, shown);
        }
        self.note(moref, now);
        Some(())
    }

    fn select_anew(&mut self, scope: &Scope<'_>) {
        let Selection { nodes, missing, passed } = select(scope, &self.filter.plan);
        self.round = self.round.wrapping_add(1);
        self.passed = passed.iter().map(|node| node.moref.clone()).collect();
        self.outside.clear();
        for node in &nodes {
            if scope.is_outside(&node.moref) {
                self.outside.push(node.moref.clone());
            }
            self.select(node, true);
        }
        let gone: Vec<Arc<Node>> = self
            .objects
            .iter()
            .filter(|entry| entry.selected.get() && entry.round.get() != self.round)
            .map(|entry| Arc::clone(&entry.node))
            .collect();
        gone.iter().for_each(|node| self.select(node, false));
        let missing: Vec<MoRef> =
            missing.into_iter().filter(|(_, expected)| *expected).map(|(moref, _)| moref).collect();
        self.missing.retain(|known| missing.contains(&known.moref));
        for moref in missing {
            if !self.missing.iter().any(|known| known.moref == moref) {
                self.missing.push(Missing { moref, known: Known::Not });
            }
        }
    }

    fn put(&mut self, node: Arc<Node>, told: bool, selected: bool) {
        let queued = self.objects.get(&node.moref).is_some_and(|entry| entry.queued.get());
        let entry = Entry {
            node,
            told,
            selected: Cell::new(selected),
            queued: Cell::new(queued),
            round: Cell::new(self.round),
        };
        self.objects.replace(entry);
    }

    fn enqueue(&mut self, moref: &MoRef) {
        if let Some(entry) = self.objects.get(moref)
            && !entry.queued.replace(true)
        {
            self.queue.push_back(Arc::clone(&entry.node));
        }
    }

    /// Notes that an object has changed or is gone, where it is one that the client knows.
    fn note(&mut self, moref: &MoRef, now: Option<&Arc<Node>>) {
        let Some(entry) = self.objects.get(moref) else { return };
        if now.is_none() {
            entry.selected.set(false);
        }
        if now.is_none_or(|now| !entry.told || !Arc::ptr_eq(&entry.node, now)) {
            self.enqueue(moref);
        }
    }

    /// Notes that an object is selected now, or is not any more.
    fn select(&mut self, node: &Arc<Node>, selected: bool) {
        match self.objects.get(&node.moref) {
            Some(entry) => {
                entry.round.set(self.round);
                let changed = entry.selected.replace(selected) != selected;
                if changed || !Arc::ptr_eq(&entry.node, node) {
                    self.enqueue(&node.moref);
                }
            }
            None if selected => {
                self.put(Arc::clone(node), false, true);
                self.enqueue(&node.moref);
            }
            None => {}
        }
    }
}
