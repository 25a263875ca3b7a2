//! Changes of whole elements and their texts: what a change of single bytes hardly ever leaves well formed.

use fastrand::Rng;
use std::ops::Range;

/// Texts at the edges of what there is.
const TEXTS: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "NaN",
    "true",
    "2026-02-30T99:00:00Z",
    "9999-12-31T23:59:59Z",
    "[LocalDS_0] DC0_H0_VM0/DC0_H0_VM0.vmx",
    "[LocalDS_0] ../../x.vmdk",
    "[LocalDS_0] ",
    "[",
    "[]",
    "DC0_H0_VM0",
    "DC0",
    "vm-62",
    "host-21",
    "group-d1",
    "LocalDS_0",
    "config.hardware.device[2000].key",
    "config.hardware.device[",
    "a.b.c",
    "summary",
    "ManagedEntity",
    "VirtualMachine",
    "add",
    "remove",
    "edit",
    "create",
    "\u{1F600}\u{0301}",
    "%2f%25",
    "/",
];

/// References to all kinds of objects.
const OBJECTS: &[(&str, &str)] = &[
    ("VirtualMachine", "vm-62"),
    ("HostSystem", "host-21"),
    ("Folder", "group-d1"),
    ("Folder", "group-2"),
    ("Datacenter", "datacenter-1"),
    ("ResourcePool", "resgroup-25"),
    ("ClusterComputeResource", "domain-c28"),
    ("Datastore", "datastore-60"),
    ("Network", "network-6"),
    ("DistributedVirtualPortgroup", "dvportgroup-10"),
    ("VmwareDistributedVirtualSwitch", "dvs-8"),
    ("Task", "task-70"),
    ("VirtualMachineSnapshot", "snapshot-71"),
    ("PropertyCollector", "propertyCollector"),
    ("SessionManager", "SessionManager"),
    ("AuthorizationManager", "AuthorizationManager"),
    ("EventManager", "EventManager"),
    ("Nothing", "nothing-1"),
    ("", ""),
];

const TYPES: &[&str] = &[
    "VirtualDisk",
    "VirtualVmxnet3",
    "VirtualCdrom",
    "ParaVirtualSCSIController",
    "VirtualDiskFlatVer2BackingInfo",
    "VirtualEthernetCardNetworkBackingInfo",
    "TraversalSpec",
    "SelectionSpec",
    "OptionValue",
    "Event",
    "NoDiskSpace",
    "Unheard",
];

const METHODS: &[&str] = &[
    "Destroy_Task",
    "Rename_Task",
    "CloneVM_Task",
    "RelocateVM_Task",
    "ReconfigVM_Task",
    "CreateVM_Task",
    "CreateSnapshot_Task",
    "RevertToSnapshot_Task",
    "RetrievePropertiesEx",
    "WaitForUpdatesEx",
    "CreateFilter",
    "Unheard",
];

/// An element: all of it, and what lies in it.
struct Element {
    whole: Range<usize>,
    inner: Range<usize>,
}

/// Changes a document a few times; parts of the others may come into it.
pub fn mutate(random: &mut Rng, document: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut document = String::from_utf8_lossy(document).into_owned();
    for _ in 0..=random.usize(..12).saturating_sub(8) {
        document = once(random, &document, others);
    }
    let mut bytes = document.into_bytes();
    if random.u8(..32) == 0 && !bytes.is_empty() {
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
    }
    bytes
}

