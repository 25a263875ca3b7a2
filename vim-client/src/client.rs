//! The client: typed calls to one vCenter or ESXi host.

use crate::builder::ClientBuilder;
use crate::line::{Line, Trip};
use crate::session::{Live, Session};
use crate::{Endpoint, task};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tracing::{Instrument, Span};
use vim_types::{AboutInfo, NotAuthenticated, ObjectContent, RetrieveResult, ServiceContent, mo};
use vim_wire::{
    Answer, Any, BoxFuture, BoxStream, Caller, DateTime, Error, ErrorKind, Handle, ManagedObject, MoRef, Output, Request,
    TaskProgress, TaskRef,
};

/// A client of one vCenter or ESXi host; cloning it shares the connections and the session.
///
/// It logs in at its first call, and again whenever the server has ended the session: calls that fail for that reason wait for
/// one common login and are then repeated. Requests that were never sent, and reads, are tried again as [`Retry`](crate::Retry)
/// says. The session is ended by [`close`](Self::close); a client that is dropped asks for that in the background.
///
/// ```no_run
/// # async fn run(client: vim_client::Client) -> Result<(), vim_client::Error> {
/// use vim_client::mo::SearchIndex;
///
/// let content = client.service_content().await?;
/// if let Some(index) = &content.search_index {
///     let index: SearchIndex = client.object(index.clone());
///     let found = index.find_by_inventory_path("DC0/vm/web").await?;
///     println!("{found:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// One client's way of calling: what all share, and the operation id that only this one may have.
struct Inner {
    core: Arc<Core>,
    operation_id: Option<String>,
    /// Itself, so that whoever has it as a caller can be given a client.
    me: Weak<Self>,
}

/// What all clones of a client share.
struct Core {
    session: Arc<Session>,
    keepalive: Option<Duration>,
    tasks: task::Watcher,
}

/// How a call is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendOptions {
    /// The time for an attempt, where it is not the client's.
    pub(crate) timeout: Option<Duration>,
    /// Whether the answer is expected to take long: then it has a connection of its own, and is never sent again.
    pub(crate) long_poll: bool,
    /// Whether the call logs in again, and is repeated, where the session ended.
    pub(crate) relogin: bool,
}

impl Default for SendOptions {
    fn default() -> Self {
        Self { timeout: None, long_poll: false, relogin: true }
    }
}

/// A client that does not keep its session alive.
#[derive(Clone)]
pub(crate) struct WeakClient {
    core: Weak<Core>,
}

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.core.upgrade().map(|core| Client::of(core, None))
    }
}

