//! The files of a machine, as `layout`, `layoutEx` and `storage` tell them.

use super::devices::{self, file};
use super::{create, place, snapshots};
use crate::fault::Result;
use crate::files::{self, FileKind};
use crate::mo::relations;
use crate::world::{Tx, World};
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    VirtualDevice, VirtualDisk, VirtualMachineFileLayout, VirtualMachineFileLayoutDiskLayout,
    VirtualMachineFileLayoutEx, VirtualMachineFileLayoutExDiskLayout, VirtualMachineFileLayoutExDiskUnit,
    VirtualMachineFileLayoutExFileInfo, VirtualMachineFileLayoutExSnapshotLayout,
    VirtualMachineFileLayoutSnapshotLayout, VirtualMachineStorageInfo, VirtualMachineUsageOnDatastore,
};
use vim_wire::{MoRef, Poly};

/// Tells a machine's files, datastores and networks anew.
pub(super) fn refresh(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let told = tell(tx, vm)?;
    let (datastores, networks) = (told.datastores(tx, vm)?, networks(tx, vm)?);
    relations::set_datastores(tx, vm, datastores)?;
    relations::set_networks(tx, vm, networks)?;
    let now = tx.now;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    let same = properties.layout_ex.as_ref().is_some_and(|old| {
        old.file == told.full.file && old.disk == told.full.disk && old.snapshot == told.full.snapshot
    });
    if !same {
        properties.layout = Some(told.simple);
        properties.layout_ex = Some(VirtualMachineFileLayoutEx { timestamp: now, ..told.full });
    }
    let usage = &told.usage;
    if properties.storage.as_ref().is_none_or(|old| old.per_datastore_usage != *usage) {
        let per_datastore_usage = told.usage;
        properties.storage = Some(VirtualMachineStorageInfo { per_datastore_usage, timestamp: now });
    }
    Ok(())
}

struct Told {
    simple: VirtualMachineFileLayout,
    full: VirtualMachineFileLayoutEx,
    usage: Vec<VirtualMachineUsageOnDatastore>,
}

impl Told {
    /// The datastores of the machine's files, its home first, and those of its drives' images.
    fn datastores(&self, world: &World, vm: &MoRef) -> Result<Vec<MoRef>> {
        let mut all: Vec<MoRef> = self.usage.iter().map(|usage| usage.datastore.clone()).collect();
        for device in &create::config_of(world, vm)?.hardware.device {
            if let Some(datastore) = file::datastore(device)
                && !all.contains(datastore)
                && world.node(datastore).is_some()
            {
                all.push(datastore.clone());
            }
        }
        Ok(all)
    }
}

fn networks(world: &World, vm: &MoRef) -> Result<Vec<MoRef>> {
    let mut all = Vec::new();
    for device in &create::config_of(world, vm)?.hardware.device {
        if let Some(network) = devices::network_of(world, device)
            && !all.contains(&network)
        {
            all.push(network);
        }
    }
    Ok(all)
}

/// Where a machine is at home: datastore, folder and the name of its file without extension.
fn home(world: &World, vm: &MoRef) -> Result<(MoRef, String, String)> {
    let path = create::config_of(world, vm)?.files.vm_path_name.as_deref().unwrap_or_default();
    let (datastore, path) = files::resolve(world, place::datacenter(world, vm).as_ref(), path)?;
    Ok((datastore, place::parent(&path).to_owned(), create::stem(&path).to_owned()))
}

/// The kind of a file beside a machine's, as layouts call it; none of what is not a machine's.
fn kind_of(name: &str, stem: &str) -> Option<&'static str> {
    let (head, extension) = name.rsplit_once('.')?;
    let own = head == stem || head.strip_prefix(stem).is_some_and(|rest| rest.starts_with('-'));
    Some(match extension {
        "log" if head.starts_with("vmware") => "log",
        _ if !own => return None,
        "vmx" | "vmtx" => "config",
        "vmxf" => "extendedConfig",
        "nvram" => "nvram",
        "vmsd" => "snapshotList",
        "vmsn" => "snapshotData",
        "vmss" => "suspend",
        "vmem" if head.contains("-Snapshot") => "snapshotMemory",
        "vmem" => "suspendMemory",
        "vswp" => "swap",
        _ => return None,
    })
}

