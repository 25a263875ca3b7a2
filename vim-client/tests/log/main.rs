//! What is logged: a span a call, and documents without their secrets.
//!
//! One test in a program of its own: tests beside it that log to nobody would make `tracing` forget who listens.

#![allow(clippy::expect_used, unreachable_pub, reason = "what helps a test may fail it")]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use support::Server;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use vim_client::{Client, Trust};

/// Keeps the fields of spans, and what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    spans: Vec<Values>,
    events: Vec<String>,
}

type Values = HashMap<String, String>;

struct Fields<'a>(&'a mut Values);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("vim_client")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut kept = self.0.lock().expect("kept");
        let mut fields = HashMap::from([("span".to_owned(), attributes.metadata().name().to_owned())]);
        attributes.record(&mut Fields(&mut fields));
        kept.spans.push(fields);
        Id::from_u64(kept.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut kept = self.0.lock().expect("kept");
        let at = usize::try_from(span.into_u64()).expect("an index") - 1;
        values.record(&mut Fields(&mut kept.spans[at]));
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = HashMap::new();
        event.record(&mut Fields(&mut fields));
        let line = format!("{} {} {fields:?}", event.metadata().level(), event.metadata().target());
        self.0.lock().expect("kept").events.push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn what_is_logged() {
    calls_are_spans_and_documents_have_no_secrets();
    an_insecure_client_warns();
}

fn calls_are_spans_and_documents_have_no_secrets() {
    let kept = Kept::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tracing::subscriber::with_default(kept.clone(), || {
        runtime.block_on(async {
            let server = Server::usual().await;
            let client = Client::builder(&server.url)
                .credentials("alice", "Geheim1")
                .connect()
                .await
                .expect("a session");
            client.with_operation_id("reconcile-7").current_time().await.expect("the time");
            client.close().await.expect("closed");
        });
    });
    let kept = kept.0.lock().expect("kept");
    let call = kept
        .spans
        .iter()
        .find(|span| span.get("method").is_some_and(|method| method.contains("CurrentTime")))
        .expect("a span");
    assert_eq!((call["span"].as_str(), call["attempt"].as_str()), ("vim_call", "1"));
    assert_eq!(call["object"], "ServiceInstance:ServiceInstance");
    assert!(call["op_id"].contains("reconcile-7"), "{call:?}");
    for field in ["bytes_out", "bytes_in", "milliseconds"] {
        assert!(call[field].parse::<u64>().is_ok(), "{call:?}");
    }
    let lines = kept.events.join("\n");
    assert!(lines.contains("DEBUG vim_client::wire") && lines.contains("TRACE vim_client::wire"), "{lines}");
    assert!(lines.contains("<password><redacted></password>") && lines.contains("alice"), "{lines}");
    for secret in ["Geheim1", "session-1", "52-key"] {
        assert!(
            !lines.contains(secret) && !format!("{:?}", kept.spans).contains(secret),
            "{secret} is in {lines}"
        );
    }
}

fn an_insecure_client_warns() {
    let kept = Kept::default();
    tracing::subscriber::with_default(kept.clone(), || {
        Client::builder("vc").trust(Trust::Insecure).build().map(drop).expect("a client");
    });
    let lines = kept.0.lock().expect("kept").events.join("\n");
    assert!(
        lines.contains("WARN") && lines.contains("https://vc") && lines.contains("not checked"),
        "{lines}"
    );
}
