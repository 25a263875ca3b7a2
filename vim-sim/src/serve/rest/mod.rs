//! REST: `/rest/…`, the older form, whose answers lie in a `value`, and `/api/…`, whose answers are bare.
//!
//! Both forms of an operation are one handler here. What differs is in [`Form`], [`Answer`] and [`Error`].

mod answer;
mod appliance;
mod inventory;
mod session;
mod tagging;
#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Error, Form};

use super::url::{decode, query};
use super::{Cut, cookie, read_body, status};
use crate::rules::{Failure, Verdict};
use crate::sim::Sim;
use axum::body::Body;
use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use session::RestSession;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use vim_wire::MoRef;

/// How long a request's body may be.
const LONGEST: usize = 4 << 20;

/// The header, and the cookie, by which a session is known.
const SESSION: &str = "vmware-api-session-id";

/// What REST has beside the inventory: its own sessions, and the tags.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    sessions: session::RestSessions,
    tagging: Mutex<tagging::Tagging>,
}

impl Rest {
    /// Ends all sessions.
    pub(crate) fn end_sessions(&self) {
        self.sessions.end_all();
    }
}

/// A request that is being answered.
pub(crate) struct Call<'a> {
    sim: &'a Arc<Sim>,
    form: Form,
    /// Who has logged in, and the secret by which they are known.
    session: Option<(String, RestSession)>,
    headers: &'a HeaderMap,
    query: HashMap<String, Vec<String>>,
    body: Value,
}

type Result<T> = std::result::Result<T, Error>;
type Handler = fn(&Call<'_>) -> Result<Answer>;

/// A handler together with the names that its path holds.
type Bound<'a> = Box<dyn Fn(&Call<'_>) -> Result<Answer> + 'a>;

impl Call<'_> {
    /// Who calls; nobody, for what may be called by nobody.
    fn user(&self) -> &str {
        self.session.as_ref().map_or("", |(_, session)| &session.user)
    }

    /// The body as parameters.
    fn parameters<T: DeserializeOwned>(&self) -> Result<T> {
        let body =
            if self.body.is_null() { Value::Object(serde_json::Map::new()) } else { self.body.clone() };
        serde_json::from_value(body).map_err(|error| Error::invalid(&error))
    }

    /// The one parameter of an operation: a field of the older form's body, and the whole of the newer one's.
    fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = match self.form {
            Form::Rest => {
                self.body.get(name).ok_or_else(|| Error::invalid(&format!("missing field `{name}`")))?
            }
            Form::Api => &self.body,
        };
        serde_json::from_value(value.clone()).map_err(|error| Error::invalid(&error))
    }

    /// The values of a filter: `filter.names=a` in the older form, `names=a` in the newer one, each as often as it is wanted.
    fn filter(&self, name: &str) -> Option<Vec<&str>> {
        let older = format!("filter.{name}");
        let found = self.query.iter().filter(|(key, _)| {
            // `filter.names.1=a` and `names[]=a` are other ways to write a list.
            let key = key.trim_end_matches("[]");
            key == name || key == older || key.strip_prefix(&*older).is_some_and(|rest| rest.starts_with('.'))
        });
        let values: Vec<&str> = found.flat_map(|(_, values)| values.iter().map(String::as_str)).collect();
        (!values.is_empty()).then_some(values)
    }

    /// Demands a privilege.
    fn require(&self, privilege: &str, object: &MoRef) -> Result<()> {
        let allowed = self
            .sim
            .read(|world| crate::mo::authorization_manager::require(world, self.user(), privilege, object));
        allowed.map_err(|fault| Error::unauthorized(&fault.message))
    }
}

/// Whether a path is one of REST's.
pub(crate) fn serves(path: &str) -> bool {
    ["/rest", "/api"]
        .iter()
        .any(|root| path == *root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
}

/// Answers a request.
pub(crate) async fn answer<B>(sim: &Arc<Sim>, request: Request<B>) -> std::result::Result<Response<Body>, Cut>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    if sim.config.esx {
        return Ok(status(StatusCode::NOT_FOUND));
    }
    let name = format!("{} {}", request.method(), request.uri().path());
    sim.count(&name);
    let verdict = sim.rules.judge(&name, &MoRef::default(), "");
    if let Some(verdict) = &verdict {
        if !verdict.delay.is_zero() {
            sim.timer.sleep(verdict.delay).await;
        }
        match verdict.failure {
            Failure::CutBefore => return Err(Cut),
            Failure::Status(code) => {
                return Ok(status(StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)));
            }
            _ => {}
        }
    }
    let (parts, body) = request.into_parts();
    let body = match read_body(body, LONGEST).await {
        Ok(body) => body,
        Err(code) => return Ok(status(code)),
    };
    let request = Request::from_parts(parts, ());
    let drops = matches!(verdict, Some(Verdict { failure: Failure::DropSession, .. }));
    let response = dispatch(sim, &request, &body, drops);
    match verdict.map(|verdict| verdict.failure) {
        Some(Failure::CutAfter) => Err(Cut),
        Some(Failure::Corrupt | Failure::Truncated) => {
            let mut response = response;
            *response.body_mut() = Body::from("{\"value\": [");
            response.headers_mut().remove(hyper::header::CONTENT_LENGTH);
            Ok(response)
        }
        _ => Ok(response),
    }
}

