//! New datastores of a host: folders of its own, and those of a server in the network.

use super::host_of;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::managed_entity::valid_name;
use crate::mo::{datastore, relations};
use crate::world::{Tx, World};
use vim_types::mo::{DatacenterProperties, DatastoreProperties, HostSystemProperties};
use vim_types::{
    AlreadyExists, DatastoreInfo, DuplicateName, HostFileSystemVolume, HostMountMode, HostNasVolume,
    HostNasVolumeSpec, LocalDatastoreCreatedEvent, LocalDatastoreInfo, NASDatastoreCreatedEvent,
    NasDatastoreInfo,
};
use vim_wire::{MoRef, Poly};

/// A datastore to be.
pub(super) struct New {
    pub(super) name: String,
    pub(super) info: Poly<DatastoreInfo>,
    pub(super) kind: String,
}

pub(super) fn local(call: &Call<'_>) -> Result<Reply> {
    let (name, path): (String, String) = (call.arg("name")?, call.arg("path")?);
    if path.is_empty() {
        return Err(Fault::invalid_argument("path"));
    }
    // A host has whatever folder is asked for, but folders have absolute paths.
    if !path.starts_with('/') {
        return Err(Fault::not_found(format!("folder {path}")));
    }
    let name = valid_name(&name)?;
    let datastore = call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let info = DatastoreInfo { url: path.clone(), ..Default::default() };
        let info = LocalDatastoreInfo { extends: info, path: Some(path.clone()) };
        let same = |info: &Poly<DatastoreInfo>| {
            info.downcast_ref::<LocalDatastoreInfo>().is_some_and(|info| info.path.as_deref() == Some(&path))
        };
        let datastore = add(tx, &host, New { name, info: info.into(), kind: "OTHER".into() }, same)?;
        let event = LocalDatastoreCreatedEvent {
            extends: events::of_host(tx, &host),
            datastore: events::datastore(tx, &datastore),
            datastore_url: Some(path.clone()),
        };
        events::post(tx, event);
        Ok(datastore)
    })?;
    call.returns(&datastore)
}

pub(super) fn nas(call: &Call<'_>) -> Result<Reply> {
    let spec: HostNasVolumeSpec = call.arg("spec")?;
    for (value, path) in [
        (&spec.remote_host, "spec.remoteHost"),
        (&spec.remote_path, "spec.remotePath"),
        (&spec.local_path, "spec.localPath"),
    ] {
        if value.is_empty() {
            return Err(Fault::invalid_argument(path));
        }
    }
    let mode = HostMountMode::from(spec.access_mode.clone());
    if mode != HostMountMode::READ_WRITE && mode != HostMountMode::READ_ONLY {
        return Err(Fault::invalid_argument("spec.accessMode"));
    }
    let kind = spec.r#type.clone().filter(|kind| !kind.is_empty()).unwrap_or_else(|| "NFS".into());
    let name = valid_name(spec.local_path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default())?;
    let datastore = call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let same = |info: &Poly<DatastoreInfo>| is_share(info, &spec);
        let mounted = &tx.get::<HostSystemProperties>(&host)?.datastore;
        let info = |moref: &MoRef| tx.get::<DatastoreProperties>(moref).ok().map(|datastore| &datastore.info);
        let other = mounted.iter().find(|moref| info(moref).is_some_and(same));
        if let Some(other) = other.filter(|other| tx.name(other) != name) {
            let name = tx.name(other).to_owned();
            let message =
                format!("{}:{} is mounted already, as '{name}'.", spec.remote_host, spec.remote_path);
            return Err(Fault::new(AlreadyExists { name: Some(name), ..Default::default() }, message));
        }
        let info = nas_info(&name, &kind, &spec);
        let datastore = add(tx, &host, New { name, info, kind }, same)?;
        let mounts = &mut tx.edit::<DatastoreProperties>(&datastore)?.host;
        for mount in mounts.iter_mut().filter(|mount| mount.key == host) {
            mode.as_str().clone_into(&mut mount.mount_info.access_mode);
        }
        super::follow(tx, &host)?;
        let event = NASDatastoreCreatedEvent {
            extends: events::of_host(tx, &host),
            datastore: events::datastore(tx, &datastore),
            datastore_url: Some(tx.get::<DatastoreProperties>(&datastore)?.summary.url.clone()),
        };
        events::post(tx, event);
        Ok(datastore)
    })?;
    call.returns(&datastore)
}

/// Whether a datastore is that share of that server.
fn is_share(info: &Poly<DatastoreInfo>, spec: &HostNasVolumeSpec) -> bool {
    let share = info.downcast_ref::<NasDatastoreInfo>().and_then(|info| info.nas.as_ref());
    share.is_some_and(|nas| nas.remote_host == spec.remote_host && nas.remote_path == spec.remote_path)
}

fn nas_info(name: &str, kind: &str, spec: &HostNasVolumeSpec) -> Poly<DatastoreInfo> {
    let volume =
        HostFileSystemVolume { r#type: kind.to_owned(), name: name.to_owned(), ..Default::default() };
    let nas = HostNasVolume {
        extends: volume,
        remote_host: spec.remote_host.clone(),
        remote_path: spec.remote_path.clone(),
        user_name: spec.user_name.clone(),
        remote_host_names: match spec.remote_host_names.is_empty() {
            true => vec![spec.remote_host.clone()],
            false => spec.remote_host_names.clone(),
        },
        security_type: spec.security_type.clone(),
        ..Default::default()
    };
    NasDatastoreInfo { nas: Some(nas), ..Default::default() }.into()
}

/// Mounts a datastore on a host: one of the datacenter's where another host has it, and a new one otherwise.
pub(super) fn add(
    tx: &mut Tx<'_>,
    host: &MoRef,
    new: New,
    same: impl Fn(&Poly<DatastoreInfo>) -> bool,
) -> Result<MoRef> {
    let mounted = &tx.get::<HostSystemProperties>(host)?.datastore;
    if let Some(other) = mounted.iter().find(|other| tx.name(other) == new.name) {
        return Err(duplicate(other, new.name));
    }
    let datacenter = tx.above(host, "Datacenter").ok_or_else(|| Fault::managed_object_not_found(host))?;
    let folder = tx.get::<DatacenterProperties>(&datacenter.moref)?.datastore_folder.clone();
    let datastore = match files::find_datastore(tx, &folder, &new.name) {
        Some(other) if same(&tx.get::<DatastoreProperties>(&other)?.info) => other,
        Some(_) => {
            // A vCenter has names that differ; what is another volume is numbered.
            let name = unused(tx, &folder, &new.name);
            datastore::create(tx, &folder, &name, new.info, &new.kind)?
        }
        None => datastore::create(tx, &folder, &new.name, new.info, &new.kind)?,
    };
    relations::mount(tx, &datastore, host)?;
    Ok(datastore)
}

/// `name (1)`, or with the next number that is free.
fn unused(world: &World, folder: &MoRef, name: &str) -> String {
    let mut number = 1;
    loop {
        let other = format!("{name} ({number})");
        if files::find_datastore(world, folder, &other).is_none() {
            return other;
        }
        number += 1;
    }
}

fn duplicate(other: &MoRef, name: String) -> Fault {
    let message = format!("The name '{name}' already exists.");
    Fault::new(DuplicateName { name, object: other.clone(), ..Default::default() }, message)
}
