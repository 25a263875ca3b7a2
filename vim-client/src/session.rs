//! The session of a client: one login for all callers, renewed when the server forgot it.

use crate::credentials::Credentials;
use crate::held::{Held, by_kind};
use crate::line::Line;
use crate::visitor::Visitor;
use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use vim_types::{ObjectSpec, PropertyFilterSpec, PropertySpec, RetrieveOptions, ServiceContent, mo};
use vim_wire::{BoxFuture, Caller, Error, ErrorKind, Handle, ManagedObject, MoRef};

/// How long after refused credentials they are not shown to the server again: servers lock accounts after a few attempts.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// How long a logout may take.
const LOGOUT_TIME: Duration = Duration::from_secs(20);

/// A session that the server knows.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) cookie: Arc<SecretString>,
    pub(crate) generation: u64,
    /// Whether it was opened here, and so is to be closed here.
    own: bool,
}

/// The session of one client.
pub(crate) struct Session {
    line: Arc<Line>,
    credentials: Option<Credentials>,
    locale: Option<String>,
    live: RwLock<Option<Live>>,
    content: OnceCell<Arc<ServiceContent>>,
    /// Held while logging in or out, so that there is one at a time.
    gate: tokio::sync::Mutex<Logins>,
    /// How many logins have ended, however; read before the gate is waited for.
    ended: Mutex<u64>,
    closed: watch::Sender<bool>,
    /// What was made in it and is to be destroyed where it stays open.
    pub(crate) held: Held,
    keepalive: Mutex<Option<AbortHandle>>,
}

/// What is remembered of logins.
#[derive(Default)]
struct Logins {
    generation: u64,
    failed: Option<(Instant, Error)>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

fn read<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(lock: &RwLock<T>, value: T) -> T {
    std::mem::replace(&mut *lock.write().unwrap_or_else(PoisonError::into_inner), value)
}

impl Session {
    pub(crate) fn new(line: Arc<Line>, credentials: Option<Credentials>, locale: Option<String>) -> Self {
        Self {
            line,
            credentials,
            locale,
            live: RwLock::default(),
            content: OnceCell::new(),
            gate: tokio::sync::Mutex::default(),
            ended: Mutex::default(),
            closed: watch::Sender::new(false),
            held: Held::default(),
            keepalive: Mutex::default(),
        }
    }

    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    pub(crate) fn live(&self) -> Option<Live> {
        read(&self.live)
    }

    /// Counts logins: 0 before the first.
    pub(crate) fn generation(&self) -> u64 {
        self.live.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |live| live.generation)
    }

    pub(crate) fn check_open(&self) -> Result<(), Error> {
        if *self.closed.borrow() { Err(self.closed_error()) } else { Ok(()) }
    }

    fn closed_error(&self) -> Error {
        Error::new(ErrorKind::Closed, format!("the client of {} was closed", self.line.transport.endpoint()))
    }

    /// Waits for the client to be closed.
    pub(crate) async fn until_closed(&self) -> Error {
        // The sender is in the session itself, so that the wait cannot fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
        self.closed_error()
    }

    /// Whether a session that ended can be replaced.
    pub(crate) fn can_renew(&self) -> bool {
        self.credentials.as_ref().is_some_and(Credentials::can_renew)
    }

    /// Whether there is something to log in with.
    pub(crate) const fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// The server's root objects, asked for once; no login is needed.
    pub(crate) async fn content(&self) -> Result<Arc<ServiceContent>, Error> {
        self.content_by(&Arc::new(Visitor::new(Arc::clone(&self.line), None))).await
    }

    async fn content_by(&self, visitor: &Arc<Visitor>) -> Result<Arc<ServiceContent>, Error> {
        let ask = async {
            let instance: mo::ServiceInstance =
                visitor.object(MoRef::new("ServiceInstance", "ServiceInstance"));
            instance.retrieve_content().await.map(Arc::new).map_err(|error| self.at(error))
        };
        self.content.get_or_try_init(|| ask).await.cloned()
    }

    /// Names the endpoint in an error that came from reading an answer, and so does not know it.
    pub(crate) fn at(&self, error: Error) -> Error {
        let endpoint = self.line.transport.endpoint().to_string();
        if error.to_string().contains(&endpoint) {
            error
        } else {
            error.with_hint(format!("the server is {endpoint}"))
        }
    }

