//! `/sdk`: SOAP in, SOAP out.

use super::{Cut, cookie, read_body, status, text, visitor};
use crate::call::{Pieces, Reply};
use crate::dispatch;
use crate::fault::Fault;
use crate::mo::task::Doomed;
use crate::rules::{Failure, Verdict};
use crate::session::Sessions;
use crate::sim::Sim;
use axum::body::Body;

use hyper::header::{HeaderValue, SET_COOKIE};
use hyper::{Request, Response, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use vim_types::{REGISTRY, VIM25};
use vim_wire::Limits;
use vim_wire::server::{self, Incoming};

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "vmware_soap_session";
/// How long a request may be.
const LONGEST: usize = 32 << 20;

/// The versions that the server speaks, newest first.
pub(crate) fn versions(sim: &Sim) -> String {
    let prior: String = VIM25
        .versions
        .iter()
        .take(usize::from(sim.config.version))
        .rev()
        .filter(|version| !version.contains('u'))
        .map(|version| format!("<version>{version}</version>"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces version=\"1.0\"><namespace><name>urn:vim25</name>\
         <version>{}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>\n",
        sim.config.api_version
    )
}

/// Answers a request to `/sdk`.
pub(crate) async fn answer<B>(
    sim: &Arc<Sim>,
    request: Request<B>,
    peer: SocketAddr,
) -> Result<Response<Body>, Cut>
where
    B: hyper::body::Body<Data = bytes::Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let action =
        request.headers().get("soapaction").and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let token = cookie(&request, COOKIE);
    let visitor = visitor(&request, peer);
    let body = match read_body(request.into_body(), LONGEST).await {
        Ok(body) => body,
        Err(code) => return Ok(status(code)),
    };
    let version = match spoken(sim, &action) {
        Ok(version) => version,
        Err(fault) => return Ok(fault_response(&fault, sim.config.version)),
    };
    // Nesting is bounded well below what a thread's stack holds.
    let mut limits = Limits::default();
    limits.depth = 64;
    let incoming = match Incoming::read(&body, &REGISTRY, limits) {
        Ok(incoming) => incoming,
        Err(error) => return Ok(fault_response(&error.into(), version)),
    };
    sim.count(incoming.method);

    let verdict = judge(sim, &incoming);
    if let Some(verdict) = &verdict {
        if !verdict.delay.is_zero() {
            sim.timer.sleep(verdict.delay).await;
        }
        match &verdict.failure {
            Failure::CutBefore => return Err(Cut),
            Failure::Status(code) => {
                return Ok(status(StatusCode::from_u16(*code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)));
            }
            Failure::Fault { detail, message } => {
                return Ok(fault_response(&Fault::of_object(detail.clone(), message.clone()), version));
            }
            _ => {}
        }
    }

    let elapsed = sim.timer.elapsed();
    let session = token.and_then(|token| sim.sessions.find(&token, sim.config.idle, elapsed));
    let session = match (&verdict, session) {
        (Some(Verdict { failure: Failure::DropSession, .. }), Some(session)) => {
            sim.sessions.end(&session);
            None
        }
        (_, session) => session,
    };
    let busy = session.as_ref().map(|session| Sessions::enter(session, sim.now(), elapsed));
    let span = tracing::debug_span!("call", method = incoming.method, object = %incoming.this);
    let result = {
        let doomed = match &verdict {
            Some(Verdict { failure: Failure::Task { at, detail, message }, .. }) => {
                Some(Doomed { at: *at, fault: Fault::of_object(detail.clone(), message.clone()) })
            }
            _ => None,
        };
        let answered = dispatch::answer(sim, session.clone(), &visitor, &incoming, version, doomed);
        tracing::Instrument::instrument(answered, span).await
    };
    if let Some(session) = &session {
        Sessions::touch(session, sim.now(), sim.timer.elapsed());
    }
    drop(busy);
    let response = match result {
        Ok(reply) => success(&incoming, reply),
        Err(fault) => fault_response(&fault, version),
    };
    spoil(verdict, response)
}

/// The version that a client speaks: what its SOAPAction says, or the server's own where it says none.
fn spoken(sim: &Sim, action: &str) -> Result<u8, Fault> {
    let action = action.trim_matches('"');
    let Some(version) = action.strip_prefix("urn:vim25/") else {
        return match action {
            "" | "urn:vim25" => Ok(sim.config.version),
            // vCenter takes the oldest for what it does not know; clients that send nonsense are not worth that.
            other => Err(unsupported(other)),
        };
    };
    if version == "-" {
        // govc's way, by `GOVC_VIM_VERSION=-`, to log in before it asks for the server's version.
        return Ok(sim.config.version);
    }
    // A version that the bindings lack but that is older than the server's is met at the one before it.
    let known = VIM25.index_of(version);
    let numbers =
        |text: &str| text.split('.').map(|part| part.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
    let is_version = version.split('.').all(|part| part.parse::<u32>().is_ok());
    if !is_version && !VIM25.versions.contains(&version)
        || numbers(version) > numbers(&sim.config.api_version)
    {
        return Err(unsupported(action));
    }
    Ok(known.min(sim.config.version))
}

fn unsupported(action: &str) -> Fault {
    Fault::new(vim_types::InvalidRequest::default(), format!("Unsupported version URI {action:?}"))
}

fn judge(sim: &Sim, incoming: &Incoming<'_>) -> Option<Verdict> {
    if sim.rules.is_empty() {
        return None;
    }
    let name = sim.read(|world| world.name(&incoming.this).to_owned());
    let verdict = sim.rules.judge(incoming.method, &incoming.this, &name)?;
    tracing::info!(method = incoming.method, object = %incoming.this, ?verdict, "a rule applies");
    Some(verdict)
}

fn success(incoming: &Incoming<'_>, reply: Reply) -> Response<Body> {
    // `PowerOnVM_Task` is answered by `PowerOnVM_TaskResponse`.
    let body = match reply.rest {
        None => Body::from(server::answer(&VIM25, incoming.method, &reply.elements)),
        Some(Pieces(rest)) => {
            let (start, end) = server::around(&VIM25, incoming.method);
            let pieces = [start, reply.elements].into_iter().chain(rest).chain([end]);
            Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, std::convert::Infallible>)))
        }
    };
    let mut response = text("text/xml; charset=utf-8", body);
    if let Some(token) = reply.cookie {
        let value = format!("{COOKIE}=\"{token}\"; Path=/; HttpOnly;");
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

fn fault_response(fault: &Fault, version: u8) -> Response<Body> {
    let document = server::fault(&VIM25, version, &fault.message, &fault.detail);
    let mut response = text("text/xml; charset=utf-8", document);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// What a rule does to an answer that is ready.
fn spoil(verdict: Option<Verdict>, mut response: Response<Body>) -> Result<Response<Body>, Cut> {
    match verdict.map(|verdict| verdict.failure) {
        Some(Failure::CutAfter) => Err(Cut),
        Some(Failure::Truncated) => {
            *response.body_mut() = Body::from(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><Ret",
            );
            Ok(response)
        }
        Some(Failure::Corrupt) => {
            *response.body_mut() = Body::from("<soapenv:Envelope><soapenv:Body><oops></soapenv:Body>");
            Ok(response)
        }
        _ => Ok(response),
    }
}
