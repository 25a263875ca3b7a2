//! `SessionManager`: logging in and out.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::session::invalid_login;
use vim_types::{
    InvalidArgument, NotFound, SessionManagerGenericServiceTicket,
    SessionManagerGenericServiceTicketTicketType, SessionManagerHttpServiceRequestSpec,
    SessionManagerServiceRequestSpec, UserSession,
};
use vim_wire::Poly;

methods! {
    "Login" => login,
    "Logout" => logout,
    "SessionIsActive" => is_active,
    "TerminateSession" => terminate,
    "AcquireCloneTicket" => acquire_clone_ticket,
    "AcquireGenericServiceTicket" => acquire_service_ticket,
    "CloneSession" => clone_session,
}

fn login(call: &Call<'_>) -> Result<Reply> {
    let (user, password): (String, String) = (call.arg("userName")?, call.arg("password")?);
    let locale: Option<String> = call.opt("locale")?;
    if call.session.is_some() {
        // A session is one login; a second one in it is refused, as servers and vcsim do.
        return Err(invalid_login());
    }
    if !call.sim.config.accounts.accept(&user, &password) {
        return Err(invalid_login());
    }
    begin(call, &user, locale)
}

/// Begins a session and answers it.
fn begin(call: &Call<'_>, user: &str, locale: Option<String>) -> Result<Reply> {
    let mut visitor = call.visitor.clone();
    visitor.locale = locale;
    let session = call.sim.sessions.open(user, &visitor, call.sim.now(), call.sim.timer.elapsed());
    let mut reply = call.returns(&session.info())?;
    reply.cookie = Some(session.token.clone());
    Ok(reply)
}

fn logout(call: &Call<'_>) -> Result<Reply> {
    call.sim.sessions.end(call.session()?);
    call.done()
}

fn is_active(call: &Call<'_>) -> Result<Reply> {
    let (key, user): (String, String) = (call.arg("sessionID")?, call.arg("userName")?);
    let active = call.sim.sessions.by_key(&key).is_some_and(|session| session.user == user);
    call.returns(&active)
}

fn terminate(call: &Call<'_>) -> Result<Reply> {
    let keys: Vec<String> = call.list("sessionId")?;
    let own = &call.session()?.key;
    if keys.contains(own) {
        let fault = InvalidArgument { invalid_property: Some("sessionId".into()), ..Default::default() };
        return Err(Fault::new(fault, "A session cannot terminate itself; log out instead"));
    }
    for key in keys {
        let Some(session) = call.sim.sessions.by_key(&key) else {
            return Err(Fault::new(NotFound::default(), format!("there is no session {key}")));
        };
        call.sim.sessions.end(&session);
    }
    call.done()
}

fn acquire_clone_ticket(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.sim.sessions.ticket(call.user()))
}

/// A ticket for one request to the files of a datastore.
fn acquire_service_ticket(call: &Call<'_>) -> Result<Reply> {
    let spec: Poly<SessionManagerServiceRequestSpec> = call.arg("spec")?;
    let Some(spec) = spec.downcast_ref::<SessionManagerHttpServiceRequestSpec>() else {
        return Err(Fault::not_supported("a ticket for other requests than HTTP's"));
    };
    let method = spec.method.as_deref().map(|method| method.strip_prefix("http").unwrap_or(method));
    // Of the URL, the path counts: a client may reach the server by another name.
    let rest = spec.url.split_once("://").map_or(&*spec.url, |(_, rest)| rest);
    let path =
        rest.find('/').and_then(|at| rest.get(at..)).ok_or_else(|| Fault::invalid_argument("spec.url"))?;
    let path = path.split('?').next().unwrap_or(path);
    let id = call.sim.sessions.http_ticket(call.user(), method, path, call.sim.timer.elapsed());
    let ticket_type =
        Some(SessionManagerGenericServiceTicketTicketType::HTTP_NFC_SERVICE_TICKET.as_str().to_owned());
    call.returns(&SessionManagerGenericServiceTicket { id, ticket_type, ..Default::default() })
}

fn clone_session(call: &Call<'_>) -> Result<Reply> {
    let ticket: String = call.arg("cloneTicket")?;
    let user = call.sim.sessions.redeem(&ticket)?;
    begin(call, &user, None)
}

/// The sessions, as the property `sessionList` shows them.
pub(crate) fn list(sim: &crate::sim::Sim) -> Vec<UserSession> {
    sim.sessions.all().iter().map(|session| session.info()).collect()
}
