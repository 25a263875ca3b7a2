//! A pull reader over a whole document in memory.
//!
//! It knows what it is asked for: the next child of an element, an element's text, or to pass over an element. Nothing is
//! copied; names, attributes and plain text are slices of the document.

mod names;

use crate::limits::Limits;
use crate::registry::Registry;
use crate::xml::{character, scan};
use names::Binding;
use std::borrow::Cow;
use std::fmt;

pub(crate) use names::{Attrs, Xsi, is_name, local};

/// Why a document could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Failure>);

/// Boxed, so that what does not fail does not pay for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    offset: usize,
    path: Vec<String>,
    reason: Cow<'static, str>,
}

impl DecodeError {
    pub(crate) fn new(offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Failure { offset, path: Vec::new(), reason: reason.into() }))
    }

    /// Says in which element it happened; called from the inside out.
    #[cold]
    pub(crate) fn within(mut self, element: &str) -> Self {
        self.0.path.push(element.to_owned());
        self
    }

    /// The byte at which it happened, from the document's start.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.0.offset
    }

    /// The elements in which it happened, such as `returnval/objects/propSet/val`.
    #[must_use]
    pub fn path(&self) -> String {
        self.0.path.iter().rev().map(String::as_str).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.reason, self.0.offset)?;
        if !self.0.path.is_empty() {
            write!(f, " in {}", self.path())?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

pub(crate) type Result<T> = std::result::Result<T, DecodeError>;

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'x> {
    pub(crate) name: &'x str,
    pub(crate) attrs: &'x str,
    pub(crate) empty: bool,
    /// Whether it declares a namespace.
    pub(crate) declares: bool,
    pub(crate) offset: usize,
}

impl<'x> Tag<'x> {
    /// The name without its prefix.
    #[must_use]
    pub fn name(&self) -> &'x str {
        local(self.name)
    }

    /// The byte at which the tag starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The raw value of an attribute without a prefix.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&'x str> {
        Attrs(self.attrs).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// A reader over a document.
#[derive(Clone)]
pub struct Reader<'x> {
    text: &'x str,
    at: usize,
    depth: u32,
    limits: Limits,
    scope: Vec<Binding<'x>>,
    /// How many bytes of declarations were copied for content that is kept.
    kept: usize,
    pub(crate) registry: &'static Registry,
    pub(crate) rules: Rules,
}

/// What a reader refuses beyond malformed documents. A client takes what a server sends; a server does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether what the schema does not know or misses is an error.
    pub(crate) strict: bool,
    /// Whether elements must come in the schema's order, and enumerations have values that it knows.
    pub(crate) exact: bool,
    /// The index of the newest version whose types and fields are known, in the service of this namespace.
    pub(crate) newest: u8,
    pub(crate) namespace: &'static str,
}

impl Rules {
    const LENIENT: Self = Self { strict: false, exact: false, newest: u8::MAX, namespace: "" };

    /// Whether what is of that namespace and version is newer than what is known.
    pub(crate) fn refuse(&self, namespace: &str, since: u8) -> bool {
        since > self.newest && namespace == self.namespace
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.at).field("of", &self.text.len()).finish_non_exhaustive()
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

impl<'x> Reader<'x> {
    /// A reader at the start of a document, whose values may be of the registry's types.
    ///
    /// # Errors
    ///
    /// When the document is longer than the limits allow, is not UTF-8, or says that it is in another encoding.
    pub fn new(bytes: &'x [u8], registry: &'static Registry, limits: Limits) -> Result<Self> {
        if bytes.len() > limits.size {
            let reason =
                format!("the document has {} bytes, more than the limit of {}", bytes.len(), limits.size);
            return Err(DecodeError::new(limits.size, reason));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(DecodeError::new(error.valid_up_to(), "the document is not UTF-8")),
        };
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Ok(Self {
            text,
            at,
            depth: 0,
            limits,
            scope: Vec::with_capacity(8),
            kept: 0,
            registry,
            rules: Rules::LENIENT,
        })
    }

    /// The byte that is read next.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn fail(&self, reason: impl Into<Cow<'static, str>>) -> DecodeError {
        DecodeError::new(self.at, reason)
    }

    fn end_of_document(&self) -> DecodeError {
        DecodeError::new(self.text.len(), "the document ends in the middle of an element")
    }

