//! Following properties as they change.

use super::filter::{Scope, Wanted};
use super::object::Object;
use super::read::Fill;
use super::state::State;
use super::subscription::Subscription;
use super::{collector_lost, patient};
use crate::client::Client;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use vim_wire::{Error, ErrorKind, MoRef};

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
/// difference from what it told last; what changed twice in between is told once. An object whose row cannot be made, or that
/// was asked for by reference and is not there, is an error item that names it, and the stream goes on; any other error item is
/// its last.
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

    /// Watches those objects and no others. One that is not there is an error item for which `is_not_found()` holds, and is
    /// watched for all the same.
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
        let wanted = match &self.scope {
            Scope::These(objects) => objects.iter().cloned().collect(),
            _ => HashSet::new(),
        };
        let watcher = Watcher {
            client: self.client,
            wanted: self.wanted,
            scope: self.scope,
            patience: self.patience,
            wait: self.wait,
            subscription: None,
            state: State::new(Arc::new(self.fill), wanted),
            delays: None,
            end: End::Open,
        };
        stream::unfold(watcher, |mut watcher| async move {
            let item = watcher.item().await?;
            Some((item, watcher))
        })
        .fuse()
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
    end: End,
}

/// How near a watch is to its end.
enum End {
    Open,
    /// What was taken in before is still told, and then this.
    Failed(Error),
    Told,
}

impl<F: Fill> Watcher<F> {
    async fn item(&mut self) -> Option<Result<Change<F::Row>, Error>> {
        loop {
            if let Some(change) = self.state.told.pop_front() {
                return Some(change);
            }
            match std::mem::replace(&mut self.end, End::Told) {
                End::Open => self.end = End::Open,
                End::Failed(fatal) => return Some(Err(fatal)),
                End::Told => return None,
            }
            if let Err(error) = self.step().await
                && let Some(fatal) = self.recover(error).await
            {
                self.end = End::Failed(fatal);
            }
        }
    }

    /// One poll, after making the filter where there is none.
    async fn step(&mut self) -> Result<(), Error> {
        let subscription = match self.subscription.take().filter(Subscription::is_current) {
            Some(subscription) => self.subscription.insert(subscription),
            None => {
                let (filter, view) = self.wanted.filter(&self.client, &self.scope).await?;
                let subscription = Subscription::open(&self.client, filter, view).await?;
                self.state.seen = Some(HashSet::new());
                self.subscription.insert(subscription)
            }
        };
        let answer = subscription.poll(self.wait, OBJECTS).await?;
        self.delays = None;
        let unreadable = |error| self.client.unreadable(error, "WaitForUpdatesEx", &answer);
        if let Some(version) = self.state.take_in(&answer).map_err(unreadable)? {
            subscription.version = version;
        }
        Ok(())
    }

    /// Gets over an error, or returns it where there is no getting over it.
    async fn recover(&mut self, error: Error) -> Option<Error> {
        let lost = matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout);
        let forgotten = (error.is_not_authenticated() && self.client.session().can_renew())
            || (self.subscription.is_some() && collector_lost(&error));
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
