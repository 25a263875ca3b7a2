//! The watcher: one list view of the awaited tasks, one filter on it, one outstanding poll.

use super::pace::Pace;
use super::{News, is_final};
use crate::client::{Client, WeakClient};
use crate::property::filter::through_view;
use crate::property::subscription::poll;
use crate::property::updates::{self, Kind, Sink, Updates};
use crate::property::{Missing, patient};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vim_types::{PropertyFilterSpec, PropertySpec, TaskInfo, mo};
use vim_wire::{Answer, DecodeError, Error, ErrorKind, ManagedObject, MoRef, Reader, Tag};

/// How long the server may hold a poll.
const WAIT: Duration = Duration::from_secs(60);
/// How many tasks an update set has at the most.
const OBJECTS: i32 = 1_000;
/// How long a server may be away before those who wait are told.
const PATIENCE: Duration = Duration::from_secs(300);

/// Follows the tasks that a client's callers wait for. Its loop runs while there are any.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    requests: Mutex<Option<UnboundedSender<Follow>>>,
}

#[derive(Debug)]
struct Follow {
    task: MoRef,
    tell: UnboundedSender<News>,
}

impl Watcher {
    /// Follows a task: its states are told until its last one, or an error.
    pub(crate) fn follow(&self, client: &Client, task: &MoRef) -> UnboundedReceiver<News> {
        let (tell, news) = mpsc::unbounded_channel();
        let mut request = Follow { task: task.clone(), tell };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*requests {
            match running.send(request) {
                Ok(()) => return news,
                Err(ended) => request = ended.0,
            }
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        if sender.send(request).is_ok() {
            tokio::spawn(Loop::new(client.downgrade(), receiver).run());
        }
        *requests = Some(sender);
        news
    }
}

/// The server's side of the watcher; it belongs to one session, and ends with it.
///
/// It holds references and no handles: a watcher that waits for nothing must not keep its client alive.
#[derive(Clone)]
struct Link {
    view: MoRef,
    collector: MoRef,
    generation: u64,
}

struct Loop {
    client: WeakClient,
    requests: UnboundedReceiver<Follow>,
    followed: HashMap<MoRef, Vec<UnboundedSender<News>>>,
    link: Option<Link>,
    version: String,
    add: Vec<MoRef>,
    remove: Vec<MoRef>,
    polling: Option<JoinHandle<Result<Answer, Error>>>,
    changing: Option<JoinHandle<Result<Vec<MoRef>, Error>>>,
    polls: Pace,
    changes: Pace,
    delays: Option<backon::ExponentialBackoff>,
}

impl Loop {
    fn new(client: WeakClient, requests: UnboundedReceiver<Follow>) -> Self {
        Self {
            client,
            requests,
            followed: HashMap::new(),
            link: None,
            version: String::new(),
            add: Vec::new(),
            remove: Vec::new(),
            polling: None,
            changing: None,
            polls: Pace::new(8),
            changes: Pace::new(4),
            delays: None,
        }
    }

    async fn run(mut self) {
        loop {
            if self.followed.is_empty() {
                // Nobody waits: the poll is given up, and the view stays for the next task.
                self.stop_polling();
                match self.requests.recv().await {
                    Some(request) => self.take(request),
                    None => return,
                }
            }
            if let Err(error) = self.turn().await {
                self.recover(error).await;
            }
        }
    }

    /// Starts what is due, then waits for the next thing to happen.
    async fn turn(&mut self) -> Result<(), Error> {
        while let Ok(request) = self.requests.try_recv() {
            self.take(request);
        }
        self.drop_unawaited();
        self.connect().await?;
        let wake = self.start();
        tokio::select! {
            request = self.requests.recv() => match request {
                Some(request) => self.take(request),
                // Every client is gone, and with them all who could wait.
                None => self.followed.clear(),
            },
            answer = joined(&mut self.polling) => {
                self.polling = None;
                self.take_in(&answer?)?;
            }
            unresolved = joined(&mut self.changing) => {
                self.changing = None;
                self.vanish(unresolved?);
            }
            () = until(wake) => {}
        }
        Ok(())
    }

    fn take(&mut self, request: Follow) {
        let Follow { task, tell } = request;
        let waiting = self.followed.entry(task.clone()).or_default();
        if waiting.is_empty() {
            self.remove.retain(|removed| *removed != task);
            self.add.push(task);
        }
        waiting.push(tell);
    }

    /// Forgets the tasks whose waiters have all gone.
    fn drop_unawaited(&mut self) {
        let remove = &mut self.remove;
        self.followed.retain(|task, waiting| {
            waiting.retain(|tell| !tell.is_closed());
            if waiting.is_empty() {
                remove.push(task.clone());
            }
            !waiting.is_empty()
        });
    }

