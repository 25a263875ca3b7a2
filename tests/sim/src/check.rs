//! Answers against the schema: each value is read by the reader that forgives nothing.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use vim_types::{METHODS, REGISTRY, VIM25};
use vim_wire::server::Incoming;
use vim_wire::{Any, DecodeError, Limits, MethodDesc, Reader, Tag, soap};

/// What an answer holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The values of the result: none, one or several.
    Values(Vec<Any>),
    /// A fault's type, its message and its detail.
    Fault {
        /// The type, such as `InvalidPowerState`; empty where the answer does not say.
        kind: String,
        /// The server's words.
        message: String,
        /// The typed fault.
        detail: Option<Box<Any>>,
    },
}

static BY_NAME: LazyLock<HashMap<&str, &MethodDesc>> =
    LazyLock::new(|| METHODS.iter().flat_map(|area| area.iter()).map(|desc| (desc.name, *desc)).collect());

/// The method of that name.
#[must_use]
pub fn method(name: &str) -> Option<&'static MethodDesc> {
    BY_NAME.get(name).copied()
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As a client does.
    Leniently,
    /// Refusing whatever the schema does not have.
    Exactly,
}

/// Why an answer does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    reason: String,
    offset: usize,
}

impl Wrong {
    fn new(reason: String, offset: usize) -> Self {
        Self { reason, offset }
    }
}

impl From<DecodeError> for Wrong {
    fn from(error: DecodeError) -> Self {
        Self { reason: error.to_string(), offset: error.offset() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Wrong {}

/// Reads the answer to a call of that method, in the version spoken.
///
/// # Errors
///
/// Where the document departs from the schema.
pub fn read(method: &MethodDesc, version: &str, how: How, body: &[u8]) -> Result<Answer, Wrong> {
    let mut reader = Reader::new(body, &REGISTRY, Limits::default())?;
    if how == How::Exactly {
        reader = reader.exact(&VIM25, VIM25.index_of(version));
    }
    let declared = if method.task { "ManagedObjectReference" } else { method.result };
    let mut wrong = None;
    let answer = soap::body(&mut reader, |reader, tag| {
        if tag.name() == "Fault" {
            return fault(reader, tag, &mut wrong);
        }
        if tag.name().strip_suffix("Response") != Some(method.name) {
            wrong = Some(Wrong::new(format!("<{}> does not answer it", tag.name()), tag.offset()));
        }
        let mut values = Vec::new();
        reader.each(tag, |reader, child| {
            if child.name() == "returnval" && !declared.is_empty() {
                values.push(reader.declared(declared, child)?);
                return Ok(());
            }
            wrong = Some(Wrong::new(format!("a <{}> that is no result", child.name()), child.offset()));
            reader.skip(child)
        })?;
        Ok(Answer::Values(values))
    })?;
    wrong.map_or(Ok(answer), Err)
}

fn fault<'x>(
    reader: &mut Reader<'x>,
    tag: &Tag<'x>,
    wrong: &mut Option<Wrong>,
) -> Result<Answer, DecodeError> {
    let (mut kind, mut message, mut detail) = (String::new(), String::new(), None);
    reader.each(tag, |reader, child| match child.name() {
        "faultstring" => {
            message = reader.text(child)?.into_owned();
            Ok(())
        }
        "detail" => reader.each(child, |reader, typed| {
            let name = reader.xsi_type(typed).unwrap_or_default();
            if typed.name().strip_suffix("Fault") != Some(name) {
                let reason = format!("<{}> has the type {name:?}", typed.name());
                *wrong = Some(Wrong::new(reason, typed.offset()));
            }
            kind = name.to_owned();
            detail = Some(Box::new(reader.declared("MethodFault", typed)?));
            Ok(())
        }),
        _ => reader.skip(child),
    })?;
    Ok(Answer::Fault { kind, message, detail })
}

/// What is wrong with an answer: a word to whoever made it. Nothing where it holds.
#[must_use]
pub fn wrong(request: &[u8], version: &str, status: u16, body: &[u8]) -> Option<String> {
    let incoming = match Incoming::read(request, &REGISTRY, Limits::default()) {
        Ok(incoming) => incoming,
        // What cannot be read is answered with a fault, and of no method.
        Err(_) => return None,
    };
    let method = method(incoming.method)?;
    let say = |what: String| Some(format!("{} on {}: {what}", method.name, incoming.this));
    match read(method, version, How::Exactly, body) {
        Err(error) => say(format!("{error}: …{}…", around(body, error.offset))),
        Ok(Answer::Fault { kind, .. }) if status != 500 => say(format!("{kind} with HTTP status {status}")),
        Ok(Answer::Values(_)) if status != 200 => say(format!("a result with HTTP status {status}")),
        // A method's result has as many values as the schema says; which may be none.
        Ok(_) => None,
    }
}

/// The text before and after what could not be read.
fn around(body: &[u8], offset: usize) -> String {
    let (from, to) = (offset.saturating_sub(80), (offset + 120).min(body.len()));
    String::from_utf8_lossy(body.get(from..to).unwrap_or_default()).into_owned()
}
