//! The client: typed calls to one vCenter or ESXi host.

use crate::builder::ClientBuilder;
use crate::line::Line;
use crate::send::apart;
use crate::session::Session;
use crate::{Endpoint, task};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;
use vim_types::{AboutInfo, ServiceContent, mo};
use vim_wire::{
    Answer, Any, BoxFuture, BoxStream, Caller, DateTime, Error, Handle, ManagedObject, MoRef, Request, Task,
    TaskProgress, TaskRef,
};

pub(crate) use crate::send::SendOptions;

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
pub(crate) struct Core {
    pub(crate) session: Arc<Session>,
    pub(crate) keepalive: Option<Duration>,
    tasks: task::Watcher,
}

/// A client that does not keep its session alive.
#[derive(Clone)]
pub(crate) struct WeakClient {
    core: Weak<Core>,
    operation_id: Option<String>,
}

impl WeakClient {
    /// One for all clones, whose calls bear operation ids of their own.
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::downgrade(core), operation_id: None }
    }

    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.core.upgrade().map(|core| Client::of(core, self.operation_id.clone()))
    }
}

impl Client {
    /// A client of that endpoint, to be made: a host name or an address, with or without `https://` and `/sdk`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(endpoint.into())
    }

    pub(crate) fn new(session: Session, keepalive: Option<Duration>) -> Self {
        Self::of(
            Arc::new(Core { session: Arc::new(session), keepalive, tasks: task::Watcher::default() }),
            None,
        )
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

    /// A task to be watched again, by the line that was kept of it; `T` is what the task's method promised.
    ///
    /// ```no_run
    /// # async fn run(client: vim_client::Client, vm: vim_client::mo::VirtualMachine) -> Result<(), vim_client::Error> {
    /// use vim_client::Task;
    ///
    /// let task = vm.power_on().await?;
    /// let line = task.task_ref().to_string();
    /// // The line is stored, the program starts again, and goes on where it was:
    /// let task: Task<()> = client.resume(&line)?;
    /// task.await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the text is no such line. Whether the server still knows the task,
    /// awaiting it says.
    pub fn resume<T>(&self, text: &str) -> Result<Task<T>, Error> {
        Ok(Task::resume(self.caller(), TaskRef::parse(text, vim_types::method)?))
    }

    /// The server's root objects and what it is; asked for once.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached or is no vSphere.
    pub async fn service_content(&self) -> Result<Arc<ServiceContent>, Error> {
        self.session().check_open()?;
        self.known_content().await
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
        self.spoken().await
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

    /// Ends the session. What is called after that, on any clone, fails as [`Closed`](crate::ErrorKind::Closed); closing again does nothing.
    ///
    /// A session that was given to the client stays open, and what the client made in it is destroyed. A login that is on its way
    /// is waited for, for 20 seconds at the most; one that takes longer is ended when it is there.
    ///
    /// # Errors
    ///
    /// Where the server did not confirm the end; the client is closed all the same.
    pub async fn close(&self) -> Result<(), Error> {
        self.end().await
    }

    // Boxed here and below: a future that is not is compiled again, with all that it awaits, in every crate that awaits it.
    fn end(&self) -> BoxFuture<'static, Result<(), Error>> {
        let session = Arc::clone(self.session());
        Box::pin(apart(async move { session.close().await }))
    }

    fn spoken(&self) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async {
            self.session().check_open()?;
            Ok(self.line().version().await?.vim.clone())
        })
    }

    fn known_content(&self) -> BoxFuture<'_, Result<Arc<ServiceContent>, Error>> {
        Box::pin(self.session().content())
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.inner.core
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.inner.core.session
    }

    pub(crate) fn line(&self) -> &Line {
        self.session().line()
    }

    /// The operation id of this client's next call.
    pub(crate) fn operation_id(&self) -> String {
        self.inner.operation_id.clone().unwrap_or_else(|| self.line().operation_id())
    }

    /// Waits for tasks, for all clones.
    pub(crate) fn tasks(&self) -> &task::Watcher {
        &self.inner.core.tasks
    }

    pub(crate) fn downgrade(&self) -> WeakClient {
        WeakClient { operation_id: self.inner.operation_id.clone(), ..WeakClient::new(&self.inner.core) }
    }

    /// Changes with every login: what the server keeps for a session is then gone.
    pub(crate) fn session_generation(&self) -> u64 {
        self.session().generation()
    }

    /// The server's root objects, with a session ready: connects, and logs in where there are credentials.
    pub(crate) fn content(&self) -> BoxFuture<'_, Result<Arc<ServiceContent>, Error>> {
        Box::pin(async {
            self.ready().await?;
            self.session().content().await
        })
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
