//! One HTTP exchange: bytes out, bytes in, and what went wrong told apart.

use crate::retry::{Again, Failure};
use crate::trust::Untrusted;
use crate::{Endpoint, Trust};
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use vim_wire::{Error, ErrorKind, Limits};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// A connection, with its TLS handshake.
    pub(crate) connect: Duration,
    /// An attempt as a whole, from the connection to the answer's last byte.
    pub(crate) request: Duration,
    /// A pause in an answer that has begun.
    pub(crate) idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            request: Duration::from_secs(300),
            idle: Duration::from_secs(60),
        }
    }
}

/// Where a caller allows more time than can be counted.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) url: String,
    /// The SOAPAction and the document; none for a GET.
    pub(crate) post: Option<(String, Bytes)>,
    pub(crate) cookie: Option<SecretString>,
    /// Where the session cookie goes that the server sets; even that of an answer that then breaks off.
    pub(crate) jar: Option<Arc<Jar>>,
    /// The time-out for the attempt, where it is not the usual one.
    pub(crate) timeout: Option<Duration>,
    /// Whether the answer is expected to take long; such requests have connections of their own.
    pub(crate) long_poll: bool,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// The connections to one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    endpoint: Endpoint,
    calls: reqwest::Client,
    polls: reqwest::Client,
    timeouts: Timeouts,
    limits: Limits,
}

/// Keeps the value of a session cookie, as the server wrote it.
#[derive(Debug, Default)]
pub(crate) struct Jar(Mutex<Option<SecretString>>);

impl Jar {
    pub(crate) const fn of(cookie: Option<SecretString>) -> Self {
        Self(Mutex::new(cookie))
    }

    pub(crate) fn cookie(&self) -> Option<SecretString> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, cookie: SecretString) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }
}

/// The cookie of a SOAP session.
pub(crate) const SESSION_COOKIE: &str = "vmware_soap_session";

