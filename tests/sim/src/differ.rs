//! Two servers' values, compared; and the list of the differences that are meant.

use crate::crawl::Crawl;
use crate::normal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use vim_wire::{Any, MoRef, ObjRef, Slot};

/// What objects are called on either server: by their kind and their names from the root, or by how they are reached.
#[derive(Debug, Default)]
pub struct Names(HashMap<MoRef, String>);

impl Names {
    /// The names of what was found.
    #[must_use]
    pub fn of(crawl: &Crawl) -> Self {
        let mut names = Self::default();
        for found in &crawl.objects {
            let own = match found.properties.get("name").and_then(Any::as_str) {
                Some(name) if found.properties.contains_key("parent") || found.from.is_none() => {
                    let parent = found.properties.get("parent").and_then(Any::as_moref);
                    let parent = parent.and_then(|parent| path(crawl, parent)).unwrap_or_default();
                    format!("{parent}/{}", normal::text(name))
                }
                _ => match &found.from {
                    Some((from, path)) => format!("{}#{path}", names.0.get(from).map_or("", String::as_str)),
                    None => String::new(),
                },
            };
            // vcsim has switches of the abstract kind; a server's are of VMware's.
            let kind = found.moref.kind().trim_start_matches("Vmware");
            names.0.insert(found.moref.clone(), format!("{kind} {own}"));
        }
        names
    }

    /// What an object is called.
    #[must_use]
    pub fn name<'a>(&'a self, moref: &'a MoRef) -> &'a str {
        self.0.get(moref).map_or(moref.kind(), String::as_str)
    }

    /// The objects by what they are called.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<&str, &MoRef> {
        self.0.iter().map(|(moref, name)| (name.as_str(), moref)).collect()
    }
}

/// The names of an object and of those above it.
fn path(crawl: &Crawl, moref: &MoRef) -> Option<String> {
    let found = crawl.objects.iter().find(|found| found.moref == *moref)?;
    let name = normal::text(found.properties.get("name").and_then(Any::as_str)?);
    let parent = found.properties.get("parent").and_then(Any::as_moref);
    Some(format!("{}/{name}", parent.and_then(|parent| path(crawl, parent)).unwrap_or_default()))
}

/// A value's leaves: path and text. What is absent, false, zero or empty is not told apart, since servers do not.
#[must_use]
pub fn leaves(value: &Any, at: &str, names: &Names) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    any(value, at, names, &mut leaves);
    leaves.retain(|_, text| !matches!(text.as_str(), "" | "0" | "false"));
    leaves
}

fn any(value: &Any, at: &str, names: &Names, to: &mut BTreeMap<String, String>) {
    let text = match value {
        Any::Object(value) => return object(value.as_ref(), at, names, to),
        Any::Array(array) => {
            let objects: Vec<_> = array
                .items
                .iter()
                .filter_map(|item| if let Any::Object(item) = item { Some(item.as_ref()) } else { None })
                .collect();
            if objects.is_empty() {
                let mut texts: Vec<_> = array.items.iter().map(|item| scalar(item, names)).collect();
                texts.sort_unstable();
                to.insert(at.to_owned(), texts.join(" "));
            }
            return items(&objects, at, names, to);
        }
        other => scalar(other, names),
    };
    to.insert(at.to_owned(), text);
}

