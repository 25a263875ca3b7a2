//! Starting and stopping simulators.

use crate::model::{self, Model};
use crate::rules::{Rule, Rules};
use crate::serve::{self, Tls};
use crate::sim::{Config, Sim};
use crate::timer::{Clock, Timer};
use crate::users::{Accounts, Role, User};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use vim_types::VIM25;

/// The version that a simulator has unless told otherwise.
const API_VERSION: &str = "8.0.3.0";

/// Why a simulator did not start.
#[derive(Debug)]
pub struct StartError {
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StartError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    fn because(what: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what: what.into(), source: Some(source.into()) }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// What a simulator shall be.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    model: Model,
    listen: SocketAddr,
    tls: bool,
    accounts: Accounts,
    users: Vec<User>,
    api_version: String,
    clock: Clock,
    idle: Duration,
    task_time: Duration,
    boot_time: Duration,
    rules: Rules,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            model: Model::vcenter(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            tls: false,
            accounts: Accounts::default(),
            users: Vec::new(),
            api_version: API_VERSION.to_owned(),
            clock: Clock::System,
            idle: Duration::from_secs(30 * 60),
            task_time: Duration::ZERO,
            boot_time: Duration::from_millis(500),
            rules: Rules::default(),
        }
    }
}

impl Builder {
    /// What there is at the start; [`Model::vcenter`] unless told otherwise.
    pub fn model(mut self, model: Model) -> Self {
        self.model = model;
        self
    }

    /// Where to listen; a free port of 127.0.0.1 unless told otherwise.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Whether to speak TLS, with a certificate made at start; not unless told so.
    pub const fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// An account with all privileges. Without any, every name and password that are not empty are taken.
    pub fn account(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.accounts.insert(user.into(), password.into());
        self
    }

    /// An account that may only do what a role lets it, on the objects at those inventory paths and below them: the role's
    /// name, or a list of privileges. Called more than once for a user, it gives them more than one permission.
    ///
    /// ```
    /// use vim_sim::Simulator;
    ///
    /// let builder = Simulator::builder()
    ///     .account("administrator@vsphere.local", "secret")
    ///     .user("reader", "secret", "ReadOnly", ["/"])
    ///     .user("operator", "secret", ["VirtualMachine.Interact.PowerOn"], ["/DC0/vm"]);
    /// # let _ = builder;
    /// ```
    pub fn user(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
        may: impl Into<Role>,
        on: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let name = user.into();
        self.accounts.insert(name.clone(), password.into());
        let on = on.into_iter().map(Into::into).collect();
        self.users.push(User { name, role: may.into(), on });
        self
    }

    /// The API version that the simulator has; `8.0.3.0` unless told otherwise.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// How time passes.
    pub const fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long a session may be idle; 30 minutes unless told otherwise.
    pub const fn idle_timeout(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How long a task takes; no time unless told otherwise.
    pub const fn task_time(mut self, time: Duration) -> Self {
        self.task_time = time;
        self
    }

    /// How long after power-on a guest's tools run and it has an address; half a second unless told otherwise.
    pub const fn boot_time(mut self, time: Duration) -> Self {
        self.boot_time = time;
        self
    }

    /// A rule that is in force from the start.
    pub fn rule(self, rule: Rule) -> Self {
        self.rules.add(rule);
        self
    }

    /// Starts it. It runs on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, the API version is unknown, or the model cannot be.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|error| StartError::because(format!("cannot listen on {}", self.listen), error))?;
        let address = listener.local_addr().map_err(|error| StartError::because("no address", error))?;
        let tls = match self.tls {
            true => {
                Some(Tls::new(address.ip()).map_err(|error| StartError::because("no certificate", error))?)
            }
            false => None,
        };
        let sim = self.build()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/sdk", reachable(address));
        let _ = sim.url.set(url.clone());
        let (ca, acceptor) = tls.map_or((None, None), |tls| (Some(tls.ca), Some(tls.acceptor)));
        let tasks = vec![
            tokio::spawn(serve::listen(Arc::clone(&sim), listener, acceptor)),
            tokio::spawn(Timer::run(Arc::clone(&sim))),
        ];
        Ok(Simulator { sim, url, address, ca, tasks })
    }

    /// Builds what is inside. Nobody serves it yet, and its time does not pass.
    pub(crate) fn build(self) -> Result<Arc<Sim>, StartError> {
        if !self.api_version.split('.').all(|part| part.parse::<u32>().is_ok()) {
            let what = format!("{:?} is no API version such as {API_VERSION}", self.api_version);
            return Err(StartError::new(what));
        }
        let config = Config {
            version: VIM25.index_of(&self.api_version),
            api_version: self.api_version,
            accounts: self.accounts,
            users: self.users,
            idle: self.idle,
            task_time: self.task_time,
            boot_time: self.boot_time,
            esx: self.model.is_esx(),
        };
        let timer = Timer::new(self.clock);
        let (content, mut world) = model::build(&self.model, &config, timer.now())?;
        let mut tx = world.begin();
        crate::mo::authorization_manager::admit(&mut tx, &content, &config)?;
        tx.commit();
        Ok(Sim::new(config, timer, content, world, self.rules))
    }
}

/// The address by which a listener is reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

/// A vCenter or ESXi host that runs until it is dropped.
#[derive(Debug)]
pub struct Simulator {
    sim: Arc<Sim>,
    url: String,
    address: SocketAddr,
    ca: Option<String>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// A simulator to be.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Its inside.
    #[cfg(test)]
    pub(crate) const fn sim(&self) -> &Arc<Sim> {
        &self.sim
    }

    /// Its endpoint, such as `http://127.0.0.1:38017/sdk`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority to trust, as PEM; none where it speaks no TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Puts a rule into force; returns what [`remove_rule`](Self::remove_rule) takes it out by.
    pub fn rule(&self, rule: Rule) -> u64 {
        self.sim.rules.add(rule)
    }

    /// Takes a rule out of force.
    pub fn remove_rule(&self, id: u64) {
        self.sim.rules.remove(id);
    }

    /// Takes all rules out of force.
    pub fn clear_rules(&self) {
        self.sim.rules.clear();
    }

    /// Lets time pass, where the clock is [`Clock::Manual`]: each thing that was to happen meanwhile happens at its time.
    pub fn advance(&self, time: Duration) {
        self.sim.timer.advance(&self.sim, time);
    }

    /// Ends all sessions, as a server that restarts does.
    pub fn end_sessions(&self) {
        self.sim.sessions.end_all();
        self.sim.rest.end_sessions();
    }

    /// The requests that came since the last time that this was asked: those of SOAP by method, those of REST by method and
    /// path.
    #[must_use]
    pub fn take_requests(&self) -> HashMap<String, u64> {
        self.sim.take_requests()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.sim.sessions.end_all();
    }
}
