//! A `<definitions>` element: messages and operations, beside the schema that lies in it.

use super::source::bare;
use super::xml::Node;
use super::xsd::Link;
use super::{QName, Raw, RawElement, RawOperation, WSDL, XSD};
use crate::error::Result;
use std::collections::BTreeMap;

/// Reads the definitions' links and inline schemas; what messages and port types mean is [`finish`]'s, once every schema
/// is known.
///
/// # Errors
///
/// What the inline schema's declarations are refused for, and links out of the folder.
pub fn read(root: &Node, file: &str, raw: &mut Raw) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    for import in root.all(WSDL, "import") {
        links.push(Link {
            file: bare(import.need("location", file)?, file, import.line)?,
            ns: import.get("namespace").unwrap_or_default().to_owned(),
            include: false,
            line: import.line,
        });
    }
    for schema in root.all(WSDL, "types").flat_map(|types| types.all(XSD, "schema")) {
        links.extend(super::xsd::read(schema, file, raw)?);
    }
    Ok(links)
}

/// Reads the port types into `raw`.
///
/// # Errors
///
/// An operation whose messages or elements are not declared.
pub fn finish(root: &Node, file: &str, raw: &mut Raw) -> Result<()> {
    let ns = root.get("targetNamespace").unwrap_or_default().to_owned();
    let mut messages = BTreeMap::new();
    for message in root.all(WSDL, "message") {
        let name = message.need("name", file)?;
        if let Some(part) = message.child(WSDL, "part") {
            messages.insert(name.to_owned(), part.resolve(part.need("element", file)?, file)?);
        }
    }
    let message_of = |node: &Node| -> Result<QName> {
        let name = node.resolve(node.need("message", file)?, file)?.name;
        messages
            .get(&name)
            .cloned()
            .ok_or_else(|| node.fault(file, format!("there is no message \"{name}\"")))
    };
    for port in root.all(WSDL, "portType") {
        for node in port.all(WSDL, "operation") {
            let name = node.need("name", file)?.to_owned();
            let part = |kind| {
                let child = node.child(WSDL, kind);
                child.ok_or_else(|| node.fault(file, format!("operation \"{name}\" has no {kind}")))
            };
            let (input, output) = (message_of(part("input")?)?, message_of(part("output")?)?);
            let mut faults = Vec::new();
            for fault in node.all(WSDL, "fault") {
                let element = message_of(fault)?;
                match raw.elements.get(&element) {
                    Some(RawElement::Named(ty)) => faults.push(ty.clone()),
                    _ => return Err(fault.fault(file, format!("there is no element \"{}\"", element.name))),
                }
            }
            let entry = raw.ports.entry(ns.clone()).or_default();
            if entry.file.is_empty() {
                file.clone_into(&mut entry.file);
            }
            entry.operations.push(RawOperation { name, input, output, faults, line: node.line });
        }
    }
    let version = root.all(WSDL, "binding").find_map(action);
    if let (Some(port), Some(version)) = (raw.ports.get_mut(&ns), version) {
        port.version = Some(version);
    }
    Ok(())
}

/// The version in `soapAction="urn:vim25/7.0.2.0"`; of all operations the same.
fn action(binding: &Node) -> Option<String> {
    let operation = binding.child(WSDL, "operation")?;
    let action = operation.children.iter().find_map(|child| child.get("soapAction"))?;
    action.rsplit_once('/').map(|(_, version)| version.to_owned()).filter(|version| !version.is_empty())
}
