//! The areas beside the core, and the packages that each has.

use super::{Area, AreaId, CORE};
use crate::model::{Model, ServiceId};
use std::collections::BTreeSet;

/// Name, what it has, the areas that it implies, and the VMODL packages whose types are its own where the core has not
/// taken them. The longest prefix wins.
const AREAS: [(&str, &str, &[&str], &[&str]); 12] = [
    (
        "core",
        "The VM life cycle and the property collector; always there",
        &[],
        &["vmodl", "vim.vm.check", "vim.vm.customization"],
    ),
    (
        "host",
        "Hosts: configuration, hardware, storage, networking, services of an ESXi host",
        &[],
        &["vim.host", "vim.HostSystem"],
    ),
    (
        "network",
        "Distributed switches and port groups, IP pools",
        &[],
        &[
            "vim.dvs",
            "vim.DistributedVirtualSwitch",
            "vim.vApp.IpPool",
            "vim.IpPoolManager",
            "vim.net",
            "vim.TransitGateway",
            "vim.VpcNetwork",
        ],
    ),
    (
        "cluster",
        "Clusters beyond the core: EVC, vCenter HA, quickstart",
        &[],
        &["vim.cluster", "vim.ClusterComputeResource", "vim.vcha", "vim.EVC"],
    ),
    (
        "storage",
        "First class disks, vSAN, I/O filters, storage queries",
        &[],
        &[
            "vim.vslm",
            "vim.vsan",
            "vim.VsanUpgradeSystem",
            "vim.storageDrs",
            "vim.StorageResourceManager",
            "vim.IoFilterManager",
            "vim.VirtualDiskManager",
            "vim.DatastoreNamespaceManager",
            "vim.StorageQueryManager",
            "vim.host.VsanSystem",
            "vim.host.VsanInternalSystem",
        ],
    ),
    ("profile", "Host and cluster profiles", &["host"], &["vim.profile"]),
    (
        "guest",
        "Guest operations: processes, files, registry and aliases within a guest",
        &[],
        &["vim.vm.guest"],
    ),
    (
        "monitor",
        "Alarms, performance counters, scheduled tasks, health updates",
        &[],
        &[
            "vim.alarm",
            "vim.PerformanceManager",
            "vim.scheduler",
            "vim.HealthUpdateManager",
            "vim.HealthUpdate",
            "vim.action",
        ],
    ),
    ("events", "Every event type", &["network"], &["vim.event"]),
    ("faults", "Every fault type", &[], &["vim.fault"]),
    ("misc", "The rest: licences, encryption, extensions, users, diagnostics and others", &[], &["vim"]),
    ("pbm", "Storage policies: the service `urn:pbm`", &[], &["pbm"]),
];

pub(super) fn areas() -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::with_capacity(AREAS.len());
    for (name, doc, implied, _) in AREAS {
        // An area can only imply those before it, so that the graph has no circle.
        let direct: BTreeSet<AreaId> =
            (0..areas.len()).filter(|id| implied.contains(&areas[*id].name)).collect();
        let further = direct.iter().flat_map(|id| areas[*id].implies.clone());
        let implies = further.chain(direct.iter().copied()).collect();
        areas.push(Area { name, doc, implies });
    }
    areas
}

pub(super) fn area(areas: &[Area], model: &Model, service: ServiceId, vmodl: Option<&str>) -> AreaId {
    // What has no VMODL name is at the root of everything: MethodFault, RuntimeFault.
    let Some(name) = vmodl else { return CORE };
    let rules =
        AREAS.iter().enumerate().flat_map(|(id, rule)| rule.3.iter().map(move |prefix| (id, *prefix)));
    let best = rules.filter(|(_, prefix)| starts(name, prefix)).max_by_key(|(_, prefix)| prefix.len());
    let named = || areas.iter().position(|area| area.name == model.services[service].name);
    best.map(|(id, _)| id).or_else(named).unwrap_or(CORE)
}

/// Whether a name begins with whole words of a dotted prefix, or with the last word's beginning (`vim.EVC` has `vim.EVCMode`).
fn starts(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        // A package's name is lower case; only a class's may go on.
        let class =
            prefix.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_uppercase()));
        rest.is_empty() || rest.starts_with('.') || class
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_area_implies_a_later_one() {
        for (at, (name, _, implied, _)) in AREAS.iter().enumerate() {
            for other in *implied {
                assert!(AREAS[..at].iter().any(|area| area.0 == *other), "{name} implies {other}");
            }
        }
        assert!(AREAS.len() < 20);
    }

    #[test]
    fn prefixes_end_at_words() {
        assert!(starts("vim.host.ConfigInfo", "vim.host"));
        assert!(!starts("vim.hosting.ConfigInfo", "vim.host"));
        assert!(starts("vim.EVCMode", "vim.EVC"));
    }
}
