//! The files of a datastore: names, sizes and, where somebody wrote them, contents. They are facts of the simulator about
//! the datastore's object, so that a transaction's changes of them become visible with all its other changes, or not at all.
//!
//! A virtual disk is one file here. Servers show a descriptor and its extent, `a.vmdk` and `a-flat.vmdk`; whoever lists or
//! reads files makes two of it (see [`extent_name`]).

pub(crate) mod disk;
mod faults;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use disk::extent_name;
pub(crate) use faults::*;
pub(crate) use tree::Files;

use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use bytes::Bytes;
use vim_types::mo::{DatacenterProperties, DatastoreProperties, FolderProperties, ManagedEntityProperties};
use vim_wire::{DateTime, MoRef};

/// The capacity of a datastore that was given none: as much for each host that mounts it, as vcsim has it.
const PER_HOST: i64 = 1 << 40;

/// The bytes of a file's name, as VMFS has them, and of a path.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 2048;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Folder,
    /// A virtual disk: descriptor and extent.
    Disk {
        /// Bytes that a VM can have of it.
        capacity: i64,
        thin: bool,
        /// Whether all of it was zeroed when it was made.
        eager: bool,
        /// `6000C29…` with dashes, where one was given.
        uuid: Option<Box<str>>,
        /// The path of the disk that it is a child of: what was written before.
        parent: Option<Box<str>>,
    },
    Config,
    Log,
    Nvram,
    SnapshotData,
    Memory,
    Image,
    Other,
}

impl FileKind {
    /// What a file of that name is, where nobody said more.
    pub(crate) fn of_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "vmx" | "vmtx" | "vmxf" => Self::Config,
            "log" => Self::Log,
            "nvram" => Self::Nvram,
            "vmsn" | "vmsd" => Self::SnapshotData,
            "vmem" | "vswp" | "vmss" => Self::Memory,
            "iso" | "flp" | "img" => Self::Image,
            _ => Self::Other,
        }
    }
}

/// A file or a folder.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) kind: FileKind,
    /// Bytes that it takes of the datastore's space.
    pub(crate) size: i64,
    pub(crate) modified: DateTime,
    /// What was written into it; none where the simulator keeps no content.
    pub(crate) content: Option<Bytes>,
}

impl File {
    pub(crate) const fn new(kind: FileKind, size: i64, modified: DateTime) -> Self {
        Self { kind, size, modified, content: None }
    }

    pub(crate) const fn folder(modified: DateTime) -> Self {
        Self::new(FileKind::Folder, 0, modified)
    }

    /// A virtual disk with nothing in it: a thin one takes no space yet, another one takes all that it can hold.
    pub(crate) const fn disk(capacity: i64, thin: bool, modified: DateTime) -> Self {
        let kind = FileKind::Disk { capacity, thin, eager: false, uuid: None, parent: None };
        Self::new(kind, if thin { 0 } else { capacity }, modified)
    }

    /// Bytes that it may come to take without growing: what a thin disk has not taken yet.
    pub(crate) fn uncommitted(&self) -> i64 {
        match &self.kind {
            FileKind::Disk { capacity, thin: true, .. } => (capacity - self.size).max(0),
            _ => 0,
        }
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind == FileKind::Folder
    }
}

/// `[LocalDS_0] a/b.vmdk`, as the API writes the path of a file.
pub(crate) fn written(datastore: &str, path: &str) -> String {
    if path.is_empty() { format!("[{datastore}]") } else { format!("[{datastore}] {path}") }
}

/// The datastore's name and the path in it of `[ds] a/b`; the path of the root is empty.
pub(crate) fn parse(path: &str) -> Result<(String, String)> {
    let parts = path.trim().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((datastore, below)) = parts else { return Err(invalid_path(path)) };
    match normal(below) {
        Some(below) if !datastore.is_empty() => Ok((datastore.to_owned(), below)),
        _ => Err(invalid_path(path)),
    }
}

