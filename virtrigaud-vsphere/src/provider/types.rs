//! What is asked of a provider, and what it answers.

use super::{Error, ErrorKind};
pub use crate::spec::resolved::Owner;
use crate::spec::resolved::{Allocation, Image, Machine};
use crate::spec::{Age, Placement};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A machine's id: the server's reference (`vm-42`), or the machine's instance UUID, which no restore changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MachineId(String);

impl MachineId {
    /// As a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an instance UUID.
    #[must_use]
    pub fn uuid(&self) -> Option<uuid::Uuid> {
        self.0.parse().ok()
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MachineId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // ESXi's references are plain numbers.
        let fits = !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let message =
                format!("{text:?} is not a machine's id; expected one such as vm-42, or an instance UUID");
            Err(Error::new(ErrorKind::InvalidRequest, message))
        }
    }
}

/// A snapshot's id: the server's reference (`snapshot-7`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SnapshotId(pub String);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A server that can be reached and whose account works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validation {
    /// The server's name and version, in its own words.
    pub server: String,
    /// The API version that is spoken.
    pub api_version: String,
    /// The server's time.
    pub time: SystemTime,
}

/// What a provider can do with a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whether the server is a vCenter; an ESXi host makes no clones and no templates.
    pub vcenter: bool,
    /// CPUs and memory can be added to a machine that runs.
    pub reconfigure_online: bool,
    /// Disks can grow while a machine runs.
    pub disk_expansion_online: bool,
    /// Snapshots.
    pub snapshots: bool,
    /// Snapshots with what is in memory.
    pub memory_snapshots: bool,
    /// Machines that share their disks with the one that they were made from.
    pub linked_clones: bool,
    /// Images can be brought in.
    pub image_import: bool,
    /// How disks can take their space.
    pub disk_types: Vec<String>,
    /// What networks can be connected to.
    pub network_types: Vec<String>,
}

/// A machine that was made, or was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created {
    /// Its id.
    pub id: MachineId,
    /// Its instance UUID.
    pub instance_uuid: Option<uuid::Uuid>,
    /// Whether it was there already and as it should be.
    pub existed: bool,
    /// What was done otherwise than it was said, and why that is no error.
    pub warnings: Vec<String>,
}

/// How a machine is removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Whether its disks are kept where they are.
    pub keep_disks: bool,
    /// Whether it is only switched off, renamed and put aside, to be removed after that time.
    pub retain: Option<Age>,
    /// Whose it must be; any owner of this provider where nothing is said.
    pub owner: Option<Owner>,
    /// Whether a machine that nobody made by this provider is removed, too.
    pub foreign: bool,
}

/// What is done to a machine's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Power {
    /// It is switched on.
    On,
    /// It is switched off.
    Off,
    /// Its guest is shut down; after that time it is switched off.
    Shutdown {
        /// How long the guest may take.
        grace: Duration,
    },
    /// Its guest is started anew; it is reset where there is no guest that can be asked.
    Restart,
    /// It is suspended.
    Suspend,
}

/// What a machine is and does.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its instance UUID.
    pub instance_uuid: Option<uuid::Uuid>,
    /// Its UUID as the guest sees it.
    pub bios_uuid: Option<String>,
    /// Whether it runs.
    pub power: PowerStatus,
    /// The number of its CPUs.
    pub cpus: u32,
    /// How many cores a socket has.
    pub cores_per_socket: u32,
    /// Its memory, in MiB.
    pub memory_mib: u64,
    /// What its CPUs get, in MHz.
    pub cpu: Allocation,
    /// What its memory gets, in MiB.
    pub memory: Allocation,
    /// What it uses now.
    pub usage: Usage,
    /// The guest's own name.
    pub host_name: Option<String>,
    /// The guest's operating system, by vSphere's id.
    pub guest_os: String,
    /// The guest's addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether the guest's tools run.
    pub tools_running: bool,
    /// The version of the guest's tools, in the server's words.
    pub tools_version: Option<String>,
    /// The hardware version, such as `vmx-19`.
    pub hardware_version: String,
    /// What starts it, `bios` or `efi`.
    pub firmware: String,
    /// Its disks.
    pub disks: Vec<DiskInfo>,
    /// Its network cards.
    pub networks: Vec<CardInfo>,
    /// The number of its snapshots.
    pub snapshots: u32,
    /// The name of the host that it is on.
    pub host: Option<String>,
    /// The names of the datastores that it is on.
    pub datastores: Vec<String>,
    /// The folder that it is in, by reference.
    pub folder: Option<String>,
    /// The resource pool that it is in, by reference.
    pub resource_pool: Option<String>,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// Whether it is a template.
    pub template: bool,
    /// Its notes.
    pub annotation: String,
    /// All of that and more as flat strings, for who shows them.
    pub properties: BTreeMap<String, String>,
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PowerStatus {
    /// It runs.
    On,
    /// It is switched off.
    Off,
    /// It is suspended.
    Suspended,
    /// The server does not know.
    #[default]
    Unknown,
}

