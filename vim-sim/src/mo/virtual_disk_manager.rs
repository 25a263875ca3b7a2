//! `VirtualDiskManager`: virtual disks as files, whoever uses them.

use super::file_manager::{self, Place, both, full, named};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::files::{self, File, FileKind, disk};
use crate::world::{Tx, World};
use vim_types::{
    FileBackedVirtualDiskSpec, HostDiskDimensionsChs, REGISTRY, VIM25, VirtualDiskAdapterType,
    VirtualDiskSpec, VirtualDiskType,
};
use vim_wire::{Any, Limits, MethodDesc, OpenEnum, ParamDesc, Poly, REQUIRED, Reader};

methods! {
    "CopyVirtualDisk_Task" => copy,
    "CreateVirtualDisk_Task" => create,
    "DefragmentVirtualDisk_Task" => defragment,
    "DeleteVirtualDisk_Task" => delete,
    "EagerZeroVirtualDisk_Task" => eager_zero,
    "ExtendVirtualDisk_Task" => extend,
    "InflateVirtualDisk_Task" => inflate,
    "MoveVirtualDisk_Task" => move_disk,
    "QueryVirtualDiskFragmentation" => fragmentation,
    "QueryVirtualDiskGeometry" => geometry,
    "QueryVirtualDiskInfo_Task" => query_info,
    "QueryVirtualDiskUuid" => query_uuid,
    "SetVirtualDiskUuid" => set_uuid,
    "ShrinkVirtualDisk_Task" => shrink,
    "ZeroFillVirtualDisk_Task" => zero_fill,
}

/// A method that no schema tells of. govc calls it.
pub(crate) static QUERY_VIRTUAL_DISK_INFO: MethodDesc = MethodDesc {
    name: "QueryVirtualDiskInfo_Task",
    this: "VirtualDiskManager",
    service: &VIM25,
    since: 0,
    task: true,
    privilege: Some("System.View"),
    params: &[
        ParamDesc { name: "name", since: 0, flags: REQUIRED },
        ParamDesc { name: "datacenter", since: 0, flags: 0 },
        ParamDesc { name: "includeParents", since: 0, flags: REQUIRED },
    ],
    faults: &["FileFault", "InvalidDatastore", "RuntimeFault"],
    result: "",
};

/// The largest disk: 62 TiB.
const LARGEST_KB: i64 = 62 << 30;

/// The disk that a call names.
fn disk_of(call: &Call<'_>) -> Result<Place> {
    named(call, "name", "datacenter")
}

/// The facts of a disk's file: how much a VM can have of it, and whether it takes space as it is written.
fn facts(world: &World, place: &Place) -> Result<(i64, bool)> {
    match files::must(world, &place.0, &place.1)?.kind {
        FileKind::Disk { capacity, thin, .. } => Ok((capacity, thin)),
        _ => Err(files::cannot_access(&full(world, place), "it is no virtual disk")),
    }
}

/// How a new disk is laid out. Disks that stand for a device are none of these.
#[derive(Clone, Copy)]
struct Layout {
    thin: bool,
    eager: bool,
}

fn layout(spec: &VirtualDiskSpec, path: &str) -> Result<Layout> {
    if !VirtualDiskAdapterType::DESC.values.contains(&spec.adapter_type.as_str()) {
        return Err(Fault::invalid_argument(&format!("{path}.adapterType")));
    }
    match VirtualDiskType::from(spec.disk_type.clone()) {
        VirtualDiskType::THIN | VirtualDiskType::SE_SPARSE | VirtualDiskType::DELTA => {
            Ok(Layout { thin: true, eager: false })
        }
        VirtualDiskType::EAGER_ZEROED_THICK | VirtualDiskType::THICK => {
            Ok(Layout { thin: false, eager: true })
        }
        VirtualDiskType::PREALLOCATED | VirtualDiskType::FLAT_MONOLITHIC => {
            Ok(Layout { thin: false, eager: false })
        }
        VirtualDiskType::RDM | VirtualDiskType::RDMP | VirtualDiskType::RAW => {
            Err(Fault::not_supported("a disk that stands for a device"))
        }
        _ => Err(Fault::invalid_argument(&format!("{path}.diskType"))),
    }
}