/// A path without empty names; none where it leads upwards or is too long.
pub(crate) fn normal(path: &str) -> Option<String> {
    let names = path.trim().split('/').filter(|name| !name.is_empty() && *name != ".");
    let names: Vec<_> = names.collect();
    let wrong = |name: &&str| *name == ".." || name.len() > LONGEST_NAME;
    if path.len() > LONGEST_PATH || names.iter().any(wrong) { None } else { Some(names.join("/")) }
}

/// The datastore of `[ds] a/b` in a datacenter, and the path in it. On a vCenter, a datacenter must be given.
pub(crate) fn resolve(world: &World, datacenter: Option<&MoRef>, path: &str) -> Result<(MoRef, String)> {
    let (name, below) = parse(path)?;
    let datacenter = match datacenter {
        Some(datacenter) => datacenter.clone(),
        None => match world.of_kind("Datacenter").as_slice() {
            [one] if one.moref.value() == "ha-datacenter" => one.moref.clone(),
            _ => return Err(Fault::invalid_argument("datacenter")),
        },
    };
    let folder = &world.get::<DatacenterProperties>(&datacenter)?.datastore_folder;
    let datastore = find_datastore(world, folder, &name).ok_or_else(|| invalid_datastore(&name))?;
    Ok((datastore, below))
}

/// The datastore of that name in a folder or below it.
pub(crate) fn find_datastore(world: &World, folder: &MoRef, name: &str) -> Option<MoRef> {
    let children = &world.get::<FolderProperties>(folder).ok()?.child_entity;
    children.iter().find_map(|child| {
        let node = world.node(child)?;
        match node.is_a("Datastore") {
            true => (node.name() == name).then(|| child.clone()),
            false => find_datastore(world, child, name),
        }
    })
}

fn name_of<'w>(world: &'w World, datastore: &MoRef) -> Result<&'w str> {
    Ok(&world.get::<ManagedEntityProperties>(datastore)?.name)
}

fn full(world: &World, datastore: &MoRef, path: &str) -> String {
    written(world.name(datastore), path)
}

/// A file or folder; none where there is none.
pub(crate) fn get<'w>(world: &'w World, datastore: &MoRef, path: &str) -> Option<&'w File> {
    world.state::<Files>(datastore)?.get(path)
}

/// A file or folder, or FileNotFound.
pub(crate) fn must<'w>(world: &'w World, datastore: &MoRef, path: &str) -> Result<&'w File> {
    get(world, datastore, path).ok_or_else(|| not_found(&full(world, datastore, path)))
}

/// What lies in a folder, by name, sorted; the root's path is empty.
pub(crate) fn list<'w>(world: &'w World, datastore: &MoRef, folder: &str) -> Vec<(String, &'w File)> {
    world.state::<Files>(datastore).map_or_else(Vec::new, |files| files.list(folder))
}

/// What lies in a folder at any depth, by path below it, sorted; the root's path is empty.
pub(crate) fn below<'w>(world: &'w World, datastore: &MoRef, folder: &str) -> Vec<(String, &'w File)> {
    world.state::<Files>(datastore).map_or_else(Vec::new, |files| files.below(folder))
}

/// The bytes that a datastore can hold, and those of them that are free.
pub(crate) fn space(world: &World, datastore: &MoRef) -> (i64, i64) {
    let hosts = world.get::<DatastoreProperties>(datastore).map_or(0, |datastore| datastore.host.len());
    let (used, capacity) =
        world.state::<Files>(datastore).map_or((0, None), |files| (files.used, files.capacity));
    let capacity =
        capacity.unwrap_or_else(|| PER_HOST.saturating_mul(i64::try_from(hosts).unwrap_or(i64::MAX)));
    (capacity, capacity.saturating_sub(used).max(0))
}

