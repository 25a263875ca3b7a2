//! Families: which types share a file.

use crate::model::ServiceId;
use crate::names::snake;
use std::collections::BTreeMap;

/// A type's text, and what tells its family.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) vmodl: Option<String>,
    pub(super) service: ServiceId,
    pub(super) text: String,
    pub(super) is_enum: bool,
}

/// A file has no more lines than this; the rest of its family goes into files of its own.
const LINES: usize = 2400;

/// A class with fewer types of its own than this stays with its package.
const OWN_FILE: usize = 6;

/// Items by file name, in order: types before enumerations, each by name. What has no VMODL name is of one family.
pub(super) fn split(items: Vec<Item>, nameless: &str) -> Vec<(String, Vec<Item>)> {
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for item in &items {
        *classes.entry(class(item, nameless)).or_default() += 1;
    }
    let mut families: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        let class = class(&item, nameless);
        let (package, _) = class.split_once('/').unwrap_or((&class, ""));
        let own = classes.get(&class).is_some_and(|count| *count >= OWN_FILE) && package == "base";
        let name = if own { class.rsplit('/').next().unwrap_or(package) } else { package };
        families.entry(name.to_owned()).or_default().push(item);
    }
    let mut files = Vec::new();
    for (name, mut items) in families {
        items.sort_by(|a, b| (a.is_enum, &a.name).cmp(&(b.is_enum, &b.name)));
        chunks(&name, items, &mut files);
    }
    files
}

/// "package/class": `vim.vm.device.VirtualDisk.FlatVer1BackingInfo` is of "vm_device/virtual_disk", `vim.TaskInfo` of
/// "base/task_info".
fn class(item: &Item, nameless: &str) -> String {
    let Some(vmodl) = &item.vmodl else { return nameless.to_owned() };
    let mut parts = vmodl.split('.').peekable();
    let root = parts.next().unwrap_or_default();
    let mut package = Vec::new();
    while let Some(part) = parts.next_if(|part| part.starts_with(|c: char| c.is_ascii_lowercase())) {
        package.push(snake(part));
    }
    if root == "vmodl" {
        package.insert(0, root.to_owned());
    }
    let class = snake(parts.next().unwrap_or_default());
    // What a host offers for a device is as large a family as the devices.
    if package.last().is_some_and(|last| last == "device") && class.ends_with("_option") {
        return format!("{}_option/{class}", package.join("_"));
    }
    format!("{}/{class}", if package.is_empty() { "base".to_owned() } else { package.join("_") })
}

/// Cuts a family that is too long at initials, and names the pieces by them: `event_a_to_c`, `host_host_d_to_k`.
fn chunks(family: &str, items: Vec<Item>, files: &mut Vec<(String, Vec<Item>)>) {
    let total = lines(&items);
    if total <= LINES {
        files.push((family.to_owned(), items));
        return;
    }
    let target = total / total.div_ceil(LINES);
    let prefix = common(&items);
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        let initial: String = item.name.chars().take(prefix.len() + 1).collect();
        groups.entry(initial).or_default().push(item);
    }
    let mut pieces: Vec<(String, String, Vec<Item>)> = Vec::new();
    for (initial, mut group) in groups {
        let size = lines(&group);
        if size > LINES {
            chunks(family, group, files);
            continue;
        }
        match pieces.last_mut() {
            Some((_, last, items)) if lines(items) + size <= (target + target / 6).min(LINES) => {
                *last = initial;
                items.append(&mut group);
            }
            _ => pieces.push((initial.clone(), initial, group)),
        }
    }
    for (first, last, mut items) in pieces {
        items.sort_by(|a, b| (a.is_enum, &a.name).cmp(&(b.is_enum, &b.name)));
        let to = last.chars().last().map_or_else(String::new, |last| last.to_ascii_lowercase().to_string());
        let label = if first == last { snake(&first) } else { format!("{}_to_{to}", snake(&first)) };
        files.push((format!("{family}_{label}"), items));
    }
}

fn lines(items: &[Item]) -> usize {
    items.iter().map(|item| item.text.lines().count() + 1).sum()
}

/// The letters that all the names begin with.
fn common(items: &[Item]) -> String {
    let Some(first) = items.first() else { return String::new() };
    let shared = |name: &str| first.name.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let count = items.iter().map(|item| shared(&item.name)).min().unwrap_or(0);
    first.name.chars().take(count).collect()
}
