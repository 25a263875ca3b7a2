//! A server on the loopback address that answers as a test says, and keeps what it was asked.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A request that came in.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The SOAP method; `GET` for what is no call.
    pub method: String,
    pub path: String,
    pub action: String,
    pub cookie: Option<String>,
    pub user_agent: String,
    pub accept_encoding: String,
    pub body: String,
    /// The number of the connection that it came on.
    pub connection: u64,
    /// How many calls of the same method came before it.
    pub nth: usize,
}

/// How it is answered.
pub enum Reply {
    /// As a well-behaved server would.
    Usual,
    /// With a method's results: the content of its response element.
    Results(String),
    /// With a fault of that type, its fields as XML, and that message.
    Fault(&'static str, &'static str, &'static str),
    /// With these bytes, after which the connection is closed.
    Raw(Vec<u8>),
    /// With these bytes, after which nothing more comes.
    Silence(Vec<u8>),
    /// When this has come true.
    When(watch::Receiver<bool>, Box<Self>),
}

type Script = Arc<dyn Fn(&Call) -> Reply + Send + Sync>;

/// The server; it ends with the test.
pub struct Server {
    pub url: String,
    state: Arc<State>,
}

struct State {
    script: Script,
    calls: watch::Sender<Vec<Call>>,
    sessions: Mutex<HashSet<String>>,
    logins: AtomicU64,
}

const ENVELOPE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
     xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>";
const END: &str = "</soapenv:Body></soapenv:Envelope>";

impl Server {
    /// A server that answers as usual but where the script says otherwise.
    pub async fn start(script: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve("127.0.0.1:0", None, script).await
    }

    /// The same on another address of this machine.
    pub async fn start_on(
        address: &str,
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(address, tls, script).await
    }

    /// The same, with TLS.
    pub async fn start_tls(
        tls: TlsAcceptor,
        script: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve("127.0.0.1:0", Some(tls), script).await
    }

    /// A server that does everything as usual.
    pub async fn usual() -> Self {
        Self::start(|_| Reply::Usual).await
    }

    async fn serve(
        address: &str,
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Arc::new(script),
            calls: watch::Sender::default(),
            sessions: Mutex::default(),
            logins: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        let scheme = if tls.is_some() { "https" } else { "http" };
        tokio::spawn(async move {
            for number in 1.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => connection(stream, &state, number).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                connection(stream, &state, number).await;
                            }
                        }
                    }
                });
            }
        });
        Self { url: format!("{scheme}://{address}"), state }
    }

    /// The calls of that method so far.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state.calls.borrow().iter().filter(|call| call.method == method).cloned().collect()
    }

    /// How many calls of that method there were.
    pub fn count(&self, method: &str) -> usize {
        self.calls(method).len()
    }

    /// Waits until there were so many calls of that method.
    pub async fn until(&self, method: &str, count: usize) {
        let reached = |calls: &Vec<Call>| calls.iter().filter(|call| call.method == method).count() >= count;
        self.state.calls.subscribe().wait_for(reached).await.expect("the server runs");
    }

    /// The sessions that are open.
    pub fn sessions(&self) -> usize {
        self.state.sessions.lock().expect("sessions").len()
    }

    /// Forgets every session, as a server does with idle ones.
    pub fn end_sessions(&self) {
        self.state.sessions.lock().expect("sessions").clear();
    }

    /// Opens a session as if someone else had logged in.
    pub fn open_session(&self, id: &str) {
        self.state.sessions.lock().expect("sessions").insert(format!("vmware_soap_session=\"{id}\""));
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, state: &State, number: u64) {
    let mut stream = BufReader::new(stream);
    while let Some(mut call) = request(&mut stream).await {
        call.connection = number;
        state.calls.send_modify(|calls| {
            call.nth = calls.iter().filter(|earlier| earlier.method == call.method).count();
            calls.push(call.clone());
        });
        let mut reply = (state.script)(&call);
        while let Reply::When(mut gate, then) = reply {
            let _ = gate.wait_for(|open| *open).await;
            reply = *then;
        }
        if let Reply::Usual = reply {
            reply = state.usual(&call);
        }
        let (bytes, goes_on) = match reply {
            Reply::Raw(bytes) => (bytes, false),
            Reply::Silence(bytes) => {
                let _ = stream.get_mut().write_all(&bytes).await;
                let _ = stream.get_mut().flush().await;
                // Until the client goes away.
                let _ = stream.read_u8().await;
                return;
            }
            Reply::Results(results) => {
                let cookie = if ["Login", "CloneSession"].contains(&call.method.as_str()) {
                    state.log_in()
                } else {
                    String::new()
                };
                (http(200, "text/xml", &cookie, &soap(&call.method, &results)), true)
            }
            Reply::Fault(kind, fields, message) => {
                (http(500, "text/xml", "", &fault(kind, fields, message)), true)
            }
            Reply::Usual | Reply::When(..) => unreachable!("resolved above"),
        };
        if stream.get_mut().write_all(&bytes).await.is_err()
            || stream.get_mut().flush().await.is_err()
            || !goes_on
        {
            let _ = stream.get_mut().shutdown().await;
            return;
        }
    }
}

