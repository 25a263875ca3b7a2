//! Sessions of REST. They are not those of SOAP: each ends by itself.

use super::{Answer, Call, Error, Form, Result, SESSION};
use crate::serve::files::basic;
use hyper::header::AUTHORIZATION;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vim_wire::DateTime;

/// A session ends so long after it began, however busy it is.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody who has logged in.
#[derive(Clone)]
pub(crate) struct RestSession {
    pub(crate) user: String,
    created: DateTime,
    used: DateTime,
    began: Duration,
    last: Duration,
}

/// All of them, by their secrets.
#[derive(Default)]
pub(crate) struct RestSessions(Mutex<HashMap<String, RestSession>>);

impl std::fmt::Debug for RestSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sessions", self.lock().len())
    }
}

impl RestSessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, RestSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of that secret, which is used now; none where it has ended.
    pub(super) fn find(
        &self,
        token: &str,
        idle: Duration,
        elapsed: Duration,
        now: DateTime,
    ) -> Option<RestSession> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(token)?;
        if elapsed.saturating_sub(session.last) > idle || elapsed.saturating_sub(session.began) > LONGEST {
            sessions.remove(token);
            return None;
        }
        (session.last, session.used) = (elapsed, now);
        Some(session.clone())
    }

    pub(super) fn end(&self, token: &str) {
        self.lock().remove(token);
    }

    pub(crate) fn end_all(&self) {
        self.lock().clear();
    }
}

/// Begins a session for who gives name and password.
pub(super) fn create(call: &Call<'_>) -> Result<Answer> {
    let given = call.headers.get(AUTHORIZATION).ok_or_else(Error::unauthenticated)?;
    let (user, password) = basic(given).ok_or_else(Error::unauthenticated)?;
    if !call.sim.config.accounts.accept(&user, &password) {
        return Err(Error::invalid_login());
    }
    let (now, elapsed) = (call.sim.now(), call.sim.timer.elapsed());
    let token = uuid::Uuid::new_v4().to_string();
    let session = RestSession { user, created: now, used: now, began: elapsed, last: elapsed };
    call.sim.rest.sessions.lock().insert(token.clone(), session);
    let by_header = call.headers.get("vmware-use-header-authn").is_some();
    let path = if call.form == Form::Rest { "/rest" } else { "/api" };
    let secure = if call.sim.url.get().is_some_and(|url| url.starts_with("https")) { ";Secure" } else { "" };
    let cookie = format!("{SESSION}={token};Path={path}{secure};HttpOnly");
    Ok(Answer::Created(json!(token), (!by_header).then_some(cookie)))
}

pub(super) fn get(call: &Call<'_>) -> Result<Answer> {
    let (_, session) = call.session.as_ref().ok_or_else(Error::unauthenticated)?;
    Ok(Answer::Value(json!({
        "user": session.user,
        "created_time": session.created.to_string(),
        "last_accessed_time": session.used.to_string(),
    })))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Answer> {
    let (token, _) = call.session.as_ref().ok_or_else(Error::unauthenticated)?;
    call.sim.rest.sessions.end(token);
    Ok(Answer::Done)
}
