//! `PropertyCollector`: a session's filters, and the versions in which their changes are told.
//!
//! Each answer has the next number as its version. Who asks with the version of the last answer has understood it. Who asks
//! with the one before again has not got the answer: what that told is taken back and told anew, together with what has
//! happened since. An answer that was cut short has a version that is good for going on from, once.
//!
//! Several clients may share a session and its default collector, as the threads of a program do. Each that starts with no
//! version is a reader of its own, so that none takes from the others what they have not been told.

use super::changes::{changed, entering};
use super::content::write_fault;
use super::filter::Filter;
use super::pages::Pages;
use super::scope::Scope;
use super::spec::Columns;
use super::told::{Told, Update};
use crate::call::Call;
use crate::fault::{Fault, Result};
use crate::session::{Own, Session};
use crate::world::World;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use vim_types::InvalidCollectorVersion;
use vim_types::mo::PropertyCollectorProperties;
use vim_wire::server::Writer;
use vim_wire::{MoRef, Object};

/// A property collector of a session: its default one, or one that it made.
#[derive(Default)]
pub(crate) struct Collector {
    filters: Mutex<Vec<Arc<Filter>>>,
    readers: Mutex<Readers>,
    pub(crate) pages: Pages,
    /// Told when there is another filter.
    filtered: watch::Sender<()>,
    /// Told when those who wait shall not wait any longer.
    canceled: watch::Sender<()>,
}

/// Who is told, the one that asked last at the end.
#[derive(Default)]
struct Readers {
    /// The version of the last answer to any of them; 0 before the first.
    version: u64,
    all: VecDeque<Reader>,
}

/// Somebody who is told of changes.
#[derive(Default)]
struct Reader {
    /// The version of the last answer; 0 before the first.
    last: u64,
    /// Whether that answer was cut short.
    truncated: bool,
    /// The version that can be asked for again: that of the last answer that was understood.
    before: Option<u64>,
    told: Vec<Told>,
}

/// How many readers a collector remembers, and how many objects they may know of together.
const READERS: usize = 64;
const KNOWN: usize = 1 << 18;

/// What an answer may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of how many objects it tells at the most.
    pub(crate) objects: usize,
    /// Whether it can be cut short, and go on from one that was.
    pub(crate) may_truncate: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Own for Collector {
    fn properties(&self, _session: &Session, _world: &World) -> Object {
        Object::new(PropertyCollectorProperties { filter: self.filters() })
    }
}

impl Collector {
    /// The collector that is called; a session's own part of the default one is made when it is needed first.
    pub(crate) fn of(call: &Call<'_>) -> Result<Arc<Self>> {
        let session = call.session()?;
        session
            .find_or_put(&call.this, Self::default)
            .ok_or_else(|| Fault::managed_object_not_found(&call.this))
    }

    pub(crate) fn find(session: &Session, moref: &MoRef) -> Option<Arc<Self>> {
        session.find(moref)
    }

    pub(crate) fn filters(&self) -> Vec<MoRef> {
        lock(&self.filters).iter().map(|filter| filter.moref.clone()).collect()
    }

    pub(crate) fn add(&self, filter: Arc<Filter>) {
        lock(&self.filters).push(filter);
        self.filtered.send_replace(());
    }

    pub(crate) fn remove(&self, filter: &MoRef) {
        lock(&self.filters).retain(|other| other.moref != *filter);
    }

    /// Ends the calls that wait.
    pub(crate) fn cancel(&self) {
        self.canceled.send_replace(());
    }

    pub(crate) fn canceled(&self) -> watch::Receiver<()> {
        self.canceled.subscribe()
    }

    pub(crate) fn filtered(&self) -> watch::Receiver<()> {
        self.filtered.subscribe()
    }

    /// What has changed since a version, as the elements of an answer; none where nothing has.
    pub(crate) fn updates(&self, call: &Call<'_>, version: &str, bounds: Bounds) -> Result<Option<String>> {
        let filters = lock(&self.filters).clone();
        let readers = &mut *lock(&self.readers);
        let mut reader = readers.ask(version, bounds)?;
        reader.follow(&filters);
        let mut sets: Vec<Set> = filters.iter().map(|filter| Set::new(call, Arc::clone(filter))).collect();
        let more = reader.tell(call, bounds.objects, &mut sets);
        sets.retain(|set| !set.is_empty());
        if sets.is_empty() && !version.is_empty() {
            // What was left to tell when the last answer was cut short has come to nothing.
            if std::mem::take(&mut reader.truncated) {
                reader.understood();
            }
            readers.keep(reader);
            return Ok(None);
        }
        readers.version += 1;
        (reader.last, reader.truncated) = (readers.version, more);
        readers.keep(reader);
        let mut writer = call.writer();
        writer.open("returnval");
        writer.text("version", &readers.version.to_string());
        sets.into_iter().for_each(|set| set.finish(&mut writer));
        if more {
            writer.value("truncated", &true);
        }
        writer.close("returnval");
        Ok(Some(writer.finish()))
    }

    /// Whether a version is still that of the last answer to somebody: who waits with an older one has been overtaken by a
    /// later call of the same client.
    pub(crate) fn is_last(&self, version: &str) -> bool {
        let readers = lock(&self.readers);
        version.parse().is_ok_and(|version: u64| readers.all.iter().any(|reader| reader.last == version))
    }
}

