//! A server between a client and the simulator, which reads along: what any client gets is held against the schema.

use crate::check;
use crate::http::send;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Host and port.
    pub address: String,
    seen: Arc<Mutex<Seen>>,
    accepts: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    wrong: Vec<String>,
}

impl Proxy {
    /// Starts one for the server at that address.
    ///
    /// # Panics
    ///
    /// When no port can be listened on.
    pub async fn start(server: impl Into<String>) -> Self {
        let server: Arc<str> = server.into().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("has an address").to_string();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noted = Arc::clone(&seen);
        let accepts = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, noted) = (Arc::clone(&server), Arc::clone(&noted));
                let service =
                    service_fn(move |request| pass(Arc::clone(&server), Arc::clone(&noted), request));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, seen, accepts }
    }

    /// How many answers passed, and what was wrong with some.
    #[must_use]
    pub fn seen(&self) -> (usize, Vec<String>) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.answers, seen.wrong.clone())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

async fn pass(
    server: Arc<str>,
    seen: Arc<Mutex<Seen>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(unavailable(&error)),
    };
    let action = head.headers.get("SOAPAction").and_then(|action| action.to_str().ok());
    let version =
        action.and_then(|action| action.trim_matches('"').strip_prefix("urn:vim25/")).map(str::to_owned);
    let answer = match send(&server, Request::from_parts(head, body.clone())).await {
        Ok(answer) => answer,
        Err(error) => return Ok(unavailable(&*error)),
    };
    if let Some(version) = version {
        let wrong = check::wrong(&body, &version, answer.status().as_u16(), answer.body());
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.answers += 1;
        seen.wrong.extend(wrong);
    }
    let (mut head, body) = answer.into_parts();
    // The body is whole now, however it came.
    head.headers.remove(hyper::header::TRANSFER_ENCODING);
    Ok(Response::from_parts(head, Full::new(body)))
}

fn unavailable(error: &dyn std::error::Error) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(error.to_string())));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
