//! The counters: which there are, and who has them.

use std::sync::OnceLock;
use vim_types::{Description, ElementDescription, PerfCounterInfo, PerfStatsType, PerfSummaryType};

/// A counter a line: id, name, kind of value, unit, levels, and which kinds of objects have it: as an aggregate (`a`), of each
/// processor (`c`), of each datastore (`d`), of each network card (`n`).
const COUNTERS: &str = include_str!("counters.txt");

/// A counter.
pub(super) struct Counter {
    pub(super) id: i32,
    group: &'static str,
    name: &'static str,
    rollup: &'static str,
    stats: &'static str,
    pub(super) unit: &'static str,
    pub(super) level: i32,
    device_level: i32,
    of: Vec<(&'static str, &'static str)>,
}

pub(super) fn all() -> &'static [Counter] {
    static ALL: OnceLock<Vec<Counter>> = OnceLock::new();
    ALL.get_or_init(|| COUNTERS.lines().filter_map(Counter::read).collect())
}

/// How kinds of objects are called in the list.
pub(super) fn kind_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "VirtualMachine" => "vm",
        "HostSystem" => "host",
        "ResourcePool" | "VirtualApp" => "pool",
        "ClusterComputeResource" => "cluster",
        "Datastore" => "datastore",
        "Datacenter" => "datacenter",
        _ => return None,
    })
}

impl Counter {
    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let id = words.next()?.parse().ok()?;
        let mut name = words.next()?.split('.');
        Some(Self {
            id,
            group: name.next()?,
            name: name.next()?,
            rollup: name.next()?,
            stats: words.next()?,
            unit: words.next()?,
            level: words.next()?.parse().ok()?,
            device_level: words.next()?.parse().ok()?,
            of: words.filter_map(|of| of.split_once(':')).collect(),
        })
    }

    /// As what objects of a kind have it: letters, or nothing.
    pub(super) fn of(&self, kind: &str) -> &'static str {
        self.of.iter().find(|(of, _)| *of == kind).map_or("", |(_, forms)| forms)
    }

    pub(super) fn info(&self) -> PerfCounterInfo {
        let element = |key: &str, label: &str| ElementDescription {
            key: key.to_owned(),
            extends: Description { label: label.to_owned(), summary: label.to_owned() },
        };
        let unit = match self.unit {
            "percent" => "%",
            "megaHertz" => "MHz",
            "millisecond" => "ms",
            "microsecond" => "\u{b5}s",
            "second" => "s",
            "kiloBytes" => "KB",
            "kiloBytesPerSecond" => "KBps",
            "megaBytes" => "MB",
            "joule" => "J",
            "watt" => "W",
            "celsius" => "\u{2103}",
            _ => "num",
        };
        PerfCounterInfo {
            key: self.id,
            name_info: element(self.name, &words(self.name)).into(),
            group_info: element(self.group, &group(self.group)).into(),
            unit_info: element(self.unit, unit).into(),
            rollup_type: PerfSummaryType::from(self.rollup),
            stats_type: PerfStatsType::from(self.stats),
            level: Some(self.level),
            per_device_level: Some(self.device_level),
            ..Default::default()
        }
    }
}

/// A group as people know it.
fn group(key: &str) -> String {
    match key {
        "cpu" => "CPU".to_owned(),
        "mem" => "Memory".to_owned(),
        "net" => "Network".to_owned(),
        "sys" => "System".to_owned(),
        "rescpu" => "Resource group CPU".to_owned(),
        "hbr" => "vSphere Replication".to_owned(),
        "vmop" => "Virtual machine operations".to_owned(),
        other => words(other),
    }
}

/// The words of a name that is written as one: `numberRead` is `Number read`. What is in capitals stays so.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for char in name.chars() {
        match (before, char) {
            (' ', _) => words.extend(char.to_uppercase()),
            (before, 'A'..='Z') if before.is_lowercase() => {
                words.push(' ');
                words.extend(char.to_lowercase());
            }
            _ => words.push(char),
        }
        before = char;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_words() {
        for (name, label) in [("consumed", "Consumed"), ("numberRead", "Number read"), ("zero", "Zero")] {
            assert_eq!(words(name), label);
        }
        assert_eq!((group("mem"), group("virtualDisk")), ("Memory".to_owned(), "Virtual disk".to_owned()));
    }

    #[test]
    fn every_line_is_a_counter() {
        assert_eq!(all().len(), COUNTERS.lines().count());
        assert!(all().is_sorted_by_key(|counter| counter.id));
        let usage = all().iter().find(|counter| counter.id == 2).expect("is there");
        assert_eq!((usage.group, usage.name, usage.rollup), ("cpu", "usage", "average"));
        assert_eq!((usage.of("host"), usage.of("datastore")), ("ac", ""));
    }
}