    async fn connect(&mut self) -> Result<(), Error> {
        if self.followed.is_empty() {
            return Ok(());
        }
        let client = self.client.upgrade().ok_or_else(closed)?;
        if self.link.as_ref().is_some_and(|link| link.generation == client.session_generation()) {
            return Ok(());
        }
        self.disconnect();
        let content = client.content().await?;
        let generation = client.session_generation();
        let manager =
            content.view_manager.clone().unwrap_or_else(|| MoRef::new("ViewManager", "ViewManager"));
        let manager: mo::ViewManager = client.object(manager);
        let view = manager.create_list_view().await?.handle().moref().clone();
        let info =
            PropertySpec { r#type: "Task".into(), path_set: vec!["info".into()], ..Default::default() };
        let filter = PropertyFilterSpec {
            prop_set: vec![info],
            object_set: vec![through_view(&view)],
            ..Default::default()
        };
        let shared: mo::PropertyCollector = client.object(content.property_collector.clone());
        let collector = shared.create_property_collector().await?;
        collector.create_filter(&filter, false).await?;
        let collector = collector.handle().moref().clone();
        self.link = Some(Link { view, collector, generation });
        self.add = self.followed.keys().cloned().collect();
        self.remove.clear();
        Ok(())
    }

    /// Forgets the server's side; the tasks themselves stay followed.
    fn disconnect(&mut self) {
        self.stop_polling();
        if let Some(changing) = self.changing.take() {
            changing.abort();
        }
        self.link = None;
        self.version.clear();
    }

    fn stop_polling(&mut self) {
        if let Some(polling) = self.polling.take() {
            polling.abort();
        }
    }

    /// Starts the requests that are due; returns when the next one is.
    fn start(&mut self) -> Option<Instant> {
        let (link, client) = (self.link.clone()?, self.client.upgrade()?);
        let (now, awaited) = (Instant::now(), self.followed.len());
        let mut wake: Option<Instant> = None;
        if self.changing.is_none() && !self.add.is_empty() {
            match self.changes.next(awaited).filter(|due| *due > now) {
                Some(due) => wake = Some(due),
                None => {
                    self.changes.made(now);
                    let (add, remove) = (std::mem::take(&mut self.add), std::mem::take(&mut self.remove));
                    let view: mo::ListView = client.object(link.view);
                    self.changing =
                        Some(tokio::spawn(async move { view.modify().add(&add).remove(&remove).await }));
                }
            }
        }
        if self.polling.is_none() && awaited > 0 {
            match self.polls.next(awaited).filter(|due| *due > now) {
                Some(due) => wake = Some(wake.map_or(due, |other| other.min(due))),
                None => {
                    self.polls.made(now);
                    let (version, collector) = (self.version.clone(), client.object(link.collector));
                    self.polling = Some(tokio::spawn(async move {
                        poll(&client, &collector, &version, WAIT, OBJECTS).await
                    }));
                }
            }
        }
        wake
    }

    fn take_in(&mut self, answer: &Answer) -> Result<(), Error> {
        let mut states = States::default();
        let Updates { version, truncated } = updates::read(answer, &mut states)?;
        let ended = states.infos.iter().filter(|(_, info)| is_final(info)).count();
        self.polls.brought(Instant::now(), ended, truncated);
        self.delays = None;
        if let Some(version) = version {
            self.version = version;
        }
        for (task, info) in states.infos {
            self.tell(&task, info);
        }
        self.vanish(states.gone);
        Ok(())
    }

    fn tell(&mut self, task: &MoRef, info: TaskInfo) {
        let Some(waiting) = self.followed.get(task) else { return };
        let info = Arc::new(info);
        for tell in waiting {
            let _ = tell.send(Ok(Arc::clone(&info)));
        }
        if is_final(&info) {
            self.followed.remove(task);
            self.remove.push(task.clone());
        }
    }

    /// Tells those who wait for tasks that the server does not know (any more).
    fn vanish(&mut self, tasks: Vec<MoRef>) {
        for task in tasks {
            for tell in self.followed.remove(&task).unwrap_or_default() {
                let message = format!(
                    "the server does not know the task {task} (any more), so that how it ended is not known"
                );
                let _ = tell.send(Err(Error::new(ErrorKind::NotFound, message)));
            }
        }
    }

    /// Gets over an error, or tells it to all who wait.
    async fn recover(&mut self, error: Error) {
        let lost = matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout);
        let forgotten = error.is_not_authenticated()
            || error.is_not_found()
            || error.is_canceled()
            || error.fault().is_some_and(|fault| fault.is_named("InvalidCollectorVersion"));
        // A new view shows every task's state again, so that nothing that was said meanwhile is missed.
        self.disconnect();
        if lost || forgotten {
            let delays = self.delays.get_or_insert_with(|| patient(PATIENCE));
            if let Some(delay) = delays.next() {
                tracing::debug!(%error, ?delay, "the task watcher was interrupted");
                tokio::time::sleep(delay).await;
                return;
            }
        }
        self.delays = None;
        let text = error.chain();
        for tell in std::mem::take(&mut self.followed).into_values().flatten() {
            let _ = tell.send(Err(Error::new(error.kind(), text.clone())));
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the client was closed")
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

async fn joined<T>(running: &mut Option<JoinHandle<Result<T, Error>>>) -> Result<T, Error> {
    match running {
        Some(running) => match running.await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Interrupted, "the request was given up")),
        },
        None => std::future::pending().await,
    }
}

/// Collects the tasks' states of an update set.
#[derive(Default)]
struct States {
    infos: Vec<(MoRef, TaskInfo)>,
    gone: Vec<MoRef>,
    current: Option<(MoRef, Kind)>,
}

impl Sink for States {
    fn object(&mut self, moref: MoRef, kind: Kind) {
        self.current = Some((moref, kind));
    }

    fn assign<'x>(
        &mut self,
        path: &str,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError> {
        match &self.current {
            Some((task, _)) if path == "info" => {
                let info = reader.value(value)?;
                self.infos.push((task.clone(), info));
                Ok(())
            }
            _ => reader.skip(value),
        }
    }

    fn unset(&mut self, _: &str) {}

    fn missing(&mut self, missing: Missing) {
        tracing::debug!(path = missing.path, fault = %missing.fault, "a task's state cannot be read");
    }

    fn done(&mut self) {
        self.current = None;
    }

    fn gone(&mut self, moref: MoRef) {
        self.gone.push(moref);
    }
}