impl Client {
    /// A client of that endpoint, to be made: a host name or an address, with or without `https://` and `/sdk`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(endpoint.into())
    }

    pub(crate) fn new(session: Session, keepalive: Option<Duration>) -> Self {
        Self::of(Arc::new(Core { session: Arc::new(session), keepalive, tasks: task::Watcher::default() }), None)
    }

    fn of(core: Arc<Core>, operation_id: Option<String>) -> Self {
        Self { inner: Arc::new_cyclic(|me| Inner { core, operation_id, me: me.clone() }) }
    }

    /// The same client, whose calls bear this operation id in the server's logs and events instead of one of their own each.
    #[must_use]
    pub fn with_operation_id(&self, id: impl Into<String>) -> Self {
        Self::of(Arc::clone(&self.inner.core), Some(id.into()))
    }

    /// Where it connects to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.line().transport.endpoint()
    }

    /// A typed handle on the object of a reference; whether there is such an object is for the server to say.
    #[must_use]
    pub fn object<T: ManagedObject>(&self, moref: MoRef) -> T {
        T::from_handle(Handle::new(self.caller(), moref))
    }

    /// The client as who sends calls, for handles and resumed tasks.
    #[must_use]
    pub fn caller(&self) -> Arc<dyn Caller> {
        Arc::clone(&self.inner) as Arc<dyn Caller>
    }

    /// The server's root objects and what it is; asked for once.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached or is no vSphere.
    pub async fn service_content(&self) -> Result<Arc<ServiceContent>, Error> {
        self.session().check_open()?;
        self.session().content().await
    }

    /// What the server is: its product, version and build.
    ///
    /// # Errors
    ///
    /// As [`service_content`](Self::service_content).
    pub async fn about(&self) -> Result<AboutInfo, Error> {
        Ok(self.service_content().await?.about.clone())
    }

    /// Whether the server is a vCenter, and not a standalone ESXi host.
    ///
    /// # Errors
    ///
    /// As [`service_content`](Self::service_content).
    pub async fn is_vcenter(&self) -> Result<bool, Error> {
        Ok(self.service_content().await?.about.api_type == "VirtualCenter")
    }

    /// The API version that is spoken: the newest that both the server and these bindings know, such as `8.0.3.0`.
    ///
    /// A call, a parameter or a field that is newer is refused before anything is sent.
    ///
    /// # Errors
    ///
    /// As [`service_content`](Self::service_content).
    pub async fn api_version(&self) -> Result<String, Error> {
        self.session().check_open()?;
        Ok(self.line().version().await?.vim.clone())
    }

    /// The server's time. Asking for it is also the cheapest way to know that server and session are well.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, or does not take the credentials.
    pub async fn current_time(&self) -> Result<DateTime, Error> {
        let instance: mo::ServiceInstance = self.object(MoRef::new("ServiceInstance", "ServiceInstance"));
        instance.current_time().await
    }

    /// Ends the session. What is called after that, on any clone, fails as [`ErrorKind::Closed`]; closing again does nothing.
    ///
    /// A session that was given to the client stays open.
    ///
    /// # Errors
    ///
    /// Where the server did not confirm the end; the client is closed all the same.
    pub async fn close(&self) -> Result<(), Error> {
        let session = Arc::clone(self.session());
        apart(async move { session.close().await }).await
    }

    fn session(&self) -> &Arc<Session> {
        &self.inner.core.session
    }

    fn line(&self) -> &Line {
        self.session().line()
    }

    /// Waits for tasks, for all clones.
    pub(crate) fn tasks(&self) -> &task::Watcher {
        &self.inner.core.tasks
    }

    pub(crate) fn downgrade(&self) -> WeakClient {
        WeakClient { core: Arc::downgrade(&self.inner.core) }
    }

    /// Changes with every login: what the server keeps for a session is then gone.
    pub(crate) fn session_generation(&self) -> u64 {
        self.session().generation()
    }

    /// The server's root objects, with a session ready.
    pub(crate) async fn content(&self) -> Result<Arc<ServiceContent>, Error> {
        self.ready().await?;
        self.session().content().await
    }

    /// Connects, and logs in where there are credentials.
    pub(crate) async fn log_in(&self) -> Result<(), Error> {
        self.content().await.map(drop)
    }

    /// The session to call with; none where there are no credentials.
    async fn ready(&self) -> Result<Option<Live>, Error> {
        let session = self.session();
        session.check_open()?;
        match session.live() {
            Some(live) => Ok(Some(live)),
            None if session.has_credentials() => self.renew(0).await.map(Some),
            None => Ok(None),
        }
    }

    /// Logs in, on behalf of all that wait. It goes on where the caller gives up, so that no session is lost half opened.
    async fn renew(&self, seen: u64) -> Result<Live, Error> {
        let core = Arc::clone(&self.inner.core);
        apart(async move {
            let live = core.session.renew(seen).await?;
            core.keep_alive();
            Ok(live)
        })
        .await
    }

    /// Sends a call and returns the answer, which is not a fault: tries again where that is safe, and logs in again where the
    /// session ended.
    pub(crate) async fn send(&self, request: &Request<'_>, options: SendOptions) -> Result<Answer, Error> {
        let own = self.inner.operation_id.clone();
        let operation_id = own.unwrap_or_else(|| self.line().operation_id());
        let span = Line::span(request, &operation_id);
        let result = self.send_in(request, options, &operation_id, &span).instrument(span.clone()).await;
        if let Err(error) = &result {
            span.record("error", tracing::field::display(error));
        }
        result
    }

    async fn send_in(
        &self,
        request: &Request<'_>,
        options: SendOptions,
        operation_id: &str,
        span: &Span,
    ) -> Result<Answer, Error> {
        let session = self.session();
        let mut live = self.ready().await?;
        let mut attempt = 0;
        loop {
            let cookie = live.as_ref().map(|live| &*live.cookie);
            let SendOptions { timeout, long_poll, .. } = options;
            let mut trip = Trip { timeout, long_poll, attempt, ..Trip::new(cookie, operation_id, span) };
            let result = self.line().send(request, &mut trip).await;
            let first = attempt == 0;
            attempt = trip.attempt;
            let ended = match &result {
                Ok(answer) => self.answers_no_session(request, answer),
                Err(error) => error.is_not_authenticated(),
            };
            if !ended {
                return result;
            }
            session.check_open()?;
            if !session.can_renew() {
                return result.map_err(|error| error.with_hint(self.why_not_renewed()));
            }
            if !(options.relogin && first) {
                return result;
            }
            // The call was refused and not carried out, so that repeating it does nothing twice.
            tracing::debug!(endpoint = %self.endpoint(), "the session ended; logging in again");
            live = Some(self.renew(live.map_or(0, |live| live.generation)).await?);
        }
    }

    fn why_not_renewed(&self) -> String {
        let endpoint = self.endpoint();
        if self.session().has_credentials() {
            format!("the session that was given for {endpoint} has ended, and there is no password to open another")
        } else {
            format!("{endpoint} needs a login: give a user and a password with `ClientBuilder::credentials`")
        }
    }

    /// Whether a read was answered with nothing but the remark that there is no session: some servers answer no fault.
    fn answers_no_session(&self, request: &Request<'_>, answer: &Answer) -> bool {
        let method = request.method;
        if !matches!(method.name, "RetrievePropertiesEx" | "ContinueRetrievePropertiesEx" | "RetrieveProperties")
            || memchr::memmem::find(&answer.body, b"NotAuthenticated").is_none()
        {
            return false;
        }
        let handle = Handle::new(self.caller(), request.this.clone());
        let objects = if method.name == "RetrieveProperties" {
            Vec::<ObjectContent>::from_answer(answer, &handle, method).unwrap_or_default()
        } else {
            let result = Option::<RetrieveResult>::from_answer(answer, &handle, method);
            result.ok().flatten().map(|result| result.objects).unwrap_or_default()
        };
        let mut missing = objects.iter().flat_map(|object| &object.missing_set);
        objects.iter().all(|object| object.prop_set.is_empty())
            && missing.any(|missing| missing.fault.fault.is::<NotAuthenticated>())
    }
}

