//! How a client is made.

use crate::client::Client;
use crate::credentials::Credentials;
use crate::endpoint::masked;
use crate::line::Line;
use crate::session::Session;
use crate::transport::{Timeouts, Transport};
use crate::{Endpoint, Retry, Trust};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use vim_wire::{Error, ErrorKind, Limits};

/// How a [`Client`] is made: where to, with what credentials, whom to trust, and how patient to be.
///
/// ```no_run
/// use std::time::Duration;
/// use vim_client::{Client, Trust};
///
/// # async fn connect(password: secrecy::SecretString) -> Result<(), vim_client::Error> {
/// let client = Client::builder("vcenter.example.com")
///     .credentials("administrator@vsphere.local", password)
///     .trust(Trust::CaFile("/etc/ssl/vcenter.pem".into()))
///     .request_timeout(Duration::from_secs(120))
///     .connect()
///     .await?;
/// println!("{}", client.about().await?.full_name);
/// client.close().await
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a client is made by `build` or `connect`"]
pub struct ClientBuilder {
    endpoint: String,
    credentials: Option<Credentials>,
    trust: Trust,
    timeouts: Timeouts,
    limits: Limits,
    retry: Retry,
    user_agent: Option<String>,
    keepalive: Option<Duration>,
    locale: Option<String>,
}

impl fmt::Debug for ClientBuilder {
    /// Without secrets, even where someone wrote a password into the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("endpoint", &masked(&self.endpoint))
            .field("credentials", &self.credentials)
            .field("trust", &self.trust)
            .field("timeouts", &self.timeouts)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .field("user_agent", &self.user_agent)
            .field("keepalive", &self.keepalive)
            .field("locale", &self.locale)
            .finish()
    }
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            credentials: None,
            trust: Trust::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            retry: Retry::default(),
            user_agent: None,
            keepalive: Some(Duration::from_secs(300)),
            locale: None,
        }
    }

    /// Logs in with a user and a password, again whenever the server has ended the session.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.credentials = Some(Credentials::UserPassword { user: user.into(), password: password.into() });
        self
    }

    /// Uses a session that is open already: `vmware-api-session-id: …`, the cookie `vmware_soap_session=…`, or the id alone.
    ///
    /// The server is asked whether it knows the session. [`Client::close`] leaves it open, since it is not the client's own; once
    /// the server has ended it, calls fail with [`is_not_authenticated`](Error::is_not_authenticated).
    pub fn session(mut self, session: impl Into<SecretString>) -> Self {
        self.credentials = Some(Credentials::Session(session.into()));
        self
    }

    /// Opens a session with a ticket of `SessionManager.AcquireCloneTicket`, which serves once: a session that the server ends is
    /// not replaced.
    pub fn clone_ticket(mut self, ticket: impl Into<SecretString>) -> Self {
        self.credentials = Some(Credentials::CloneTicket(ticket.into()));
        self
    }

    /// Which certificates are trusted; the system's unless told otherwise.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long a connection may take to come about, with its TLS handshake; 15 seconds unless told otherwise.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// How long one attempt of a call may take as a whole; five minutes unless told otherwise.
    ///
    /// It says nothing of tasks, which go on when the call that began them is answered.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.request = timeout;
        self
    }

    /// How long a server may pause in the middle of an answer; one minute unless told otherwise.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.idle = timeout;
        self
    }

    /// How large and how deeply nested an answer may be.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How failed requests are tried again.
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The program's name and version, such as `backup/1.4`: what administrators see in the server's list of sessions, before the
    /// name of this client.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// How often the server is reminded of an idle session; every five minutes unless told otherwise, never with `None`.
    ///
    /// A failed reminder is logged, and the next one made all the same.
    pub fn keepalive(mut self, every: impl Into<Option<Duration>>) -> Self {
        self.keepalive = every.into();
        self
    }

    /// The language of the server's messages, such as `en_US`; the server's own unless told otherwise.
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Makes the client without a word to the server: the first call connects and logs in. Reads the CA file, where there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the endpoint, the trust, the session or another setting cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint: Endpoint = self.endpoint.parse()?;
        self.check()?;
        if !endpoint.is_secure() && !endpoint.is_local() {
            tracing::warn!(%endpoint, "without TLS anyone on the way can read passwords and change everything");
        }
        let credentials = match self.credentials {
            Some(Credentials::Session(given)) => Some(Credentials::session(&given)?),
            other => other,
        };
        let own = concat!("vim-client/", env!("CARGO_PKG_VERSION"));
        let agent = self.user_agent.map_or_else(|| own.to_owned(), |product| format!("{product} {own}"));
        let transport = Transport::new(endpoint, &self.trust, &agent, self.timeouts, self.limits)?;
        let session = Session::new(Arc::new(Line::new(transport, self.retry)), credentials, self.locale);
        Ok(Client::new(session, self.keepalive))
    }

    fn check(&self) -> Result<(), Error> {
        let Timeouts { connect, request, idle } = self.timeouts;
        let times = [
            ("connect time-out", Some(connect)),
            ("request time-out", Some(request)),
            ("idle time-out", Some(idle)),
            ("keepalive", self.keepalive),
        ];
        if let Some((what, _)) = times.iter().find(|(_, time)| *time == Some(Duration::ZERO)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the {what} for {} is zero", self.endpoint),
            ));
        }
        if let (Some(Credentials::Session(_)), Some(locale)) = (&self.credentials, &self.locale) {
            let message = format!(
                "the locale {locale:?} cannot be set: the given session for {} has its own",
                self.endpoint
            );
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(())
    }

    /// Makes the client, asks the server what it is, and logs in where there are credentials.
    ///
    /// # Errors
    ///
    /// What [`build`](Self::build) refuses; where the server cannot be reached or trusted, is no vSphere, or does not take the
    /// credentials. No session is left behind.
    pub async fn connect(self) -> Result<Client, Error> {
        let client = self.build()?;
        client.content().await?;
        Ok(client)
    }
}