/// The bytes that a datastore's thin disks may come to take.
pub(crate) fn uncommitted(world: &World, datastore: &MoRef) -> i64 {
    world.state::<Files>(datastore).map_or(0, |files| files.uncommitted)
}

/// Gives a datastore a capacity of its own.
pub(crate) fn set_capacity(tx: &mut Tx<'_>, datastore: &MoRef, bytes: i64) -> Result<()> {
    tx.edit_state::<Files>(datastore)?.capacity = Some(bytes);
    Ok(())
}

/// Whether so many bytes more fit.
fn check_space(tx: &Tx<'_>, datastore: &MoRef, path: &str, more: i64) -> Result<()> {
    if more > 0 && more > space(tx, datastore).1 {
        return Err(no_space(&full(tx, datastore, path), name_of(tx, datastore)?));
    }
    Ok(())
}

/// Nothing new comes onto a datastore that is out of service.
fn check_service(tx: &Tx<'_>, datastore: &MoRef) -> Result<()> {
    let summary = &tx.get::<DatastoreProperties>(datastore)?.summary;
    match summary.maintenance_mode.as_deref() {
        Some("inMaintenance") => Err(in_maintenance(name_of(tx, datastore)?)),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it; whoever is there already stays.
pub(crate) fn make_folders(tx: &mut Tx<'_>, datastore: &MoRef, path: &str) -> Result<()> {
    let now = tx.now;
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for at in ends.filter(|at| *at > 0) {
        let folder = path.get(..at).unwrap_or(path);
        match get(tx, datastore, folder) {
            Some(file) if file.is_folder() => {}
            Some(_) => return Err(already_exists(&full(tx, datastore, folder))),
            None => tx.edit_state::<Files>(datastore)?.insert(folder, File::folder(now)),
        }
    }
    Ok(())
}

/// Puts a file where none is, and makes the folders above it.
///
/// Errors: FileAlreadyExists; NoDiskSpace; InvalidDatastorePath for the root; InvalidDatastoreState in maintenance mode.
pub(crate) fn put(tx: &mut Tx<'_>, datastore: &MoRef, path: &str, file: File) -> Result<()> {
    if path.is_empty() {
        return Err(invalid_path(&full(tx, datastore, path)));
    }
    if get(tx, datastore, path).is_some() {
        return Err(already_exists(&full(tx, datastore, path)));
    }
    check_service(tx, datastore)?;
    check_space(tx, datastore, path, file.size)?;
    if let Some((folder, _)) = path.rsplit_once('/') {
        make_folders(tx, datastore, folder)?;
    }
    tx.edit_state::<Files>(datastore)?.insert(path, file);
    Ok(())
}

/// Puts many files at once, for what there is at the start: a datastore of no capacity of its own is made as large as they
/// need. Those that are there already stay.
pub(crate) fn put_all(
    tx: &mut Tx<'_>,
    datastore: &MoRef,
    all: impl IntoIterator<Item = (String, File)>,
) -> Result<()> {
    let now = tx.now;
    let (capacity, _) = space(tx, datastore);
    let files = tx.edit_state::<Files>(datastore)?;
    for (path, file) in all {
        for (at, _) in path.match_indices('/') {
            if let Some(folder) = path.get(..at)
                && files.get(folder).is_none()
            {
                files.insert(folder, File::folder(now));
            }
        }
        if files.get(&path).is_none() {
            files.insert(&path, file);
        }
    }
    if files.used.saturating_add(files.uncommitted) > capacity / 2 && files.capacity.is_none() {
        files.capacity =
            Some((files.used.saturating_mul(2) / PER_HOST).saturating_add(1).saturating_mul(PER_HOST));
    }
    Ok(())
}

/// Changes a file.
///
/// Errors: FileNotFound; NoDiskSpace where it grows by more than there is.
pub(crate) fn update(
    tx: &mut Tx<'_>,
    datastore: &MoRef,
    path: &str,
    change: impl FnOnce(&mut File),
) -> Result<()> {
    let mut file = must(tx, datastore, path)?.clone();
    let before = file.size;
    change(&mut file);
    check_space(tx, datastore, path, file.size - before)?;
    tx.edit_state::<Files>(datastore)?.replace(path, file);
    Ok(())
}

/// Has the disks of a datastore name the datastore of the disks that they are children of as it is called now.
pub(crate) fn rename_parents(tx: &mut Tx<'_>, datastore: &MoRef, old: &str, new: &str) -> Result<()> {
    let head = format!("[{old}]");
    let found: Vec<_> = below(tx, datastore, "")
        .into_iter()
        .filter_map(|(path, file)| match &file.kind {
            FileKind::Disk { parent: Some(parent), .. } => {
                Some((path, format!("[{new}]{}", parent.strip_prefix(&*head)?)))
            }
            _ => None,
        })
        .collect();
    for (path, above) in found {
        update(tx, datastore, &path, |file| {
            if let FileKind::Disk { parent, .. } = &mut file.kind {
                *parent = Some(above.into());
            }
        })?;
    }
    Ok(())
}

/// Takes a file away, or a folder with all that is in it. The space is free again.
///
/// Errors: FileNotFound.
pub(crate) fn remove(tx: &mut Tx<'_>, datastore: &MoRef, path: &str) -> Result<()> {
    must(tx, datastore, path)?;
    tx.edit_state::<Files>(datastore)?.remove(path);
    Ok(())
}

/// Moves a file, or a folder with all that is in it, within a datastore.
///
/// Errors: FileNotFound; FileAlreadyExists; InvalidDatastorePath for a folder into itself.
pub(crate) fn rename(tx: &mut Tx<'_>, datastore: &MoRef, from: &str, to: &str) -> Result<()> {
    relocate(tx, (datastore, from), (datastore, to))
}

/// Moves a file, or a folder with all that is in it, to a path of the same datastore or of another one.
pub(crate) fn relocate(tx: &mut Tx<'_>, from: (&MoRef, &str), to: (&MoRef, &str)) -> Result<()> {
    let all = taken(tx, from, to)?;
    remove(tx, from.0, from.1)?;
    place(tx, to, all)
}

/// Copies a file, or a folder with all that is in it.
pub(crate) fn copy(tx: &mut Tx<'_>, from: (&MoRef, &str), to: (&MoRef, &str)) -> Result<()> {
    let mut all = taken(tx, from, to)?;
    let now = tx.now;
    all.iter_mut().for_each(|(_, file)| file.modified = now);
    place(tx, to, all)
}

/// A file with all that is below it, on its way to a path where nothing is.
fn taken(tx: &Tx<'_>, from: (&MoRef, &str), to: (&MoRef, &str)) -> Result<Vec<(String, File)>> {
    let file = must(tx, from.0, from.1)?.clone();
    let into_itself = from.0 == to.0 && to.1.strip_prefix(from.1).is_some_and(|rest| rest.starts_with('/'));
    if to.1.is_empty() || into_itself {
        return Err(invalid_path(&full(tx, to.0, to.1)));
    }
    if get(tx, to.0, to.1).is_some() {
        return Err(already_exists(&full(tx, to.0, to.1)));
    }
    let mut all = vec![(String::new(), file)];
    all.extend(below(tx, from.0, from.1).into_iter().map(|(path, file)| (path, file.clone())));
    Ok(all)
}

fn place(tx: &mut Tx<'_>, to: (&MoRef, &str), all: Vec<(String, File)>) -> Result<()> {
    check_space(tx, to.0, to.1, all.iter().map(|(_, file)| file.size).sum())?;
    for (path, file) in all {
        let path = if path.is_empty() { to.1.to_owned() } else { format!("{}/{path}", to.1) };
        put(tx, to.0, &path, file)?;
    }
    Ok(())
}