fn dispatch(sim: &Arc<Sim>, request: &Request<()>, body: &[u8], drops: bool) -> Response<Body> {
    let path = request.uri().path();
    let (form, rest) = match path.strip_prefix("/rest") {
        Some(rest) => (Form::Rest, rest),
        None => (Form::Api, path.strip_prefix("/api").unwrap_or_default()),
    };
    let mut query = query(request.uri().query());
    // The older form writes an operation's name with a tilde.
    let action = ["~action", "action"].into_iter().filter_map(|name| query.remove(name)).flatten().next();
    let Some(segments) = segments(rest) else { return status(StatusCode::BAD_REQUEST) };
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(operation) = route(form, request.method(), &names, action.as_deref()) else {
        return form.refuse(&Error::no_operation());
    };
    let elapsed = sim.timer.elapsed();
    let idle = sim.sessions.idle(sim.config.idle);
    let header = request.headers().get(SESSION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let token = header.or_else(|| cookie(request, SESSION));
    if let Some(token) = token.as_deref().filter(|_| drops) {
        sim.rest.sessions.end(token);
    }
    let session = token.and_then(|token| {
        let session = sim.rest.sessions.find(&token, idle, elapsed, sim.now())?;
        Some((token, session))
    });
    if session.is_none() && !operation.open {
        return form.refuse(&Error::unauthenticated());
    }
    let body = match body.iter().all(u8::is_ascii_whitespace) {
        true => Value::Null,
        false => match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return form.refuse(&Error::invalid(&error)),
        },
    };
    let call = Call { sim, form, session, headers: request.headers(), query, body };
    match (operation.handler)(&call) {
        Ok(answer) => form.answer(answer),
        Err(error) => form.refuse(&error),
    }
}

/// The names of a path: without what the older form has before them, and without its `id:`.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix("/com/vmware").unwrap_or(path);
    let names = path.split('/').filter(|name| !name.is_empty());
    names.map(|name| Some(decode(name)?.trim_start_matches("id:").to_owned())).collect()
}

/// An operation.
struct Operation<'a> {
    handler: Bound<'a>,
    /// Whether it needs no session.
    open: bool,
}

fn route<'a>(form: Form, method: &Method, path: &[&'a str], action: Option<&str>) -> Option<Operation<'a>> {
    let plain = |handler: Handler| Operation { handler: Box::new(handler), open: false };
    let session = match form {
        Form::Rest => &["cis", "session"][..],
        Form::Api => &["session"][..],
    };
    if path == session {
        return Some(match (method, action) {
            (&Method::POST, None) => Operation { handler: Box::new(session::create), open: true },
            (&Method::POST, Some("get")) | (&Method::GET, None) => plain(session::get),
            (&Method::DELETE, None) => plain(session::delete),
            _ => return None,
        });
    }
    if let ["cis", "tagging", rest @ ..] = path {
        let handler = tagging::route(method, rest, action)?;
        return Some(Operation { handler, open: false });
    }
    if *method != Method::GET || action.is_some() {
        return None;
    }
    Some(plain(match path {
        ["vcenter", "vm"] => inventory::machines,
        ["vcenter", "host"] => inventory::hosts,
        ["vcenter", "datastore"] => inventory::datastores,
        ["vcenter", "network"] => inventory::networks,
        ["vcenter", "folder"] => inventory::folders,
        ["vcenter", "datacenter"] => inventory::datacenters,
        ["vcenter", "cluster"] => inventory::clusters,
        ["vcenter", "resource-pool"] => inventory::pools,
        ["appliance", "system", "version"] => appliance::version,
        ["appliance", "health", "system"] => appliance::health,
        _ => return None,
    }))
}
