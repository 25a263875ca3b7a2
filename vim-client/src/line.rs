//! Calls over one endpoint, below sessions: version, envelope, attempts, faults.

use crate::retry::{Again, Failure, Retry, is_idempotent};
use crate::transport::{Incoming, Jar, Outgoing, Transport};
use crate::version::{self, Version, describe};
use crate::wire_log;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use tracing::{Span, field};
use vim_types::VIM25;
use vim_wire::{Answer, Error, ErrorKind, Request, soap};

/// The connections to an endpoint, and what is known of it before any session.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) transport: Transport,
    pub(crate) retry: Retry,
    version: OnceCell<Version>,
    /// The operation ids of this client: a random start, and a count.
    prefix: String,
    count: AtomicU64,
}

/// How one call travels.
#[derive(Debug)]
pub(crate) struct Trip<'a> {
    pub(crate) cookie: Option<&'a SecretString>,
    pub(crate) jar: Option<&'a Arc<Jar>>,
    pub(crate) operation_id: &'a str,
    /// The call's span, in which its attempts are made.
    pub(crate) span: &'a Span,
    pub(crate) timeout: Option<Duration>,
    pub(crate) long_poll: bool,
    /// The attempts made so far, of the same call.
    pub(crate) attempt: u32,
}

impl<'a> Trip<'a> {
    pub(crate) const fn new(cookie: Option<&'a SecretString>, operation_id: &'a str, span: &'a Span) -> Self {
        Self { cookie, jar: None, operation_id, span, timeout: None, long_poll: false, attempt: 0 }
    }
}

impl Line {
    pub(crate) fn new(transport: Transport, retry: Retry) -> Self {
        let prefix = format!("{:08x}", fastrand::u32(..));
        Self { transport, retry, version: OnceCell::new(), prefix, count: AtomicU64::new(0) }
    }

