//! Following properties as they change.

use super::filter::{Scope, Wanted};
use super::object::{Missing, Object};
use super::patient;
use super::read::{self, Fill};
use super::subscription::Subscription;
use super::updates::{self, Kind, Sink};
use crate::client::Client;
use futures_core::Stream;
use futures_util::stream;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use vim_wire::{Answer, DecodeError, Error, ErrorKind, MoRef, Reader, Tag};

/// How long the server may hold a poll that has nothing to say. Short enough for firewalls that forget idle connections.
const WAIT: Duration = Duration::from_secs(60);
/// How many objects an update set has at the most.
const OBJECTS: i32 = 250;
/// How long a server may be away before a watch gives up, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a watch tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change<R> {
    /// An object that was there when the watch began.
    Init(Object<R>),
    /// All objects that were there when the watch began have been told; told once.
    Ready,
    /// An object came, or one of its properties changed. It is told whole.
    Applied(Object<R>),
    /// An object went.
    Removed(MoRef),
}

/// A watch of properties of many objects.
///
/// The stream goes on after truncated answers, silent times, lost connections and ended sessions. After those it tells the
/// difference from what it told last; what changed twice in between is told once. An object whose row cannot be made is an
/// error item, and the stream goes on; any other error item is its last.
#[must_use = "nothing is watched until the stream is polled"]
pub struct Watch<F> {
    client: Client,
    fill: F,
    wanted: Wanted,
    scope: Scope,
    patience: Duration,
    wait: Duration,
}

impl<F> std::fmt::Debug for Watch<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("wanted", &self.wanted)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<F: Fill> Watch<F> {
    pub(crate) fn new(client: Client, fill: F, wanted: Wanted) -> Self {
        Self { client, fill, wanted, scope: Scope::All, patience: PATIENCE, wait: WAIT }
    }

    /// Watches what lies below that folder, datacenter, compute resource, resource pool or host, at any depth.
    pub fn below(mut self, container: impl AsRef<MoRef>) -> Self {
        self.scope = Scope::Below(container.as_ref().clone());
        self
    }

    /// Watches those objects and no others.
    pub fn objects(mut self, objects: impl IntoIterator<Item = MoRef>) -> Self {
        self.scope = Scope::These(objects.into_iter().collect());
        self
    }

    /// Bounds how long the server may be away before the watch ends with an error; five minutes unless set.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Bounds how long the server may hold a poll that has nothing to say; a minute unless set, whole seconds.
    pub fn poll_time(mut self, wait: Duration) -> Self {
        self.wait = wait.max(Duration::from_secs(1));
        self
    }

    /// What is there, and then what changes.
    pub fn stream(self) -> impl Stream<Item = Result<Change<F::Row>, Error>> + Send + 'static {
        let watcher = Watcher {
            client: self.client,
            wanted: self.wanted,
            scope: self.scope,
            patience: self.patience,
            wait: self.wait,
            subscription: None,
            state: State {
                fill: Arc::new(self.fill),
                objects: HashMap::new(),
                told: VecDeque::new(),
                seen: None,
                ready: false,
                current: None,
            },
            delays: None,
            ended: false,
        };
        stream::unfold(watcher, |mut watcher| async move {
            let item = watcher.item().await?;
            Some((item, watcher))
        })
    }
}

struct Watcher<F: Fill> {
    client: Client,
    wanted: Wanted,
    scope: Scope,
    patience: Duration,
    wait: Duration,
    subscription: Option<Subscription>,
    state: State<F>,
    delays: Option<backon::ExponentialBackoff>,
    ended: bool,
}

