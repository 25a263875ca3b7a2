//! The virtual machines that are served: a capture, multiplied, cut into properties.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use memchr::memmem;

/// Virtual machines and, for every set of property paths that was asked for, their text ready to be sent.
#[derive(Debug)]
pub struct Inventory {
    machines: Vec<Machine>,
    listings: Mutex<Listings>,
}

/// One object's pieces, as they stand in the capture.
#[derive(Debug)]
struct Machine {
    /// `<obj type="VirtualMachine">…</obj>`
    reference: String,
    /// Each path with its whole `<propSet>` element, in the capture's order.
    properties: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Listings {
    all: Vec<Arc<Listing>>,
    by_paths: HashMap<Vec<String>, usize>,
}

/// The `<objects>` elements of all machines with one set of paths: one text, so that any page is one piece of it.
#[derive(Debug)]
pub struct Listing {
    text: Bytes,
    /// Where each object begins, and at last where the text ends.
    starts: Vec<usize>,
    key: usize,
}

/// Objects of one answer, and where the next one goes on.
#[derive(Debug)]
pub struct Page {
    /// `<objects>` elements
    pub objects: Bytes,
    /// The token for the rest; none after the last page.
    pub token: Option<String>,
}

impl Inventory {
    /// Cuts up a captured RetrievePropertiesEx answer and repeats its machines under new names until there are `count`.
    pub fn from_capture(capture: &str, count: usize) -> Result<Self, Box<dyn Error>> {
        let captured = elements(capture, "objects").map(Machine::parse).collect::<Result<Vec<_>, _>>()?;
        if captured.is_empty() {
            return Err("the capture holds no objects".into());
        }
        let round = captured.len();
        let machines = (0..count).map(|number| captured[number % round].copy(number / round)).collect();
        Ok(Self { machines, listings: Mutex::default() })
    }

    /// The listing with these paths, or with all that the capture has. A path that it lacks is left out, as a server
    /// leaves out what is unset.
    pub fn listing(&self, paths: Option<&[&str]>) -> Arc<Listing> {
        let wanted = |path: &str| paths.is_none_or(|paths| paths.contains(&path));
        let known = self.machines.first().map(|machine| &machine.properties[..]).unwrap_or_default();
        let paths: Vec<String> =
            known.iter().map(|(path, _)| path).filter(|path| wanted(path)).cloned().collect();
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&key) = listings.by_paths.get(&paths) {
            return Arc::clone(&listings.all[key]);
        }
        let key = listings.all.len();
        let listing = Arc::new(self.compose(&paths, key));
        listings.all.push(Arc::clone(&listing));
        listings.by_paths.insert(paths, key);
        listing
    }

    /// The page that a token names.
    pub fn continued(&self, token: &str) -> Option<Page> {
        let mut numbers = token.split('.').map(str::parse::<usize>);
        let (Some(Ok(key)), Some(Ok(start)), Some(Ok(size)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        let listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        listings.all.get(key)?.page(start, size)
    }

    fn compose(&self, paths: &[String], key: usize) -> Listing {
        let mut text = String::new();
        let mut starts = Vec::with_capacity(self.machines.len() + 1);
        for machine in &self.machines {
            starts.push(text.len());
            text.push_str("<objects>");
            text.push_str(&machine.reference);
            for (path, property) in &machine.properties {
                if paths.contains(path) {
                    text.push_str(property);
                }
            }
            text.push_str("</objects>");
        }
        starts.push(text.len());
        Listing { text: text.into(), starts, key }
    }
}

impl Listing {
    /// At most `size` objects from number `start` on; none where there is no such object. A token is all the state there
    /// is: it can be used twice and by anyone.
    pub fn page(&self, start: usize, size: usize) -> Option<Page> {
        let last = self.starts.len() - 1;
        if start > last || size == 0 {
            return None;
        }
        let end = start.saturating_add(size).min(last);
        let token = (end < last).then(|| format!("{}.{end}.{size}", self.key));
        Some(Page { objects: self.text.slice(self.starts[start]..self.starts[end]), token })
    }
}

impl Machine {
    fn parse(object: &str) -> Result<Self, Box<dyn Error>> {
        let end = object.find("</obj>").ok_or("an object without reference")? + "</obj>".len();
        let mut properties = Vec::new();
        for property in elements(object, "propSet") {
            let path = elements(property, "name").next().ok_or("a property without name")?;
            properties.push((path.to_owned(), format!("<propSet>{property}</propSet>")));
            // The one nested path that a listing commonly asks for.
            if path == "runtime"
                && let Some(state) = elements(property, "powerState").next()
            {
                let value = format!(r#"<val xsi:type="VirtualMachinePowerState">{state}</val>"#);
                let path = "runtime.powerState";
                properties.push((path.to_owned(), format!("<propSet><name>{path}</name>{value}</propSet>")));
            }
        }
        Ok(Self { reference: object[..end].to_owned(), properties })
    }

    /// The same machine under another reference and name. UUIDs and addresses stay the same.
    fn copy(&self, round: usize) -> Self {
        let rename = |text: &str| {
            let mut renamed = text.to_owned();
            for old in [self.value(), self.name()].into_iter().flatten() {
                if round > 0 {
                    renamed = replace_word(&renamed, old, &format!("{old}-{round}"));
                }
            }
            renamed
        };
        Self {
            reference: rename(&self.reference),
            properties: self.properties.iter().map(|(path, text)| (path.clone(), rename(text))).collect(),
        }
    }

    /// What stands in the reference, as `vm-62`.
    fn value(&self) -> Option<&str> {
        let start = self.reference.find('>')? + 1;
        self.reference.get(start..)?.strip_suffix("</obj>")
    }

    fn name(&self) -> Option<&str> {
        let (_, property) = self.properties.iter().find(|(path, _)| path == "name")?;
        let value = property.get(..property.rfind("</val>")?)?;
        value.get(value.rfind('>')? + 1..)
    }
}

/// The contents of the elements `<name>` without attributes, which must not hold one of their own name.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = memmem::find(rest.as_bytes(), open.as_bytes())? + open.len();
        let end = start + memmem::find(&rest.as_bytes()[start..], close.as_bytes())?;
        let content = &rest[start..end];
        rest = &rest[end + close.len()..];
        Some(content)
    })
}

