//! What a machine is and does, read in one request.

use super::owner;
use super::read::{Read, Values};
use crate::provider::{CardInfo, Description, DiskInfo, PowerStatus, Usage};
use crate::spec::ShareLevel;
use crate::spec::resolved::{Allocation, Shares};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use vim_client::types::ext::{capacity_bytes, disk_file, label};
use vim_client::types::{
    GuestNicInfo, OptionValue, ParaVirtualSCSIController, ResourceAllocationInfo, SharesLevel,
    VirtualController, VirtualDevice, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualE1000,
    VirtualE1000e, VirtualEthernetCard, VirtualEthernetCardDistributedVirtualPortBackingInfo,
    VirtualEthernetCardNetworkBackingInfo, VirtualIDEController, VirtualMachineFileLayoutEx,
    VirtualMachineQuickStats, VirtualMachineSnapshotInfo, VirtualMachineSnapshotTree,
    VirtualMachineStorageSummary, VirtualNVMEController, VirtualSATAController, VirtualSCSIController,
    VirtualVmxnet3,
};
use vim_client::{MoRef, Poly};

/// The properties of a machine that are read.
pub(super) const PATHS: &[&str] = &[
    "name",
    "parent",
    "resourcePool",
    "datastore",
    "network",
    "snapshot",
    "config.uuid",
    "config.instanceUuid",
    "config.version",
    "config.firmware",
    "config.annotation",
    "config.template",
    "config.guestId",
    "config.hardware",
    "config.extraConfig",
    "config.cpuAllocation",
    "config.memoryAllocation",
    "config.files.vmPathName",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "guest.toolsVersion",
    "runtime.powerState",
    "runtime.host",
    "runtime.connectionState",
    "summary.quickStats",
    "summary.storage",
    "layoutEx",
];

/// A request for a machine and for the names of what it is on.
pub(super) fn request(machine: &MoRef) -> Read {
    Read::default()
        .of("VirtualMachine", PATHS)
        .of("HostSystem", &["name"])
        .of("Datastore", &["name"])
        .of("Network", &["name"])
        .from(machine, &["runtime.host", "datastore", "network"])
}

/// A description of the machine among what was read; none where it is not among it.
pub(super) fn describe(machine: &MoRef, read: &[Values]) -> Option<Description> {
    let names: HashMap<&MoRef, &str> = read
        .iter()
        .filter(|other| other.moref != *machine)
        .map(|other| (&other.moref, other.text("name")))
        .collect();
    let values = read.iter().find(|values| values.moref == *machine)?;
    let name_of =
        |moref: &MoRef| names.get(moref).map_or_else(|| moref.value().to_owned(), |name| (*name).to_owned());

    let devices = devices(values);
    let mut description = Description {
        id: machine.value().to_owned(),
        name: values.text("name").to_owned(),
        instance_uuid: values.text("config.instanceUuid").parse().ok(),
        bios_uuid: Some(values.text("config.uuid").to_owned()).filter(|uuid| !uuid.is_empty()),
        power: power(values.text("runtime.powerState")),
        cpu: allocation(values.object("config.cpuAllocation")),
        memory: allocation(values.object("config.memoryAllocation")),
        usage: usage(values),
        host_name: Some(values.text("guest.hostName").to_owned()).filter(|name| !name.is_empty()),
        guest_os: values.text("config.guestId").to_owned(),
        addresses: addresses(values),
        tools_running: values.text("guest.toolsRunningStatus") == "guestToolsRunning",
        tools_version: Some(values.text("guest.toolsVersion").to_owned())
            .filter(|version| !version.is_empty()),
        hardware_version: values.text("config.version").to_owned(),
        firmware: values.text("config.firmware").to_owned(),
        disks: disks(&devices, values.object("layoutEx")),
        networks: cards(&devices, &names, &values.list::<GuestNicInfo>("guest.net").collect::<Vec<_>>()),
        host: values.moref("runtime.host").map(name_of),
        datastores: values.morefs("datastore").map(name_of).collect(),
        folder: values.moref("parent").map(ToString::to_string),
        resource_pool: values.moref("resourcePool").map(ToString::to_string),
        owner: owner::owner(&settings(values)),
        template: values.flag("config.template").unwrap_or_default(),
        annotation: values.text("config.annotation").to_owned(),
        ..Description::default()
    };
    if let Some(hardware) = values.object::<vim_client::types::VirtualHardware>("config.hardware") {
        let count = |number: i32| u32::try_from(number).unwrap_or_default();
        description.cpus = count(hardware.num_cpu);
        description.cores_per_socket = count(hardware.num_cores_per_socket.unwrap_or(1));
        description.memory_mib = u64::try_from(hardware.memory_mb).unwrap_or_default();
    }
    if let Some(snapshots) = values.object::<VirtualMachineSnapshotInfo>("snapshot") {
        description.snapshots = count(&snapshots.root_snapshot_list);
    }
    description.properties = properties(&description, values);
    Some(description)
}

