//! What two servers may give different values: ids, times, addresses, numbers of devices. Everything else is compared.

use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

/// An expression, and what takes the place of its matches.
const RULES: &[(&str, &str)] = &[
    // UUIDs, with their dashes, without, and as a virtual disk and a BIOS show them.
    (r"(?i)(?:\b|_)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", "<uuid>"),
    (r"(?i)\b(?:[0-9a-f]{2}[ -]){7,8}[- ]?(?:[0-9a-f]{2}[ -]){6,7}[0-9a-f]{2}\b", "<uuid>"),
    (r"(?i)\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<mac>"),
    (r"(?:https?://)?127\.0\.0\.1:\d+", "<server>"),
    // Sessions' secrets and tickets.
    (r"\b[0-9a-f]{40}\b", "<uuid>"),
    (r"\bcst-<uuid>", "<uuid>"),
    // vcsim's machines have no guests, and its guests' full names are their ids.
    (r"(IP address:) +\d+(?:\.\d+){3}", "$1"),
    (r"(Guest name: ) +\S.*", "$1 <guest>"),
    // Times: of the schema, of Go, of govc's lists, of an event; how long something took; nothing yet.
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?(?: [+-]\d{4} UTC)?", "<time>"),
    (r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d(?: UTC)? \d{4}", "<time>"),
    (r"\[\d\d-\d\d-\d\d \d\d:\d\d:\d\d\]", "[<time>]"),
    (r"\b\d\d:\d\d:\d\d\b", "<time>"),
    (r"\b(?:\d+(?:\.\d+)?(?:h|m|s|ms|µs|ns))+\b", "<duration>"),
    // References to managed objects: `vm-42`, `group-v3`, `session[…]…`.
    (
        r"\b(vm|host|group|datastore|datacenter|network|dvs|dvportgroup|domain|resgroup|resourcepool|computeresource|clustercomputeresource|snapshot|task|folder|storagepod|virtualapp|opaquenetwork|session|view|alarm|scheduledtask|customizationspec|ContainerView|ListView|EventHistoryCollector|TaskHistoryCollector|PropertyCollector|PropertyFilter)-[a-z]?\d+\b",
        "<$1>",
    ),
    (r"\bsession\[<uuid>\]<uuid>", "<own>"),
    // Devices' names in govc, which are made of their keys, and their labels.
    (
        r"\b(pci|ide|ps2|sio|keyboard|pointing|video|vmci|pvscsi|lsilogic-sas|lsilogic|buslogic|ahci|nvme|usb-xhci|usbxhci|usb|sata|clock|tpm|pcipassthrough)-\d+\b",
        "<$1>",
    ),
    (r"\b(?:disk-\d+-\d+|Hard disk \d+)", "<disk>"),
    (r"\b(?:cdrom-\d+|CD/DVD drive \d+)\b", "<cdrom>"),
    (r"\b(?:floppy-\d+|Floppy drive \d+)\b", "<floppy>"),
    (r"\b(?:serialport-\d+|Serial port \d+)\b", "<serialport>"),
    (r"\b(?:ethernet--?\d+|Network adapter \d+)\b", "<ethernet>"),
    (
        r"<(?:pvscsi|lsilogic-sas|lsilogic|buslogic|ahci|nvme|usb-xhci|usbxhci|usb)>|\b(?:SCSI|SATA|NVME|USB xHCI|USB) controller(?: \d+)?",
        "<controller>",
    ),
    // The number that a name is made of: `DVS0-DVUplinks-8`.
    (r"-DVUplinks-\d+", "-DVUplinks-<n>"),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| RULES.iter().filter_map(|(rule, by)| Some((Regex::new(rule).ok()?, *by))).collect());

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d+\b").ok());

/// A line without its whole numbers.
#[must_use]
pub fn numbers(line: &str) -> String {
    NUMBER.as_ref().map_or(line.into(), |number| number.replace_all(line, "<n>")).into_owned()
}

/// Fields of JSON whose numbers are the server's own.
const NUMBERS: &[&str] =
    &["key", "controllerKey", "unitNumber", "device", "chainId", "eventChainId", "diskObjectId", "id"];

/// The lines of an output that are not empty. Of progress that overwrites itself, its last state counts; what servers say of
/// a fault is theirs.
#[must_use]
pub fn lines(output: &str) -> Vec<String> {
    let last = |line: &str| {
        let line = line.rsplit('\r').next().unwrap_or_default().trim_start_matches("\u{1b}[K");
        let line = line.split_once("Error: ").map_or(line.to_owned(), |(before, _)| format!("{before}Error"));
        text(&line)
    };
    output.lines().map(last).filter(|line| !line.is_empty()).collect()
}

/// A line of text without what may differ, and with single spaces: columns are as wide as what is in them.
#[must_use]
pub fn text(line: &str) -> String {
    let mut line = Cow::Borrowed(line);
    for (rule, by) in COMPILED.iter() {
        if let Cow::Owned(changed) = rule.replace_all(&line, *by) {
            line = Cow::Owned(changed);
        }
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A JSON document without what may differ, as lines.
#[must_use]
pub fn json(document: &str) -> Option<Vec<String>> {
    let mut value: Value = serde_json::from_str(document).ok()?;
    clean(&mut value);
    let pretty = serde_json::to_string_pretty(&value).ok()?;
    Some(pretty.lines().map(str::to_owned).collect())
}

fn clean(value: &mut Value) {
    match value {
        Value::String(string) => *string = text(string),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Number(_) if NUMBERS.contains(&name.as_str()) => *value = Value::from("<n>"),
                    value => clean(value),
                }
            }
        }
        _ => {}
    }
}