fn scalar(value: &Any, names: &Names) -> String {
    match value {
        Any::MoRef(moref) => names.name(moref).to_owned(),
        Any::String(text) | Any::Uri(text) => normal::text(text),
        Any::Enum(value) => value.value.clone(),
        Any::Bool(value) => value.to_string(),
        Any::Byte(value) => value.to_string(),
        Any::Short(value) => value.to_string(),
        Any::Int(value) => value.to_string(),
        Any::Long(value) => value.to_string(),
        Any::DateTime(_) => "<time>".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Items of a list are told apart by key or name, and else by their places.
fn items(items: &[ObjRef<'_>], at: &str, names: &Names, to: &mut BTreeMap<String, String>) {
    for (index, item) in items.iter().enumerate() {
        let label =
            ["key", "name", "vm", "host", "id"].iter().find_map(|field| label(item.get(field)?, names));
        object(*item, &format!("{at}[{}]", label.unwrap_or_else(|| index.to_string())), names, to);
    }
}

fn label(slot: Slot<'_>, names: &Names) -> Option<String> {
    match slot {
        Slot::I32(cell) => cell.values().first().map(i32::to_string),
        Slot::Str(cell) => cell.values().first().map(|text| normal::text(text)),
        Slot::MoRef(cell) => cell.values().first().map(|moref| names.name(moref).to_owned()),
        _ => None,
    }
}

fn object(value: ObjRef<'_>, at: &str, names: &Names, to: &mut BTreeMap<String, String>) {
    to.insert(format!("{at}:type"), value.desc().name.to_owned());
    value.each(&mut |field, slot| {
        let at = format!("{at}.{}", field.name);
        let text = match slot {
            Slot::Struct(list) if list.card() == vim_wire::Card::Many => {
                return items(&list.iter().collect::<Vec<_>>(), &at, names, to);
            }
            Slot::Struct(list) => return list.iter().for_each(|item| object(item, &at, names, to)),
            Slot::Poly(_, list) if list.card() == vim_wire::Card::Many => {
                let list: Vec<_> = list.iter().map(|item| item.as_ref()).collect();
                return items(&list, &at, names, to);
            }
            Slot::Poly(_, list) => return list.iter().for_each(|item| object(item.as_ref(), &at, names, to)),
            Slot::Any(cell) => return cell.values().iter().for_each(|value| any(value, &at, names, to)),
            Slot::Bool(cell) => joined(cell.values(), bool::to_string),
            Slot::I8(cell) => joined(cell.values(), i8::to_string),
            Slot::I16(cell) => joined(cell.values(), i16::to_string),
            Slot::I32(cell) => joined(cell.values(), i32::to_string),
            Slot::I64(cell) => joined(cell.values(), i64::to_string),
            Slot::F32(cell) => joined(cell.values(), f32::to_string),
            Slot::F64(cell) => joined(cell.values(), f64::to_string),
            Slot::Str(cell) => joined(cell.values(), |text| normal::text(text)),
            Slot::DateTime(cell) => joined(cell.values(), |_| "<time>".to_owned()),
            Slot::Binary(cell) => joined(cell.values(), |_| "<bytes>".to_owned()),
            Slot::MoRef(cell) => joined(cell.values(), |moref| names.name(moref).to_owned()),
            Slot::Enum(_, list) => {
                let mut texts: Vec<_> = list.iter().map(|value| value.as_str().to_owned()).collect();
                texts.sort_unstable();
                texts.join(" ")
            }
        };
        to.insert(at, text);
    });
}

fn joined<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    let mut texts: Vec<_> = values.iter().map(text).collect();
    texts.sort_unstable();
    texts.join(" ")
}

/// How two servers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// vcsim alone has it.
    Missing,
    /// vim-sim alone has it.
    Extra,
    /// Both have it, with different values.
    Value,
}

impl How {
    /// As the list writes it.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Missing => '-',
            Self::Extra => '+',
            Self::Value => '!',
        }
    }
}

/// A difference: what it is of, such as `VirtualMachine config.hardware.device[].key`, and one case of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// How they differ.
    pub how: How,
    /// The kind of object, or the method, and the path, without the keys of items.
    pub of: String,
    /// An object, and the values.
    pub case: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}    ({})", self.how.sign(), self.of, self.case)
    }
}

/// The differences of two values' leaves, `of` an object's kind or a method, in the case of `object`.
#[must_use]
pub fn compare(
    of: &str,
    object: &str,
    vcsim: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let paths: BTreeSet<_> = vcsim.keys().chain(ours.keys()).collect();
    let difference = |path: &&String| {
        let (how, case) = match (vcsim.get(*path), ours.get(*path)) {
            (Some(theirs), Some(ours)) if theirs == ours => return None,
            (Some(theirs), Some(ours)) => (How::Value, format!("{theirs:?}, ours {ours:?}")),
            (Some(theirs), None) => (How::Missing, format!("{theirs:?}")),
            (None, Some(ours)) => (How::Extra, format!("{ours:?}")),
            (None, None) => return None,
        };
        Some(Difference { how, of: format!("{of} {}", general(path)), case: format!("{object}: {case}") })
    };
    paths.iter().filter_map(difference).collect()
}