fn create(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let name: String = call.arg("name")?;
    let spec: Poly<VirtualDiskSpec> = call.arg("spec")?;
    let layout = layout(&spec, "spec")?;
    let Some(FileBackedVirtualDiskSpec { capacity_kb, .. }) = spec.downcast_ref() else {
        return Err(Fault::invalid_argument("spec"));
    };
    if !(1..=LARGEST_KB).contains(capacity_kb) {
        return Err(Fault::invalid_argument("spec.capacityKb"));
    }
    if !place.1.ends_with(".vmdk") {
        return Err(Fault::invalid_argument("name"));
    }
    let capacity = capacity_kb * 1024;
    call.task(&call.this, move |tx| {
        file_manager::check_folder(tx, &place)?;
        let mut file = File::disk(capacity, layout.thin, tx.now);
        if let FileKind::Disk { eager, .. } = &mut file.kind {
            *eager = layout.eager;
        }
        files::put(tx, &place.0, &place.1, file)?;
        Ok(Any::String(name))
    })
}

fn delete(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    call.task(&call.this, move |tx| {
        facts(tx, &place)?;
        file_manager::remove(tx, &place)?;
        Ok(Any::Nil)
    })
}

const NAMES: [&str; 4] = ["sourceName", "sourceDatacenter", "destName", "destDatacenter"];

fn move_disk(call: &Call<'_>) -> Result<Reply> {
    let (from, to) = both(call, NAMES)?;
    let name: String = call.arg("destName")?;
    let force: bool = call.opt("force")?.unwrap_or(false);
    call.task(&call.this, move |tx| {
        facts(tx, &from)?;
        file_manager::transfer(tx, &from, &to, force, true)?;
        Ok(Any::String(name))
    })
}

fn copy(call: &Call<'_>) -> Result<Reply> {
    let (from, to) = both(call, NAMES)?;
    let name: String = call.arg("destName")?;
    let force: bool = call.opt("force")?.unwrap_or(false);
    let spec: Option<Poly<VirtualDiskSpec>> = call.opt("destSpec")?;
    let layout = spec.map(|spec| layout(&spec, "destSpec")).transpose()?;
    call.task(&call.this, move |tx| {
        let (size, _) = facts(tx, &from)?;
        file_manager::transfer(tx, &from, &to, force, false)?;
        files::update(tx, &to.0, &to.1, |file| {
            if let FileKind::Disk { uuid, thin, eager, .. } = &mut file.kind {
                // A copy is another disk.
                *uuid = None;
                if let Some(layout) = layout {
                    (*thin, *eager) = (layout.thin, layout.eager);
                    file.size = if layout.thin { file.size.min(size) } else { size };
                }
            }
        })?;
        Ok(Any::String(name))
    })
}

