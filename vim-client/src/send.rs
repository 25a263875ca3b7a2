//! How a client's calls are sent: with its session, which is opened, renewed and kept alive on the way.

use crate::client::{Client, Core, WeakClient};
use crate::line::{Line, Trip};
use crate::property::from_localized;
use crate::session::Live;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tracing::{Instrument, Span};
use vim_types::{NotAuthenticated, ObjectContent, RetrieveResult};
use vim_wire::{Answer, BoxFuture, DecodeError, Error, ErrorKind, Fault, Handle, Object, Output, Request};

/// How a call is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendOptions {
    /// The time for an attempt, where it is not the client's.
    pub(crate) timeout: Option<Duration>,
    /// Whether the answer is expected to take long: then it has a connection of its own, and is never sent again.
    pub(crate) long_poll: bool,
    /// The one session that the call makes sense in, where it is about something that the server keeps for a session: in no
    /// other is it sent, and it does not log in again.
    pub(crate) only_in: Option<u64>,
}

impl Client {
    /// The session to call with; none where there are no credentials.
    pub(crate) async fn ready(&self) -> Result<Option<Live>, Error> {
        let session = self.session();
        session.check_open()?;
        match session.live() {
            Some(live) => Ok(Some(live)),
            None if session.has_credentials() => self.renew(0).await.map(Some),
            None => Ok(None),
        }
    }

    /// Logs in, on behalf of all that wait. It goes on where the caller gives up or the client is closed, so that no session
    /// is lost half opened.
    async fn renew(&self, seen: u64) -> Result<Live, Error> {
        let core = Arc::clone(self.core());
        let renewed = apart(async move {
            let live = core.session.renew(seen).await?;
            keep_alive(&core);
            Ok(live)
        });
        tokio::select! {
            renewed = renewed => renewed,
            closed = self.session().until_closed() => Err(closed),
        }
    }

    /// Sends a call and returns the answer, which is not a fault: tries again where that is safe, and logs in again where the
    /// session ended.
    pub(crate) fn send<'a>(
        &'a self,
        request: &'a Request<'_>,
        options: SendOptions,
    ) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move { self.sent(request, options).await.map(|(answer, _)| answer) })
    }

    /// The same, with the session that the answer came in.
    pub(crate) fn send_in<'a>(
        &'a self,
        request: &'a Request<'_>,
        options: SendOptions,
    ) -> BoxFuture<'a, Result<(Answer, u64), Error>> {
        Box::pin(self.sent(request, options))
    }

    async fn sent(&self, request: &Request<'_>, options: SendOptions) -> Result<(Answer, u64), Error> {
        let operation_id = self.operation_id();
        let span = Line::span(request, &operation_id);
        let result = self.trips(request, options, &operation_id, &span).instrument(span.clone()).await;
        if let Err(error) = &result {
            span.record("error", tracing::field::display(error));
        }
        result
    }

    async fn trips(
        &self,
        request: &Request<'_>,
        options: SendOptions,
        operation_id: &str,
        span: &Span,
    ) -> Result<(Answer, u64), Error> {
        let SendOptions { timeout, long_poll, only_in } = options;
        let session = self.session();
        let gone = |generation: u64| only_in.is_some_and(|only| only != generation);
        let here = |error: Error| error.in_operation(request.method.name).on_object(request.this);
        if gone(session.generation()) {
            session.check_open()?;
            return Err(here(session_ended()));
        }
        let mut live = self.ready().await?;
        let mut attempt = 0;
        loop {
            let generation = live.as_ref().map_or(0, |live| live.generation);
            if gone(generation) {
                return Err(here(session_ended()));
            }
            let cookie = live.as_ref().map(|live| &*live.cookie);
            let mut trip = Trip { timeout, long_poll, attempt, ..Trip::new(cookie, operation_id, span) };
            let sent = self.line().send(request, &mut trip);
            let result = if long_poll {
                // Servers do not end a long poll when its session is closed, so that the client does.
                tokio::select! {
                    result = sent => result,
                    closed = session.until_closed() => Err(closed),
                }
            } else {
                sent.await
            };
            let first = attempt == 0;
            attempt = trip.attempt;
            let refusal = match result {
                Ok(answer) => match self.no_session(request, &answer) {
                    None => return Ok((answer, generation)),
                    Some(fault) => here(Error::from_fault(fault)).with_operation_id(operation_id),
                },
                Err(error) if error.is_not_authenticated() => error,
                Err(error) => return Err(error),
            };
            session.check_open()?;
            if !session.can_renew() {
                return Err(refusal.with_hint(self.why_not_renewed()));
            }
            if only_in.is_some() || !first {
                return Err(refusal);
            }
            // The call was refused and not carried out, so that repeating it does nothing twice.
            tracing::debug!(endpoint = %self.endpoint(), "the session ended; logging in again");
            live = Some(self.renew(generation).await?);
        }
    }

    /// The error for an answer that cannot be read: an answer does not know its server.
    pub(crate) fn unreadable(&self, error: DecodeError, method: &'static str, answer: &Answer) -> Error {
        let error = self.session().at(Error::from(error).in_operation(method));
        match &answer.operation_id {
            Some(id) => error.with_operation_id(id.clone()),
            None => error,
        }
    }

    fn why_not_renewed(&self) -> String {
        let endpoint = self.endpoint();
        if self.session().has_credentials() {
            format!(
                "the session that was given for {endpoint} has ended, and there is no password to open another"
            )
        } else {
            format!("{endpoint} needs a login: give a user and a password with `ClientBuilder::credentials`")
        }
    }

    /// The fault of a read that was answered with nothing but the remark that there is no session: some servers answer no
    /// fault.
    fn no_session(&self, request: &Request<'_>, answer: &Answer) -> Option<Fault> {
        let method = request.method;
        if !matches!(
            method.name,
            "RetrievePropertiesEx" | "ContinueRetrievePropertiesEx" | "RetrieveProperties"
        ) || memchr::memmem::find(&answer.body, b"NotAuthenticated").is_none()
        {
            return None;
        }
        let handle = Handle::new(self.caller(), request.this.clone());
        let objects = if method.name == "RetrieveProperties" {
            Vec::<ObjectContent>::from_answer(answer, &handle, method).unwrap_or_default()
        } else {
            let result = Option::<RetrieveResult>::from_answer(answer, &handle, method);
            result.ok().flatten().map(|result| result.objects).unwrap_or_default()
        };
        if objects.iter().any(|object| !object.prop_set.is_empty()) {
            return None;
        }
        let mut missing = objects.into_iter().flat_map(|object| object.missing_set);
        missing
            .find(|missing| missing.fault.fault.is::<NotAuthenticated>())
            .map(|missing| from_localized(missing.fault))
    }
}