/// A path without the keys of items.
#[must_use]
pub fn general(path: &str) -> String {
    let mut general = String::new();
    let mut depth = 0_usize;
    for char in path.chars() {
        match char {
            '[' => {
                depth += 1;
                if depth == 1 {
                    general.push_str("[]");
                }
            }
            ']' => depth = depth.saturating_sub(1),
            char if depth == 0 => general.push(char),
            _ => {}
        }
    }
    general
}

/// The differences that are meant. A paragraph of the list is a reason, and, indented, lines `SIGNS PATTERN`; `*` in a pattern stands
/// for any text. The sign `?` says that what a line is like is not there in every run.
#[derive(Debug)]
pub struct Meant(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    signs: String,
    pattern: String,
    line: usize,
}

impl Meant {
    /// Reads a list.
    ///
    /// # Panics
    ///
    /// When a line has no reason.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let (mut entries, mut reason) = (Vec::new(), "");
        for (number, line) in list.lines().enumerate() {
            match line.strip_prefix("  ") {
                Some(what) => {
                    assert!(!reason.is_empty(), "line {}: a difference without a reason: {line}", number + 1);
                    let (signs, pattern) = what.split_once(' ').unwrap_or((what, ""));
                    let (signs, pattern) = (signs.to_owned(), pattern.trim().to_owned());
                    entries.push(Entry { signs, pattern, line: number + 1 });
                }
                None => reason = if line.starts_with('#') { "" } else { line },
            }
        }
        Self(entries)
    }

    /// What is not in the list, one line for each kind of difference; and the lines of the list that nothing is like.
    #[must_use]
    pub fn check(&self, differences: &[Difference]) -> Vec<String> {
        self.check_beside(&Self(Vec::new()), differences)
    }

    /// The same, where another list has what is meant as well: whether all of that occurs is for others to check.
    #[must_use]
    pub fn check_beside(&self, beside: &Self, differences: &[Difference]) -> Vec<String> {
        let mut unlisted = BTreeMap::new();
        let mut used = BTreeSet::new();
        for difference in differences {
            let is_like = |entry: &&Entry| entry.is_like(difference);
            // All lines that a difference is like are of use: a general one does not make the special one stale.
            let mut mine = self.0.iter().filter(is_like).map(|entry| entry.line).peekable();
            if mine.peek().is_none() && !beside.0.iter().any(|entry| entry.is_like(difference)) {
                unlisted.entry((difference.how, &difference.of)).or_insert(difference);
            }
            used.extend(mine);
        }
        let mut report: Vec<_> = unlisted.values().map(ToString::to_string).collect();
        let stale = self.0.iter().filter(|entry| !used.contains(&entry.line) && !entry.signs.contains('?'));
        report
            .extend(stale.map(|entry| format!("line {}: nothing differs so: {}", entry.line, entry.pattern)));
        report
    }
}

impl Entry {
    fn is_like(&self, difference: &Difference) -> bool {
        self.signs.contains(difference.how.sign()) && matches(&self.pattern, &difference.of)
    }
}

/// Whether a text is what a pattern says.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, is) in [
            ("a b", "a b", true),
            ("a b", "a bc", false),
            ("a *", "a b.c", true),
            ("* b", "a b", true),
            ("a *.key", "a b.key.key", true),
            ("a *.key", "a b.keys", false),
            ("*x*", "axb", true),
            ("*x*", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn paths_lose_their_keys() {
        assert_eq!(general("config.device[200].backing[a[1]].x"), "config.device[].backing[].x");
    }

    #[test]
    fn a_list_of_what_is_meant_finds_what_is_not_and_what_is_stale() {
        let map = |text: &str| BTreeMap::from([("a[1].b".to_owned(), text.to_owned())]);
        let found = compare("K", "k1", &map("x"), &map("y"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to_string(), "! K a[].b    (k1: \"x\", ours \"y\")");
        assert_eq!(Meant::parse("so\n  ! K a*").check(&found), [""; 0]);
        assert_eq!(Meant::parse("so\n  + K a*").check(&found).len(), 2);
        assert_eq!(Meant::parse("so\n  +? K a*").check(&found).len(), 1);
        let beside = Meant::parse("so\n  ! K a*\n  ! K b*");
        assert_eq!(Meant::parse("").check_beside(&beside, &found), [""; 0]);
    }
}
