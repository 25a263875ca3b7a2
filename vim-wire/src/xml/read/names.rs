//! Names, attributes and namespaces: what a start tag says beyond its element's name.

use super::{DecodeError, Reader, Result, Tag};

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
        let equals = memchr::memchr(b'=', text.as_bytes())?;
        let name = text[..equals].trim_ascii_end();
        let value = text[equals + 1..].trim_ascii_start();
        let quote = *value.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let end = memchr::memchr(quote, &value.as_bytes()[1..])? + 1;
        self.0 = &value[end + 1..];
        Some((name, &value[1..end]))
    }
}

/// A namespace declaration; one of the default namespace has no prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'x> {
    prefix: &'x str,
    uri: &'x str,
}

impl<'x> Reader<'x> {
    #[inline(never)]
    pub(super) fn declare(&mut self, tag: &Tag<'x>) -> Result<()> {
        for (name, uri) in Attrs(tag.attrs) {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.scope.push(Binding { prefix, uri });
            } else if name == "xmlns" {
                self.scope.push(Binding { prefix: "", uri });
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
        for (index, Binding { prefix, uri }) in self.scope.iter().enumerate() {
            let standard = matches!((*prefix, *uri), ("xsi", XSI) | ("xsd", XSD));
            if standard || !is_name(prefix) || !content.contains(&format!("{prefix}:")) {
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

    /// Counts what is copied of declarations: one long one can be copied for each of many short elements.
    fn keep(&mut self, len: usize) -> Result<()> {
        self.kept += len;
        if self.kept > self.limits.size {
            return Err(self.fail(format!(
                "the document's declarations are more than the limit of {}",
                self.limits.size
            )));
        }
        Ok(())
    }

    /// The namespace of the element's `xsi:type`, where it is declared and is another than the one that goes without saying.
    pub(crate) fn foreign_namespace(&mut self, tag: &Tag<'x>, home: &str) -> Result<Option<Box<str>>> {
        let name = self.find_xsi(tag, "type").unwrap_or_default();
        let prefix = name.trim_ascii().rsplit_once(':').map_or("", |(prefix, _)| prefix);
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
    ///
    /// vcsim writes `xmlns:_XMLSchema-instance="…" _XMLSchema-instance:type="…"` on each value.
    #[inline]
    pub fn xsi_type(&self, tag: &Tag<'x>) -> Option<&'x str> {
        if tag.attrs.is_empty() {
            return None;
        }
        self.find_xsi(tag, "type").map(|name| local(name.trim_ascii())).filter(|name| is_name(name))
    }

    /// Whether the element says `xsi:nil="true"`.
    pub(crate) fn is_nil(&self, tag: &Tag<'x>) -> bool {
        !tag.attrs.is_empty() && matches!(self.find_xsi(tag, "nil"), Some("true" | "1"))
    }

    fn find_xsi(&self, tag: &Tag<'x>, wanted: &str) -> Option<&'x str> {
        let named = Attrs(tag.attrs).filter_map(|(name, value)| {
            let (prefix, local) = name.split_once(':')?;
            (local == wanted).then_some((prefix, value))
        });
        // Each is a search of its own: a tag of nothing but such attributes must not cost their number's square.
        named.take(4).find(|(prefix, _)| self.is_xsi(tag, prefix)).map(|(_, value)| value)
    }

    #[inline]
    fn is_xsi(&self, tag: &Tag<'x>, prefix: &str) -> bool {
        if prefix == "xmlns" {
            return false;
        }
        let own = Attrs(tag.attrs).find(|(name, _)| name.strip_prefix("xmlns:") == Some(prefix));
        match own {
            Some((_, uri)) => uri == XSI,
            None => self
                .scope
                .iter()
                .rev()
                .find(|binding| binding.prefix == prefix)
                .is_some_and(|binding| binding.uri == XSI),
        }
    }
}