/// The lines in which two texts differ: `-` has the first's, `+` the second's; two spaces what both have beside them.
#[must_use]
pub fn diff(left: &[String], right: &[String]) -> Vec<String> {
    let (n, m) = (left.len(), right.len());
    // The longest common subsequence of what follows each pair of lines.
    let mut common = vec![vec![0_u32; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            common[i][j] = match left[i] == right[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < n || j < m {
        if i < n && j < m && left[i] == right[j] {
            lines.push(format!("  {}", left[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == m || i < n && common[i + 1][j] >= common[i][j + 1] {
            lines.push(format!("- {}", left[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", right[j]));
            j += 1;
        }
    }
    let near = |at: usize| {
        lines[at.saturating_sub(1)..(at + 2).min(lines.len())].iter().any(|line| !line.starts_with(' '))
    };
    let kept: Vec<bool> = (0..lines.len()).map(near).collect();
    lines.into_iter().zip(kept).filter_map(|(line, kept)| kept.then_some(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_an_expression() {
        assert_eq!(COMPILED.len(), RULES.len());
    }

    #[test]
    fn ids_and_times_have_no_value() {
        for (line, plain) in [
            ("UUID:  63d40cc5-9cba-5cc1-884a-f7f19070ecea", "UUID: <uuid>"),
            ("Boot time: 2026-11-24 10:38:54.354518957 +0000 UTC", "Boot time: <time>"),
            ("[Tue Nov 24 10:38:54 2026] [info] a", "[<time>] [info] a"),
            (
                "CreateVm vm-62 vcsim 0s 10:38:54 success [1.891432ms]",
                "CreateVm <vm> vcsim <duration> <time> success [<duration>]",
            ),
            ("VirtualMachine:vm-62 Folder:group-v3", "VirtualMachine:<vm> Folder:<group>"),
            ("disk-202-0  VirtualDisk  10,485,760 KB", "<disk> VirtualDisk 10,485,760 KB"),
            (
                "pvscsi-202 ParaVirtualSCSIController pvscsi-202",
                "<controller> ParaVirtualSCSIController <controller>",
            ),
            ("ethernet--7 00:0c:29:33:34:38", "<ethernet> <mac>"),
            ("DVS0-DVUplinks-8 DC0_H0_VM0", "DVS0-DVUplinks-<n> DC0_H0_VM0"),
            ("http://127.0.0.1:44135/sdk", "<server>/sdk"),
        ] {
            assert_eq!(text(line), plain);
        }
    }

    #[test]
    fn numbers_of_json_that_are_ids_have_no_value() {
        let lines = json(r#"{ "b": [{ "key": 204, "size": 5 }], "a": "vm-7" }"#).unwrap().join("");
        assert_eq!(lines.replace(' ', ""), r#"{"a":"<vm>","b":[{"key":"<n>","size":5}]}"#);
    }

    #[test]
    fn a_difference_shows_its_lines() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(diff(&lines("a b c d e"), &lines("a b x d e")), ["  b", "- c", "+ x", "  d"]);
        assert!(diff(&lines("a b"), &lines("a b")).is_empty());
    }
}
