//! From documents to one machine: references followed, settings merged, contradictions refused.
//!
//! What the machine says wins over its class, and that over the provider's defaults, key by key.

use super::{
    Adapter, ClassDetails, ControllerType, Customization, DeleteRetention, DiskFormat, DiskMode, Document,
    Documents, Firmware, HardwareVersion, ImageSource, ImageSpec, Mac, MachineSpec, Network, Placement,
    PowerState, Quantity, Reference, Resource, ScsiController, ShareLevel, SpecError, StaticIp, StorageClass,
};
use std::collections::{BTreeMap, BTreeSet};

/// A machine as it shall be: all that its documents say, merged.
///
/// What is `None` is left as the template has it, or as the server makes it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// The namespace of its document.
    pub namespace: String,
    /// Whose it is; the provider's own name, the folder and the machine's name stand in where nothing is said.
    pub owner: Option<Owner>,
    /// The provider that it belongs to.
    pub provider: Option<String>,
    /// What it is made from; an empty machine where there is nothing.
    pub image: Option<Image>,
    /// The guest's operating system, by vSphere's id.
    pub guest_os: Option<String>,
    /// Whether it shall run.
    pub power_state: Option<PowerState>,
    /// The number of virtual CPUs.
    pub cpus: Option<u32>,
    /// How many cores a socket has.
    pub cores_per_socket: Option<u32>,
    /// Its memory, in MiB.
    pub memory_mib: Option<u64>,
    /// What its CPUs get, in MHz.
    pub cpu: Allocation,
    /// What its memory gets, in MiB.
    pub memory: Allocation,
    /// Its hardware.
    pub hardware: Hardware,
    /// Its disks. With an image, the first is the image's own.
    pub disks: Vec<Disk>,
    /// The SCSI controllers that it shall have.
    pub scsi_controllers: Vec<ScsiController>,
    /// The storage policy of its own files.
    pub home_policy: Option<String>,
    /// Its network cards.
    pub networks: Vec<Card>,
    /// Where it is put.
    pub placement: Placement,
    /// What cloud-init does at its first start.
    pub user_data: Option<String>,
    /// What cloud-init is told of the machine.
    pub meta_data: Option<String>,
    /// How its guest is made its own.
    pub customization: Option<Customization>,
    /// Advanced settings, passed on as they are.
    pub extra_config: BTreeMap<String, String>,
    /// How long it is kept after it was deleted.
    pub retention: Option<DeleteRetention>,
}

/// Whose a machine is. The stamp is kept in the machine's advanced settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// An id that no other owner ever has.
    pub uid: String,
    /// The owner's namespace.
    pub namespace: String,
    /// The owner's name.
    pub name: String,
}

/// What an image is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Image {
    /// A template, by name or inventory path, and where it is.
    Template {
        /// Its name or inventory path.
        name: String,
        /// The datacenter that it is in.
        datacenter: Option<String>,
        /// The folder that it is in.
        folder: Option<String>,
    },
}

/// What a machine gets of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// What is set aside.
    pub reservation: Option<u64>,
    /// What it gets at the most.
    pub limit: Option<u64>,
    /// Its part when there is not enough for all.
    pub shares: Option<Shares>,
}

/// A machine's part when there is not enough for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shares {
    /// By a level.
    Level(ShareLevel),
    /// As a number.
    Number(u32),
}

/// A machine's hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hardware {
    /// The version.
    pub version: Option<HardwareVersion>,
    /// What starts it.
    pub firmware: Option<Firmware>,
    /// Whether only signed code starts it.
    pub secure_boot: Option<bool>,
    /// Whether CPUs can be added while it runs.
    pub cpu_hot_add: Option<bool>,
    /// Whether memory can be added while it runs.
    pub memory_hot_add: Option<bool>,
    /// Whether it has a virtual TPM.
    pub tpm: Option<bool>,
    /// Whether its guest can use virtualization-based security.
    pub vbs: Option<bool>,
    /// Whether it has an I/O MMU.
    pub iommu: Option<bool>,
    /// Whether its guest can be a hypervisor.
    pub nested_virtualization: Option<bool>,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name.
    pub name: String,
    /// Its size.
    pub size: Quantity,
    /// How it takes its space.
    pub format: Option<DiskFormat>,
    /// Whether it takes part in snapshots.
    pub mode: Option<DiskMode>,
    /// What it is attached to.
    pub controller: Option<ControllerType>,
    /// The number of its SCSI controller.
    pub bus: Option<u8>,
    /// Its place on the controller.
    pub unit: Option<u32>,
    /// Its storage policy.
    pub policy: Option<String>,
    /// The datastore that it lies on.
    pub datastore: Option<String>,
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// The port group.
    pub port_group: String,
    /// The distributed switch.
    pub switch: Option<String>,
    /// The VLAN that the port group must have.
    pub vlan: Option<u16>,
    /// Its kind.
    pub adapter: Option<Adapter>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its address; by DHCP where there is none.
    pub address: Option<StaticIp>,
}

