//! The client's core against scripted servers: bad input, trust, sessions, and what users of other clients suffered from.

#![allow(clippy::expect_used, clippy::panic, unreachable_pub, reason = "what helps a test may fail it")]

mod bad_input;
mod closing;
mod extremes;
mod lessons;
mod session;
#[path = "../support/mod.rs"]
mod support;
mod trust;
mod vcsim;

use std::time::Duration;
use support::Server;
use vim_client::{Client, ClientBuilder, Error, Retry};

/// A client of that server, with alice's password, that pauses shortly between attempts.
fn client(server: &Server) -> ClientBuilder {
    to(&server.url)
}

/// Connects with time-outs that are so short that a busy machine may miss them.
async fn patiently(builder: ClientBuilder) -> Client {
    loop {
        match builder.clone().connect().await {
            Ok(client) => return client,
            Err(error) => assert!(error.is_timeout(), "{error}"),
        }
    }
}

fn to(url: &str) -> ClientBuilder {
    let quick = Retry {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(2),
        ..Retry::default()
    };
    Client::builder(url).credentials("alice", "Geheim1").retry(quick).keepalive(None)
}

/// Checks that an error says all of this, and does not repeat its source.
#[track_caller]
fn says(error: &Error, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        assert!(!text.contains(&cause.to_string()), "{text} repeats its source {cause}");
        source = cause.source();
    }
    assert!(!format!("{text} {error:?} {}", error.chain()).contains("Geheim1"), "{error:?}");
}