/// Replaces `old` where it does not go on, so that `vm-6` is not found in `vm-62`.
fn replace_word(text: &str, old: &str, new: &str) -> String {
    let mut replaced = String::with_capacity(text.len() + 64);
    let mut copied = 0;
    for start in memmem::find_iter(text.as_bytes(), old.as_bytes()) {
        let end = start + old.len();
        let goes_on = text.as_bytes().get(end).is_some_and(|next| next.is_ascii_alphanumeric());
        if !goes_on {
            let _ = write!(replaced, "{}{new}", &text[copied..start]);
            copied = end;
        }
    }
    replaced.push_str(&text[copied..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURE: &str = concat!(
        r#"<returnval><objects><obj type="VirtualMachine">vm-1</obj>"#,
        r#"<propSet><name>name</name><val xsi:type="xsd:string">web</val></propSet>"#,
        r#"<propSet><name>runtime</name><val xsi:type="VirtualMachineRuntimeInfo"><powerState>poweredOn</powerState>"#,
        r#"<host type="HostSystem">host-1</host></val></propSet></objects></returnval>"#,
    );

    fn page(inventory: &Inventory, paths: &[&str], size: usize) -> Page {
        inventory.listing(Some(paths)).page(0, size).expect("a first page")
    }

    #[test]
    fn copies_have_references_and_names_of_their_own() {
        let inventory = Inventory::from_capture(CAPTURE, 2).expect("a capture");
        let objects = page(&inventory, &["name"], 9).objects;
        let text = std::str::from_utf8(&objects).expect("text");
        assert!(text.contains(">vm-1</obj>") && text.contains(">vm-1-1</obj>"), "{text}");
        assert!(text.contains(">web<") && text.contains(">web-1<"), "{text}");
    }

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let inventory = Inventory::from_capture(CAPTURE, 1).expect("a capture");
        let objects = page(&inventory, &["runtime.powerState", "guest.ipAddress"], 1).objects;
        let text = std::str::from_utf8(&objects).expect("text");
        assert_eq!(
            text,
            r#"<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>runtime.powerState</name><val xsi:type="VirtualMachinePowerState">poweredOn</val></propSet></objects>"#
        );
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let inventory = Inventory::from_capture(CAPTURE, 5).expect("a capture");
        let mut page = page(&inventory, &["name"], 2);
        let mut objects = elements(std::str::from_utf8(&page.objects).expect("text"), "objects").count();
        let mut pages = 1;
        while let Some(token) = page.token {
            page = inventory.continued(&token).expect("a next page");
            objects += elements(std::str::from_utf8(&page.objects).expect("text"), "objects").count();
            pages += 1;
        }
        assert_eq!((objects, pages), (5, 3));
        assert!(inventory.continued("nonsense").is_none() && inventory.continued("7.0.1").is_none());
    }

    #[test]
    fn a_word_is_not_found_in_a_longer_one() {
        assert_eq!(replace_word("vm-6 vm-62 [x] vm-6/", "vm-6", "vm-6-1"), "vm-6-1 vm-62 [x] vm-6-1/");
    }
}
