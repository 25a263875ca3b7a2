//! What a watch knows of its objects, and what is to be told of them.

use super::object::{Missing, Object};
use super::read::{self, Fill};
use super::updates::{self, Kind, Sink};
use super::watch::Change;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use vim_wire::{Answer, DecodeError, Error, ErrorKind, MoRef, Reader, Tag};

/// An object as it was told last.
pub(super) struct Known<P> {
    partial: P,
    /// What each property's value was, as a hash of its text: all that is needed to tell what changed.
    values: Vec<u64>,
    missing: Vec<Missing>,
}

pub(super) struct State<F: Fill> {
    fill: Arc<F>,
    objects: HashMap<MoRef, Known<F::Partial>>,
    pub(super) told: VecDeque<Result<Change<F::Row>, Error>>,
    /// The objects that were asked for by reference; none where all of a kind are.
    wanted: HashSet<MoRef>,
    /// Those of them of which was told that they are not there.
    absent: HashSet<MoRef>,
    /// The objects that a new filter has shown so far, until it has shown all.
    pub(super) seen: Option<HashSet<MoRef>>,
    ready: bool,
    current: Option<Current<F::Partial>>,
}

struct Current<P> {
    moref: MoRef,
    kind: Kind,
    known: Known<P>,
    changed: bool,
    /// Which properties the update has brought. After an `enter` the others are unset.
    brought: HashSet<usize>,
    /// Which the update says that cannot be read.
    missing: Vec<Missing>,
    is_new: bool,
}

impl<F: Fill> State<F> {
    pub(super) fn new(fill: Arc<F>, wanted: HashSet<MoRef>) -> Self {
        Self {
            fill,
            objects: HashMap::new(),
            told: VecDeque::new(),
            wanted,
            absent: HashSet::new(),
            seen: None,
            ready: false,
            current: None,
        }
    }

    /// Takes in an update set; returns the version to ask for next.
    pub(super) fn take_in(&mut self, answer: &Answer) -> Result<Option<String>, DecodeError> {
        let updates = updates::read(answer, self)?;
        if !updates.truncated {
            self.complete();
        }
        Ok(updates.version)
    }

    /// All that there is has been shown: what a new filter did not show is gone.
    fn complete(&mut self) {
        if let Some(seen) = self.seen.take() {
            let gone: Vec<MoRef> =
                self.objects.keys().filter(|moref| !seen.contains(*moref)).cloned().collect();
            for moref in gone {
                self.remove(&moref);
            }
            // Some servers say it of those that are not there, others leave them out.
            let absent: Vec<MoRef> =
                self.wanted.iter().filter(|moref| !seen.contains(*moref)).cloned().collect();
            for moref in absent {
                self.gone(moref);
            }
        }
        if !self.ready {
            self.ready = true;
            self.told.push_back(Ok(Change::Ready));
        }
    }

    fn remove(&mut self, moref: &MoRef) {
        if self.objects.remove(moref).is_some() {
            self.told.push_back(Ok(Change::Removed(moref.clone())));
            if self.wanted.contains(moref) {
                self.absent.insert(moref.clone());
            }
        }
    }
}

impl<F: Fill> Sink for State<F> {
    fn object(&mut self, moref: MoRef, kind: Kind) {
        let (known, is_new) = match self.objects.entry(moref.clone()) {
            Entry::Occupied(entry) if kind != Kind::Leave => (entry.remove(), false),
            _ => (Known { partial: F::Partial::default(), values: Vec::new(), missing: Vec::new() }, true),
        };
        let (brought, missing) = (HashSet::new(), Vec::new());
        self.current = Some(Current { moref, kind, known, changed: is_new, brought, missing, is_new });
    }

    fn assign<'x>(
        &mut self,
        path: &str,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError> {
        let (Some(index), Some(current)) = (self.fill.index(path), &mut self.current) else {
            return reader.skip(value);
        };
        let start = value.offset();
        self.fill.read(&mut current.known.partial, index, reader, value)?;
        let mut hasher = DefaultHasher::new();
        reader.read_since(start).hash(&mut hasher);
        current.set(index, hasher.finish());
        Ok(())
    }

    fn unset(&mut self, path: &str) {
        if let (Some(index), Some(current)) = (self.fill.index(path), &mut self.current) {
            self.fill.unset(&mut current.known.partial, index);
            current.set(index, 0);
        }
    }

    fn missing(&mut self, missing: Missing) {
        if let Some(current) = &mut self.current {
            current.missing.push(missing);
        }
    }

    fn done(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        if current.kind == Kind::Leave {
            self.remove(&current.moref);
            return;
        }
        self.absent.remove(&current.moref);
        for index in 0..current.known.values.len() {
            let unset = !current.brought.contains(&index)
                && (current.kind == Kind::Enter
                    || self.fill.path(index).is_some_and(|path| {
                        current.missing.iter().any(|missing| read::is_within(path, &missing.path))
                    }));
            if unset && current.known.values[index] != 0 {
                self.fill.unset(&mut current.known.partial, index);
                current.known.values[index] = 0;
                current.changed = true;
            }
        }
        current.settle_missing(&*self.fill);
        if let Some(seen) = &mut self.seen {
            seen.insert(current.moref.clone());
        }
        if current.changed {
            let Current { moref, known, .. } = &current;
            self.told.push_back(match self.fill.build(known.partial.clone()) {
                Ok(row) => {
                    let object = Object { moref: moref.clone(), row, missing: known.missing.clone() };
                    Ok(if self.ready || !current.is_new {
                        Change::Applied(object)
                    } else {
                        Change::Init(object)
                    })
                }
                Err(path) => Err(read::incomplete(moref, &path, &known.missing)),
            });
        }
        self.objects.insert(current.moref, current.known);
    }

    fn gone(&mut self, moref: MoRef) {
        self.remove(&moref);
        if self.wanted.contains(&moref) && self.absent.insert(moref.clone()) {
            let error = Error::new(ErrorKind::NotFound, "the object is not there (any more)");
            self.told.push_back(Err(error.in_operation("WaitForUpdatesEx").on_object(&moref)));
        }
    }
}

impl<P> Current<P> {
    fn set(&mut self, index: usize, value: u64) {
        if self.known.values.len() <= index {
            self.known.values.resize(index + 1, 0);
        }
        self.brought.insert(index);
        self.changed |= self.known.values[index] != value;
        self.known.values[index] = value;
    }

    /// What cannot be read now: what the update says, and what was known before and has not come since.
    fn settle_missing<F: Fill>(&mut self, fill: &F) {
        let mut now = std::mem::take(&mut self.missing);
        if self.kind != Kind::Enter {
            let brought: Vec<&str> = self.brought.iter().filter_map(|index| fill.path(*index)).collect();
            let stays = |known: &&Missing| {
                !now.iter().any(|missing| missing.path == known.path)
                    && !brought.iter().any(|path| read::path_covers(&known.path, path))
            };
            let known: Vec<Missing> = self.known.missing.iter().filter(stays).cloned().collect();
            now.extend(known);
        }
        let same = now.len() == self.known.missing.len()
            && now.iter().all(|missing| self.known.missing.contains(missing));
        if !same {
            self.known.missing = now;
            self.changed = true;
        }
    }
}