impl<F: Fill> Watcher<F> {
    async fn item(&mut self) -> Option<Result<Change<F::Row>, Error>> {
        loop {
            if let Some(change) = self.state.told.pop_front() {
                return Some(change);
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.step().await
                && let Some(fatal) = self.recover(error).await
            {
                self.ended = true;
                return Some(Err(fatal));
            }
        }
    }

    /// One poll, after making the filter where there is none.
    async fn step(&mut self) -> Result<(), Error> {
        let subscription = match self.subscription.take().filter(Subscription::is_current) {
            Some(subscription) => self.subscription.insert(subscription),
            None => {
                let (filter, view) = self.wanted.filter(&self.client, &self.scope).await?;
                let subscription = Subscription::open(&self.client, &filter, view).await?;
                self.state.seen = Some(HashSet::new());
                self.subscription.insert(subscription)
            }
        };
        let answer = subscription.poll(self.wait, OBJECTS).await?;
        self.delays = None;
        if let Some(version) = self.state.take_in(&answer)? {
            subscription.version = version;
        }
        Ok(())
    }

    /// Gets over an error, or returns it where there is no getting over it.
    async fn recover(&mut self, error: Error) -> Option<Error> {
        let lost = matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout);
        let forgotten = error.is_not_authenticated()
            || (self.subscription.is_some()
                && (error.is_not_found()
                    || error.fault().is_some_and(|fault| fault.is_named("InvalidCollectorVersion"))));
        if forgotten {
            self.subscription = None;
        } else if lost {
            if self.subscription.as_ref().is_some_and(|subscription| !subscription.replays()) {
                self.subscription = None;
            }
        } else {
            return Some(error);
        }
        let patience = self.patience;
        let delays = self.delays.get_or_insert_with(|| patient(patience));
        match delays.next() {
            Some(delay) => {
                tracing::debug!(%error, ?delay, "a watch was interrupted");
                tokio::time::sleep(delay).await;
                None
            }
            None => Some(error),
        }
    }
}

/// An object as it was told last.
struct Known<P> {
    partial: P,
    /// What each property's value was, as a hash of its text: all that is needed to tell what changed.
    values: Vec<u64>,
    missing: Vec<Missing>,
}

struct State<F: Fill> {
    fill: Arc<F>,
    objects: HashMap<MoRef, Known<F::Partial>>,
    told: VecDeque<Result<Change<F::Row>, Error>>,
    /// The objects that a new filter has shown so far, until it has shown all.
    seen: Option<HashSet<MoRef>>,
    ready: bool,
    current: Option<Current<F::Partial>>,
}

struct Current<P> {
    moref: MoRef,
    kind: Kind,
    known: Known<P>,
    changed: bool,
    /// Which properties an `enter` has brought: the others are unset.
    brought: HashSet<usize>,
    is_new: bool,
}

impl<F: Fill> State<F> {
    /// Takes in an update set; returns the version to ask for next.
    fn take_in(&mut self, answer: &Answer) -> Result<Option<String>, Error> {
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
        }
        if !self.ready {
            self.ready = true;
            self.told.push_back(Ok(Change::Ready));
        }
    }

    fn remove(&mut self, moref: &MoRef) {
        if self.objects.remove(moref).is_some() {
            self.told.push_back(Ok(Change::Removed(moref.clone())));
        }
    }
}

impl<F: Fill> Sink for State<F> {
    fn object(&mut self, moref: MoRef, kind: Kind) {
        let (known, is_new) = match self.objects.entry(moref.clone()) {
            Entry::Occupied(entry) if kind != Kind::Leave => (entry.remove(), false),
            _ => (Known { partial: F::Partial::default(), values: Vec::new(), missing: Vec::new() }, true),
        };
        self.current = Some(Current { moref, kind, known, changed: is_new, brought: HashSet::new(), is_new });
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
            current.known.missing.retain(|known| known.path != missing.path);
            current.known.missing.push(missing);
            current.changed = true;
        }
    }

    fn done(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        if current.kind == Kind::Leave {
            self.remove(&current.moref);
            return;
        }
        if current.kind == Kind::Enter {
            for index in 0..current.known.values.len() {
                if current.known.values[index] != 0 && !current.brought.contains(&index) {
                    self.fill.unset(&mut current.known.partial, index);
                    current.set(index, 0);
                }
            }
        }
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
}