/// What a machine uses now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU, in MHz.
    pub cpu_mhz: u64,
    /// Memory that the guest uses, in MiB.
    pub memory_mib: u64,
    /// Space on datastores, in bytes.
    pub storage_bytes: u64,
    /// How long it has been running, in seconds.
    pub uptime_seconds: u64,
}

/// A disk of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskInfo {
    /// Its device key.
    pub key: i32,
    /// Its label, such as `Hard disk 1`.
    pub label: String,
    /// Its file, such as `[datastore] web/web.vmdk`.
    pub path: String,
    /// Its size, in bytes.
    pub capacity_bytes: u64,
    /// What it takes of its datastore, in bytes; none where the server does not say.
    pub used_bytes: Option<u64>,
    /// How it takes its space: `thin`, `thick` or `eagerZeroedThick`.
    pub format: String,
    /// Whether it takes part in snapshots.
    pub mode: String,
    /// What it is attached to, such as `pvscsi 0:1`.
    pub controller: String,
    /// Its place on the controller.
    pub unit: Option<i32>,
    /// The file that it is based on, where it is a difference.
    pub parent: Option<String>,
}

/// A network card of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardInfo {
    /// Its device key.
    pub key: i32,
    /// Its label, such as `Network adapter 1`.
    pub label: String,
    /// Its kind, such as `vmxnet3`.
    pub adapter: String,
    /// Its hardware address.
    pub mac: String,
    /// The network's name, as far as it is known.
    pub network: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Its addresses, as the guest tells them.
    pub addresses: Vec<IpAddr>,
}

/// How a machine may be made what it shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconfigureOptions {
    /// Whether it may be switched off and on again where it must.
    pub allow_power_cycle: bool,
    /// Whether disks and network cards that are not wished for are removed.
    pub remove_devices: bool,
}

/// What was changed of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconfigured {
    /// What was changed, in words.
    pub changes: Vec<String>,
    /// What is left because it needs the machine switched off, in words.
    pub pending: Vec<String>,
}

/// A machine to be made from another one.
#[derive(Clone, Debug, PartialEq)]
pub struct CloneRequest {
    /// The machine that it is made from.
    pub source: MachineId,
    /// The new machine: its name, and what it shall have otherwise than the source. Its image and disks are the source's.
    pub machine: Machine,
    /// Whether it shares its disks with a snapshot of the source.
    pub linked: bool,
    /// The snapshot that it is made from; the current one, or a new one, where nothing is said.
    pub snapshot: Option<SnapshotId>,
}

/// A snapshot to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it holds what is in memory.
    pub memory: bool,
    /// Whether the guest's file systems are made whole first.
    pub quiesce: bool,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created: SystemTime,
    /// Whether it holds what was in memory.
    pub memory: bool,
    /// Whether the guest's file systems were made whole first.
    pub quiesced: bool,
    /// The one that it was made on.
    pub parent: Option<SnapshotId>,
    /// Whether the machine is based on it.
    pub current: bool,
}

/// What shall be there for machines to be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// What it comes from.
    pub image: Image,
}

/// What machines can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreparedImage {
    /// The template's id.
    pub id: MachineId,
    /// Its inventory path.
    pub path: String,
    /// Whether it was there already.
    pub existed: bool,
}

/// A template to be made from a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateRequest {
    /// The machine's name or inventory path.
    pub source: String,
    /// The datacenter that it is in.
    pub datacenter: Option<String>,
    /// The template's name; the machine's where nothing is said.
    pub name: Option<String>,
    /// The folder that it is moved to.
    pub folder: Option<String>,
    /// Its notes.
    pub annotation: Option<String>,
    /// Whether a machine that runs is switched off; an error otherwise.
    pub power_off: bool,
    /// Whether its snapshots are removed.
    pub remove_snapshots: bool,
    /// Whether its tools are updated before that.
    pub update_tools: bool,
}

/// Which machines are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// Only those in this datacenter.
    pub datacenter: Option<String>,
    /// Only those in this folder, and in the folders in it.
    pub folder: Option<String>,
    /// Only those of this owner.
    pub owner: Option<Owner>,
}

/// A machine in a list.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub power: PowerStatus,
    /// The number of its CPUs.
    pub cpus: u32,
    /// Its memory, in MiB.
    pub memory_mib: u64,
    /// The guest's addresses.
    pub addresses: Vec<IpAddr>,
    /// Its disks.
    pub disks: Vec<DiskInfo>,
    /// Its network cards.
    pub networks: Vec<CardInfo>,
    /// Whose it is.
    pub owner: Option<Owner>,
}

/// Where a machine's console is to be seen.
#[derive(Clone)]
#[non_exhaustive]
pub struct Console {
    /// The address for a browser; whoever has it needs no other secret.
    pub url: secrecy::SecretString,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console(<redacted>)")
    }
}

/// What a provider does where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Where machines are put that do not say.
    pub placement: Placement,
    /// The name that stands in for an owner's uid where none is given. Two providers of one name that serve the same folder
    /// cannot tell their machines apart.
    pub owner: String,
}
