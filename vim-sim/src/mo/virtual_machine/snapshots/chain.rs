//! The files that disks and snapshots share, and how they are made fewer again.

use super::super::devices::file;
use super::super::{create as machines, place};
use super::{all, kept};
use crate::fault::Result;
use crate::files::{self, FileKind};
use crate::world::{Tx, World};
use std::collections::HashSet;
use vim_types::mo::{DatastoreProperties, VirtualMachineProperties, VirtualMachineSnapshotProperties};
use vim_types::{VirtualDevice, VirtualDiskFlatVer2BackingInfo, VirtualMachineConfigInfo};
use vim_wire::{MoRef, Poly};

/// A file of a disk: its datastore and its name.
type Link = (MoRef, String);

/// The chains of all disks of a machine and its snapshots, the newest file first; the machine's own come first.
fn chains(world: &World, vm: &MoRef) -> Vec<Vec<Link>> {
    let mut found = Vec::new();
    let mut add = |config: &VirtualMachineConfigInfo| {
        let chains = config.hardware.device.iter().map(|device| file::chain(device));
        found.extend(chains.filter(|chain| !chain.is_empty()));
    };
    if let Ok(config) = machines::config_of(world, vm) {
        add(config);
    }
    for snapshot in all(world, vm) {
        if let Ok((config, _)) = kept(world, &snapshot) {
            add(config);
        }
    }
    found
}

/// Whether a machine or one of its snapshots needs a file yet.
pub(in super::super) fn referenced(world: &World, vm: &MoRef, name: &str) -> bool {
    chains(world, vm).iter().flatten().any(|(_, link)| link == name)
}

/// Whether another machine reads a file: it is a linked clone of this one.
pub(in super::super) fn others_use(world: &World, vm: &MoRef, datastore: &MoRef, name: &str) -> bool {
    let Ok(datastore) = world.get::<DatastoreProperties>(datastore) else { return false };
    let others = datastore.vm.iter().filter(|other| *other != vm);
    others.into_iter().any(|other| {
        machines::config_of(world, other).is_ok_and(|config| {
            config
                .hardware
                .device
                .iter()
                .any(|device| file::chain(device).iter().any(|(_, link)| link == name))
        })
    })
}

/// Merges the files that no snapshot stands for any more into their children's.
pub(in super::super) fn consolidate(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    while let Some((datastore, child, parent)) = candidate(tx, vm) {
        merge(tx, vm, &datastore, &child, &parent)?;
    }
    Ok(())
}

/// A file and its only parent, where nothing but the file needs that parent.
fn candidate(world: &World, vm: &MoRef) -> Option<(MoRef, String, String)> {
    let chains = chains(world, vm);
    let heads: HashSet<&str> = chains.iter().filter_map(|chain| Some(chain.first()?.1.as_str())).collect();
    for chain in &chains {
        for pair in chain.windows(2) {
            let [(child_at, child), (parent_at, parent)] = pair else { continue };
            // What lies with another machine is that machine's.
            let folder =
                |name: &str| files::parse(name).map(|(_, path)| place::parent(&path).to_owned()).ok();
            if child_at != parent_at || folder(child) != folder(parent) || heads.contains(parent.as_str()) {
                continue;
            }
            let children: HashSet<&str> = chains
                .iter()
                .flat_map(|chain| chain.windows(2))
                .filter(|pair| matches!(pair, [_, (_, of)] if of == parent))
                .filter_map(|pair| Some(pair.first()?.1.as_str()))
                .collect();
            if children.len() == 1 && !others_use(world, vm, parent_at, parent) {
                return Some((parent_at.clone(), child.clone(), parent.clone()));
            }
        }
    }
    None
}

/// Writes what a child holds into its parent, and has the parent take the child's place.
fn merge(tx: &mut Tx<'_>, vm: &MoRef, datastore: &MoRef, child: &str, parent: &str) -> Result<()> {
    let (_, child_path) = files::parse(child)?;
    let (_, parent_path) = files::parse(parent)?;
    if let Some(file) = files::get(tx, datastore, &child_path).cloned() {
        files::remove(tx, datastore, &child_path)?;
        let capacity = file::shape(&file).capacity;
        files::update(tx, datastore, &parent_path, |parent| {
            if let FileKind::Disk { capacity: own, thin, .. } = &mut parent.kind {
                *own = (*own).max(capacity);
                parent.size = if *thin { (parent.size + file.size).min(*own) } else { *own };
            }
        })?;
    }
    // Whatever was a child of the child is one of its parent now.
    let above: HashSet<String> = chains(tx, vm)
        .iter()
        .flat_map(|chain| chain.windows(2))
        .filter(|pair| matches!(pair, [_, (_, of)] if of == child))
        .filter_map(|pair| Some(pair.first()?.1.clone()))
        .collect();
    for name in above {
        let (_, path) = files::parse(&name)?;
        if files::get(tx, datastore, &path).is_some() {
            files::update(tx, datastore, &path, |file| {
                if let FileKind::Disk { parent, .. } = &mut file.kind {
                    *parent = Some(parent_path.as_str().into());
                }
            })?;
        }
    }
    let replace = |devices: &mut Vec<Poly<VirtualDevice>>| {
        for device in devices {
            if let Some(flat) = file::flat_mut(device) {
                take_place(flat, child, parent);
            }
        }
    };
    if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config {
        replace(&mut config.hardware.device);
    }
    for snapshot in all(tx, vm) {
        replace(&mut tx.edit::<VirtualMachineSnapshotProperties>(&snapshot)?.config.hardware.device);
    }
    Ok(())
}

/// Has a parent take the place of its child in a chain.
fn take_place(flat: &mut VirtualDiskFlatVer2BackingInfo, child: &str, parent: &str) {
    if flat.file_name == child
        && let Some(below) = flat.parent.take()
    {
        if below.file_name == parent {
            let (mode, sharing) = (flat.disk_mode.clone(), flat.sharing.clone());
            *flat = *below;
            flat.disk_mode = mode;
            flat.sharing = sharing;
            return;
        }
        flat.parent = Some(below);
    }
    if let Some(below) = &mut flat.parent {
        take_place(below, child, parent);
    }
}
