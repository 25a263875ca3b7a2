//! A vCenter of nothing but tasks: it starts one for each PowerOnVM_Task, ends it after a given time, and tells of it through
//! list views and property collectors as a vCenter does. It runs in this process, so that the moment at which a task ended
//! there and the moment at which its awaiter knew are of one clock.

mod state;

use anyhow::{Result, anyhow};
use replay::soap::{self, fault, reference, result, texts};
use replay::{Answer, Service};
use state::State;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How many objects' changes an answer has at the most: vCenter's policy, whatever a client asks for.
const MOST: usize = 100;

/// How long things take on the server.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// A task.
    pub task: Duration,
    /// Up to so much more, evenly spread over the tasks.
    pub spread: Duration,
    /// Between two looks of a property collector for changes, counted from the request that waits. vcsim lets 20 ms of them
    /// accumulate.
    pub look: Duration,
}

/// A server that runs until all its clones are dropped.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it listens.
    pub url: String,
    shared: Arc<Shared>,
    /// A thread of its own, so that the client's work holds the server up no more than it would in another process.
    _runtime: Arc<Runtime>,
}

#[derive(Debug)]
struct Shared {
    times: Times,
    state: Mutex<State>,
    /// Counts up with every change.
    changes: watch::Sender<u64>,
    calls: Mutex<HashMap<String, usize>>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1, without TLS.
    ///
    /// # Errors
    ///
    /// When there is no port or no thread to be had.
    pub fn start(times: Times) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shared = Arc::new(Shared {
            times,
            state: Mutex::default(),
            changes: watch::Sender::new(0),
            calls: Mutex::default(),
        });
        let service = Handler(Arc::clone(&shared));
        let endpoints = runtime.block_on(replay::start(service, 0, 0)).map_err(|error| anyhow!("{error}"))?;
        Ok(Self { url: format!("http://{}/sdk", endpoints.http), shared, _runtime: Arc::new(runtime) })
    }

    /// The calls since the last time that this was asked, by method.
    #[must_use]
    pub fn take_calls(&self) -> HashMap<String, usize> {
        std::mem::take(&mut lock(&self.shared.calls))
    }

    /// When a task ended; none where it has not.
    #[must_use]
    pub fn ended(&self, task: &str) -> Option<Instant> {
        lock(&self.shared.state).ended(task)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Handler(Arc<Shared>);

impl Service for Handler {
    async fn answer(&self, request: &str) -> Answer {
        let Some(method) = soap::method(request) else {
            return fault("InvalidRequest", "no call in the body");
        };
        *lock(&self.0.calls).entry(method.to_owned()).or_default() += 1;
        match method {
            "PowerOnVM_Task" => {
                let task = self.0.start_task(texts(request, "_this").next().unwrap_or_default());
                result(method, &reference("Task", &task))
            }
            "WaitForUpdatesEx" => self.0.wait_for_updates(request).await,
            _ => self.0.manage(method, request),
        }
    }
}

impl Shared {
    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn start_task(self: &Arc<Self>, machine: &str) -> String {
        let (task, number) = lock(&self.state).start_task(machine);
        // Neighbours end at different times, and no two runs differ.
        let part = (number * 61 % 100) as f64 / 100.0;
        let time = self.times.task + self.times.spread.mul_f64(part);
        let (shared, name) = (Arc::clone(self), task.clone());
        tokio::spawn(async move {
            tokio::time::sleep(time / 2).await;
            lock(&shared.state).advance_task(&name);
            shared.changed();
            tokio::time::sleep(time / 2).await;
            lock(&shared.state).end_task(&name);
            shared.changed();
        });
        task
    }

    /// The calls that are answered at once.
    fn manage(&self, method: &str, request: &str) -> Answer {
        let mut state = lock(&self.state);
        let this = texts(request, "_this").next().unwrap_or_default();
        match method {
            "CreateListView" => result(method, &reference("ListView", &state.create_view())),
            "ModifyListView" => {
                let unknown = state.modify_view(this, texts(request, "add"), texts(request, "remove"));
                drop(state);
                self.changed();
                result(method, &unknown.iter().map(|task| reference("Task", task)).collect::<String>())
            }
            "ResetListView" => {
                state.reset_view(this);
                let unknown = state.modify_view(this, texts(request, "obj"), std::iter::empty());
                drop(state);
                self.changed();
                result(method, &unknown.iter().map(|task| reference("Task", task)).collect::<String>())
            }
            "CreatePropertyCollector" => {
                result(method, &reference("PropertyCollector", &state.create_collector()))
            }
            "CreateFilter" => match texts(request, "obj").next() {
                Some(view) => {
                    let filter = state.create_filter(this, view);
                    drop(state);
                    self.changed();
                    result(method, &reference("PropertyFilter", &filter))
                }
                None => fault("InvalidArgument", "a filter needs an object"),
            },
            "DestroyView" | "DestroyPropertyCollector" | "DestroyPropertyFilter" | "CancelWaitForUpdates" => {
                state.destroy(this);
                result(method, "")
            }
            _ => soap::session(method),
        }
    }

    async fn wait_for_updates(&self, request: &str) -> Answer {
        let method = "WaitForUpdatesEx";
        let this = texts(request, "_this").next().unwrap_or_default();
        let version = texts(request, "version").next().unwrap_or_default();
        let number = |name| texts(request, name).next().and_then(|text| text.parse::<u64>().ok());
        let most =
            number("maxObjectUpdates").and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST).min(MOST);
        let start = tokio::time::Instant::now();
        let end = start + Duration::from_secs(number("maxWaitSeconds").unwrap_or(86_400));
        // What was not told for want of room is told at once.
        let mut look =
            if lock(&self.state).has_more(this, version) { start } else { start + self.times.look };
        let mut changes = self.changes.subscribe();
        loop {
            tokio::time::sleep_until(look.min(end)).await;
            match lock(&self.state).has_updates(this, version) {
                None => return fault("InvalidCollectorVersion", "no such collector or version"),
                Some(true) => break,
                Some(false) if look >= end => return result(method, ""),
                Some(false) => {}
            }
            // Nothing is looked for before something has changed.
            let _ = tokio::time::timeout_at(end, changes.changed()).await;
            while look < tokio::time::Instant::now() {
                look += self.times.look;
            }
        }
        match lock(&self.state).updates(this, version, most) {
            Some(updates) => result(method, &updates),
            None => fault("InvalidCollectorVersion", "no such collector or version"),
        }
    }
}