    /// An operation id that no other call has.
    pub(crate) fn operation_id(&self) -> String {
        format!("{}-{}", self.prefix, self.count.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The versions in common with the server, asked for once.
    pub(crate) async fn version(&self) -> Result<&Version, Error> {
        self.version.get_or_try_init(|| self.negotiate()).await
    }

    async fn negotiate(&self) -> Result<Version, Error> {
        let endpoint = self.transport.endpoint();
        let get = Outgoing {
            url: endpoint.url(version::PATH),
            post: None,
            cookie: None,
            jar: None,
            timeout: None,
            long_poll: false,
        };
        let mut attempts = Attempts::new(self.retry, true);
        loop {
            let failure = match self.transport.exchange(get.clone()).await {
                Ok(incoming) => match self.unavailable(&incoming) {
                    Some(failure) => failure,
                    None => {
                        let version = Version::negotiate(endpoint, &incoming, &VIM25)?;
                        tracing::debug!(%endpoint, version = version.vim, "API version negotiated");
                        return Ok(version);
                    }
                },
                Err(failure) => failure,
            };
            attempts.after(failure).await?;
        }
    }

    /// The span of a call, in which its attempts are made.
    pub(crate) fn span(request: &Request<'_>, operation_id: &str) -> Span {
        tracing::info_span!(
            "vim_call",
            method = request.method.name,
            object = %request.this,
            op_id = operation_id,
            attempt = field::Empty,
            bytes_out = field::Empty,
            bytes_in = field::Empty,
            milliseconds = field::Empty,
            error = field::Empty,
        )
    }

    /// Sends a call, again where that is safe, and returns what is not a fault.
    pub(crate) async fn send(&self, request: &Request<'_>, trip: &mut Trip<'_>) -> Result<Answer, Error> {
        let result = self.attempts(request, trip).await;
        result.map_err(|error| error.in_operation(request.method.name).on_object(request.this))
    }

    async fn attempts(&self, request: &Request<'_>, trip: &mut Trip<'_>) -> Result<Answer, Error> {
        let version = self.version().await?;
        let service = request.method.service;
        let spoken = version.of(service);
        let mut header = vec![("operationID", trip.operation_id)];
        if let (Some(cookie), true) = (trip.cookie, service.namespace != VIM25.namespace) {
            // Services beside the main one take the session from here, without the cookie's quotes.
            header.push(("vcSessionCookie", cookie.expose_secret().trim_matches('"')));
        }
        let document = request.to_soap(Some(&spoken), &header)?;
        let url = self.transport.endpoint().url(service.path);
        let action = format!("{}/{spoken}", service.namespace);
        trip.span.record("bytes_out", document.len());
        wire_log::sent(&url, request, trip.operation_id, &document);
        let outgoing = Outgoing {
            url,
            post: Some((action, Bytes::from(document))),
            cookie: trip.cookie.cloned(),
            jar: trip.jar.cloned(),
            timeout: trip.timeout,
            long_poll: trip.long_poll,
        };
        let retry = if trip.long_poll { Retry::never() } else { self.retry };
        let mut attempts = Attempts::new(retry, is_idempotent(request.method.name));
        loop {
            trip.attempt += 1;
            trip.span.record("attempt", trip.attempt);
            match self.attempt(request, trip, outgoing.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => attempts.after(failure).await.map_err(|error| {
                    // What was never sent is in nobody's logs.
                    if error.is_never_sent() { error } else { error.with_operation_id(trip.operation_id) }
                })?,
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        trip: &Trip<'_>,
        outgoing: Outgoing,
    ) -> Result<Answer, Failure> {
        let start = Instant::now();
        let incoming = self.transport.exchange(outgoing).await?;
        let took = start.elapsed();
        trip.span.record("bytes_in", incoming.body.len());
        trip.span.record("milliseconds", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        wire_log::received(request, trip.operation_id, &incoming, took);
        if let Some(failure) = self.unavailable(&incoming) {
            return Err(failure);
        }
        let limits = self.transport.limits();
        let protocol = |what: String| {
            Failure::from(Error::new(ErrorKind::Protocol, format!("{}: {what}", self.transport.endpoint())))
        };
        if !matches!(incoming.status, 200 | 500) || !is_markup(&incoming.body) || is_html(&incoming) {
            return Err(protocol(format!("it answered no SOAP, but {}", describe(&incoming))));
        }
        match soap::fault(&incoming.body, request.method.service.registry, limits) {
            Ok(Some(fault)) => Err(Error::from_fault(fault).into()),
            Ok(None) if incoming.status == 200 => {
                let operation_id = Some(trip.operation_id.into());
                Ok(Answer { body: incoming.body, limits, operation_id })
            }
            Ok(None) => Err(protocol(format!("it answered no fault, but {}", describe(&incoming)))),
            Err(error) => {
                let what = if incoming.status == 200 {
                    "its answer cannot be read"
                } else {
                    "its fault cannot be read"
                };
                Err(protocol(format!("{what}: {error}")))
            }
        }
    }

    /// The failure that an answer of a proxy, or of a server that is starting or overloaded, is.
    fn unavailable(&self, incoming: &Incoming) -> Option<Failure> {
        if !matches!(incoming.status, 429 | 502..=504) {
            return None;
        }
        let message = format!("{}: it is not available: {}", self.transport.endpoint(), describe(incoming));
        let error = Error::new(ErrorKind::Interrupted, message);
        Some(Failure { error, again: Again::Idempotent, retry_after: incoming.retry_after })
    }
}

fn is_markup(body: &[u8]) -> bool {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start().first() == Some(&b'<')
}

fn is_html(incoming: &Incoming) -> bool {
    let start = incoming.body.trim_ascii_start();
    let starts = |with: &[u8]| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    incoming.content_type.starts_with("text/html") || starts(b"<html") || starts(b"<!doctype html")
}

/// The attempts of one request: pauses between them, or gives up.
struct Attempts<D> {
    delays: D,
    idempotent: bool,
    start: Instant,
    total: Duration,
    made: u32,
}

impl Attempts<()> {
    fn new(retry: Retry, idempotent: bool) -> Attempts<impl Iterator<Item = Duration> + Send> {
        Attempts { delays: retry.delays(), idempotent, start: Instant::now(), total: retry.total, made: 0 }
    }
}

impl<D: Iterator<Item = Duration>> Attempts<D> {
    /// Waits for the next attempt after a failed one, or returns the failure where there is none.
    async fn after(&mut self, failure: Failure) -> Result<(), Error> {
        self.made += 1;
        let may = match failure.again {
            Again::Always => true,
            Again::Idempotent => self.idempotent,
            Again::Never => false,
        };
        let Some(delay) = may.then(|| self.delays.next()).flatten() else {
            return Err(self.give_up(failure));
        };
        let delay = failure.retry_after.unwrap_or_default().max(delay);
        if self.start.elapsed().saturating_add(delay) >= self.total {
            return Err(self.give_up(failure));
        }
        tracing::debug!(error = %failure.error, ?delay, attempt = self.made, "trying again");
        sleep(delay).await;
        Ok(())
    }

    fn give_up(&self, failure: Failure) -> Error {
        if self.made < 2 {
            return failure.error;
        }
        failure.error.with_hint(format!(
            "given up after {} attempts in {:.1?}",
            self.made,
            self.start.elapsed()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(again: Again, retry_after: Option<u64>) -> Failure {
        let error = Error::new(ErrorKind::Interrupted, "broken");
        Failure { error, again, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_be_sent_again_is_bounded_in_number_and_time() {
        let retry = Retry { attempts: 3, ..Retry::default() };
        let mut attempts = Attempts::new(retry, false);
        assert!(attempts.after(failure(Again::Always, None)).await.is_ok());
        assert!(attempts.after(failure(Again::Always, None)).await.is_ok());
        let error = attempts.after(failure(Again::Always, None)).await.expect_err("three attempts are all");
        assert!(error.to_string().contains("after 3 attempts"), "{error}");

        let mut attempts = Attempts::new(Retry { total: Duration::from_secs(30), ..Retry::default() }, true);
        assert!(attempts.after(failure(Again::Idempotent, Some(20))).await.is_ok());
        assert!(attempts.after(failure(Again::Idempotent, Some(20))).await.is_err(), "the time is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_more_time_than_there_is_is_given_up() {
        tokio::time::advance(Duration::from_secs(1)).await;
        let mut attempts = Attempts::new(Retry { total: Duration::MAX, ..Retry::default() }, true);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(attempts.after(failure(Again::Idempotent, Some(u64::MAX))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_carried_out_is_sent_again_only_where_that_does_nothing_twice() {
        assert!(Attempts::new(Retry::default(), true).after(failure(Again::Idempotent, None)).await.is_ok());
        assert!(
            Attempts::new(Retry::default(), false).after(failure(Again::Idempotent, None)).await.is_err()
        );
        assert!(Attempts::new(Retry::default(), true).after(failure(Again::Never, None)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_server_asks_for_is_kept() {
        let start = Instant::now();
        Attempts::new(Retry::default(), true)
            .after(failure(Again::Idempotent, Some(7)))
            .await
            .expect("again");
        assert!(start.elapsed() >= Duration::from_secs(7));
    }
}
