//! The latest of every object, in memory.

use super::object::Object;
use super::read::{Fill, Values};
use super::watch::{Change, Watch};
use crate::client::Client;
use crate::send::spawn;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vim_types::mo;
use vim_wire::path::Row;
use vim_wire::{Any, Error, ErrorKind, MoRef};

/// The latest row of every managed object of a kind, kept up to date by a watch.
///
/// It is filled when [`Client::cache`] returns. Dropping it ends its watches.
pub struct Cache<R> {
    objects: Arc<RwLock<HashMap<MoRef, Arc<Object<R>>>>>,
    entities: Arc<RwLock<HashMap<MoRef, Entity>>>,
    state: watch::Receiver<State>,
    tasks: [JoinHandle<()>; 2],
}

/// The name of a managed entity, and what it lies in.
#[derive(Clone, Debug)]
struct Entity {
    name: String,
    parent: Option<MoRef>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Which of the two watches have told all that there was.
    ready: [bool; 2],
    changes: u64,
    failed: Option<Error>,
}

impl<R> fmt::Debug for Cache<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl<R> Drop for Cache<R> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn locked<'a, T>(lock: &'a RwLock<T>) -> std::sync::RwLockReadGuard<'a, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Row> Cache<R> {
    async fn start(client: &Client) -> Result<Self, Error> {
        let (tell, mut state) = watch::channel(State::default());
        let tell = Arc::new(tell);
        let objects = Arc::new(RwLock::new(HashMap::new()));
        let entities = Arc::new(RwLock::new(HashMap::new()));
        let paths = client.watch_paths::<mo::ManagedEntity>(["name", "parent"]);
        let tasks = [
            spawn(Box::pin(follow(client.watch::<R>(), Arc::clone(&objects), Arc::clone(&tell), 0, |row| {
                Some(Arc::new(row))
            }))),
            spawn(Box::pin(follow(paths, Arc::clone(&entities), tell, 1, entity))),
        ];
        // Before the wait, which may be given up: only a cache that is dropped ends its watches.
        let cache = Self { objects, entities, state: state.clone(), tasks };
        let _ = state.wait_for(|state| state.ready == [true; 2] || state.failed.is_some()).await;
        cache.check()?;
        Ok(cache)
    }

    /// The latest of an object; none where there is no such object (any more).
    #[must_use]
    pub fn get(&self, object: &MoRef) -> Option<Arc<Object<R>>> {
        locked(&self.objects).get(object).cloned()
    }

    /// The latest of the object at an inventory path such as `/DC0/vm/web-1`, without patterns.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<Arc<Object<R>>> {
        let entities = locked(&self.entities);
        let objects = locked(&self.objects);
        let name = path.rsplit('/').next()?;
        let named =
            objects.iter().filter(|(moref, _)| entities.get(moref).is_some_and(|entity| entity.name == name));
        named
            .into_iter()
            .find(|(moref, _)| path_of(&entities, moref) == path)
            .map(|(_, object)| Arc::clone(object))
    }

    /// The inventory path of an object.
    #[must_use]
    pub fn path_of(&self, object: &MoRef) -> Option<String> {
        let entities = locked(&self.entities);
        entities.contains_key(object).then(|| path_of(&entities, object))
    }

    /// The latest of every object, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Object<R>>> {
        locked(&self.objects).values().cloned().collect()
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        locked(&self.objects).len()
    }

    /// Whether there is no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is still being kept up to date.
    ///
    /// # Errors
    ///
    /// What ended the watch: a cache that cannot follow the server any more says so, and keeps what it had.
    pub fn check(&self) -> Result<(), Error> {
        match &self.state.borrow().failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Waits for the next change after this call.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub async fn changed(&self) -> Result<(), Error> {
        let mut state = self.state.clone();
        let before = state.borrow_and_update().changes;
        let _ = state.wait_for(|state| state.changes != before || state.failed.is_some()).await;
        self.check()
    }
}

fn entity(object: Object<Values>) -> Option<Entity> {
    let name = match object.row.get("name") {
        Some(Any::String(name)) => name.clone(),
        _ => return None,
    };
    Some(Entity { name, parent: object.row.get("parent").and_then(Any::as_moref).cloned() })
}

fn path_of(entities: &HashMap<MoRef, Entity>, object: &MoRef) -> String {
    let mut names = Vec::new();
    let mut next = entities.get(object);
    while let Some(entity) = next {
        names.push(entity.name.as_str());
        // No server nests this deep; a loop in what one says must end. The root folder is no part of a view of itself.
        next = entity.parent.as_ref().filter(|_| names.len() < 256).and_then(|parent| entities.get(parent));
    }
    names.iter().rev().fold(String::new(), |path, name| path + "/" + name)
}

async fn follow<F: Fill, V>(
    watch: Watch<F>,
    into: Arc<RwLock<HashMap<MoRef, V>>>,
    state: Arc<watch::Sender<State>>,
    index: usize,
    value: impl Fn(Object<F::Row>) -> Option<V> + Send,
) where
    V: Send + Sync,
{
    let mut changes = std::pin::pin!(watch.stream());
    let mut last = None;
    while let Some(change) = changes.next().await {
        let ready = matches!(change, Ok(Change::Ready));
        last = take_in(change, &into, &value);
        state.send_modify(|state| {
            state.ready[index] |= ready;
            state.changes += 1;
        });
    }
    let failed = last.unwrap_or_else(|| Error::new(ErrorKind::Closed, "the watch has ended"));
    state.send_modify(|state| state.failed = Some(failed));
}

/// Takes in a change; returns the error that it is.
fn take_in<R, V>(
    change: Result<Change<R>, Error>,
    into: &RwLock<HashMap<MoRef, V>>,
    value: impl Fn(Object<R>) -> Option<V>,
) -> Option<Error> {
    let mut objects = into.write().unwrap_or_else(PoisonError::into_inner);
    match change {
        Ok(Change::Init(object) | Change::Applied(object)) => {
            let moref = object.moref.clone();
            match value(object) {
                Some(value) => objects.insert(moref, value),
                None => objects.remove(&moref),
            };
        }
        Ok(Change::Removed(moref)) => {
            objects.remove(&moref);
        }
        Ok(Change::Ready) => {}
        Err(error) => {
            // An object that cannot be read is not there for now; that the watch has failed, it says by ending.
            if let Some(moref) = error.object() {
                objects.remove(moref);
            }
            tracing::debug!(%error, "a cached object cannot be read");
            return Some(error);
        }
    }
    None
}

impl Client {
    /// Keeps the latest row of every managed object of the row's kind in memory; filled when it returns.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub async fn cache<R: Row>(&self) -> Result<Cache<R>, Error> {
        Cache::start(self).await
    }
}
