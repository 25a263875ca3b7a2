//! Plain HTTP, without a client's opinions: requests as they are, answers as they came.

use crate::check::{self, Answer, How};
use crate::crawl::reference;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::time::Duration;
use tokio::net::TcpStream;
use vim_types::ServiceContent;
use vim_wire::{Any, MoRef};

/// Whatever went wrong.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long an answer may take. A vcsim whose handler panicked holds its locks for ever.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends a request to an address, and reads the whole answer.
///
/// # Errors
///
/// When there is no server, or the connection ends before the answer does.
pub async fn send(address: &str, mut request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer: nobody else holds the sender.
    tokio::spawn(connection);
    if !request.headers().contains_key(HOST) {
        request.headers_mut().insert(HOST, address.parse()?);
    }
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}

/// An endpoint, and the session that it has given.
#[derive(Clone, Debug)]
pub struct Soap {
    /// Host and port.
    pub address: String,
    /// The version that is spoken.
    pub version: String,
    /// Where the server's managers are.
    pub content: ServiceContent,
    cookie: Option<String>,
}

impl Soap {
    /// Logs in.
    ///
    /// # Errors
    ///
    /// When there is no answer, or the server refuses.
    pub async fn login(address: &str, version: &str, user: &str, password: &str) -> Result<Self, Failure> {
        let (address, version) = (address.to_owned(), version.to_owned());
        let mut soap = Self { address, version, content: ServiceContent::default(), cookie: None };
        let instance = MoRef::new("ServiceInstance", "ServiceInstance");
        match soap.call("RetrieveServiceContent", &instance, "", How::Leniently).await? {
            Answer::Values(values) => match values.first().and_then(Any::downcast_ref::<ServiceContent>) {
                Some(content) => soap.content = content.clone(),
                None => return Err("the server tells no content".into()),
            },
            fault => return Err(format!("{fault:?}").into()),
        }
        let manager = soap.content.session_manager.clone().ok_or("there is no session manager")?;
        let account = format!("<userName>{user}</userName><password>{password}</password>");
        match soap.call("Login", &manager, &account, How::Leniently).await? {
            Answer::Values(_) => Ok(soap),
            fault => Err(format!("{fault:?}").into()),
        }
    }

    /// Calls a method with arguments that are written already.
    ///
    /// # Errors
    ///
    /// When there is no answer, or it cannot be read.
    pub async fn call(
        &mut self,
        method: &str,
        this: &MoRef,
        args: &str,
        how: How,
    ) -> Result<Answer, Failure> {
        let this = reference("_this", this);
        let (_, body) = self.post(&format!("<{method} xmlns=\"urn:vim25\">{this}{args}</{method}>")).await?;
        let method = check::method(method).ok_or("the schema has no such method")?;
        Ok(check::read(method, &self.version, how, &body)?)
    }

    /// Sends the content of a SOAP body, and returns the answer's status and document.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn post(&mut self, body: &str) -> Result<(u16, Bytes), Failure> {
        let document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope \
             xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        );
        let mut request = Request::post("/sdk")
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", format!("urn:vim25/{}", self.version));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let sent = send(&self.address, request.body(document.into())?);
        let answer = tokio::time::timeout(LIMIT, sent).await??;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
            self.cookie = Some(cookie.to_owned());
        }
        Ok((answer.status().as_u16(), answer.into_body()))
    }
}