/// A machine's files while they are told.
struct Teller<'w> {
    world: &'w World,
    /// The files that were told before keep their keys.
    before: &'w [VirtualMachineFileLayoutExFileInfo],
    home: (MoRef, String),
    files: Vec<VirtualMachineFileLayoutExFileInfo>,
    usage: Vec<VirtualMachineUsageOnDatastore>,
}

impl Teller<'_> {
    fn key(&self, name: &str) -> i32 {
        if let Some(old) = self.before.iter().find(|old| old.name == name) {
            return old.key;
        }
        let all = self.before.iter().chain(&self.files);
        all.map(|file| file.key + 1).max().unwrap_or(0)
    }

    fn add(&mut self, datastore: &MoRef, name: String, kind: &str, size: i64, shared: bool) -> i32 {
        if let Some(there) = self.files.iter().find(|file| file.name == name) {
            return there.key;
        }
        let key = self.key(&name);
        let unique = if shared { 0 } else { size };
        self.files.push(VirtualMachineFileLayoutExFileInfo {
            key,
            name,
            r#type: kind.to_owned(),
            size,
            unique_size: Some(unique),
            backing_object_id: Some(String::new()),
            accessible: Some(true),
        });
        let usage = self.usage(datastore);
        usage.committed += size;
        usage.unshared += unique;
        key
    }

    fn usage(&mut self, datastore: &MoRef) -> &mut VirtualMachineUsageOnDatastore {
        let at = match self.usage.iter().position(|usage| usage.datastore == *datastore) {
            Some(at) => at,
            None => {
                self.usage.push(VirtualMachineUsageOnDatastore {
                    datastore: datastore.clone(),
                    ..Default::default()
                });
                self.usage.len() - 1
            }
        };
        &mut self.usage[at]
    }

    /// A disk's chain, the oldest first.
    fn disk(&mut self, device: &VirtualDevice) -> VirtualMachineFileLayoutExDiskLayout {
        let mut chain = Vec::new();
        for (datastore, name) in file::chain(device).into_iter().rev() {
            let path = files::parse(&name).map(|(_, path)| path).unwrap_or_default();
            let there = files::get(self.world, &datastore, &path);
            let size = there.map_or(0, |file| file.size);
            // What lies with another machine is that machine's, and only read here.
            let shared = (&datastore, place::parent(&path)) != (&self.home.0, self.home.1.as_str())
                && chain_is_longer(device);
            let descriptor = self.add(&datastore, name.clone(), "diskDescriptor", 0, shared);
            let extent = there.and_then(|file| files::extent_name(&name, file));
            let mut keys = vec![descriptor];
            if let Some(extent) = extent {
                keys.push(self.add(&datastore, extent, "diskExtent", size, shared));
            }
            chain.push(VirtualMachineFileLayoutExDiskUnit { file_key: keys });
        }
        VirtualMachineFileLayoutExDiskLayout { key: device.key, chain, ..Default::default() }
    }

    /// What a thin disk may still take.
    fn uncommitted(&mut self, disk: &VirtualDisk) {
        let Some((datastore, name)) = file::chain(disk).into_iter().next() else { return };
        let Ok((_, path)) = files::parse(&name) else { return };
        if let Some(file) = files::get(self.world, &datastore, &path)
            && let FileKind::Disk { capacity, .. } = file.kind
        {
            let left = (capacity - file.size).max(0);
            self.usage(&datastore).uncommitted += left;
        }
    }
}

fn chain_is_longer(device: &VirtualDevice) -> bool {
    file::chain(device).len() > 1
}

fn disks(devices: &[Poly<VirtualDevice>]) -> impl Iterator<Item = &VirtualDisk> {
    devices.iter().filter_map(|device| device.downcast_ref())
}