impl Documents {
    /// The machine of that name as it shall be.
    ///
    /// # Errors
    ///
    /// When there is no such document, a reference leads nowhere, settings contradict one another or cannot be, or ask for
    /// what this version does not do.
    pub fn virtual_machine(&self, name: &str) -> Result<Machine, SpecError> {
        let document = self.machine(name)?;
        let merge = Merge { documents: self, document };
        merge.machine()
    }
}

/// The merging of one machine.
struct Merge<'a> {
    documents: &'a Documents,
    document: &'a Resource<MachineSpec>,
}

impl<'a> Merge<'a> {
    fn fail<T>(&self, path: &str, message: impl Into<String>) -> Result<T, SpecError> {
        Err(self.document.error(path, message))
    }

    fn follow<T>(
        &self,
        path: &str,
        kind: &str,
        reference: Option<&Reference>,
        of_kind: impl Fn(&'a Document) -> Option<&'a Resource<T>>,
    ) -> Result<Option<&'a Resource<T>>, SpecError> {
        let Some(reference) = reference else { return Ok(None) };
        let namespace = Some(self.document.metadata.namespace());
        let found = self.documents.find(kind, reference, namespace, of_kind);
        found.map(Some).map_err(|message| self.document.error(path, message))
    }

    fn machine(&self) -> Result<Machine, SpecError> {
        let spec = &self.document.spec;
        check_name(self.document)?;
        let provider = self.follow(
            "spec.providerRef",
            "Provider",
            spec.provider_ref.as_ref(),
            |document| match document {
                Document::Provider(provider) => Some(provider),
                _ => None,
            },
        )?;
        let class =
            self.follow("spec.classRef", "VMClass", spec.class_ref.as_ref(), |document| match document {
                Document::Class(class) => Some(class),
                _ => None,
            })?;
        let image =
            self.follow("spec.imageRef", "VMImage", spec.image_ref.as_ref(), |document| match document {
                Document::Image(image) => Some(image),
                _ => None,
            })?;
        later(self.document, class)?;

        let nothing = ClassDetails::default();
        let details = class.map_or(&nothing, |class| &class.spec.spec);
        let mut machine = Machine {
            name: self.document.metadata.name.clone(),
            namespace: self.document.metadata.namespace().to_owned(),
            provider: provider.map(|provider| provider.metadata.name.clone()),
            power_state: spec.power_state,
            user_data: spec.user_data.as_ref().map(|data| data.cloud_init.inline.clone()),
            meta_data: spec.meta_data.as_ref().map(|data| data.cloud_init.inline.clone()),
            placement: merged(
                &merged(&spec.placement, &details.placement),
                provider.map_or(&Placement::default(), |provider| &provider.spec.defaults),
            ),
            retention: spec.retention.clone(),
            scsi_controllers: details.storage.scsi_controllers.clone(),
            home_policy: details
                .storage
                .home_policy
                .clone()
                .or_else(|| details.storage.storage_policy.clone()),
            ..Machine::default()
        };
        if let Some(class) = class {
            apply_class(&mut machine, class)?;
        }
        if let Some(image) = image {
            machine.image = Some(source(image)?);
            machine.guest_os = image.spec.guest_os.clone();
            machine.customization = image.spec.customization.clone();
        }
        let classes = provider.map(|provider| &provider.spec.storage_classes);
        machine.disks = self.disks(details, classes)?;
        machine.networks = self.networks()?;
        Ok(machine)
    }

