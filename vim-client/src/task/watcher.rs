//! The watcher: one list view of the awaited tasks, one filter on it, one outstanding poll.

use super::News;
use super::pace::Pace;
use super::roster::Roster;
use super::states::States;
use crate::client::{Client, WeakClient};
use crate::held::Own;
use crate::property::filter::through_view;
use crate::property::subscription::{collect, poll, replays};
use crate::property::{collector_lost, patient, updates};
use crate::send::spawn;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender, WeakUnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vim_types::{PropertyFilterSpec, PropertySpec, mo};
use vim_wire::{Answer, BoxFuture, Error, ErrorKind, MoRef};

/// How long the server may hold a poll.
const WAIT: Duration = Duration::from_secs(60);
/// How many tasks an update set has at the most.
const OBJECTS: i32 = 1_000;
/// How long a server may be away before those who wait are told.
const PATIENCE: Duration = Duration::from_secs(300);

/// Follows the tasks that a client's callers wait for. Its loop runs while there are any.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    requests: Mutex<Option<UnboundedSender<Request>>>,
}

#[derive(Debug)]
enum Request {
    Follow(MoRef, UnboundedSender<News>),
    /// Someone does not wait for a task any more.
    Left(MoRef),
}

/// Who waits for a task. Dropping it tells the watcher.
pub(super) struct Follower {
    task: MoRef,
    news: UnboundedReceiver<News>,
    /// Weak, so that it does not keep the watcher of a client that is gone.
    requests: WeakUnboundedSender<Request>,
}

impl Follower {
    /// The task's next state; none when the watcher has ended.
    pub(super) async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.news.close();
        if let Some(requests) = self.requests.upgrade() {
            let _ = requests.send(Request::Left(self.task.clone()));
        }
    }
}

impl Watcher {
    /// Follows a task: its states are told until its last one, or an error.
    pub(super) fn follow(&self, client: &Client, task: &MoRef) -> Result<Follower, Error> {
        let (tell, news) = mpsc::unbounded_channel();
        let follower = |requests: &UnboundedSender<Request>| Follower {
            task: task.clone(),
            news,
            requests: requests.downgrade(),
        };
        let mut request = Request::Follow(task.clone(), tell);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*requests {
            match running.send(request) {
                Ok(()) => return Ok(follower(running)),
                Err(ended) => request = ended.0,
            }
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
            let message = "a task can only be followed within a tokio runtime";
            Error::new(ErrorKind::InvalidInput, message).with_source(error)
        })?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let _ = sender.send(request);
        let run: BoxFuture<'static, ()> = Box::pin(Loop::new(WeakClient::new(client.core()), receiver).run());
        runtime.spawn(run);
        let follower = follower(&sender);
        *requests = Some(sender);
        Ok(follower)
    }
}

/// The server's side of the watcher; it belongs to one session, and ends with it.
///
/// It does not hold its client: a watcher that waits for nothing must not keep that alive.
struct Link {
    view: Own,
    collector: Own,
}

impl Link {
    async fn open(client: Client) -> Result<Self, Error> {
        let content = client.content().await?;
        let manager =
            content.view_manager.clone().unwrap_or_else(|| MoRef::new("ViewManager", "ViewManager"));
        let manager: mo::ViewManager = client.object(manager);
        let view = client.make(&manager.create_list_view().to_request()).await?;
        let info =
            PropertySpec { r#type: "Task".into(), path_set: vec!["info".into()], ..Default::default() };
        let filter = PropertyFilterSpec {
            prop_set: vec![info],
            object_set: vec![through_view(view.moref())],
            ..Default::default()
        };
        let collector = collect(&client, filter, Some(view.generation())).await?;
        Ok(Self { view, collector })
    }
}

type Running<T> = Option<JoinHandle<Result<T, Error>>>;

struct Loop {
    client: WeakClient,
    requests: UnboundedReceiver<Request>,
    roster: Roster,
    link: Option<Link>,
    version: String,
    linking: Running<Link>,
    polling: Running<Answer>,
    changing: Running<Vec<MoRef>>,
    polls: Pace,
    changes: Pace,
    delays: Option<backon::ExponentialBackoff>,
}

impl Loop {
    fn new(client: WeakClient, requests: UnboundedReceiver<Request>) -> Self {
        Self {
            client,
            requests,
            roster: Roster::default(),
            link: None,
            version: String::new(),
            linking: None,
            polling: None,
            changing: None,
            polls: Pace::new(8),
            changes: Pace::new(4),
            delays: None,
        }
    }

    async fn run(mut self) {
        loop {
            while let Ok(request) = self.requests.try_recv() {
                self.take(request);
            }
            if self.roster.awaited() == 0 {
                self.rest();
                match self.requests.recv().await {
                    Some(request) => self.take(request),
                    None => return,
                }
            } else if let Err(error) = self.turn().await {
                self.recover(error).await;
            }
        }
    }

