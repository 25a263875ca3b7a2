//! SOAP 1.1 envelopes.

use crate::error::Fault;
use crate::object::{Extra, Object};
use crate::registry::Registry;
use crate::xml::read::{DecodeError, Reader, Result, Tag};
use crate::xml::write;

pub(crate) fn open(out: &mut String, header: &[(&str, &str)]) {
    out.push_str(concat!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"",
        " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"",
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">",
    ));
    if !header.is_empty() {
        out.push_str("<soapenv:Header>");
        for (name, value) in header {
            out.push_str(&format!("<{name}>"));
            let _ = write::text(out, value);
            out.push_str(&format!("</{name}>"));
        }
        out.push_str("</soapenv:Header>");
    }
    out.push_str("<soapenv:Body>");
}

pub(crate) fn close(out: &mut String) {
    out.push_str("</soapenv:Body></soapenv:Envelope>");
}

/// Reads the first element of an envelope's body.
///
/// # Errors
///
/// When the document is malformed, is no envelope, or has an empty body.
pub fn body<'x, T>(
    reader: &mut Reader<'x>,
    read: impl FnOnce(&mut Reader<'x>, &Tag<'x>) -> Result<T>,
) -> Result<T> {
    let (mut value, mut read) = (None, Some(read));
    within(reader, &mut |reader, content| {
        if let Some(read) = read.take() {
            value = Some(read(reader, content)?);
        }
        Ok(())
    })?;
    value.ok_or_else(|| reader.fail("the SOAP envelope has an empty body"))
}

/// The same for any value, so that it is compiled once.
fn within<'x>(
    reader: &mut Reader<'x>,
    read: &mut dyn FnMut(&mut Reader<'x>, &Tag<'x>) -> Result<()>,
) -> Result<()> {
    let envelope = reader.root()?;
    if envelope.name() != "Envelope" {
        return Err(DecodeError::new(envelope.offset, format!("<{}> is not a SOAP envelope", envelope.name)));
    }
    let outer = reader.enter(&envelope)?;
    let mut body = false;
    while let Some(part) = reader.child(&envelope)? {
        if part.name() != "Body" || std::mem::replace(&mut body, true) {
            reader.skip(&part)?;
            continue;
        }
        let inner = reader.enter(&part)?;
        if let Some(content) = reader.child(&part)? {
            read(reader, &content).map_err(|error| error.within(content.name()))?;
            while let Some(more) = reader.child(&part)? {
                reader.skip(&more)?;
            }
        }
        reader.leave(inner);
    }
    reader.leave(outer);
    reader.finish()
}

/// The fault of an answer, or none where the answer is not a fault. Reads no further than it must to know.
///
/// # Errors
///
/// When the document is malformed up to there, or is no envelope.
pub fn fault(bytes: &[u8], registry: &'static Registry, limits: crate::Limits) -> Result<Option<Fault>> {
    // The start is enough to tell, and looking at it alone spares a check of the whole for UTF-8.
    let start = &bytes[..bytes.len().min(2048)];
    if memchr::memmem::find(start, b"Fault").is_none() && bytes.len() > 2048 {
        return Ok(None);
    }
    let mut reader = Reader::new(bytes, registry, limits)?;
    let envelope = reader.root()?;
    if envelope.name() != "Envelope" {
        return Err(DecodeError::new(envelope.offset, format!("<{}> is not a SOAP envelope", envelope.name)));
    }
    reader.enter(&envelope)?;
    while let Some(part) = reader.child(&envelope)? {
        if part.name() == "Body" {
            reader.enter(&part)?;
            return match reader.child(&part)? {
                Some(tag) if tag.name() == "Fault" => read_fault(&mut reader, &tag).map(Some),
                _ => Ok(None),
            };
        }
        reader.skip(&part)?;
    }
    Err(reader.fail("the SOAP envelope has no body"))
}

fn read_fault<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>) -> Result<Fault> {
    let mut fault = Fault { message: String::new(), code: String::new(), detail: None };
    reader.each(tag, |reader, child| {
        match child.name() {
            "faultcode" => {
                let code = reader.text(child)?;
                fault.code = crate::xml::read::local(code.trim_ascii()).to_owned();
            }
            "faultstring" => fault.message = reader.text(child)?.into_owned(),
            "detail" => reader.each(child, |reader, detail| {
                if fault.detail.is_none() {
                    fault.detail = read_detail(reader, detail)?;
                    return Ok(());
                }
                reader.skip(detail)
            })?,
            _ => reader.skip(child)?,
        }
        Ok(())
    })?;
    Ok(fault)
}

/// The typed fault: by its `xsi:type`, or by its element, which is the type's name and "Fault".
pub(crate) fn read_detail<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>) -> Result<Option<Object>> {
    let Some(base) = reader.registry.type_named("MethodFault") else {
        reader.skip(tag)?;
        return Ok(None);
    };
    let kind = reader.xsi_type(tag);
    if kind.is_some() {
        return reader.object_of(base, kind, tag).map(Some);
    }
    let name = tag.name();
    let named = name.strip_suffix("Fault").filter(|named| !named.is_empty()).unwrap_or(name);
    match reader.registry.type_named(named).filter(|desc| desc.is_a(base)) {
        Some(desc) => reader.object_of(desc, kind, tag).map(Some),
        None => {
            let mut object = reader.object_of(reader.nearest(named, base), kind, tag)?;
            let extra = object.extra.get_or_insert_with(|| Box::new(Extra::default()));
            extra.type_name = Some(named.into());
            Ok(Some(object))
        }
    }
}