async fn request(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Call> {
    let mut call = Call::default();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    call.path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "cookie" => call.cookie = Some(value.to_owned()),
            "soapaction" => call.action = value.to_owned(),
            "accept-encoding" => call.accept_encoding = value.to_owned(),
            "user-agent" => call.user_agent = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    call.body = String::from_utf8(body).ok()?;
    call.method = match call.body.split_once("<soapenv:Body><") {
        Some((_, rest)) => rest.split([' ', '>']).next()?.to_owned(),
        None => "GET".to_owned(),
    };
    Some(call)
}

impl State {
    fn log_in(&self) -> String {
        let number = self.logins.fetch_add(1, Ordering::Relaxed) + 1;
        let cookie = format!("vmware_soap_session=\"session-{number}\"");
        self.sessions.lock().expect("sessions").insert(cookie.clone());
        format!("Set-Cookie: {cookie}; Path=/; HttpOnly; Secure\r\n")
    }

    fn knows(&self, call: &Call) -> bool {
        call.cookie.as_ref().is_some_and(|cookie| self.sessions.lock().expect("sessions").contains(cookie))
    }

    fn usual(&self, call: &Call) -> Reply {
        let results = match call.method.as_str() {
            "GET" => return versions("8.0.3.0"),
            "RetrieveServiceContent" => CONTENT,
            "Login" | "CloneSession" => SESSION,
            _ if !self.knows(call) => {
                return Reply::Fault(
                    "NotAuthenticated",
                    "<object type=\"Folder\">group-d1</object><privilegeId>System.View</privilegeId>",
                    "The session is not authenticated.",
                );
            }
            "Logout" => {
                self.sessions.lock().expect("sessions").remove(call.cookie.as_deref().unwrap_or_default());
                ""
            }
            "CurrentTime" => "<returnval>2026-01-02T03:04:05Z</returnval>",
            "RetrievePropertiesEx" => {
                "<returnval><objects><obj type=\"SessionManager\">SessionManager</obj><propSet><name>currentSession</name>\
                 <val xsi:type=\"UserSession\"><key>k</key><userName>alice</userName></val></propSet></objects></returnval>"
            }
            _ => "",
        };
        Reply::Results(results.to_owned())
    }
}

/// The versions of a server whose newest is that one.
pub fn versions(newest: &str) -> Reply {
    let listing = VERSIONS.replace("8.0.3.0", newest);
    Reply::Raw(http(200, "text/xml", "Connection: close\r\n", &listing))
}

/// An HTTP answer.
pub fn http(status: u16, content_type: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// An envelope with a method's response.
pub fn soap(method: &str, results: &str) -> String {
    format!("{ENVELOPE}<{method}Response xmlns=\"urn:vim25\">{results}</{method}Response>{END}")
}

/// An envelope with a fault.
pub fn fault(kind: &str, fields: &str, message: &str) -> String {
    format!(
        "{ENVELOPE}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>{message}</faultstring><detail>\
         <{kind}Fault xmlns=\"urn:vim25\" xsi:type=\"{kind}\">{fields}</{kind}Fault></detail></soapenv:Fault>{END}"
    )
}

const VERSIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces version=\"1.0\"><namespace><name>urn:vim25</name>\
     <version>8.0.3.0</version><priorVersions><version>6.7</version></priorVersions></namespace></namespaces>";

const CONTENT: &str = "<returnval><rootFolder type=\"Folder\">group-d1</rootFolder>\
     <propertyCollector type=\"PropertyCollector\">propertyCollector</propertyCollector><viewManager type=\"ViewManager\">ViewManager</viewManager>\
     <about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8.0.3 build-1</fullName><vendor>VMware, Inc.</vendor>\
     <version>8.0.3</version><build>1</build><osType>linux-x64</osType><productLineId>vpx</productLineId><apiType>VirtualCenter</apiType>\
     <apiVersion>8.0.3.0</apiVersion></about><sessionManager type=\"SessionManager\">SessionManager</sessionManager></returnval>";

const SESSION: &str = "<returnval><key>52-key</key><userName>alice</userName><fullName>alice</fullName><loginTime>2026-01-01T00:00:00Z</loginTime>\
     <lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale><messageLocale>en</messageLocale></returnval>";