    fn disks(
        &self,
        details: &ClassDetails,
        classes: Option<&BTreeMap<String, StorageClass>>,
    ) -> Result<Vec<Disk>, SpecError> {
        let (mut names, mut places, mut disks) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (index, disk) in self.document.spec.disks.iter().enumerate() {
            let at = |key: &str| format!("spec.disks[{index}].{key}");
            if !names.insert(&disk.name) {
                return self.fail(&at("name"), format!("there is another disk '{}'", disk.name));
            }
            if disk.size.bytes() == 0 || disk.size.bytes() % 1024 != 0 {
                return self.fail(&at("size"), "a disk's size is a whole number of KiB, and not zero");
            }
            let class = match (&disk.storage_class, classes) {
                (None, _) => StorageClass::default(),
                // Without a provider's document nobody can say what a class stands for.
                (Some(_), None) => StorageClass::default(),
                (Some(name), Some(classes)) => match classes.get(name) {
                    Some(class) => class.clone(),
                    None if classes.is_empty() => StorageClass::default(),
                    None => {
                        let known: Vec<_> = classes.keys().map(String::as_str).collect();
                        let message = format!(
                            "the provider has no storage class '{name}', expected one of {}",
                            known.join(", ")
                        );
                        return self.fail(&at("storageClass"), message);
                    }
                },
            };
            let controller = disk.spec.controller_type.or(details.storage.controller_type);
            if let Some(unit) = disk.spec.unit_number {
                let most = units(controller);
                if unit > most || is_scsi(controller) && unit == 7 {
                    let seven = if is_scsi(controller) { "; 7 is the controller's own" } else { "" };
                    return self.fail(
                        &at("spec.unitNumber"),
                        format!("unit {unit} does not exist, expected 0 to {most}{seven}"),
                    );
                }
                if !places.insert((controller.map(family), disk.spec.bus_number.unwrap_or(0), unit)) {
                    return self.fail(
                        &at("spec.unitNumber"),
                        format!("another disk has unit {unit} of this controller"),
                    );
                }
            }
            if disk.spec.bus_number.is_some_and(|bus| bus > 3) {
                return self.fail(&at("spec.busNumber"), "there are controllers 0 to 3");
            }
            disks.push(Disk {
                name: disk.name.clone(),
                size: disk.size,
                format: disk.spec.disk_format.or(details.storage.disk_format),
                mode: disk.spec.disk_mode,
                controller,
                bus: disk.spec.bus_number,
                unit: disk.spec.unit_number,
                policy: (disk.spec.storage_policy.clone())
                    .or(class.storage_policy)
                    .or_else(|| details.storage.disk_policy.clone())
                    .or_else(|| details.storage.storage_policy.clone()),
                datastore: disk.spec.datastore.clone().or(class.datastore),
            });
        }
        Ok(disks)
    }

    fn networks(&self) -> Result<Vec<Card>, SpecError> {
        let spec = &self.document.spec;
        let more =
            self.follow("spec.networkRef", "VMNetworkAttachment", spec.network_ref.as_ref(), |document| {
                match document {
                    Document::NetworkAttachment(attachment) => Some(attachment),
                    _ => None,
                }
            })?;
        let mut cards = Vec::new();
        for (index, network) in spec.networks.iter().enumerate() {
            cards.push(card(self.document, index, network)?);
        }
        if let Some(more) = more {
            for (index, network) in more.spec.networks.iter().enumerate() {
                cards.push(card(more, index, network)?);
            }
        }
        let mut names = BTreeSet::new();
        match cards.iter().find(|card| !names.insert(&card.name)) {
            Some(twice) => self.fail("spec.networks", format!("there are two networks '{}'", twice.name)),
            None => Ok(cards),
        }
    }
}

fn card<T>(document: &Resource<T>, index: usize, network: &Network) -> Result<Card, SpecError> {
    let at = |key: &str| format!("spec.networks[{index}].{key}");
    for (there, key) in [
        (network.nsx.is_some(), "nsx"),
        (network.security_policy.is_some(), "securityPolicy"),
        (network.sriov.is_some(), "sriov"),
        (network.bandwidth.is_some(), "bandwidth"),
    ] {
        if there {
            return Err(document.error(at(key), NOT_YET));
        }
    }
    if network.vlan.is_some_and(|vlan| vlan > 4094) {
        return Err(document.error(at("vlan"), "a VLAN is a number from 0 to 4094"));
    }
    if let Some(ip) = &network.static_ip
        && let Some(gateway) = ip.gateway
        && !ip.address.reaches(gateway)
    {
        let message = format!("the gateway {gateway} is not in the network of {}", ip.address);
        return Err(document.error(at("staticIP.gateway"), message));
    }
    Ok(Card {
        name: network.name.clone(),
        port_group: network.port_group.clone(),
        switch: network.distributed_switch.clone(),
        vlan: network.vlan,
        adapter: network.adapter,
        mac: network.mac_address,
        address: network.static_ip.clone(),
    })
}

/// What is said of a key that a later version honours: ignoring it would be a lie.
const NOT_YET: &str = "this version does not do it yet; take the key out to go on without it";