    /// The document's root element.
    ///
    /// # Errors
    ///
    /// When there is none, or something else comes first.
    pub fn root(&mut self) -> Result<Tag<'x>> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).copied().is_some_and(is_space) {
            self.at += 1;
        }
        if self.at == bytes.len() {
            return Err(self.fail("the document is empty"));
        }
        if bytes[self.at] != b'<' {
            return Err(self.fail("the document is not XML: it does not start with a tag"));
        }
        match self.markup()? {
            Some(tag) => Ok(tag),
            None => Err(self.fail("an end tag without a start tag")),
        }
    }

    /// Checks that nothing but white space, comments and instructions follow the root element.
    ///
    /// # Errors
    ///
    /// When something else follows.
    pub fn finish(&mut self) -> Result<()> {
        loop {
            let rest = self.text[self.at..].trim_ascii_start();
            self.at = self.text.len() - rest.len();
            if rest.is_empty() {
                return Ok(());
            }
            if !(rest.starts_with("<!--") || rest.starts_with("<?")) {
                return Err(self.fail("something follows the document's end"));
            }
            self.special()?;
        }
    }

    /// Goes into an element; every way in has its [`Reader::leave`].
    pub(crate) fn enter(&mut self, tag: &Tag<'x>) -> Result<usize> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let reason = format!("elements nest deeper than the limit of {}", self.limits.depth);
            return Err(DecodeError::new(tag.offset, reason));
        }
        let mark = self.scope.len();
        if tag.declares {
            self.declare(tag)?;
        }
        Ok(mark)
    }

    pub(crate) fn leave(&mut self, mark: usize) {
        self.depth -= 1;
        self.scope.truncate(mark);
    }

    /// The next child of an element that was entered, or none when the element's end was passed.
    ///
    /// # Errors
    ///
    /// When the document is malformed or ends too early.
    #[inline]
    pub fn child(&mut self, parent: &Tag<'x>) -> Result<Option<Tag<'x>>> {
        if parent.empty {
            return Ok(None);
        }
        match self.markup()? {
            Some(tag) => Ok(Some(tag)),
            None => {
                self.end_tag(parent)?;
                Ok(None)
            }
        }
    }

    #[inline(never)]
    fn seek_markup(&mut self) -> Result<()> {
        let from = &self.text.as_bytes()[self.at..];
        match memchr::memchr(b'<', from) {
            Some(skip) => {
                self.at += skip;
                Ok(())
            }
            None => Err(self.end_of_document()),
        }
    }

    /// From here on: a start tag, or none at an end tag, which is left unread.
    #[inline(always)]
    fn markup(&mut self) -> Result<Option<Tag<'x>>> {
        let bytes = self.text.as_bytes();
        loop {
            if bytes.get(self.at) != Some(&b'<') {
                self.seek_markup()?;
            }
            match bytes.get(self.at + 1) {
                Some(b'/') => return Ok(None),
                Some(b'!' | b'?') => self.special()?,
                Some(_) => return self.start_tag().map(Some),
                None => return Err(self.end_of_document()),
            }
        }
    }

    /// Passes over a comment, an instruction or a CDATA section; refuses a DTD.
    #[inline(never)]
    fn special(&mut self) -> Result<()> {
        let rest = &self.text[self.at..];
        let (from, end) = if rest.starts_with("<!--") {
            (4, "-->")
        } else if rest.starts_with("<![CDATA[") {
            (9, "]]>")
        } else if rest.starts_with("<?") {
            self.check_encoding(rest)?;
            (2, "?>")
        } else if rest.starts_with("<!DOCTYPE") {
            return Err(self.fail("the document has a DTD, which is not accepted"));
        } else {
            return Err(self.fail("a declaration that is not accepted"));
        };
        match rest[from..].find(end) {
            Some(skip) => {
                self.at += from + skip + end.len();
                Ok(())
            }
            None => Err(self.end_of_document()),
        }
    }

    fn check_encoding(&self, rest: &str) -> Result<()> {
        let declaration = rest.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>"));
        let encoding = declaration.and_then(|(attrs, _)| Attrs(attrs).find(|(name, _)| *name == "encoding"));
        match encoding {
            Some((_, name))
                if !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("us-ascii") =>
            {
                Err(self.fail(format!("the document is in {name:?}; only UTF-8 is accepted")))
            }
            _ => Ok(()),
        }
    }

    #[inline(always)]
    fn start_tag(&mut self) -> Result<Tag<'x>> {
        let bytes = self.text.as_bytes();
        let offset = self.at;
        let start = offset + 1;
        let mut at = start;
        let delimiter = loop {
            at = scan::end_of_name(bytes, at);
            match bytes.get(at) {
                Some(byte @ (b'>' | b'/')) => break *byte,
                Some(byte) if is_space(*byte) => break b' ',
                Some(b'<' | b'=' | b'&' | b'"' | b'\'') => {
                    return Err(DecodeError::new(offset, "a broken start tag"));
                }
                Some(_) => at += 1,
                None => return Err(self.end_of_document()),
            }
        };
        if at == start {
            return Err(DecodeError::new(offset, "a start tag without a name"));
        }
        let name = &self.text[start..at];
        if delimiter == b'>' {
            self.at = at + 1;
            return Ok(Tag { name, attrs: "", empty: false, declares: false, offset });
        }
        self.rest_of_tag(name, at, offset)
    }

    /// The rest of a start tag from its name's end on.
    fn rest_of_tag(&mut self, name: &'x str, from: usize, offset: usize) -> Result<Tag<'x>> {
        let bytes = self.text.as_bytes();
        let broken = || DecodeError::new(offset, "a broken start tag");
        let mut at = from;
        let mut declares = false;
        loop {
            while bytes.get(at).copied().is_some_and(is_space) {
                at += 1;
            }
            declares |= bytes[at..].starts_with(b"xmlns");
            at = scan::first(bytes, at, [b'"', b'\'', b'>', b'<']).ok_or_else(|| self.end_of_document())?;
            match bytes[at] {
                b'>' => break,
                b'<' => return Err(broken()),
                quote => {
                    at = scan::first(bytes, at + 1, [quote, b'<']).ok_or_else(|| self.end_of_document())?
                }
            }
            if bytes[at] == b'<' {
                return Err(broken());
            }
            at += 1;
        }
        let empty = at > from && bytes[at - 1] == b'/';
        let attrs = &self.text[from..if empty { at - 1 } else { at }];
        self.at = at + 1;
        Ok(Tag { name, attrs, empty, declares, offset })
    }

    /// Passes the end tag of an element, at whose `</` the reader is.
    #[inline]
    fn end_tag(&mut self, parent: &Tag<'x>) -> Result<()> {
        let bytes = self.text.as_bytes();
        let name = parent.name.as_bytes();
        let end = self.at + 2 + name.len();
        if bytes.get(self.at + 2..end) == Some(name) && bytes.get(end) == Some(&b'>') {
            self.at = end + 1;
            return Ok(());
        }
        self.odd_end_tag(parent)
    }

    #[inline(never)]
    fn odd_end_tag(&mut self, parent: &Tag<'x>) -> Result<()> {
        let rest = &self.text[self.at + 2..];
        let Some(close) = memchr::memchr(b'>', rest.as_bytes()) else { return Err(self.end_of_document()) };
        let name = rest[..close].trim_ascii_end();
        if name != parent.name {
            return Err(self.fail(format!("</{name}> where </{}> should be", parent.name)));
        }
        self.at += 2 + close + 1;
        Ok(())
    }

    /// The text of an element, whose end is passed. Elements in it are passed over.
    ///
    /// # Errors
    ///
    /// When the document is malformed or ends too early, or names an entity that XML does not define.
    #[inline]
    pub fn text(&mut self, tag: &Tag<'x>) -> Result<Cow<'x, str>> {
        if tag.empty {
            return Ok(Cow::Borrowed(""));
        }
        let bytes = self.text.as_bytes();
        let start = self.at;
        if let Some(end) = scan::end_of_text(bytes, start)
            && bytes[end..].starts_with(b"</")
        {
            self.at = end;
            self.end_tag(tag)?;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        self.long_text(tag)
    }

    #[inline(never)]
    fn long_text(&mut self, tag: &Tag<'x>) -> Result<Cow<'x, str>> {
        let bytes = self.text.as_bytes();
        let mut out = String::new();
        loop {
            let start = self.at;
            let Some(len) = memchr::memchr2(b'<', b'&', &bytes[start..]) else {
                return Err(self.end_of_document());
            };
            let plain = &self.text[start..start + len];
            self.at += len;
            if bytes[self.at] == b'&' {
                out.push_str(plain);
                let (character, len) =
                    character::read(&self.text[self.at..]).map_err(|reason| self.fail(reason))?;
                out.push(character);
                self.at += len;
            } else if self.text[self.at..].starts_with("</") {
                self.end_tag(tag)?;
                if out.is_empty() {
                    return Ok(Cow::Borrowed(plain));
                }
                out.push_str(plain);
                return Ok(Cow::Owned(out));
            } else if let Some(section) = self.text[self.at..].strip_prefix("<![CDATA[") {
                out.push_str(plain);
                let Some(len) = section.find("]]>") else { return Err(self.end_of_document()) };
                out.push_str(&section[..len]);
                self.special()?;
            } else if self.text[self.at..].starts_with("<!") || self.text[self.at..].starts_with("<?") {
                out.push_str(plain);
                self.special()?;
            } else {
                out.push_str(plain);
                let child = self.start_tag()?;
                self.skip(&child)?;
            }
        }
    }

    /// Passes over an element and all in it.
    ///
    /// # Errors
    ///
    /// When the document is malformed, ends too early, or nests too deep.
    pub fn skip(&mut self, tag: &Tag<'x>) -> Result<()> {
        let mut open = vec![*tag];
        while let Some(parent) = open.last() {
            let parent = *parent;
            match self.child(&parent)? {
                Some(child) => open.push(child),
                None => {
                    open.pop();
                }
            }
            if open.len() as u32 + self.depth > self.limits.depth {
                return Err(
                    self.fail(format!("elements nest deeper than the limit of {}", self.limits.depth))
                );
            }
        }
        Ok(())
    }

    /// The content of an element as it stands; the element is passed.
    pub(crate) fn raw(&mut self, tag: &Tag<'x>) -> Result<&'x str> {
        let start = self.at;
        self.skip(tag)?;
        if tag.empty {
            return Ok("");
        }
        // The end tag that was passed is the last '<' before here.
        let end = memchr::memrchr(b'<', &self.text.as_bytes()[start..self.at]).map_or(start, |at| start + at);
        Ok(&self.text[start..end])
    }

    /// The document from a byte that was read to where the reader is; empty where that is not text.
    pub fn read_since(&self, offset: usize) -> &'x str {
        self.text.get(offset..self.at).unwrap_or("")
    }
}
