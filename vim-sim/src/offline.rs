//! A simulator without a network and without time of its own, for fuzzing: each document is answered as if it had come by
//! HTTP, and what was to happen then happens.

use crate::build::{Builder, StartError};
use crate::serve::soap;
use crate::session::Visitor;
use crate::sim::Sim;
use crate::timer::Clock;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::header::COOKIE;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A simulator that is called and not connected to.
#[derive(Debug)]
pub struct Offline {
    sim: Arc<Sim>,
    cookie: String,
    /// Reading a body has a time limit, which needs a runtime that knows time.
    runtime: tokio::runtime::Runtime,
}

impl Offline {
    /// Builds one, with a session that is logged in.
    ///
    /// # Errors
    ///
    /// When the model cannot be.
    pub fn new(builder: Builder) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| StartError::new(error.to_string()))?;
        let sim = builder.clock(Clock::Manual).idle_timeout(Duration::from_secs(1 << 40)).build()?;
        let session = sim.sessions.open("user", &Visitor::default(), sim.now(), Duration::ZERO);
        let cookie = format!("{}=\"{}\"", soap::COOKIE, session.token);
        Ok(Self { sim, cookie, runtime })
    }

    /// Answers a document; none where that would take waiting, or the connection would be cut. An hour passes then.
    pub fn answer(&self, document: &[u8]) -> Option<String> {
        let _runtime = self.runtime.enter();
        let body = Full::new(bytes::Bytes::copy_from_slice(document));
        let request = Request::post("/sdk").header(COOKIE, &self.cookie).body(body).ok()?;
        let answer = soap::answer(&self.sim, request, SocketAddr::from(([127, 0, 0, 1], 1))).now_or_never();
        self.sim.timer.advance(&self.sim, Duration::from_secs(3600));
        let body = answer?.ok()?.into_body().collect().now_or_never()?.ok()?.to_bytes();
        Some(String::from_utf8_lossy(&body).into_owned())
    }
}
