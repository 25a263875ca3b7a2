//! `/folder/PATH?dcPath=DC0&dsName=LocalDS_0`: the files of datastores, read and written.

mod find;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::url::{decode, query};
use super::{Cut, cookie, soap, status, text};
use crate::fault::Fault;
use crate::files;
use crate::mo::authorization_manager::require;
use crate::mo::file_manager;
use crate::session::{Busy, Sessions};
use crate::sim::Sim;
use axum::body::Body;
use bytes::Bytes;
use find::{Found, find};
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use read::{page, read};
use std::sync::Arc;
use write::write;

/// Answers a request to `/folder` or below it.
pub(crate) async fn answer<B>(sim: &Arc<Sim>, request: Request<B>) -> Result<Response<Body>, Cut>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    let Some((user, _busy)) = authorized(sim, &request) else {
        let mut response = status(StatusCode::UNAUTHORIZED);
        let challenge = HeaderValue::from_static("Basic realm=\"VMware HTTP server\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return Ok(response);
    };
    let path = request.uri().path().trim_start_matches("/folder").to_owned();
    let Some(path) = decode(&path).as_deref().and_then(files::normal) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    let parameters = query(request.uri().query());
    let method = request.method().clone();
    let found = match sim.read(|world| find(world, &parameters)) {
        Some(Found::File(datastore)) => (datastore, path),
        Some(Found::List(names)) if path.is_empty() && method == Method::GET => {
            return Ok(page("", &names));
        }
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(match method {
        Method::GET | Method::HEAD => read(sim, &user, &found, &request, &parameters),
        Method::PUT | Method::POST => {
            write(sim, &user, &found, method == Method::POST, request.into_body()).await
        }
        Method::DELETE => {
            let done = sim.write_as(&user, |tx| {
                require(tx, &user, "Datastore.FileManagement", &found.0)?;
                file_manager::remove(tx, &found)
            });
            done.map_or_else(|fault| refusal(&fault), |()| status(StatusCode::NO_CONTENT))
        }
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    })
}

/// Whose request it is: that of a session, of a ticket, or of who gives name and password.
fn authorized<B>(sim: &Sim, request: &Request<B>) -> Option<(String, Option<Busy>)> {
    let elapsed = sim.timer.elapsed();
    let session = cookie(request, soap::COOKIE);
    if let Some(session) = session.and_then(|token| sim.sessions.find(&token, sim.config.idle, elapsed)) {
        let user = session.user.clone();
        return Some((user, Some(Sessions::enter(&session, sim.now(), elapsed))));
    }
    if let Some(ticket) = cookie(request, "vmware_cgi_ticket") {
        let path = request.uri().path();
        let user = sim.sessions.redeem_for(&ticket, request.method().as_str(), path, elapsed)?;
        return Some((user, None));
    }
    let (user, password) = basic(request.headers().get(AUTHORIZATION)?)?;
    sim.config.accounts.accept(&user, &password).then_some((user, None))
}

/// The name and password of a header `Basic …`.
pub(crate) fn basic(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(vim_wire::Binary::decode(encoded.trim())?.0).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn refusal(fault: &Fault) -> Response<Body> {
    let code = match () {
        () if fault.is_named("FileNotFound") || fault.is_named("ManagedObjectNotFound") => {
            StatusCode::NOT_FOUND
        }
        () if fault.is_named("NoPermission") => StatusCode::FORBIDDEN,
        () if fault.is_named("InvalidDatastorePath") => StatusCode::BAD_REQUEST,
        () if fault.is_named("NoDiskSpace") => StatusCode::INSUFFICIENT_STORAGE,
        () if fault.is_named("FileAlreadyExists") || fault.is_named("FileLocked") => StatusCode::CONFLICT,
        () if fault.is_named("FileFault") => StatusCode::FORBIDDEN,
        () => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = text("text/plain; charset=utf-8", fault.message.clone());
    *response.status_mut() = code;
    response
}