/// Runs on when whoever waits for it goes away.
async fn apart<T: Send + 'static>(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Canceled, "the runtime is shutting down").with_source(error)),
    }
}

impl Core {
    /// Starts to remind the server of the session, unless that is done already.
    fn keep_alive(self: &Arc<Self>) {
        if let (Some(every), false) = (self.keepalive, self.session.is_kept_alive()) {
            let client = WeakClient { core: Arc::downgrade(self) };
            self.session.keep_alive(Some(tokio::spawn(remind(client, every)).abort_handle()));
        }
    }
}

/// Reminds the server of a session until the client is gone or closed. It owns all that it needs: no lock, no callback.
async fn remind(client: WeakClient, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(client) = client.upgrade() else { return };
        match client.current_time().await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) if error.is_not_authenticated() && !client.session().can_renew() => {
                tracing::warn!(endpoint = %client.endpoint(), error = %error.chain(), "the session ended and cannot be replaced");
                return;
            }
            // A network that fails for a while, or a server that restarts, must not end the reminding.
            Err(error) => tracing::warn!(endpoint = %client.endpoint(), error = %error.chain(), "keeping the session alive failed"),
        }
    }
}

impl Inner {
    fn client(&self) -> Client {
        match self.me.upgrade() {
            Some(inner) => Client { inner },
            None => Client::of(Arc::clone(&self.core), self.operation_id.clone()),
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.core.session.line().transport.endpoint())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Caller for Inner {
    fn call<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move { self.client().send(&request, SendOptions::default()).await })
    }

    fn wait<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<Any, Error>> {
        Box::pin(async move { task::wait(&self.client(), task).await })
    }

    fn progress(&self, task: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>> {
        task::progress(&self.client(), task)
    }

    fn cancel<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { task::cancel(&self.client(), task).await })
    }
}

impl Caller for Client {
    fn call<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Answer, Error>> {
        self.inner.call(request)
    }

    fn wait<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<Any, Error>> {
        self.inner.wait(task)
    }

    fn progress(&self, task: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>> {
        self.inner.progress(task)
    }

    fn cancel<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<(), Error>> {
        self.inner.cancel(task)
    }
}
