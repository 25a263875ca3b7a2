//! Sessions, and the objects that live and die with them.

use crate::fault::{Fault, Result};
use crate::world::World;
use std::any::Any as StdAny;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use vim_types::{InvalidLogin, UserSession};
use vim_wire::{DateTime, MoRef, Object};

/// A managed object of a session's own: a collector, a filter, a view. Nobody else sees it, and it ends with the session.
///
/// When it changes, [`Sim::nudge`](crate::sim::Sim::nudge) has those look who wait for that.
pub(crate) trait Own: StdAny + Send + Sync {
    /// Its properties as they are now: a `…Properties` of vim-types.
    fn properties(&self, session: &Session, world: &World) -> Object;
}

pub(crate) type Owned = Arc<dyn Own>;

/// Somebody who has logged in.
pub(crate) struct Session {
    /// The secret by which it is known: the value of its cookie.
    pub(crate) token: String,
    /// What is shown of it to others.
    pub(crate) key: String,
    pub(crate) user: String,
    locale: Mutex<String>,
    pub(crate) user_agent: String,
    pub(crate) address: String,
    pub(crate) login: DateTime,
    last: Mutex<(Duration, DateTime)>,
    busy: AtomicUsize,
    calls: AtomicI64,
    objects: Mutex<HashMap<MoRef, Owned>>,
    /// The privileges of another: the one who impersonates.
    ended: watch::Sender<bool>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("key", &self.key).field("user", &self.user).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// Gives an object of its own a name: `session[key]id`.
    pub(crate) fn name(&self, kind: &'static str) -> MoRef {
        MoRef::new(kind, format!("session[{}]{}", self.key, uuid::Uuid::new_v4()))
    }

    pub(crate) fn put(&self, moref: MoRef, object: Owned) {
        lock(&self.objects).insert(moref, object);
    }

    /// The object of that reference, where it is this session's and of that type.
    pub(crate) fn find<T: StdAny + Send + Sync>(&self, moref: &MoRef) -> Option<Arc<T>> {
        let object: Arc<dyn StdAny + Send + Sync> = self.get(moref)?;
        object.downcast().ok()
    }

    /// The object of that reference, made where there is none; nothing where it is of another type.
    pub(crate) fn find_or_put<T: Own>(&self, moref: &MoRef, make: impl FnOnce() -> T) -> Option<Arc<T>> {
        let mut objects = lock(&self.objects);
        let object = objects.entry(moref.clone()).or_insert_with(|| Arc::new(make()));
        let object: Arc<dyn StdAny + Send + Sync> = Arc::clone(object) as _;
        object.downcast().ok()
    }

    /// The object of that reference, where it is this session's.
    pub(crate) fn get(&self, moref: &MoRef) -> Option<Owned> {
        lock(&self.objects).get(moref).cloned()
    }

    pub(crate) fn has(&self, moref: &MoRef) -> bool {
        lock(&self.objects).contains_key(moref)
    }

    pub(crate) fn take(&self, moref: &MoRef) -> Option<Owned> {
        lock(&self.objects).remove(moref)
    }

    /// The references of its objects of a managed object's type.
    pub(crate) fn objects_of(&self, kind: &str) -> Vec<MoRef> {
        lock(&self.objects).keys().filter(|moref| moref.kind() == kind).cloned().collect()
    }

    pub(crate) fn set_locale(&self, locale: String) {
        *lock(&self.locale) = locale;
    }

    /// Whether it has ended; long calls look for it.
    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// What the API shows of it.
    pub(crate) fn info(&self) -> UserSession {
        let locale = lock(&self.locale).clone();
        UserSession {
            key: self.key.clone(),
            user_name: self.user.clone(),
            full_name: self.user.clone(),
            login_time: self.login,
            last_active_time: lock(&self.last).1,
            locale: locale.clone(),
            message_locale: locale,
            extension_session: false,
            ip_address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            call_count: self.calls.load(Ordering::Relaxed),
            ..Default::default()
        }
    }
}

/// A call that is under way: a session is not idle meanwhile.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Session>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who comes in, and from where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    pub(crate) user_agent: String,
    pub(crate) address: String,
    pub(crate) locale: Option<String>,
}

/// All sessions of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_token: RwLock<HashMap<String, Arc<Session>>>,
    tickets: Mutex<HashMap<String, String>>,
    http_tickets: Mutex<HashMap<String, HttpTicket>>,
    /// How long they may be idle, where an option of the server says so.
    idle: Mutex<Option<Duration>>,
    /// Whether somebody looks for those that have expired.
    watched: AtomicBool,
}

/// What a ticket for one HTTP request allows.
#[derive(Debug)]
struct HttpTicket {
    user: String,
    /// `GET`; any where none is named.
    method: Option<String>,
    path: String,
    until: Duration,
}

/// How long a ticket for an HTTP request is good.
const HTTP_TICKET_TIME: Duration = Duration::from_secs(5 * 60);