impl Transport {
    pub(crate) fn new(
        endpoint: Endpoint,
        trust: &Trust,
        user_agent: &str,
        timeouts: Timeouts,
        limits: Limits,
    ) -> Result<Self, Error> {
        let tls = trust.config(&endpoint)?;
        let build = || {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .user_agent(user_agent)
                .connect_timeout(timeouts.connect)
                // Below the 60 seconds after which the proxies in vCenter and ESXi drop idle connections.
                .pool_idle_timeout(Duration::from_secs(45))
                .tcp_keepalive(Duration::from_secs(30))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never());
            if endpoint.is_local() {
                builder = builder.no_proxy();
            }
            builder.build().map_err(|error| {
                let message = format!("the HTTP client for {endpoint} cannot be set up: {}", root(&error));
                Error::new(ErrorKind::InvalidInput, message)
            })
        };
        Ok(Self { calls: build()?, polls: build()?, endpoint, timeouts, limits })
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// One attempt. An answer of any status is a success here.
    pub(crate) async fn exchange(&self, outgoing: Outgoing) -> Result<Incoming, Failure> {
        let allowed = outgoing.timeout.unwrap_or(self.timeouts.request);
        let now = Instant::now();
        let deadline = now.checked_add(allowed).unwrap_or(now + FOREVER);
        let late = |what: &str| self.failed(ErrorKind::Timeout, &format!("{what} within {allowed:?}"));
        let jar = outgoing.jar.clone();
        let request = self.request(outgoing)?;
        let mut response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.classify(&error)),
            Err(_) => return Err(late("it did not answer")),
        };
        let headers = response.headers();
        if let (Some(jar), Some(cookie)) = (jar, session_cookie(headers)) {
            jar.take(cookie);
        }
        let mut incoming = Incoming {
            status: response.status().as_u16(),
            content_type: text(headers, &CONTENT_TYPE).unwrap_or_default(),
            location: text(headers, &LOCATION),
            retry_after: text(headers, &RETRY_AFTER)
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            body: Vec::new(),
        };
        let limit = self.limits.size;
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
            return Err(self.over_limit());
        }
        // What a server announces is not believed beyond a start.
        incoming.body.reserve_exact(usize::try_from(announced.min(16 << 20)).unwrap_or(0));
        loop {
            let next = match timeout_at(deadline, self.chunk(&mut response)).await {
                Ok(next) => next?,
                Err(_) => return Err(late("its answer did not end")),
            };
            let Some(chunk) = next else { return Ok(incoming) };
            if incoming.body.len() + chunk.len() > limit {
                return Err(self.over_limit());
            }
            incoming.body.extend_from_slice(&chunk);
        }
    }

    async fn chunk(&self, response: &mut reqwest::Response) -> Result<Option<Bytes>, Failure> {
        match tokio::time::timeout(self.timeouts.idle, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) if error.is_decode() && !is_broken_off(&error) => {
                Err(self
                    .failed(ErrorKind::Protocol, &format!("its answer cannot be unpacked: {}", root(&error))))
            }
            Ok(Err(error)) => {
                Err(self.failed(ErrorKind::Interrupted, &format!("its answer broke off: {}", root(&error))))
            }
            Err(_) => {
                let message = format!("it stopped in the middle of its answer for {:?}", self.timeouts.idle);
                Err(self.failed(ErrorKind::Timeout, &message))
            }
        }
    }

    fn request(&self, outgoing: Outgoing) -> Result<reqwest::RequestBuilder, Failure> {
        let client = if outgoing.long_poll { &self.polls } else { &self.calls };
        let mut request = match outgoing.post {
            None => client.get(outgoing.url),
            Some((action, body)) => client
                .post(outgoing.url)
                .header(CONTENT_TYPE, "text/xml; charset=utf-8")
                .header("SOAPAction", action)
                .body(body),
        };
        request = request.header(ACCEPT, "text/xml");
        if let Some(cookie) = outgoing.cookie {
            let header = format!("{SESSION_COOKIE}={}", cookie.expose_secret());
            let mut value = HeaderValue::from_str(&header).map_err(|_| {
                self.failed(ErrorKind::InvalidInput, "the session id has a character that no cookie can have")
            })?;
            value.set_sensitive(true);
            request = request.header(COOKIE, value);
        }
        Ok(request)
    }

    fn over_limit(&self) -> Failure {
        let message = format!("its answer is over the limit of {} bytes", self.limits.size);
        let failure = self.failed(ErrorKind::Protocol, &message);
        Failure {
            error: failure.error.with_hint("ask for less at a time, or raise `Limits::size`"),
            ..failure
        }
    }

    fn failed(&self, kind: ErrorKind, what: &str) -> Failure {
        let again = match kind {
            ErrorKind::Connect => Again::Always,
            ErrorKind::Interrupted => Again::Idempotent,
            _ => Again::Never,
        };
        Failure { error: Error::new(kind, format!("{}: {what}", self.endpoint)), again, retry_after: None }
    }

    /// What a failed exchange was: not connected, not trusted, broken off, or with something that does not speak HTTP.
    fn classify(&self, error: &reqwest::Error) -> Failure {
        let tls = causes(error).find_map(|cause| inner::<rustls::Error>(cause));
        if let Some(tls) = tls {
            return self.tls(tls);
        }
        let http = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
        if http.is_some_and(hyper::Error::is_parse) {
            return self
                .failed(ErrorKind::Protocol, &format!("what it answered is not HTTP: {}", root(error)));
        }
        if error.is_connect() {
            let what = if error.is_timeout() || is_timeout(error) {
                format!("no connection within {:?}", self.timeouts.connect)
            } else {
                format!("no connection: {}", root(error))
            };
            return self.failed(ErrorKind::Connect, &what);
        }
        if error.is_builder() {
            return self.failed(ErrorKind::InvalidInput, &format!("no request can be made: {}", root(error)));
        }
        self.failed(ErrorKind::Interrupted, &format!("the connection was lost: {}", root(error)))
    }

    fn tls(&self, error: &rustls::Error) -> Failure {
        let with_hint = |failure: Failure, hint: &'static str| Failure {
            error: failure.error.with_hint(hint),
            ..failure
        };
        match (error, Untrusted::find(error)) {
            (_, Some(untrusted)) => with_hint(
                self.failed(ErrorKind::Untrusted, &format!("its certificate is not trusted: {untrusted}")),
                "compare the thumbprint with the server's own, and trust it or a CA file",
            ),
            (rustls::Error::InvalidMessage(_), _) => with_hint(
                self.failed(ErrorKind::Protocol, &format!("it does not speak TLS on this port: {error}")),
                "a simulator without TLS needs http:// written out",
            ),
            (rustls::Error::InvalidCertificate(_), _) => {
                self.failed(ErrorKind::Untrusted, &format!("its certificate is not trusted: {error}"))
            }
            _ => self.failed(ErrorKind::Protocol, &format!("no TLS connection: {error}")),
        }
    }
}

fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn session_cookie(headers: &HeaderMap) -> Option<SecretString> {
    headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|text| {
        let (name, rest) = text.split_once('=')?;
        let value = rest.split(';').next().unwrap_or("").trim();
        let is_empty = value.trim_matches('"').is_empty();
        (name.trim() == SESSION_COOKIE && !is_empty).then(|| value.into())
    })
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        error.source()
    })
}

/// An error of that type, itself or as what an I/O error wraps: the latter is no source of its wrapper.
fn inner<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    error.downcast_ref::<T>().or_else(|| {
        let io = error.downcast_ref::<std::io::Error>()?;
        inner::<T>(io.get_ref()?)
    })
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::TimedOut)
}

fn is_broken_off(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        cause.downcast_ref::<hyper::Error>().is_some()
            || cause.downcast_ref::<std::io::Error>().is_some_and(|io| inner::<hyper::Error>(io).is_some())
    })
}

/// The last of the causes, which says the most.
fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}
