//! A small tree of an XML file, with lines, namespaces and limits.

use super::QName;
use crate::error::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::rc::Rc;

/// Genuine files nest 9 deep.
const MAX_DEPTH: usize = 64;

/// The prefixes in scope; a child that declares none shares its parent's.
type Scope = Rc<Vec<(String, String)>>;

/// An element.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub name: QName,
    /// Its line.
    pub line: usize,
    /// Its children that are elements.
    pub children: Vec<Self>,
    attributes: Vec<(String, String)>,
    scope: Scope,
}

impl Node {
    /// The value of an attribute without a namespace.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of an attribute that must be there.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn need(&self, name: &str, file: &str) -> Result<&str> {
        self.get(name)
            .ok_or_else(|| self.fault(file, format!("<{}> has no attribute \"{name}\"", self.name.name)))
    }

    /// The children of that name.
    pub fn all<'a>(&'a self, ns: &'a str, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(ns, name))
    }

    /// The first child of that name.
    #[must_use]
    pub fn child(&self, ns: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(ns, name))
    }

    /// Whether the element has that name.
    #[must_use]
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.name.ns == ns && self.name.name == name
    }

    /// The name that an attribute's value stands for where this element is.
    ///
    /// # Errors
    ///
    /// Its prefix is not declared.
    pub fn resolve(&self, value: &str, file: &str) -> Result<QName> {
        let (prefix, name) = value.split_once(':').unwrap_or(("", value));
        lookup(&self.scope, prefix)
            .map(|ns| QName { ns: ns.to_owned(), name: name.to_owned() })
            .ok_or_else(|| self.fault(file, format!("the prefix of \"{value}\" is not declared")))
    }

    /// An error at this element.
    pub fn fault(&self, file: &str, cause: impl Into<String>) -> Error {
        Error::line(file, self.line, cause)
    }
}

fn lookup<'a>(scope: &'a Scope, prefix: &str) -> Option<&'a str> {
    match scope.iter().rev().find(|(key, _)| key == prefix) {
        Some((_, ns)) => Some(ns),
        None if prefix.is_empty() => Some(""),
        None => None,
    }
}

/// Reads a file.
///
/// # Errors
///
/// The text is not well-formed, has a document type declaration, or is nested too deep.
pub fn parse(text: &str, file: &str) -> Result<Node> {
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event();
        let line = lines.of(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX));
        let fault = |cause: String| Error::line(file, line, cause);
        match event.map_err(|error| fault(error.to_string()))? {
            Event::Start(start) => {
                if open.len() == MAX_DEPTH {
                    return Err(fault(format!("nested more than {MAX_DEPTH} deep")));
                }
                let node = element(&start, open.last(), file, line)?;
                open.push(node);
            }
            Event::Empty(start) => {
                let node = element(&start, open.last(), file, line)?;
                close(node, &mut open, &mut root, file)?;
            }
            Event::End(_) => {
                if let Some(node) = open.pop() {
                    close(node, &mut open, &mut root, file)?;
                }
            }
            Event::DocType(_) => {
                return Err(fault(
                    "a document type declaration, which no schema needs, is refused".to_owned(),
                ));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (open.last(), root) {
        (Some(node), _) => Err(node.fault(file, format!("<{}> is not closed", node.name.name))),
        (None, None) => Err(Error::new(file, "", "there is no element in it")),
        (None, Some(root)) => Ok(root),
    }
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Node>, file: &str) -> Result<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None if root.is_some() => return Err(node.fault(file, "a second root element")),
        None => *root = Some(node),
    }
    Ok(())
}

fn element(start: &BytesStart<'_>, parent: Option<&Node>, file: &str, line: usize) -> Result<Node> {
    let mut scope = parent.map(|parent| parent.scope.clone()).unwrap_or_default();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| Error::line(file, line, error.to_string()))?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|error| Error::line(file, line, error.to_string()))?
            .into_owned();
        let key = attribute.key.as_ref().to_owned();
        if key == "xmlns" {
            Rc::make_mut(&mut scope).push((String::new(), value));
        } else if let Some(prefix) = key.strip_prefix("xmlns:") {
            Rc::make_mut(&mut scope).push((prefix.to_owned(), value));
        } else if !key.contains(':') {
            attributes.push((key, value));
        }
    }
    let raw = start.name().as_ref().to_owned();
    let (prefix, local) = raw.split_once(':').unwrap_or(("", &raw));
    let ns = lookup(&scope, prefix)
        .ok_or_else(|| Error::line(file, line, format!("the prefix of <{raw}> is not declared")))?
        .to_owned();
    let name = QName { ns, name: local.to_owned() };
    Ok(Node { name, line, children: Vec::new(), attributes, scope })
}

/// Counts lines as the reader advances, so that a file is scanned once.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, position: usize) -> usize {
        let to = position.min(self.text.len());
        if to > self.at {
            let passed = &self.text.as_bytes()[self.at..to];
            self.line += passed.iter().filter(|byte| **byte == b'\n').count();
            self.at = to;
        }
        self.line
    }
}