/// Refuses what is only to come.
fn later(
    machine: &Resource<MachineSpec>,
    class: Option<&Resource<super::ClassSpec>>,
) -> Result<(), SpecError> {
    let spec = &machine.spec;
    for (there, path) in [
        (spec.availability.is_some(), "spec.availability"),
        (!spec.tags.is_empty(), "spec.tags"),
        (spec.placement.storage_pod.is_some(), "spec.placement.storagePod"),
    ] {
        if there {
            return Err(machine.error(path, NOT_YET));
        }
    }
    if let Some(index) = spec.disks.iter().position(|disk| disk.spec.multiwriter == Some(true)) {
        return Err(machine.error(format!("spec.disks[{index}].spec.multiwriter"), NOT_YET));
    }
    let Some(class) = class else { return Ok(()) };
    let storage = &class.spec.spec.storage;
    for (there, path) in [
        (storage.swap_policy.is_some(), "spec.spec.storage.swapPolicy"),
        (storage.datastore_cluster.is_some(), "spec.spec.storage.datastoreCluster"),
        (storage.anti_affinity_rules.is_some(), "spec.spec.storage.antiAffinityRules"),
        (storage.multiwriter == Some(true), "spec.spec.storage.multiwriter"),
        (storage.caching_policy.is_some(), "spec.spec.storage.cachingPolicy"),
        (class.spec.spec.placement.storage_pod.is_some(), "spec.spec.placement.storagePod"),
    ] {
        if there {
            return Err(class.error(path, NOT_YET));
        }
    }
    Ok(())
}

/// A name that vSphere and VirtRigaud both take, and that cannot be mistaken for a reference.
fn check_name(document: &Resource<MachineSpec>) -> Result<(), SpecError> {
    let name = &document.metadata.name;
    let is_reference = name
        .strip_prefix("vm-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if name.is_empty() || name.len() > 80 || name.contains(['/', '\\', '%', ':']) || is_reference {
        let message = format!(
            "{name:?} cannot be the name of a machine: expected 1 to 80 characters without / \\ % :, and not vm- with a number"
        );
        return Err(document.error("metadata.name", message));
    }
    Ok(())
}

fn apply_class(machine: &mut Machine, class: &Resource<super::ClassSpec>) -> Result<(), SpecError> {
    let (spec, details) = (&class.spec, &class.spec.spec);
    let fail = |path: &str, message: String| Err(class.error(path, message));
    if spec.cpus == 0 {
        return fail("spec.cpus", "a machine has at least one CPU".to_owned());
    }
    let Some(mib) = spec.memory.mib().filter(|mib| *mib > 0 && *mib % 4 == 0) else {
        return fail(
            "spec.memory",
            format!("{} cannot be a machine's memory: expected a multiple of 4Mi", spec.memory),
        );
    };
    let cores = match (details.cpu.cores_per_socket, details.numa.cores_per_socket) {
        (Some(cpu), Some(numa)) if cpu != numa => {
            return fail(
                "spec.spec.numa.coresPerSocket",
                format!(
                    "{numa} contradicts cpu.coresPerSocket, which is {cpu}: expected the same number, or one of the two"
                ),
            );
        }
        (cpu, numa) => cpu.or(numa.filter(|_| details.numa.enabled != Some(false))),
    };
    if let Some(cores) = cores
        && (cores == 0 || spec.cpus % cores != 0)
    {
        return fail(
            "spec.spec.cpu.coresPerSocket",
            format!("{} CPUs cannot be sockets of {cores} cores each", spec.cpus),
        );
    }
    let hardware = &details.hardware;
    let efi = hardware.firmware == Some(Firmware::Efi);
    for (wanted, path) in [
        (hardware.secure_boot, "spec.spec.hardware.secureBoot"),
        (hardware.tpm, "spec.spec.hardware.tpm"),
        (hardware.vbs, "spec.spec.hardware.vbs"),
    ] {
        if wanted == Some(true) && !efi {
            return fail(path, "it needs hardware.firmware: efi".to_owned());
        }
    }
    if hardware.vbs == Some(true) && hardware.secure_boot != Some(true) {
        return fail("spec.spec.hardware.vbs", "it needs hardware.secureBoot: true".to_owned());
    }
    let cpu = Allocation {
        reservation: details.cpu.reservation_mhz.map(u64::from),
        limit: details.cpu.limit_mhz.map(u64::from),
        shares: shares(details.cpu.shares, details.cpu.share_level),
    };
    let memory = Allocation {
        reservation: details.memory.reservation_mb,
        limit: details.memory.limit_mb,
        shares: shares(details.memory.shares, details.memory.share_level),
    };
    for (allocation, path) in
        [(&cpu, "spec.spec.cpu.reservationMHz"), (&memory, "spec.spec.memory.reservationMB")]
    {
        if let (Some(reservation), Some(limit)) = (allocation.reservation, allocation.limit)
            && reservation > limit
        {
            return fail(path, format!("{reservation} is more than the limit of {limit}"));
        }
    }
    if memory.reservation.is_some_and(|reservation| reservation > mib) {
        return fail(
            "spec.spec.memory.reservationMB",
            format!("more than the machine's memory of {mib} MiB"),
        );
    }
    check_controllers(class)?;
    machine.cpus = Some(spec.cpus);
    machine.cores_per_socket = cores;
    machine.memory_mib = Some(mib);
    (machine.cpu, machine.memory) = (cpu, memory);
    machine.hardware = Hardware {
        version: hardware.version,
        firmware: hardware.firmware,
        secure_boot: hardware.secure_boot,
        cpu_hot_add: hardware.enable_cpu_hot_add,
        memory_hot_add: hardware.enable_memory_hot_add,
        tpm: hardware.tpm,
        vbs: hardware.vbs,
        iommu: hardware.iommu,
        nested_virtualization: details.cpu.enable_virtualization,
    };
    machine.extra_config = spec.extra_config.clone();
    machine.extra_config.extend(details.extra_config.clone());
    Ok(())
}