    /// Nobody waits: the poll is given up, and with it the client, and the view stays for the next task.
    fn rest(&mut self) {
        self.linking = None;
        let polling = self.polling.is_some();
        self.stop_polling();
        // Where the server sends nothing again, the poll may have had news of a task that someone comes back to.
        if polling && !replays(&self.version) && self.roster.has_loose_ends() {
            self.disconnect();
        }
    }

    /// Starts what is due, then waits for the next thing to happen.
    async fn turn(&mut self) -> Result<(), Error> {
        let wake = self.start()?;
        tokio::select! {
            request = self.requests.recv() => match request {
                Some(request) => self.take(request),
                // Every client is gone, and with them all who could wait.
                None => self.roster.fail_all(&closed()),
            },
            link = joined(&mut self.linking) => {
                self.linking = None;
                self.link = Some(link?);
                self.roster.reset();
            }
            answer = joined(&mut self.polling) => {
                self.polling = None;
                self.take_in(&answer?)?;
            }
            unknown = joined(&mut self.changing) => {
                self.changing = None;
                self.roster.changed(&unknown?);
            }
            () = until(wake) => {}
        }
        Ok(())
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Follow(task, tell) => self.roster.follow(task, tell),
            Request::Left(task) => self.roster.left(&task),
        }
    }

    /// Gives the server's side up; the tasks themselves stay followed.
    fn disconnect(&mut self) {
        self.stop_polling();
        if let Some(changing) = self.changing.take() {
            changing.abort();
        }
        self.linking = None;
        self.link = None;
        self.version.clear();
        self.roster.reset();
    }

    fn stop_polling(&mut self) {
        if let Some(polling) = self.polling.take() {
            polling.abort();
        }
    }

    /// Starts the requests that are due; returns when the next one is.
    fn start(&mut self) -> Result<Option<Instant>, Error> {
        let client = self.client.upgrade().ok_or_else(closed)?;
        if self.link.as_ref().is_some_and(|link| link.view.generation() != client.session_generation()) {
            self.disconnect();
        }
        let Some(link) = &self.link else {
            if self.linking.is_none() {
                self.linking = Some(spawn(Box::pin(Link::open(client))));
            }
            return Ok(None);
        };
        let (now, awaited) = (Instant::now(), self.roster.awaited());
        let mut wake: Option<Instant> = None;
        if self.changing.is_none() && self.roster.has_change() {
            match self.changes.next(awaited).filter(|due| *due > now) {
                Some(due) => wake = Some(due),
                None => {
                    let (add, remove) = self.roster.change();
                    let view: mo::ListView = client.object(link.view.moref().clone());
                    if !(add.is_empty() && remove.is_empty()) {
                        self.changes.made(now);
                        let change = async move { view.modify().add(&add).remove(&remove).await };
                        self.changing = Some(spawn(Box::pin(change)));
                    }
                }
            }
        }
        if self.polling.is_none() {
            match self.polls.next(awaited).filter(|due| *due > now) {
                Some(due) => wake = Some(wake.map_or(due, |other| other.min(due))),
                None => {
                    self.polls.made(now);
                    self.roster.poll_begins();
                    let (version, collector) = (self.version.clone(), link.collector.moref().clone());
                    let generation = link.collector.generation();
                    self.polling = Some(spawn(Box::pin(async move {
                        poll(&client, &collector, generation, &version, WAIT, OBJECTS).await
                    })));
                }
            }
        }
        Ok(wake)
    }

    fn take_in(&mut self, answer: &Answer) -> Result<(), Error> {
        let client = self.client.upgrade().ok_or_else(closed)?;
        let unreadable = |error| client.unreadable(error, "WaitForUpdatesEx", answer);
        let mut states = States::default();
        let updates = updates::read(answer, &mut states).map_err(unreadable)?;
        if let Some(ended) = states.session_ended() {
            return Err(ended);
        }
        self.polls.brought(Instant::now(), states.ended(), updates.truncated);
        self.delays = None;
        if let Some(version) = updates.version {
            self.version = version;
        }
        for (task, info) in states.infos {
            self.roster.tell(&task, info);
        }
        for (task, missing) in states.missing {
            let error = Error::from_fault(missing.fault);
            self.roster.fail(&task, error.inside("the state of the task cannot be read"));
        }
        for (task, error) in states.unreadable {
            self.roster.fail(&task, unreadable(error).inside("the state of the task cannot be read"));
        }
        states.left.iter().for_each(|task| self.roster.out_of_view(task));
        states.gone.iter().for_each(|task| self.roster.vanished(task));
        if !updates.truncated {
            self.roster.poll_ended();
        }
        Ok(())
    }

    /// Gets over an error, or tells it to all who wait.
    async fn recover(&mut self, error: Error) {
        let lost = matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout);
        let renewable = || self.client.upgrade().is_some_and(|client| client.session().can_renew());
        let forgotten = collector_lost(&error) || (error.is_not_authenticated() && renewable());
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
        self.roster.fail_all(&error.inside("the task cannot be followed"));
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

async fn joined<T>(running: &mut Running<T>) -> Result<T, Error> {
    match running {
        Some(running) => match running.await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Interrupted, "the request was given up")),
        },
        None => std::future::pending().await,
    }
}
