//! The types of a build, by their names on the wire.

use crate::desc::{EnumDesc, TypeDesc};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

/// The types and enumerations of one part of a schema.
pub type Area = (&'static [&'static TypeDesc], &'static [&'static EnumDesc]);

/// The types of a build, by their names on the wire: what turns an `xsi:type` into a type.
pub struct Registry {
    areas: &'static [Area],
    managed: &'static [&'static [&'static str]],
    bases: &'static str,
    index: OnceLock<Index>,
}

type Index = HashMap<&'static str, Entry, BuildHasherDefault<Fnv>>;

/// What a name on the wire stands for.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A data type.
    Type(&'static TypeDesc),
    /// An enumeration.
    Enum(&'static EnumDesc),
    /// A managed object.
    Managed(&'static str),
}

impl Registry {
    /// A registry of those areas, and of the managed objects of those names.
    #[must_use]
    pub const fn new(areas: &'static [Area], managed: &'static [&'static [&'static str]]) -> Self {
        Self { areas, managed, bases: "", index: OnceLock::new() }
    }

    /// The same, told what those types extend that a build may lack: a line a type, of its name, a blank and its base's
    /// name, sorted. One text, because a build has it for the sake of types that it does not have.
    #[must_use]
    pub const fn with_bases(mut self, bases: &'static str) -> Self {
        self.bases = bases;
        self
    }

    /// What a name stands for, or none where this build lacks it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Entry> {
        self.index.get_or_init(|| self.build()).get(name).copied()
    }

    /// The data type of that name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<&'static TypeDesc> {
        match self.get(name) {
            Some(Entry::Type(desc)) => Some(desc),
            _ => None,
        }
    }

    /// The nearest type of this build that a type extends which this build lacks; none where nothing is known of it.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&'static TypeDesc> {
        let mut base = base_in(self.bases, name)?;
        loop {
            match self.type_named(base) {
                Some(desc) => return Some(desc),
                // Sorted and finite, and no type extends itself: a generated text has no circle.
                None => base = base_in(self.bases, base)?,
            }
        }
    }

    /// The managed object of that name, as a static string.
    #[must_use]
    pub fn managed_named(&self, name: &str) -> Option<&'static str> {
        match self.get(name) {
            Some(Entry::Managed(name)) => Some(name),
            _ => None,
        }
    }

    /// Every data type of the build.
    pub fn types(&self) -> impl Iterator<Item = &'static TypeDesc> {
        self.areas.iter().flat_map(|(types, _)| types.iter().copied())
    }

    /// Every enumeration of the build.
    pub fn enums(&self) -> impl Iterator<Item = &'static EnumDesc> {
        self.areas.iter().flat_map(|(_, enums)| enums.iter().copied())
    }

    fn build(&self) -> Index {
        let managed: usize = self.managed.iter().map(|names| names.len()).sum();
        let known: usize = self.areas.iter().map(|(types, enums)| types.len() + enums.len()).sum();
        let mut index = Index::with_capacity_and_hasher(managed + known, BuildHasherDefault::default());
        index.extend(
            self.managed.iter().flat_map(|names| names.iter().map(|name| (*name, Entry::Managed(name)))),
        );
        index.extend(self.enums().map(|desc| (desc.name, Entry::Enum(desc))));
        index.extend(self.types().map(|desc| (desc.name, Entry::Type(desc))));
        index
    }
}

/// What stands beside a name in sorted lines.
fn base_in(lines: &'static str, name: &str) -> Option<&'static str> {
    let mut rest = lines;
    while !rest.is_empty() {
        // The line that has the middle of what is left.
        let middle = rest.as_bytes().get(..rest.len() / 2)?;
        let start = memchr::memrchr(b'\n', middle).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', rest.as_bytes().get(start..)?).map_or(rest.len(), |at| start + at);
        let (found, base) = rest.get(start..end)?.split_once(' ')?;
        match name.cmp(found) {
            std::cmp::Ordering::Equal => return Some(base),
            std::cmp::Ordering::Less => rest = rest.get(..start)?,
            std::cmp::Ordering::Greater => rest = rest.get(end + 1..).unwrap_or(""),
        }
    }
    None
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("areas", &self.areas.len()).finish_non_exhaustive()
    }
}

/// FNV-1a: names are short and the keys fixed at build time, so that a keyed hash would only cost time.
#[derive(Clone)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A SOAP service: where its types and methods live.
#[derive(Debug)]
pub struct Service {
    /// The XML namespace, such as `urn:vim25`.
    pub namespace: &'static str,
    /// The path of its endpoint, such as `/sdk`.
    pub path: &'static str,
    /// The API versions that the bindings know, oldest first.
    pub versions: &'static [&'static str],
    /// The types that its values can have.
    pub registry: &'static Registry,
}

impl Service {
    /// The version that the bindings are of.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.versions.last().copied().unwrap_or("")
    }

    /// The version that brought what has that index.
    #[must_use]
    pub fn since(&self, index: u8) -> &'static str {
        self.versions.get(usize::from(index)).copied().unwrap_or("")
    }

    /// The index of the newest of our versions that a server of that version has, compared number by number.
    #[must_use]
    pub fn index_of(&self, version: &str) -> u8 {
        let wanted = numbers(version);
        let known = self.versions.iter().rposition(|known| numbers(known) <= wanted);
        known.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
    }
}

/// `8.0.3.0` as numbers; `2.5u2server` counts as 2.5, since its suffix has no order of its own.
fn numbers(version: &str) -> [u32; 4] {
    let mut out = [0; 4];
    for (slot, part) in out.iter_mut().zip(version.split('.')) {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        *slot = part[..digits].parse().unwrap_or(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_found_whatever_the_line() {
        let lines = "Alpha Root\nAlphabet Alpha\nBeta Root\nGammaRay Beta\nZ GammaRay\n";
        for line in lines.lines() {
            let (name, base) = line.split_once(' ').expect("has a blank");
            assert_eq!(base_in(lines, name), Some(base));
            assert_eq!(base_in(lines.trim_end(), name), Some(base), "the last line may lack its end");
        }
        for name in ["", "A", "Alph", "Alphabe", "Beta Root", "Root", "ZZ", "Gamma"] {
            assert_eq!(base_in(lines, name), None, "{name}");
        }
        assert_eq!(base_in("", "Alpha"), None);
        assert_eq!(base_in("no-blank", "Alpha"), None);
    }

    static EMPTY: Registry = Registry::new(&[], &[]);
    static SERVICE: Service = Service {
        namespace: "urn:vim25",
        path: "/sdk",
        versions: &["2.0", "2.5", "2.5u2", "6.7.3", "7.0.0.0", "8.0.3.0", "9.1.1.0"],
        registry: &EMPTY,
    };

    #[test]
    fn a_server_has_the_newest_version_that_is_not_newer_than_itself() {
        for (server, index) in [
            ("9.1.1.0", 6),
            ("10.0.0.0", 6),
            ("8.0.3.0", 5),
            ("8.0.2.0", 4),
            ("7.0", 4),
            ("6.7.3", 3),
            ("2.5", 2),
            ("1.0", 0),
        ] {
            assert_eq!(SERVICE.index_of(server), index, "{server}");
        }
    }
}