fn check_controllers(class: &Resource<super::ClassSpec>) -> Result<(), SpecError> {
    let mut numbers = BTreeSet::new();
    for (index, controller) in class.spec.spec.storage.scsi_controllers.iter().enumerate() {
        let at = |key: &str| format!("spec.spec.storage.scsiControllers[{index}].{key}");
        if !is_scsi(Some(controller.kind)) {
            return Err(class.error(at("type"), "expected one of scsi, lsilogic, lsilogicsas, pvscsi"));
        }
        if controller.bus_number > 3 || !numbers.insert(controller.bus_number) {
            return Err(
                class.error(at("busNumber"), "expected a number from 0 to 3 that no other controller has")
            );
        }
        let most = if controller.kind == ControllerType::PvScsi { 64 } else { 15 };
        if controller.max_devices.is_some_and(|wanted| wanted == 0 || wanted > most) {
            return Err(class.error(at("maxDevices"), format!("expected 1 to {most}")));
        }
    }
    Ok(())
}

/// A number wins over a level.
fn shares(number: Option<u32>, level: Option<ShareLevel>) -> Option<Shares> {
    number.map(Shares::Number).or(level.map(Shares::Level))
}

/// What an image is made from; exactly one source must be said.
fn source(image: &Resource<ImageSpec>) -> Result<Image, SpecError> {
    let ImageSource { template, datacenter, folder, content_library, item, ovf, .. } = &image.spec.source;
    match (template, content_library, ovf) {
        (Some(name), None, None) if item.is_none() => {
            Ok(Image::Template { name: name.clone(), datacenter: datacenter.clone(), folder: folder.clone() })
        }
        (None, Some(_), None) => Err(image.error("spec.source.contentLibrary", NOT_YET)),
        (None, None, Some(_)) => Err(image.error("spec.source.ovf", NOT_YET)),
        _ => {
            Err(image
                .error("spec.source", "expected exactly one of template, contentLibrary with item, and ovf"))
        }
    }
}

/// One placement over another, key by key.
pub(crate) fn merged(first: &Placement, second: &Placement) -> Placement {
    let pick = |a: &Option<String>, b: &Option<String>| a.clone().or_else(|| b.clone());
    Placement {
        datacenter: pick(&first.datacenter, &second.datacenter),
        cluster: pick(&first.cluster, &second.cluster),
        resource_pool: pick(&first.resource_pool, &second.resource_pool),
        datastore: pick(&first.datastore, &second.datastore),
        storage_pod: pick(&first.storage_pod, &second.storage_pod),
        folder: pick(&first.folder, &second.folder),
        create_folder: first.create_folder.or(second.create_folder),
        host: pick(&first.host, &second.host),
    }
}

const fn is_scsi(controller: Option<ControllerType>) -> bool {
    !matches!(controller, Some(ControllerType::Ide | ControllerType::Sata | ControllerType::Nvme))
}

/// Kinds of controllers that share their numbers.
const fn family(controller: ControllerType) -> u8 {
    match controller {
        ControllerType::Ide => 1,
        ControllerType::Sata => 2,
        ControllerType::Nvme => 3,
        _ => 0,
    }
}

/// The highest place on a controller.
const fn units(controller: Option<ControllerType>) -> u32 {
    match controller {
        Some(ControllerType::Ide) => 1,
        Some(ControllerType::Sata) => 29,
        Some(ControllerType::Nvme) => 14,
        Some(ControllerType::PvScsi) => 63,
        _ => 15,
    }
}