/// Changes a disk that no machine has open.
fn change(
    call: &Call<'_>,
    place: Place,
    with: impl FnOnce(&mut Tx<'_>, &Place) -> Result<()> + Send + 'static,
) -> Result<Reply> {
    call.task(&call.this, move |tx| {
        facts(tx, &place)?;
        file_manager::check_unlocked(tx, &place)?;
        with(tx, &place)?;
        Ok(Any::Nil)
    })
}

fn extend(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let capacity_kb: i64 = call.arg("newCapacityKb")?;
    let zeroed: bool = call.opt("eagerZero")?.unwrap_or(false);
    if !(1..=LARGEST_KB).contains(&capacity_kb) {
        return Err(Fault::invalid_argument("newCapacityKb"));
    }
    change(call, place, move |tx, place| {
        let more = capacity_kb * 1024 - facts(tx, place)?.0;
        if more < 0 {
            return Err(Fault::invalid_argument("newCapacityKb"));
        }
        files::update(tx, &place.0, &place.1, |file| {
            if let FileKind::Disk { capacity, thin, eager, .. } = &mut file.kind {
                *capacity += more;
                *eager &= zeroed;
                if !*thin {
                    file.size += more;
                }
            }
        })
    })
}

/// Gives a disk all the space that it can hold, zeroed.
fn inflate(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    change(call, place, |tx, place| {
        files::update(tx, &place.0, &place.1, |file| {
            if let FileKind::Disk { capacity, thin, eager, .. } = &mut file.kind {
                (*thin, *eager) = (false, true);
                file.size = file.size.max(*capacity);
            }
        })
    })
}

fn eager_zero(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    change(call, place, |tx, place| {
        if facts(tx, place)?.1 {
            return Err(Fault::not_supported("zeroing a thin disk; inflate it"));
        }
        files::update(tx, &place.0, &place.1, |file| {
            if let FileKind::Disk { eager, .. } = &mut file.kind {
                *eager = true;
            }
        })
    })
}

/// A disk whose blocks are all zeros, which is what a simulator keeps of them.
fn zero_fill(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    change(call, place, |tx, place| files::update(tx, &place.0, &place.1, |file| file.content = None))
}

/// Gives back what a thin disk has taken without holding anything in it.
fn shrink(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    change(call, place, |tx, place| facts(tx, place).map(|_| ()))
}

fn defragment(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    change(call, place, |tx, place| facts(tx, place).map(|_| ()))
}

fn fragmentation(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    call.read(|world| facts(world, &place))?;
    call.returns(&0_i32)
}

fn geometry(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let (capacity, _) = call.read(|world| facts(world, &place))?;
    let [cylinder, head, sector] = disk::geometry(capacity);
    let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    call.returns(&HostDiskDimensionsChs { cylinder, head: small(head), sector: small(sector) })
}

/// The id of a disk, as devices have it.
pub(crate) fn uuid(world: &World, place: &Place) -> Option<String> {
    match &files::get(world, &place.0, &place.1)?.kind {
        FileKind::Disk { uuid: Some(uuid), .. } => Some(uuid.to_string()),
        FileKind::Disk { .. } => Some(disk::uuid_of(place.0.value(), &place.1)),
        _ => None,
    }
}

fn query_uuid(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let uuid = call.read(|world| {
        facts(world, &place)?;
        Ok::<_, Fault>(uuid(world, &place).unwrap_or_default())
    })?;
    call.returns(&disk::spaced(&uuid))
}

/// What a disk is, and what the disks are that it is a child of where that is asked for.
fn query_info(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let parents: bool = call.arg("includeParents")?;
    call.task(&call.this, move |tx| {
        facts(tx, &place)?;
        let mut items = String::new();
        let mut next = Some(place);
        while let Some(place) = next.take().filter(|_| items.len() < LONGEST_CHAIN) {
            let FileKind::Disk { thin, eager, parent, .. } = &files::must(tx, &place.0, &place.1)?.kind else { break };
            let above = parent.as_ref().map(|parent| match files::parse(parent) {
                Ok((_, path)) => (place.0.clone(), path),
                Err(_) => (place.0.clone(), parent.to_string()),
            });
            let kind = match (&above, thin, eager) {
                (Some(_), ..) => "delta",
                (None, true, _) => "thin",
                (None, false, true) => "eagerZeroedThick",
                (None, false, false) => "preallocated",
            };
            let name = above.as_ref().map(|above| escape(&full(tx, above)));
            let parent = name.map_or(String::new(), |name| format!("<parent>{name}</parent>"));
            items.push_str(&format!(
                "<VirtualDiskInfo><unit><name>{}</name></unit><diskType>{kind}</diskType>{parent}</VirtualDiskInfo>",
                escape(&full(tx, &place))
            ));
            next = above.filter(|_| parents);
        }
        let document = format!(
            "<result xmlns=\"urn:vim25\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"ArrayOfVirtualDiskInfo\">{items}</result>"
        );
        let mut reader = Reader::new(document.as_bytes(), &REGISTRY, Limits::default())?;
        let root = reader.root()?;
        Ok(reader.value(&root)?)
    })
}

/// A chain of disks is not told further than this many bytes.
const LONGEST_CHAIN: usize = 64 << 10;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn set_uuid(call: &Call<'_>) -> Result<Reply> {
    let place = disk_of(call)?;
    let given: String = call.arg("uuid")?;
    let new = disk::dashed(&given).ok_or_else(|| Fault::invalid_argument("uuid"))?;
    call.write(|tx| {
        facts(tx, &place)?;
        files::update(tx, &place.0, &place.1, |file| {
            if let FileKind::Disk { uuid, .. } = &mut file.kind {
                *uuid = Some(new.into_boxed_str());
            }
        })
    })?;
    call.done()
}
