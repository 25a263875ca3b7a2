//! HTTP: listening, TLS, and which path is answered by what.

mod files;
mod guest;
mod pages;
pub(crate) mod rest;
pub(crate) mod soap;
mod tls;
mod url;

pub(crate) use tls::Tls;

use crate::session::Visitor;
use crate::sim::Sim;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long a client may take to send a request's head and then its body, and to shake hands.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a connection ends without an answer: a rule says so.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was cut, as a rule says")
    }
}
impl std::error::Error for Cut {}

/// Takes connections for ever. All of them end when the future is dropped.
pub(crate) async fn listen(sim: Arc<Sim>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(Arc::clone(&sim), stream, peer, tls.clone()));
                }
                // Out of file descriptors, or a client that went away again: the next one may be luckier.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(sim: Arc<Sim>, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(sim, stream, peer).await,
        Some(tls) => match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve(sim, stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, %peer, "no TLS"),
            Err(_) => tracing::debug!(%peer, "no TLS in time"),
        },
    }
}

async fn serve<S>(sim: Arc<Sim>, stream: S, peer: SocketAddr)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request| {
        let sim = Arc::clone(&sim);
        async move { route(sim, request, peer).await }
    });
    let result = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "a connection ended");
    }
}

async fn route(sim: Arc<Sim>, request: Request<Incoming>, peer: SocketAddr) -> Result<Response<Body>, Cut> {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    match path.as_str() {
        "/sdk" | "/sdk/vimService" if request.method() == hyper::Method::POST => {
            soap::answer(&sim, request, peer).await
        }
        path if path == "/folder" || path.starts_with("/folder/") => files::answer(&sim, request).await,
        "/guestFile" => Ok(guest::answer(&sim, request).await),
        path if rest::serves(path) => rest::answer(&sim, request).await,
        path => Ok(pages::answer(&sim, request.method(), path)),
    }
}

pub(crate) fn text(kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

pub(crate) fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(code.canonical_reason().unwrap_or("")));
    *response.status_mut() = code;
    response
}

/// A request's body, or the status that refuses it: for one that is too long, comes too slowly, or ends too soon.
pub(crate) async fn read_body<B>(body: B, longest: usize) -> Result<Bytes, StatusCode>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    // What is announced need not come.
    if body.size_hint().lower() > longest as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, longest).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Who sends a request.
pub(crate) fn visitor<B>(request: &Request<B>, peer: SocketAddr) -> Visitor {
    let agent = request.headers().get(hyper::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor { user_agent: agent.unwrap_or("").to_owned(), address: peer.ip().to_string(), locale: None }
}

/// The value of a cookie, without quotes.
pub(crate) fn cookie<B>(request: &Request<B>, name: &str) -> Option<String> {
    let cookies =
        request.headers().get_all(hyper::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|all| all.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"').to_owned())
}