    /// Logs in unless someone has since `seen`. However many wait, one login is made, and its failure is everyone's.
    pub(crate) async fn renew(&self, seen: u64) -> Result<Live, Error> {
        let ended = *self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logins = self.gate.lock().await;
        self.check_open()?;
        if let Some(live) = self.live().filter(|live| live.generation != seen) {
            return Ok(live);
        }
        let waited = *self.ended.lock().unwrap_or_else(PoisonError::into_inner) != ended;
        if let Some((when, error)) = &logins.failed
            && (waited || (error.kind() == ErrorKind::Login && when.elapsed() < REFUSED_FOR))
        {
            return Err(error.clone());
        }
        let result = self.login(logins.generation + 1).await;
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        match result {
            Ok(live) if *self.closed.borrow() => {
                // Whoever closed the client did not wait for this.
                if live.own {
                    let _ = self.logout((*live.cookie).clone()).await;
                }
                Err(self.closed_error())
            }
            Ok(live) => {
                logins.generation = live.generation;
                logins.failed = None;
                write(&self.live, Some(live.clone()));
                Ok(live)
            }
            Err(error) => {
                logins.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn login(&self, generation: u64) -> Result<Live, Error> {
        let endpoint = self.line.transport.endpoint();
        let Some(credentials) = &self.credentials else {
            return Err(Error::new(ErrorKind::Login, format!("{endpoint}: there is nothing to log in with"))
                .with_hint("give a user and a password with `ClientBuilder::credentials`"));
        };
        let given = if let Credentials::Session(cookie) = credentials { Some(cookie.clone()) } else { None };
        let visitor = Arc::new(Visitor::new(Arc::clone(&self.line), given));
        let opened = self.open(credentials, &visitor).await;
        let own = !matches!(credentials, Credentials::Session(_));
        match (opened, visitor.jar.cookie()) {
            (Ok(()), Some(cookie)) => {
                tracing::debug!(%endpoint, generation, "session ready");
                Ok(Live { cookie: Arc::new(cookie), generation, own })
            }
            (Ok(()), None) => {
                let message = format!("{endpoint}: the login was answered without a session cookie");
                Err(Error::new(ErrorKind::Protocol, message))
            }
            (Err(error), cookie) => {
                // The login may have been carried out although its answer is of no use.
                let untouched = error.kind() == ErrorKind::Login || error.is_never_sent();
                if let (true, Some(cookie), false) = (own, cookie, untouched) {
                    let _ = self.logout(cookie).await;
                }
                Err(self.at(error))
            }
        }
    }

    async fn open(&self, credentials: &Credentials, visitor: &Arc<Visitor>) -> Result<(), Error> {
        let content = self.content_by(visitor).await?;
        let endpoint = self.line.transport.endpoint();
        let Some(manager) = content.session_manager.clone() else {
            return Err(Error::new(ErrorKind::Protocol, format!("{endpoint} has no session manager")));
        };
        let sessions: mo::SessionManager = visitor.object(manager);
        match credentials {
            Credentials::UserPassword { user, password } => {
                let login = sessions.login(user, password.expose_secret());
                let opened = match &self.locale {
                    Some(locale) => login.locale(locale).await,
                    None => login.await,
                };
                opened.map_err(|error| refused(error, || format!("the user is {user:?} at {endpoint}")))?;
            }
            Credentials::CloneTicket(ticket) => {
                let why =
                    || format!("{endpoint} does not take the clone ticket: it serves once, and soon expires");
                sessions.clone_session(ticket.expose_secret()).await.map_err(|error| refused(error, why))?;
                if let Some(locale) = &self.locale {
                    sessions.set_locale(locale).await?;
                }
            }
            Credentials::Session(_) => {
                if !current_session(&content, &sessions, visitor).await? {
                    let message = format!("{endpoint} does not take the given session");
                    return Err(Error::new(ErrorKind::Login, message)
                        .with_hint("it has ended, or is of another endpoint or of a REST service"));
                }
            }
        }
        Ok(())
    }

    async fn logout(&self, cookie: SecretString) -> Result<(), Error> {
        let Some(manager) = self.manager() else { return Ok(()) };
        logout(Arc::clone(&self.line), manager, cookie).await
    }

    fn manager(&self) -> Option<MoRef> {
        self.content.get().and_then(|content| content.session_manager.clone())
    }

    /// Ends the session, once; what is called after that is refused. A session that is not the client's own stays open, without
    /// what the client made in it.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.closed.send_replace(true);
        // A login that is on its way ends first, so that its session is closed too; it sees to that itself where it hangs.
        let Ok(_logins) = tokio::time::timeout(LOGOUT_TIME, self.gate.lock()).await else {
            let endpoint = self.line.transport.endpoint();
            let message =
                format!("{endpoint}: a login that is on its way did not end within {LOGOUT_TIME:?}");
            return Err(Error::new(ErrorKind::Timeout, message)
                .with_hint("the client is closed, and the session ended as soon as it is there"));
        };
        self.keep_alive(None);
        match write(&self.live, None) {
            Some(live) if live.own => self.logout((*live.cookie).clone()).await,
            Some(live) => {
                let held = self.held.take(live.generation);
                clear(Arc::clone(&self.line), (*live.cookie).clone(), held).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn is_kept_alive(&self) -> bool {
        let task = self.keepalive.lock().unwrap_or_else(PoisonError::into_inner);
        task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Replaces the task that keeps the session alive.
    pub(crate) fn keep_alive(&self, task: Option<AbortHandle>) {
        let old =
            std::mem::replace(&mut *self.keepalive.lock().unwrap_or_else(PoisonError::into_inner), task);
        if let Some(old) = old {
            old.abort();
        }
    }
}

impl Drop for Session {
    /// Asks the server in the background to end a session that nobody closed; where no runtime is left, it lives until its idle
    /// time-out. In a session that is not the client's own, what the client made is destroyed.
    fn drop(&mut self) {
        self.keep_alive(None);
        let Some(live) = write(&self.live, None) else { return };
        let held = self.held.take(live.generation);
        if !live.own && held.is_empty() {
            return;
        }
        let endpoint = self.line.transport.endpoint();
        match (tokio::runtime::Handle::try_current(), self.manager()) {
            (Ok(runtime), Some(manager)) => {
                tracing::debug!(%endpoint, "a client was dropped and not closed; its session is ended in the background");
                let (line, cookie) = (Arc::clone(&self.line), (*live.cookie).clone());
                let work: BoxFuture<'static, ()> = Box::pin(async move {
                    if live.own {
                        let _ = logout(line, manager, cookie).await;
                    } else {
                        clear(line, cookie, held).await;
                    }
                });
                runtime.spawn(work);
            }
            _ => {
                tracing::warn!(%endpoint, "a client was dropped and not closed; its session stays until the server's time-out")
            }
        }
    }
}

/// Destroys what was made in a session that stays open.
async fn clear(line: Arc<Line>, cookie: SecretString, held: Vec<MoRef>) {
    let endpoint = line.transport.endpoint().clone();
    let visitor = Arc::new(Visitor::new(line, Some(cookie)));
    let destroyed = join_all(held.into_iter().map(|moref| {
        let handle = Handle::new(Arc::clone(&visitor) as Arc<dyn Caller>, moref);
        async move { by_kind(&handle).await }
    }));
    match tokio::time::timeout(LOGOUT_TIME, destroyed).await {
        Ok(results) => {
            let failed = results.into_iter().filter_map(Result::err).filter(|error| !error.is_not_found());
            failed.for_each(|error| tracing::debug!(%endpoint, %error, "something was not destroyed"));
        }
        Err(_) => tracing::debug!(%endpoint, "what was made in the session was not destroyed in time"),
    }
}

fn refused(error: Error, hint: impl FnOnce() -> String) -> Error {
    if error.is_invalid_login() { error.with_hint(hint()) } else { error }
}

async fn logout(line: Arc<Line>, manager: MoRef, cookie: SecretString) -> Result<(), Error> {
    let endpoint = line.transport.endpoint().clone();
    let visitor = Arc::new(Visitor::new(line, Some(cookie)));
    let sessions: mo::SessionManager = visitor.object(manager);
    match tokio::time::timeout(LOGOUT_TIME, sessions.logout()).await {
        Ok(Err(error)) if !error.is_not_authenticated() => {
            tracing::warn!(%endpoint, error = %error.chain(), "the logout failed; the session stays until the server's time-out");
            Err(error)
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(
            ErrorKind::Timeout,
            format!("{endpoint}: it did not log out within {LOGOUT_TIME:?}"),
        )),
    }
}

/// Whether the server knows the visitor's session.
async fn current_session(
    content: &ServiceContent,
    sessions: &mo::SessionManager,
    visitor: &Arc<Visitor>,
) -> Result<bool, Error> {
    let collector: mo::PropertyCollector = visitor.object(content.property_collector.clone());
    let filter = PropertyFilterSpec {
        prop_set: vec![PropertySpec {
            r#type: mo::SessionManager::KIND.to_owned(),
            path_set: vec!["currentSession".to_owned()],
            ..Default::default()
        }],
        object_set: vec![ObjectSpec { obj: sessions.handle().moref().clone(), ..Default::default() }],
        ..Default::default()
    };
    match collector.retrieve_properties_ex(&[filter], &RetrieveOptions::default()).await {
        Ok(result) => {
            let objects = result.map(|result| result.objects).unwrap_or_default();
            Ok(objects
                .iter()
                .flat_map(|object| &object.prop_set)
                .any(|property| property.name == "currentSession"))
        }
        Err(error) if error.is_not_authenticated() => Ok(false),
        Err(error) => Err(error),
    }
}
