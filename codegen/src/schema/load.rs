//! Following the links from a folder's roots to every file that they reach.

use super::source::Source;
use super::xsd::Link;
use super::{Raw, WSDL, XSD, wsdl, xml, xsd};
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// Genuine services have a dozen files.
const MAX_FILES: usize = 256;

/// Reads the files that the roots reach.
///
/// # Errors
///
/// A missing file (other than the empty `reflect-*.xsd`, which old versions lack), a circle of includes, a link out of
/// the folder, or a file that is not a schema.
pub fn load(source: &dyn Source, roots: &[String]) -> Result<Raw> {
    let mut walk = Walk { source, raw: Raw::default(), done: BTreeSet::new(), wsdls: Vec::new() };
    for root in roots {
        walk.file(root, &mut Vec::new(), None)?;
    }
    let Walk { mut raw, wsdls, .. } = walk;
    for (file, root) in &wsdls {
        wsdl::finish(root, file, &mut raw)?;
    }
    if raw.types.is_empty() && raw.enums.is_empty() {
        return Err(Error::new(roots.join(", "), "", "declares no type"));
    }
    Ok(raw)
}

struct Walk<'a> {
    source: &'a dyn Source,
    raw: Raw,
    done: BTreeSet<String>,
    wsdls: Vec<(String, xml::Node)>,
}

impl Walk<'_> {
    fn file(&mut self, name: &str, including: &mut Vec<String>, from: Option<(&str, &Link)>) -> Result<()> {
        if including.iter().any(|file| file == name) {
            let mut circle = including.join(" includes ");
            circle.push_str(" includes ");
            circle.push_str(name);
            let line = from.map_or(0, |(_, link)| link.line);
            return Err(Error::line(
                from.map_or(name, |(file, _)| file),
                line,
                format!("a circle: {circle}"),
            ));
        }
        if !self.done.insert(name.to_owned()) {
            return Ok(());
        }
        if self.done.len() > MAX_FILES {
            return Err(Error::new(name, "", format!("more than {MAX_FILES} files")));
        }
        let Some(text) = self.source.read(name)? else {
            // Servers before 5.0 link to no such file, some later ones link to it and do not serve it; it is empty.
            if name.starts_with("reflect-") {
                self.raw.notes.push(format!("{name} is missing; it declares nothing"));
                return Ok(());
            }
            return Err(match from {
                Some((file, link)) => Error::line(file, link.line, format!("there is no file \"{name}\"")),
                None => Error::new(name, "", "there is no such file"),
            });
        };
        self.raw.files.push(name.to_owned());
        let root = xml::parse(&text, name)?;
        let links = if root.is(WSDL, "definitions") {
            wsdl::read(&root, name, &mut self.raw)?
        } else if root.is(XSD, "schema") {
            check_namespace(&root, name, from)?;
            xsd::read(&root, name, &mut self.raw)?
        } else {
            return Err(root.fault(name, format!("<{}> is neither a WSDL nor a schema", root.name.name)));
        };
        including.push(name.to_owned());
        for link in &links {
            // Imports may well be mutual (vim-types and reflect-types are); includes never are.
            let mut fresh = Vec::new();
            self.file(
                &link.file,
                if link.include { &mut *including } else { &mut fresh },
                Some((name, link)),
            )?;
        }
        including.pop();
        if root.is(WSDL, "definitions") {
            self.wsdls.push((name.to_owned(), root));
        }
        Ok(())
    }
}

fn check_namespace(root: &xml::Node, name: &str, from: Option<(&str, &Link)>) -> Result<()> {
    let Some((file, link)) = from else { return Ok(()) };
    let own = root.get("targetNamespace").unwrap_or_default();
    if own == link.ns || link.ns.is_empty() {
        return Ok(());
    }
    Err(Error::line(file, link.line, format!("{name} is of \"{own}\", not of \"{}\"", link.ns)))
}