fn tell(world: &World, vm: &MoRef) -> Result<Told> {
    let properties = world.get::<VirtualMachineProperties>(vm)?;
    let config = create::config_of(world, vm)?;
    let (datastore, folder, stem) = home(world, vm)?;
    let before = properties.layout_ex.as_ref().map_or(&[][..], |layout| &layout.file);
    let home = (datastore.clone(), folder.clone());
    let mut teller = Teller { world, before, home, files: Vec::new(), usage: Vec::new() };
    let mut simple = VirtualMachineFileLayout::default();
    teller.usage(&datastore);
    for (name, file) in files::list(world, &datastore, &folder) {
        let Some(kind) = kind_of(&name, &stem) else { continue };
        let full = files::written(world.name(&datastore), &place::join(&folder, &name));
        match kind {
            "nvram" | "snapshotList" | "extendedConfig" => simple.config_file.push(name),
            "log" => simple.log_file.push(name),
            "swap" => simple.swap_file = Some(full.clone()),
            _ => {}
        }
        teller.add(&datastore, full, kind, file.size, false);
    }
    let mut full = VirtualMachineFileLayoutEx::default();
    for disk in disks(&config.hardware.device) {
        full.disk.push(teller.disk(disk));
        teller.uncommitted(disk);
        let disk_file = file::chain(disk).into_iter().rev().map(|(_, name)| name).collect();
        simple.disk.push(VirtualMachineFileLayoutDiskLayout { key: disk.key, disk_file });
    }
    for snapshot in snapshots::all(world, vm) {
        let (config, facts) = snapshots::kept(world, &snapshot)?;
        let key_of = |teller: &Teller<'_>, name: &Option<String>| {
            let name = name.as_ref()?;
            teller.files.iter().find(|file| file.name == *name).map(|file| file.key)
        };
        let disk = disks(&config.hardware.device).map(|disk| teller.disk(disk)).collect();
        let chains = disks(&config.hardware.device).flat_map(|disk| file::chain(disk).into_iter().rev());
        let snapshot_file = facts.data.clone().into_iter().chain(chains.map(|(_, name)| name)).collect();
        full.snapshot.push(VirtualMachineFileLayoutExSnapshotLayout {
            key: snapshot.clone(),
            data_key: key_of(&teller, &facts.data).unwrap_or(-1),
            memory_key: key_of(&teller, &facts.memory).unwrap_or(-1),
            disk,
        });
        simple.snapshot.push(VirtualMachineFileLayoutSnapshotLayout { key: snapshot, snapshot_file });
    }
    full.file = teller.files;
    Ok(Told { simple, full, usage: teller.usage })
}

/// The files of a machine beside its disks.
pub(super) fn config_files(world: &World, vm: &MoRef) -> Vec<(MoRef, String)> {
    let Ok((datastore, folder, stem)) = home(world, vm) else { return Vec::new() };
    let files = files::list(world, &datastore, &folder).into_iter();
    let own = files.filter(|(name, _)| kind_of(name, &stem).is_some());
    own.map(|(name, _)| (datastore.clone(), place::join(&folder, &name))).collect()
}

/// The files that go when a machine is destroyed: those beside its configuration and those of its disks, but not the
/// disks that others' are children of, nor images in its drives.
pub(super) fn own_files(world: &World, vm: &MoRef) -> Vec<(MoRef, String)> {
    let Ok((datastore, folder, _)) = home(world, vm) else { return Vec::new() };
    let mut own = config_files(world, vm);
    let Ok(config) = create::config_of(world, vm) else { return own };
    let snapshots = snapshots::all(world, vm);
    let kept = snapshots.iter().filter_map(|snapshot| Some(snapshots::kept(world, snapshot).ok()?.0));
    for config in kept.chain([config]) {
        for disk in disks(&config.hardware.device) {
            let mut chain = file::chain(disk).into_iter();
            // A chain's later links are the machine's own only where they lie with it: a linked clone reads another's.
            if let Some((datastore, name)) = chain.next()
                && let Ok((_, path)) = files::parse(&name)
            {
                own.push((datastore, path));
            }
            for (at, name) in chain {
                if let Ok((_, path)) = files::parse(&name)
                    && at == datastore
                    && place::parent(&path) == folder
                {
                    own.push((at, path));
                }
            }
        }
    }
    own
}