fn count(snapshots: &[VirtualMachineSnapshotTree]) -> u32 {
    snapshots.iter().fold(0, |sum, snapshot| sum + 1 + count(&snapshot.child_snapshot_list))
}

/// A machine's advanced settings.
pub(super) fn settings(values: &Values) -> Vec<Poly<OptionValue>> {
    values.list::<OptionValue>("config.extraConfig").cloned().map(Into::into).collect()
}

/// A machine's devices.
pub(super) fn devices(values: &Values) -> Vec<Poly<VirtualDevice>> {
    let hardware = values.object::<vim_client::types::VirtualHardware>("config.hardware");
    hardware.map(|hardware| hardware.device.clone()).unwrap_or_default()
}

pub(super) fn power(state: &str) -> PowerStatus {
    match state {
        "poweredOn" => PowerStatus::On,
        "poweredOff" => PowerStatus::Off,
        "suspended" => PowerStatus::Suspended,
        _ => PowerStatus::Unknown,
    }
}

/// What a machine gets of a resource, as it is set; a limit of -1 is none.
pub(super) fn allocation(info: Option<&ResourceAllocationInfo>) -> Allocation {
    let Some(info) = info else { return Allocation::default() };
    let positive = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let shares = info.shares.as_ref().map(|shares| match shares.level {
        SharesLevel::LOW => Shares::Level(ShareLevel::Low),
        SharesLevel::HIGH => Shares::Level(ShareLevel::High),
        SharesLevel::CUSTOM => Shares::Number(u32::try_from(shares.shares).unwrap_or_default()),
        _ => Shares::Level(ShareLevel::Normal),
    });
    Allocation { reservation: positive(info.reservation), limit: positive(info.limit), shares }
}

fn usage(values: &Values) -> Usage {
    let number = |number: Option<i32>| u64::try_from(number.unwrap_or_default()).unwrap_or_default();
    let mut usage = Usage::default();
    if let Some(stats) = values.object::<VirtualMachineQuickStats>("summary.quickStats") {
        usage.cpu_mhz = number(stats.overall_cpu_usage);
        usage.memory_mib = number(stats.guest_memory_usage);
        usage.uptime_seconds = number(stats.uptime_seconds);
    }
    if let Some(storage) = values.object::<VirtualMachineStorageSummary>("summary.storage") {
        usage.storage_bytes = u64::try_from(storage.committed).unwrap_or_default();
    }
    usage
}

/// The guest's addresses, the main one first and those that only it can use left out.
pub(super) fn addresses(values: &Values) -> Vec<IpAddr> {
    let main = values.text("guest.ipAddress").parse().ok();
    let mut all: Vec<IpAddr> = main.into_iter().collect();
    for card in values.list::<GuestNicInfo>("guest.net") {
        for address in card.ip_address.iter().filter_map(|text| text.parse().ok()) {
            if !all.contains(&address) && is_of_use(address) {
                all.push(address);
            }
        }
    }
    all
}

fn is_of_use(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_link_local() && !address.is_loopback(),
        IpAddr::V6(address) => !address.is_unicast_link_local() && !address.is_loopback(),
    }
}

/// What a controller is called: `pvscsi`, `sata`.
fn controller_kind(device: &Poly<VirtualDevice>) -> &'static str {
    if device.is::<ParaVirtualSCSIController>() {
        "pvscsi"
    } else if device.is::<VirtualSCSIController>() {
        "scsi"
    } else if device.is::<VirtualIDEController>() {
        "ide"
    } else if device.is::<VirtualSATAController>() {
        "sata"
    } else if device.is::<VirtualNVMEController>() {
        "nvme"
    } else {
        "controller"
    }
}

/// A machine's disks.
pub(super) fn disks(
    devices: &[Poly<VirtualDevice>],
    layout: Option<&VirtualMachineFileLayoutEx>,
) -> Vec<DiskInfo> {
    let disks = devices.iter().filter_map(|device| Some((device, device.downcast_ref::<VirtualDisk>()?)));
    disks
        .map(|(device, disk)| {
            let controller =
                disk.controller_key.and_then(|key| devices.iter().find(|other| other.key == key));
            let bus = controller
                .and_then(|other| Some((other, other.downcast_ref::<VirtualController>()?.bus_number)));
            let backing = disk
                .backing
                .as_ref()
                .and_then(|backing| backing.downcast_ref::<VirtualDiskFlatVer2BackingInfo>());
            let format = match backing.map(|backing| (backing.thin_provisioned, backing.eagerly_scrub)) {
                Some((Some(true), _)) => "thin",
                Some((_, Some(true))) => "eagerZeroedThick",
                Some(_) => "thick",
                None => "",
            };
            DiskInfo {
                key: disk.key,
                label: label(device).unwrap_or_default().to_owned(),
                path: disk_file(disk).unwrap_or_default().to_owned(),
                capacity_bytes: u64::try_from(capacity_bytes(disk)).unwrap_or_default(),
                used_bytes: layout.and_then(|layout| used(layout, disk.key)),
                format: format.to_owned(),
                mode: backing.map(|backing| backing.disk_mode.clone()).unwrap_or_default(),
                controller: bus
                    .map_or_else(String::new, |(device, bus)| format!("{} {bus}", controller_kind(device))),
                unit: disk.unit_number,
                parent: backing.and_then(|backing| Some(backing.parent.as_ref()?.file_name.clone())),
            }
        })
        .collect()
}

