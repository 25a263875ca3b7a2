//! HTTP and HTTPS around the answers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, SET_COOKIE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::soap::Answer;

/// Far more than any request of a client that only reads.
const REQUEST_LIMIT: usize = 1 << 20;
const COOKIE: &str = "vmware_soap_session=\"replay\"; Path=/; HttpOnly";

/// What answers calls, on all connections at once.
pub trait Service: Send + Sync + 'static {
    /// Answers a request's text.
    fn answer(&self, request: &str) -> impl Future<Output = Answer> + Send;
}

/// Where a running server is reached.
#[derive(Debug)]
pub struct Endpoints {
    /// Without TLS.
    pub http: SocketAddr,
    /// With the certificate of `thumbprint`.
    pub https: SocketAddr,
    /// SHA-256 of the certificate, as `AB:CD:…`.
    pub thumbprint: String,
}

/// Listens on two ports of 127.0.0.1, free ones where 0 is given, and serves as long as the runtime lives.
pub async fn start<S: Service>(
    service: S,
    http_port: u16,
    https_port: u16,
) -> Result<Endpoints, Box<dyn Error>> {
    let service = Arc::new(service);
    let (acceptor, thumbprint) = tls()?;
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, http_port)).await?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, https_port)).await?;
    let endpoints = Endpoints { http: plain.local_addr()?, https: secure.local_addr()?, thumbprint };
    tokio::spawn(accept(plain, None, Arc::clone(&service)));
    tokio::spawn(accept(secure, Some(acceptor), service));
    Ok(endpoints)
}

/// A new self-signed certificate. HTTP/1.1 only.
fn tls() -> Result<(TlsAcceptor, String), Box<dyn Error>> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names)?;
    let mut thumbprint = String::new();
    for byte in ring::digest::digest(&ring::digest::SHA256, cert.der()).as_ref() {
        let colon = if thumbprint.is_empty() { "" } else { ":" };
        write!(thumbprint, "{colon}{byte:02X}")?;
    }
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), thumbprint))
}

async fn accept<S: Service>(listener: TcpListener, tls: Option<TlsAcceptor>, service: Arc<S>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // As when there are no more file descriptors: others may be closed meanwhile.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it small answers wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let (tls, service) = (tls.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            match tls {
                None => connection(stream, service).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, service).await;
                    }
                }
            }
        });
    }
}

/// Serves until the client leaves; how it left is of no interest.
async fn connection<S: Service>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<S>,
) {
    let handler = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(handle(&*service, request).await) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), handler).await;
}

async fn handle<S: Service>(service: &S, request: Request<Incoming>) -> Response<Pieces> {
    if request.method() == Method::GET && request.uri().path() == "/sdk/vimServiceVersions.xml" {
        return respond(StatusCode::OK, [include_str!("answers/versions.xml").into()]);
    }
    if request.method() != Method::POST || request.uri().path().trim_end_matches('/') != "/sdk" {
        return respond(StatusCode::NOT_FOUND, []);
    }
    let Ok(body) = Limited::new(request.into_body(), REQUEST_LIMIT).collect().await else {
        return respond(StatusCode::PAYLOAD_TOO_LARGE, []);
    };
    let body = body.to_bytes();
    let Ok(text) = std::str::from_utf8(&body) else {
        return respond(StatusCode::BAD_REQUEST, []);
    };
    let answer = service.answer(text).await;
    let status = if answer.is_fault { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    respond(status, answer.pieces)
}

fn respond(status: StatusCode, pieces: impl IntoIterator<Item = Bytes>) -> Response<Pieces> {
    let mut response = Response::new(Pieces(pieces.into_iter().collect()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/xml; charset=utf-8"));
    headers.insert(SET_COOKIE, hyper::header::HeaderValue::from_static(COOKIE));
    response
}

/// A body of known length whose pieces are sent as they are, without being joined first.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}
