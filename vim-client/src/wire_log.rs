//! What goes over the wire, for those who look: the target `vim_client::wire`.
//!
//! DEBUG has one line a message, TRACE the documents too. Headers are never shown, since cookies are among them; documents go
//! through [`redact`](crate::redact).

use crate::redact::redact;
use crate::secrets::Hidden;
use crate::transport::Incoming;
use std::time::Duration;
use tracing::Level;
use vim_wire::Request;

/// How much of a document is shown.
const SHOWN: usize = 64 * 1024;

/// Whether documents are looked at, so that nothing is prepared in vain.
fn documents() -> bool {
    tracing::enabled!(target: "vim_client::wire", Level::TRACE)
}

pub(crate) fn sent(url: &str, request: &Request<'_>, operation_id: &str, document: &str) {
    tracing::debug!(
        target: "vim_client::wire",
        "POST {url} {} on {} opID={operation_id} {} bytes", request.method.name, request.this, document.len()
    );
    if documents() {
        let shown = document_of(document.as_bytes(), request);
        tracing::trace!(target: "vim_client::wire", "sent {shown}");
    }
}

pub(crate) fn received(request: &Request<'_>, operation_id: &str, incoming: &Incoming, took: Duration) {
    tracing::debug!(
        target: "vim_client::wire",
        "HTTP {} {} on {} opID={operation_id} {} bytes in {} ms",
        incoming.status, request.method.name, request.this, incoming.body.len(), took.as_millis()
    );
    if documents() {
        let shown = document_of(&incoming.body, request);
        tracing::trace!(target: "vim_client::wire", "received {shown}");
    }
}

fn document_of(document: &[u8], request: &Request<'_>) -> String {
    let Ok(text) = std::str::from_utf8(document) else {
        return format!("{} bytes that are no UTF-8", document.len());
    };
    let mut shown = redact(text, request.method.service, &Hidden::of(request.method));
    if shown.len() > SHOWN {
        shown.truncate(shown.floor_char_boundary(SHOWN));
        shown.push_str("… (cut)");
    }
    shown
}
