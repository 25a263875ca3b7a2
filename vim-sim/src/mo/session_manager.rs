//! `SessionManager`: logging in and out.

use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::session::{Session, invalid_login};
use crate::sim::Sim;
use std::sync::Arc;
use std::time::Duration;
use vim_types::mo::SessionManagerProperties;
use vim_types::{
    BadUsernameSessionEvent, GlobalMessageChangedEvent, InvalidArgument, NoClientCertificate, NotFound,
    SessionManagerGenericServiceTicket, SessionManagerGenericServiceTicketTicketType,
    SessionManagerHttpServiceRequestSpec, SessionManagerServiceRequestSpec, SessionTerminatedEvent,
    UserLoginSessionEvent, UserLogoutSessionEvent, UserSession,
};
use vim_wire::Poly;

methods! {
    "Login" => login,
    "LoginByToken" => login_by_token,
    "LoginExtensionByCertificate" => login_extension,
    "ImpersonateUser" => impersonate,
    "Logout" => logout,
    "SessionIsActive" => is_active,
    "TerminateSession" => terminate,
    "AcquireCloneTicket" => acquire_clone_ticket,
    "AcquireGenericServiceTicket" => acquire_service_ticket,
    "CloneSession" => clone_session,
    "SetLocale" => set_locale,
    "UpdateServiceMessage" => update_message,
}

fn login(call: &Call<'_>) -> Result<Reply> {
    let (user, password): (String, String) = (call.arg("userName")?, call.arg("password")?);
    let locale: Option<String> = call.opt("locale")?;
    if call.session.is_some() {
        // A session is one login; a second one in it is refused, as servers and vcsim do.
        return Err(invalid_login());
    }
    if !call.sim.config.accounts.accept(&user, &password) {
        let ip_address = call.visitor.address.clone();
        call.sim.write_as(&user, |tx| {
            events::post(tx, BadUsernameSessionEvent { ip_address, ..Default::default() });
            Ok(())
        })?;
        return Err(invalid_login());
    }
    begin(call, &user, locale)
}

/// Whoever a token names is taken for it: there is no service here that issues tokens, and none that checks them.
fn login_by_token(call: &Call<'_>) -> Result<Reply> {
    let locale: Option<String> = call.opt("locale")?;
    match &call.incoming.subject {
        Some(subject) if !subject.is_empty() && call.session.is_none() => begin(call, subject, locale),
        _ => Err(invalid_login()),
    }
}

/// Clients are not asked for certificates, so that none has one.
fn login_extension(_: &Call<'_>) -> Result<Reply> {
    Err(Fault::new(NoClientCertificate::default(), "The client has no certificate"))
}

/// Begins a session and answers it.
fn begin(call: &Call<'_>, user: &str, locale: Option<String>) -> Result<Reply> {
    let mut visitor = call.visitor.clone();
    visitor.locale = locale;
    let session = call.sim.sessions.open(user, &visitor, call.sim.now(), call.sim.timer.elapsed());
    let info = session.info();
    let event = UserLoginSessionEvent {
        ip_address: info.ip_address.clone(),
        user_agent: Some(info.user_agent.clone()),
        locale: info.locale.clone(),
        session_id: info.key.clone(),
        ..Default::default()
    };
    call.sim.write_as(user, |tx| {
        events::post(tx, event);
        Ok(())
    })?;
    if call.sim.sessions.watch() {
        watch(call.sim);
    }
    let mut reply = call.returns(&info)?;
    reply.cookie = Some(session.token.clone());
    Ok(reply)
}

/// Looks now and then for sessions that have expired: what they own goes, even where nobody comes again.
fn watch(sim: &Arc<Sim>) {
    let idle = sim.sessions.idle(sim.config.idle).max(Duration::from_millis(100));
    sim.timer.after_real(idle, move |sim| {
        sim.sessions.expire(sim.config.idle, sim.timer.elapsed());
        if sim.sessions.all().is_empty() {
            sim.sessions.unwatch();
        } else {
            watch(sim);
        }
    });
}

fn logout(call: &Call<'_>) -> Result<Reply> {
    let session = call.session()?;
    call.sim.sessions.end(session);
    post_logout(call, session)?;
    call.done()
}

fn post_logout(call: &Call<'_>, session: &Session) -> Result<()> {
    let info = session.info();
    let event = UserLogoutSessionEvent {
        ip_address: Some(info.ip_address),
        user_agent: Some(info.user_agent),
        call_count: Some(info.call_count),
        session_id: Some(info.key),
        login_time: Some(info.login_time),
        ..Default::default()
    };
    call.sim.write_as(&info.user_name, |tx| {
        events::post(tx, event);
        Ok(())
    })
}

fn is_active(call: &Call<'_>) -> Result<Reply> {
    let (key, user): (String, String) = (call.arg("sessionID")?, call.arg("userName")?);
    let active = list(call.sim).iter().any(|session| session.key == key && session.user_name == user);
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
        call.write(|tx| {
            let terminated_username = session.user.clone();
            let event = SessionTerminatedEvent { session_id: key, terminated_username, ..Default::default() };
            events::post(tx, event);
            Ok(())
        })?;
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

/// A session as somebody else, who is logged in or has an account.
fn impersonate(call: &Call<'_>) -> Result<Reply> {
    let (user, locale): (String, Option<String>) = (call.arg("userName")?, call.opt("locale")?);
    let known = call.sim.config.accounts.names().any(|name| *name == user)
        || list(call.sim).iter().any(|session| session.user_name == user);
    match known {
        true => begin(call, &user, locale),
        false => Err(invalid_login()),
    }
}

fn set_locale(call: &Call<'_>) -> Result<Reply> {
    let locale: String = call.arg("locale")?;
    if locale.is_empty() || !locale.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    {
        return Err(Fault::invalid_argument("locale"));
    }
    call.session()?.set_locale(locale);
    call.done()
}

fn update_message(call: &Call<'_>) -> Result<Reply> {
    let message: String = call.arg("message")?;
    call.write(|tx| {
        let manager = tx.edit::<SessionManagerProperties>(&call.this)?;
        let prev_message = manager.message.replace(message.clone());
        events::post(tx, GlobalMessageChangedEvent { message, prev_message, ..Default::default() });
        Ok(())
    })?;
    call.done()
}

/// The sessions, as the property `sessionList` shows them.
pub(crate) fn list(sim: &Sim) -> Vec<UserSession> {
    sim.sessions.expire(sim.config.idle, sim.timer.elapsed());
    sim.sessions.all().iter().map(|session| session.info()).collect()
}