impl Readers {
    /// Takes out the reader who knows a version, as it was then; a new one where there is no version.
    fn ask(&mut self, version: &str, bounds: Bounds) -> Result<Reader> {
        if version.is_empty() {
            return Ok(Reader::default());
        }
        let message = || format!("The version {version:?} is not one that can be asked for");
        let invalid = || Fault::new(InvalidCollectorVersion::default(), message());
        let version: u64 = version.parse().map_err(|_| invalid())?;
        let at = self.all.iter().position(|reader| {
            (reader.last == version && (!reader.truncated || bounds.may_truncate))
                || reader.before == Some(version)
        });
        let mut reader = at.and_then(|at| self.all.remove(at)).ok_or_else(invalid)?;
        if reader.last != version {
            reader.told.iter_mut().for_each(Told::take_back);
            (reader.last, reader.truncated) = (version, false);
        } else if !reader.truncated {
            reader.understood();
        }
        Ok(reader)
    }

    fn keep(&mut self, reader: Reader) {
        let mut known = reader.knows();
        self.all.push_back(reader);
        let mut from = self.all.len() - 1;
        // The ones that asked last are kept.
        while let Some(at) = from.checked_sub(1)
            && self.all.len() - at <= READERS
            && let Some(reader) = self.all.get(at)
            && known + reader.knows() <= KNOWN
        {
            known += reader.knows();
            from = at;
        }
        self.all.drain(..from);
    }
}

impl Reader {
    /// Of how many objects it knows.
    fn knows(&self) -> usize {
        self.told.iter().map(Told::len).sum()
    }

    fn understood(&mut self) {
        self.told.iter_mut().for_each(Told::acknowledge);
        self.before = Some(self.last);
    }

    /// Takes over which filters there are, in their order.
    fn follow(&mut self, filters: &[Arc<Filter>]) {
        self.told.retain(|told| filters.iter().any(|filter| Arc::ptr_eq(filter, &told.filter)));
        let new = filters.get(self.told.len()..).unwrap_or_default();
        self.told.extend(new.iter().cloned().map(Told::nothing));
    }

    /// Writes what there is to be told, of so many objects at the most; returns whether there is more.
    fn tell(&mut self, call: &Call<'_>, most: usize, sets: &mut [Set]) -> bool {
        let (mut count, mut first) = (0, true);
        let more = loop {
            let mut left = most - count;
            let taken: Vec<Vec<Update>> = Scope::read(call, |scope| {
                if std::mem::take(&mut first) {
                    self.told.iter_mut().for_each(|told| told.look(&scope));
                }
                let take = |told: &mut Told| {
                    let updates = told.take(&scope, left);
                    left -= updates.len();
                    updates
                };
                self.told.iter_mut().map(take).collect()
            });
            for (set, updates) in sets.iter_mut().zip(taken) {
                count += set.write(updates);
            }
            let more = self.told.iter().any(Told::has_more);
            // Objects that were looked at and show no difference leave room for others.
            if !more || count >= most {
                break more;
            }
        };
        for (set, told) in sets.iter_mut().zip(&mut self.told) {
            set.missing = told.take_missing();
        }
        more
    }
}

/// What one filter tells in an answer.
struct Set {
    filter: Arc<Filter>,
    writer: Writer,
    told: usize,
    missing: Vec<MoRef>,
}

impl Set {
    fn new(call: &Call<'_>, filter: Arc<Filter>) -> Self {
        Self { filter, writer: call.writer(), told: 0, missing: Vec::new() }
    }

    const fn is_empty(&self) -> bool {
        self.told == 0 && self.missing.is_empty()
    }

    /// Writes updates; returns how many there were to be written.
    fn write(&mut self, updates: Vec<Update>) -> usize {
        let filter = Arc::clone(&self.filter);
        let mut columns = Columns::new(&filter.plan);
        let parts = filter.partial.then_some(filter.plan.version);
        let mut told = 0;
        for update in updates {
            let (kind, item, before) = match &update {
                Update::Enter(item) => ("enter", item, None),
                Update::Modify(before, item) => ("modify", item, Some(before)),
                Update::Leave(node) => {
                    self.open("leave", &node.moref);
                    self.writer.close("objectSet");
                    told += 1;
                    continue;
                }
            };
            let columns = columns.of(item.node.kind()).unwrap_or_default();
            let changes = match before {
                None => entering(item, &columns),
                Some(before) => changed(before, item, &columns, parts),
            };
            if changes.is_empty() && before.is_some() {
                continue;
            }
            self.open(kind, &item.node.moref);
            changes.iter().for_each(|change| change.write(&mut self.writer));
            item.write_missing(&mut self.writer, columns.iter().filter(|_| before.is_none()));
            self.writer.close("objectSet");
            told += 1;
        }
        self.told += told;
        told
    }

    fn open(&mut self, kind: &str, moref: &MoRef) {
        self.writer.open("objectSet");
        self.writer.text("kind", kind);
        self.writer.value("obj", moref);
    }

    fn finish(self, writer: &mut Writer) {
        writer.open("filterSet");
        writer.value("filter", &self.filter.moref);
        writer.raw(&self.writer.finish());
        for moref in self.missing {
            writer.open("missingSet");
            writer.value("obj", &moref);
            write_fault(writer, &Fault::managed_object_not_found(&moref));
            writer.close("missingSet");
        }
        writer.close("filterSet");
    }
}
