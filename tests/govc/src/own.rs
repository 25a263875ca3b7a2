//! What govc prints of a server's own: what describes the simulated hardware, or is a number or a wording of the server's.
//! All else of a line is compared.

use regex::Regex;
use std::sync::LazyLock;

/// Commands that begin so, an expression, and what takes the place of its matches. A line of which nothing is left is gone.
const OWN: &[(&str, &str, &str)] = &[
    // Keys and units are the server's choice. vcsim's controllers do not list their devices, and what it adds has neither
    // the defaults nor a state of its connection.
    ("device.info", r"^(?:Key|Unit number|Devices|Guest control|Status):.*", ""),
    ("device.info", r"^Address type:(?: generated| assigned)?$", "Address type: <own>"),
    // vcsim's summaries repeat the device's name.
    (
        "device.info",
        r"^Summary: (?:<\w+>|VMware paravirtual SCSI|LSI Logic(?: SAS)?|AHCI|ATAPI .*)$",
        "Summary: <own>",
    ),
    ("device.ls", r"^(<(?:controller|clock)> \w+) .*", "$1"),
    // The model's hardware: vcsim's hosts are a laptop's.
    ("host.info", r"^(?:Logical CPUs|Processor type|CPU usage|Memory|Memory usage):.*", ""),
    ("pool.info", r"^(?:CPU|Mem) Usage:.*", ""),
    ("vm.info", r"^(?:CPU usage|Host memory usage|Guest memory usage):.*", ""),
    // vcsim's files are empty, its datastores folders of the machine that it runs on.
    ("vm.info", r"^Storage (?:uncommitted|committed|unshared):.*", ""),
    ("datastore.info", r"^(?:Type|URL|Free):.*", ""),
    ("datastore.ls", r"^\d+(?:\.\d+)?[KMG]?B (<time>)", "$1"),
    ("dvs.portgroup.info", r"^PortKey: \d+$", "PortKey: <n>"),
    // vcsim's pods know neither their name nor what is in them.
    ("datastore.cluster.info", r"^(?:Name|SDRS Mode|Capacity|Free):.*", ""),
    // An event's text is in the server's words: its type tells what happened.
    ("events", r"^(\[<time>\] \[\w+\]) \[\d+\] (\[\w+\]) .*", "$1 $2"),
];

/// What servers list in no order: a folder's files, and tags, which vcsim has in a different one each time.
const UNORDERED: &[&str] =
    &["datastore.ls", "tags.attached.ls", "tags.category.info", "tags.category.ls", "tags.info", "tags.ls"];

static COMPILED: LazyLock<Vec<(&str, Regex, &str)>> = LazyLock::new(|| {
    OWN.iter().filter_map(|(command, rule, by)| Some((*command, Regex::new(rule).ok()?, *by))).collect()
});

/// Takes out of a command's lines what is the server's own.
pub fn take_out(command: &str, lines: &mut Vec<String>) {
    for (of, rule, by) in COMPILED.iter() {
        if command.starts_with(of) {
            lines.iter_mut().for_each(|line| *line = rule.replace(line, *by).into_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    if UNORDERED.contains(&command) {
        lines.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_an_expression() {
        assert_eq!(COMPILED.len(), OWN.len());
    }

    #[test]
    fn what_is_not_the_servers_own_stays() {
        let after = |command: &str, lines: &[&str]| {
            let mut lines = lines.iter().map(|line| (*line).to_owned()).collect();
            take_out(command, &mut lines);
            lines
        };
        assert_eq!(after("device.info", &["Key: 4000", "Connected: true"]), ["Connected: true"]);
        assert_eq!(after("device.info", &["Address type: manual"]), ["Address type: manual"]);
        assert_eq!(
            after("events", &["[<time>] [info] [8] [VmPoweredOnEvent] web is on"]),
            ["[<time>] [info] [VmPoweredOnEvent]"]
        );
        assert_eq!(after("datastore.ls", &["b", "8.5KB <time> a"]), ["<time> a", "b"]);
        assert_eq!(after("vm.change", &["Key: 4000"]), ["Key: 4000"]);
    }
}
