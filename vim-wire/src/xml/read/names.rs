//! Names, attributes and namespaces: what a start tag says beyond its element's name.

use super::{DecodeError, Reader, Result, Tag};
use crate::xml::scan;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// How many declarations may be in scope at once. Servers have some ten; each typed element may look through all.
const BINDINGS: usize = 128;

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    match memchr::memrchr(b':', name.as_bytes()) {
        Some(at) => &name[at + 1..],
        None => name,
    }
}

/// Whether a text can stand where XML wants a name without a prefix; what is beyond ASCII is taken on trust.
pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80)
        && bytes
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80)
}

/// The attributes of a tag, raw. A broken one ends the iteration.
pub(crate) struct Attrs<'x>(pub(crate) &'x str);

impl<'x> Iterator for Attrs<'x> {
    type Item = (&'x str, &'x str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_ascii_start();
        let equals = scan::first(text.as_bytes(), 0, [b'='])?;
        let name = text[..equals].trim_ascii_end();
        let value = text[equals + 1..].trim_ascii_start();
        let quote = *value.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let end = scan::first(value.as_bytes(), 1, [quote])?;
        self.0 = &value[end + 1..];
        Some((name, &value[1..end]))
    }
}

/// A namespace declaration; one of the default namespace has no prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'x> {
    prefix: &'x str,
    uri: &'x str,
    xsi: bool,
}

/// What a start tag says in the namespace of `xsi`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Xsi<'x> {
    /// The name of the value's type, without its prefix; none where it is no name.
    pub(crate) kind: Option<&'x str>,
    /// That name as it stands.
    name: &'x str,
    /// Whether there is no value.
    pub(crate) nil: bool,
}

impl<'x> Reader<'x> {
    #[inline(never)]
    pub(super) fn declare(&mut self, tag: &Tag<'x>) -> Result<()> {
        for (name, uri) in Attrs(tag.attrs) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.scope.push(Binding { prefix, uri, xsi: uri == XSI });
            } else if name == "xmlns" {
                self.scope.push(Binding { prefix: "", uri, xsi: false });
            }
        }
        if self.scope.len() > BINDINGS {
            return Err(DecodeError::new(
                tag.offset,
                format!("more than {BINDINGS} namespaces are declared at once"),
            ));
        }
        Ok(())
    }

    /// The declarations in scope whose prefixes a piece of content may use, as attributes; without those that every
    /// document of ours has alike.
    pub(crate) fn scope_of(&mut self, content: &str) -> Result<String> {
        let mut out = String::new();
        for (index, Binding { prefix, uri, .. }) in self.scope.iter().enumerate() {
            let standard = matches!((*prefix, *uri), ("xsi", XSI) | ("xsd", XSD));
            let mut colons = memchr::memchr_iter(b':', content.as_bytes());
            if standard || !is_name(prefix) || !colons.any(|at| content[..at].ends_with(prefix)) {
                continue;
            }
            if self.scope[index + 1..].iter().any(|inner| inner.prefix == *prefix) {
                continue;
            }
            let quote = if uri.contains('"') { '\'' } else { '"' };
            out.push_str(&format!(" xmlns:{prefix}={quote}{uri}{quote}"));
        }
        self.keep(out.len())?;
        Ok(out)
    }

    /// Counts what is copied of declarations: one long one can be copied for each of many short elements, until a small
    /// document has become a huge value.
    fn keep(&mut self, len: usize) -> Result<()> {
        self.kept += len;
        if self.kept > self.text.len().saturating_mul(16).max(1 << 16) {
            return Err(self.fail("what is not known relies on more declarations than the document can mean"));
        }
        Ok(())
    }

    /// The namespace of the element's `xsi:type`, where it is declared and is another than the one that goes without saying.
    pub(crate) fn foreign_namespace(&mut self, tag: &Tag<'x>, home: &str) -> Result<Option<Box<str>>> {
        let prefix = self.xsi(tag).name.rsplit_once(':').map_or("", |(prefix, _)| prefix);
        let own = Attrs(tag.attrs).find(|(name, _)| match name.strip_prefix("xmlns") {
            Some("") => prefix.is_empty(),
            Some(rest) => !prefix.is_empty() && rest.strip_prefix(':') == Some(prefix),
            None => false,
        });
        let outer =
            || self.scope.iter().rev().find(|binding| binding.prefix == prefix).map(|binding| binding.uri);
        let uri = own.map(|(_, uri)| uri).or_else(outer).unwrap_or_default();
        if uri.is_empty() || uri == home {
            return Ok(None);
        }
        self.keep(uri.len())?;
        Ok(Some(uri.into()))
    }

    /// The element's `xsi:type` without its prefix, whatever prefix the namespace of `xsi` has; none where it is no name.
    #[must_use]
    pub fn xsi_type(&self, tag: &Tag<'x>) -> Option<&'x str> {
        self.xsi(tag).kind
    }

    /// Whether the element says `xsi:nil="true"`.
    pub(crate) fn is_nil(&self, tag: &Tag<'x>) -> bool {
        self.xsi(tag).nil
    }

    /// The element's `xsi:type` and `xsi:nil`, whatever prefix the namespace of `xsi` has.
    ///
    /// vcsim writes `xmlns:_XMLSchema-instance="…" _XMLSchema-instance:type="…"` on each value.
    #[inline]
    pub(crate) fn xsi(&self, tag: &Tag<'x>) -> Xsi<'x> {
        if tag.attrs.is_empty() { Xsi::default() } else { self.find_xsi(tag) }
    }

    #[inline(never)]
    fn find_xsi(&self, tag: &Tag<'x>) -> Xsi<'x> {
        let mut xsi = Xsi::default();
        // Each is a search of its own: a tag of nothing but such attributes must not cost their number's square.
        let mut tries = 4;
        for (name, value) in Attrs(tag.attrs) {
            let (prefix, nil) = match (name.strip_suffix(":type"), name.strip_suffix(":nil")) {
                (Some(prefix), _) => (prefix, false),
                (None, Some(prefix)) => (prefix, true),
                (None, None) => continue,
            };
            tries -= 1;
            if self.is_xsi(tag, prefix) {
                if nil {
                    xsi.nil = matches!(value, "true" | "1");
                } else if xsi.kind.is_none() {
                    xsi.name = value.trim_ascii();
                    xsi.kind = Some(local(xsi.name)).filter(|name| is_name(name));
                }
            }
            if tries == 0 {
                break;
            }
        }
        xsi
    }

    fn is_xsi(&self, tag: &Tag<'x>, prefix: &str) -> bool {
        if tag.declares {
            if prefix == "xmlns" {
                return false;
            }
            let own = Attrs(tag.attrs).find(|(name, _)| name.strip_prefix("xmlns:") == Some(prefix));
            if let Some((_, uri)) = own {
                return uri == XSI;
            }
        }
        self.scope.iter().rev().find(|binding| binding.prefix == prefix).is_some_and(|binding| binding.xsi)
    }
}