impl Sessions {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, Arc<Session>>> {
        self.by_token.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<Session>>> {
        self.by_token.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for a user who has proved to be one.
    pub(crate) fn open(
        &self,
        user: &str,
        visitor: &Visitor,
        now: DateTime,
        elapsed: Duration,
    ) -> Arc<Session> {
        let session = Arc::new(Session {
            token: uuid::Uuid::new_v4().simple().to_string()
                + &uuid::Uuid::new_v4().simple().to_string()[..8],
            key: uuid::Uuid::new_v4().to_string(),
            user: user.to_owned(),
            locale: Mutex::new(visitor.locale.clone().unwrap_or_else(|| "en_US".to_owned())),
            user_agent: visitor.user_agent.clone(),
            address: visitor.address.clone(),
            login: now,
            last: Mutex::new((elapsed, now)),
            busy: AtomicUsize::new(0),
            calls: AtomicI64::new(0),
            objects: Mutex::default(),
            ended: watch::Sender::new(false),
        });
        self.write().insert(session.token.clone(), Arc::clone(&session));
        session
    }

    /// The session of that token, unless it was idle for longer than it may be: `idle`, or what an option says.
    pub(crate) fn find(&self, token: &str, idle: Duration, elapsed: Duration) -> Option<Arc<Session>> {
        let session = self.read().get(token).cloned()?;
        match self.has_expired(&session, idle, elapsed) {
            true => None,
            false => Some(session),
        }
    }

    /// Ends a session that was idle for longer than it may be.
    fn has_expired(&self, session: &Session, idle: Duration, elapsed: Duration) -> bool {
        let idle = self.idle(idle);
        let quiet = elapsed.saturating_sub(lock(&session.last).0);
        let expired = quiet > idle && session.busy.load(Ordering::Relaxed) == 0;
        if expired {
            self.end(session);
        }
        expired
    }

    /// Ends all sessions that were idle for longer than they may be.
    pub(crate) fn expire(&self, idle: Duration, elapsed: Duration) {
        for session in self.all() {
            self.has_expired(&session, idle, elapsed);
        }
    }

    /// How long they may be idle.
    pub(crate) fn idle(&self, otherwise: Duration) -> Duration {
        lock(&self.idle).unwrap_or(otherwise)
    }

    /// Whether nobody looks for expired ones so far, and the caller has to.
    pub(crate) fn watch(&self) -> bool {
        !self.watched.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn unwatch(&self) {
        self.watched.store(false, Ordering::Relaxed);
    }

    /// Has sessions end when they were idle for so long.
    pub(crate) fn set_idle(&self, idle: Option<Duration>) {
        *lock(&self.idle) = idle;
    }

    /// Notes a call of a session, until what is returned is dropped.
    pub(crate) fn enter(session: &Arc<Session>, now: DateTime, elapsed: Duration) -> Busy {
        *lock(&session.last) = (elapsed, now);
        session.calls.fetch_add(1, Ordering::Relaxed);
        session.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(session))
    }

    /// Notes that a session was active now, at the end of a long call.
    pub(crate) fn touch(session: &Session, now: DateTime, elapsed: Duration) {
        *lock(&session.last) = (elapsed, now);
    }

    /// Ends a session and all that is its own.
    pub(crate) fn end(&self, session: &Session) {
        self.write().remove(&session.token);
        session.ended.send_replace(true);
        lock(&session.objects).clear();
    }

    /// Ends all of them.
    pub(crate) fn end_all(&self) {
        let sessions: Vec<_> = self.all();
        sessions.iter().for_each(|session| self.end(session));
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        let mut all: Vec<_> = self.read().values().cloned().collect();
        all.sort_by_key(|session| session.login);
        all
    }

    pub(crate) fn by_key(&self, key: &str) -> Option<Arc<Session>> {
        self.read().values().find(|session| session.key == key).cloned()
    }

    /// A ticket by which another connection becomes the same user's, once.
    pub(crate) fn ticket(&self, user: &str) -> String {
        let ticket = format!("cst-{}", uuid::Uuid::new_v4());
        lock(&self.tickets).insert(ticket.clone(), user.to_owned());
        ticket
    }

    /// A ticket for one HTTP request that brings no session.
    pub(crate) fn http_ticket(
        &self,
        user: &str,
        method: Option<&str>,
        path: &str,
        elapsed: Duration,
    ) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let ticket = HttpTicket {
            user: user.to_owned(),
            method: method.map(str::to_owned),
            path: path.to_owned(),
            until: elapsed.saturating_add(HTTP_TICKET_TIME),
        };
        let mut tickets = lock(&self.http_tickets);
        tickets.retain(|_, ticket| ticket.until > elapsed);
        tickets.insert(id.clone(), ticket);
        id
    }

    /// The user whose ticket allows a request. It is used up.
    pub(crate) fn redeem_for(
        &self,
        ticket: &str,
        method: &str,
        path: &str,
        elapsed: Duration,
    ) -> Option<String> {
        let ticket = lock(&self.http_tickets).remove(ticket)?;
        let right = ticket.until > elapsed
            && ticket.path == path
            && ticket.method.is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        right.then_some(ticket.user)
    }

    /// The user of a ticket, which is used up.
    pub(crate) fn redeem(&self, ticket: &str) -> Result<String> {
        lock(&self.tickets).remove(ticket).ok_or_else(invalid_login)
    }
}

pub(crate) fn invalid_login() -> Fault {
    Fault::new(InvalidLogin::default(), "Cannot complete login due to an incorrect user name or password.")
}
