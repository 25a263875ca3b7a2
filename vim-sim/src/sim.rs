//! A simulator's inside, shared by its connections, tasks and owner.

use crate::fault::Result;
use crate::rules::Rules;
use crate::serve::rest::Rest;
use crate::session::Sessions;
use crate::timer::Timer;
use crate::users::{Accounts, User};
use crate::world::{Tx, World};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use vim_types::ServiceContent;
use vim_wire::{DateTime, TypeDesc};

/// What does not change while a simulator runs.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The API version that it has, such as `8.0.3.0`.
    pub(crate) api_version: String,
    /// Its index in the service's versions.
    pub(crate) version: u8,
    /// Accounts; where there are none, any name and password are taken.
    pub(crate) accounts: Accounts,
    /// Those of them who may not do everything.
    pub(crate) users: Vec<User>,
    /// How long a session may be idle.
    pub(crate) idle: Duration,
    /// How long a task takes.
    pub(crate) task_time: Duration,
    /// How long after power-on a guest has an address.
    pub(crate) boot_time: Duration,
    /// Whether it is an ESXi host and not a vCenter.
    pub(crate) esx: bool,
}

/// A simulator.
pub(crate) struct Sim {
    pub(crate) config: Config,
    pub(crate) timer: Timer,
    pub(crate) content: ServiceContent,
    pub(crate) sessions: Sessions,
    pub(crate) rules: Rules,
    pub(crate) rest: Rest,
    /// Its own address, once it listens.
    pub(crate) url: OnceLock<String>,
    world: RwLock<World>,
    changes: watch::Sender<u64>,
    requests: Mutex<HashMap<String, u64>>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim").field("url", &self.url.get()).finish_non_exhaustive()
    }
}

impl Sim {
    pub(crate) fn new(
        config: Config,
        timer: Timer,
        content: ServiceContent,
        world: World,
        rules: Rules,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            timer,
            content,
            sessions: Sessions::default(),
            rules,
            rest: Rest::default(),
            url: OnceLock::new(),
            changes: watch::Sender::new(world.version()),
            world: RwLock::new(world),
            requests: Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> DateTime {
        self.timer.now()
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        read(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world by itself: all that `change` does, or nothing where it fails.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut Tx<'_>) -> Result<R>) -> Result<R> {
        self.write_as("", change)
    }

    /// Changes the world on behalf of a user.
    pub(crate) fn write_as<R>(&self, user: &str, change: impl FnOnce(&mut Tx<'_>) -> Result<R>) -> Result<R> {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let mut tx = world.begin();
        tx.now = self.now();
        tx.user = user.to_owned();
        let result = change(&mut tx)?;
        let then = tx.take_then();
        let changed = tx.commit();
        let version = world.version();
        drop(world);
        if changed {
            self.changes.send_replace(version);
        }
        for work in then {
            self.timer.after(Duration::ZERO, work);
        }
        Ok(result)
    }

    /// The world's version, as it changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Has those look again who wait for changes, since something outside of the world has changed.
    pub(crate) fn nudge(&self) {
        self.changes.send_modify(|_| {});
    }

    pub(crate) fn count(&self, method: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        match requests.get_mut(method) {
            Some(count) => *count += 1,
            None => {
                requests.insert(method.to_owned(), 1);
            }
        }
    }

    /// The requests that came, by method, since the last time that this was asked.
    pub(crate) fn take_requests(&self) -> HashMap<String, u64> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The properties' description of a managed object's type.
pub(crate) fn properties_of(kind: &str) -> Option<&'static TypeDesc> {
    static KINDS: OnceLock<HashMap<&'static str, &'static TypeDesc>> = OnceLock::new();
    let all = || vim_types::PROPERTIES.iter().flat_map(|area| area.iter());
    KINDS.get_or_init(|| all().map(|desc| (desc.name, *desc)).collect()).get(kind).copied()
}