/// The error for what was made in a session that is no longer the client's: what a server says of it.
pub(crate) fn session_ended() -> Error {
    Error::from_fault(Fault {
        message: "the session that this belongs to has ended".to_owned(),
        code: String::new(),
        detail: Some(Object::new(NotAuthenticated::default())),
    })
}

/// Starts a task. It is boxed so that a task's code is compiled once for each result, and not for each future.
pub(crate) fn spawn<T: Send + 'static>(work: BoxFuture<'static, T>) -> JoinHandle<T> {
    tokio::spawn(work)
}

/// Runs on when whoever waits for it goes away.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match spawn(Box::pin(work.in_current_span())).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(ErrorKind::Canceled, "the runtime is shutting down").with_source(error)),
    }
}

/// Starts to remind the server of the session, unless that is done already.
fn keep_alive(core: &Arc<Core>) {
    if let (Some(every), false) = (core.keepalive, core.session.is_kept_alive()) {
        let client = WeakClient::new(core);
        core.session.keep_alive(Some(spawn(Box::pin(remind(client, every))).abort_handle()));
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
            Err(error) => {
                tracing::warn!(endpoint = %client.endpoint(), error = %error.chain(), "keeping the session alive failed")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{Reply, Server};
    use vim_types::mo;
    use vim_wire::{Call, MoRef};

    async fn silent() -> (Server, Client) {
        let server = Server::start(|call| match call.method.as_str() {
            "WaitForUpdatesEx" => Reply::Silence(Vec::new()),
            _ => Reply::Usual,
        })
        .await;
        let client =
            Client::builder(&server.url).credentials("alice", "Geheim1").connect().await.expect("a session");
        (server, client)
    }

    async fn poll(client: &Client, timeout: Duration) -> Error {
        let only_in = Some(client.session_generation());
        let options = SendOptions { timeout: Some(timeout), long_poll: true, only_in };
        let handle = Handle::new(client.caller(), MoRef::new("PropertyCollector", "pc"));
        let call = Call::<()>::new(&handle, &mo::WAIT_FOR_UPDATES_EX).arg(0, "");
        client.send(&call.to_request(), options).await.expect_err("silence")
    }

    #[tokio::test]
    async fn lesson_05_a_long_poll_has_a_bound_of_its_own_and_is_not_repeated() {
        let (server, client) = silent().await;
        assert!(poll(&client, Duration::from_millis(100)).await.is_timeout());
        assert_eq!(server.count("WaitForUpdatesEx"), 1);
    }

    #[tokio::test]
    async fn lesson_06_a_long_poll_has_a_connection_of_its_own_and_ends_when_the_client_is_closed() {
        let (server, client) = silent().await;
        let polling = tokio::spawn({
            let client = client.clone();
            async move { poll(&client, Duration::from_secs(600)).await }
        });
        server.until("WaitForUpdatesEx", 1).await;
        client.current_time().await.expect("the time");
        client.close().await.expect("closed");
        assert_eq!(polling.await.expect("a task").kind(), ErrorKind::Closed);
        assert_ne!(server.calls("WaitForUpdatesEx")[0].connection, server.calls("CurrentTime")[0].connection);
        assert_eq!(server.sessions(), 0);
    }
}