fn once(random: &mut Rng, document: &str, others: &[Vec<u8>]) -> String {
    let elements = elements(document);
    let Some(element) = random.choice(&elements) else { return document.to_owned() };
    let replace = |range: &Range<usize>, by: &str| {
        format!("{}{by}{}", &document[..range.start], &document[range.end..])
    };
    let text = |random: &mut Rng| random.choice(TEXTS).copied().unwrap_or_default();
    let leaf = elements.iter().filter(|element| !document[element.inner.clone()].contains('<'));
    let leaves: Vec<_> = leaf.collect();
    let references: Vec<_> =
        leaves.iter().filter(|leaf| document[leaf.whole.clone()].contains(" type=\"")).collect();
    match random.u8(..20) {
        0 => replace(&element.whole, ""),
        1 => {
            let twice = document[element.whole.clone()].repeat(2);
            replace(&element.whole, &twice)
        }
        2 => {
            let other = random.choice(others).map(|other| String::from_utf8_lossy(other).into_owned());
            let other = other.unwrap_or_else(|| document.to_owned());
            let parts = self::elements(&other);
            let part = random.choice(&parts).map_or("", |part| &other[part.whole.clone()]);
            replace(&element.whole, part)
        }
        3 => {
            // The same parameters for another method.
            let Some(call) = elements.get(2) else { return document.to_owned() };
            let old = name(&document[call.whole.clone()]).to_owned();
            let new = random.choice(METHODS).copied().unwrap_or_default();
            document
                .replace(&format!("<{old} "), &format!("<{new} "))
                .replace(&format!("</{old}>"), &format!("</{new}>"))
        }
        4..=6 => {
            // Another object of the same type, or one of another.
            let Some(leaf) = random.choice(&references) else { return document.to_owned() };
            let whole = &document[leaf.whole.clone()];
            let like = |(kind, _): &&(&str, &str)| whole.contains(&format!(" type=\"{kind}\""));
            let same: Vec<_> = OBJECTS.iter().filter(like).collect();
            let of_any = random.choice(OBJECTS).copied().unwrap_or_default();
            let (kind, id) = match random.bool() {
                true => random.choice(&same).map_or(of_any, |object| **object),
                false => of_any,
            };
            let name = name(whole);
            replace(&leaf.whole, &format!("<{name} type=\"{kind}\">{id}</{name}>"))
        }
        7 => {
            let kind = random.choice(TYPES).copied().unwrap_or_default();
            let old = name(&document[element.whole.clone()]).to_owned();
            let inner = &document[element.inner.clone()];
            let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
            replace(&element.whole, &format!("<{old} {xsi} xsi:type=\"{kind}\">{inner}</{old}>"))
        }
        8..=12 => {
            // What the same element has elsewhere.
            let Some(leaf) = random.choice(&leaves) else { return document.to_owned() };
            let name = name(&document[leaf.whole.clone()]);
            let Some(other) = random.choice(others) else { return replace(&leaf.inner, text(random)) };
            let other = String::from_utf8_lossy(other);
            let parts = self::elements(&other);
            let same = parts.iter().find(|part| self::name(&other[part.whole.clone()]) == name);
            match same {
                Some(part) => replace(&leaf.whole, &other[part.whole.clone()]),
                None => replace(&leaf.inner, text(random)),
            }
        }
        _ => match random.choice(&leaves) {
            Some(leaf) => {
                // Numbers stay numbers: what is no number is refused before anybody looks at it.
                let old = &document[leaf.inner.clone()];
                let wanted: Vec<_> = TEXTS.iter().filter(|text| is_number(text) == is_number(old)).collect();
                replace(&leaf.inner, random.choice(&wanted).map_or("", |text| **text))
            }
            None => replace(&element.inner, text(random)),
        },
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

fn name(element: &str) -> &str {
    let name = element.trim_start_matches('<');
    name.split([' ', '>', '/']).next().unwrap_or_default()
}

/// The elements of a document in the order in which they begin. What is not well formed has fewer.
fn elements(document: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(start) = document[at..].find('<').map(|start| at + start) {
        let Some(end) = document[start..].find('>').map(|end| start + end + 1) else { break };
        let tag = &document[start..end];
        if let Some(closed) = tag.starts_with("</").then(|| open.pop()).flatten() {
            let element: &mut Element = &mut found[closed];
            element.whole.end = end;
            element.inner.end = start;
        } else if !tag.starts_with("<?") && !tag.starts_with("<!") && !tag.starts_with("</") {
            if !tag.ends_with("/>") {
                open.push(found.len());
            }
            found.push(Element { whole: start..end, inner: end..end });
        }
        at = end;
    }
    // What is not closed is not whole.
    let unclosed: std::collections::HashSet<usize> = open.into_iter().collect();
    let mut at = 0;
    found.retain(|_| {
        at += 1;
        !unclosed.contains(&(at - 1))
    });
    found
}