/// What a disk's newest files take.
fn used(layout: &VirtualMachineFileLayoutEx, key: i32) -> Option<u64> {
    let disk = layout.disk.iter().find(|disk| disk.key == key)?;
    let keys: Vec<i32> = disk.chain.last()?.file_key.clone();
    let sizes = layout.file.iter().filter(|file| keys.contains(&file.key)).map(|file| file.size);
    u64::try_from(sizes.sum::<i64>()).ok()
}

/// A machine's network cards.
pub(super) fn cards(
    devices: &[Poly<VirtualDevice>],
    names: &HashMap<&MoRef, &str>,
    guest: &[&GuestNicInfo],
) -> Vec<CardInfo> {
    let cards =
        devices.iter().filter_map(|device| Some((device, device.downcast_ref::<VirtualEthernetCard>()?)));
    cards
        .map(|(device, card)| {
            let told = guest.iter().find(|nic| nic.device_config_id == card.key);
            CardInfo {
                key: card.key,
                label: label(device).unwrap_or_default().to_owned(),
                adapter: adapter(device).to_owned(),
                mac: card.mac_address.clone().unwrap_or_default(),
                network: network(device, names),
                connected: card.connectable.as_ref().is_some_and(|state| state.connected),
                addresses: told
                    .map(|nic| nic.ip_address.iter().filter_map(|text| text.parse().ok()).collect())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// What a network card is called: `vmxnet3`.
pub(super) fn adapter(device: &Poly<VirtualDevice>) -> &'static str {
    if device.is::<VirtualVmxnet3>() {
        "vmxnet3"
    } else if device.is::<VirtualE1000e>() {
        "e1000e"
    } else if device.is::<VirtualE1000>() {
        "e1000"
    } else {
        "other"
    }
}

fn network(device: &Poly<VirtualDevice>, names: &HashMap<&MoRef, &str>) -> String {
    let Some(backing) = &device.backing else { return String::new() };
    if let Some(port) = backing.downcast_ref::<VirtualEthernetCardDistributedVirtualPortBackingInfo>() {
        let key = port.port.portgroup_key.as_deref().unwrap_or_default();
        let named = names.iter().find(|(moref, _)| moref.value() == key).map(|(_, name)| (*name).to_owned());
        return named.unwrap_or_else(|| key.to_owned());
    }
    match backing.downcast_ref::<VirtualEthernetCardNetworkBackingInfo>() {
        Some(standard) => standard.device_name.clone(),
        None => String::new(),
    }
}

/// A description as flat strings.
fn properties(description: &Description, values: &Values) -> BTreeMap<String, String> {
    let join = |list: &mut dyn Iterator<Item = String>| list.collect::<Vec<_>>().join(",");
    let mut out = BTreeMap::new();
    let mut put = |key: &str, value: String| {
        if !value.is_empty() {
            out.insert(key.to_owned(), value);
        }
    };
    put("name", description.name.clone());
    put("moref", description.id.clone());
    put("instanceUuid", description.instance_uuid.map(|uuid| uuid.to_string()).unwrap_or_default());
    put("biosUuid", description.bios_uuid.clone().unwrap_or_default());
    put("powerState", values.text("runtime.powerState").to_owned());
    put("connectionState", values.text("runtime.connectionState").to_owned());
    put("cpus", description.cpus.to_string());
    put("coresPerSocket", description.cores_per_socket.to_string());
    put("memoryMiB", description.memory_mib.to_string());
    put("cpuUsageMHz", description.usage.cpu_mhz.to_string());
    put("memoryUsageMiB", description.usage.memory_mib.to_string());
    put("storageUsedBytes", description.usage.storage_bytes.to_string());
    put("uptimeSeconds", description.usage.uptime_seconds.to_string());
    put("hostName", description.host_name.clone().unwrap_or_default());
    put("guestId", description.guest_os.clone());
    put("ips", join(&mut description.addresses.iter().map(ToString::to_string)));
    put("toolsStatus", values.text("guest.toolsRunningStatus").to_owned());
    put("toolsVersion", description.tools_version.clone().unwrap_or_default());
    put("hardwareVersion", description.hardware_version.clone());
    put("firmware", description.firmware.clone());
    put("host", description.host.clone().unwrap_or_default());
    put("datastores", join(&mut description.datastores.iter().cloned()));
    put("networks", join(&mut description.networks.iter().map(|card| card.network.clone())));
    put(
        "disks",
        join(&mut description.disks.iter().map(|disk| format!("{}={}", disk.label, disk.capacity_bytes))),
    );
    put("snapshots", description.snapshots.to_string());
    put("template", description.template.to_string());
    put("vmPathName", values.text("config.files.vmPathName").to_owned());
    out
}
