//! Devices that are neither disks nor network cards: drives, ports, cards.

use super::super::edit::Edit;
use super::super::{faults, place};
use super::kind::Kind;
use crate::fault::Result;
use crate::files;
use vim_types::{
    VirtualCdrom, VirtualCdromAtapiBackingInfo, VirtualCdromIsoBackingInfo,
    VirtualCdromRemoteAtapiBackingInfo, VirtualDevice, VirtualDeviceConnectInfo,
    VirtualDeviceDeviceBackingInfo, VirtualDeviceFileBackingInfo, VirtualDevicePipeBackingInfo,
    VirtualDeviceRemoteDeviceBackingInfo, VirtualDeviceURIBackingInfo, VirtualFloppy, VirtualTPM,
};
use vim_wire::{Binary, Poly};

pub(super) fn add(edit: &mut Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let kind = Kind::of(device);
    let drive = matches!(kind, Kind::Cdrom | Kind::Floppy | Kind::Serial | Kind::Parallel | Kind::Sound);
    if drive && device.backing.is_none() {
        return Err(faults::invalid_backing(index, "device.backing"));
    }
    if drive && device.connectable.is_none() {
        device.connectable = Some(VirtualDeviceConnectInfo {
            start_connected: true,
            allow_guest_control: true,
            ..Default::default()
        });
    }
    if let Some(tpm) = device.downcast_mut::<VirtualTPM>()
        && tpm.endorsement_key_certificate.is_empty()
    {
        // Each module has certificates of its own: one of RSA and one of elliptic curves.
        let certificate = || Binary::from(uuid::Uuid::new_v4().as_bytes().to_vec());
        tpm.endorsement_key_certificate = vec![certificate(), certificate()];
        tpm.endorsement_key_certificate_signing_request = vec![certificate(), certificate()];
    }
    connect(edit, device, true);
    find_file(edit, index, device)
}

pub(super) fn edit(
    edit: &mut Edit<'_, '_>,
    index: usize,
    device: &mut Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
) -> Result<()> {
    connect(edit, device, false);
    if device.backing == old.backing { Ok(()) } else { find_file(edit, index, device) }
}

/// A device is connected only while the machine runs; a new one is then what it shall be at the start.
pub(super) fn connect(edit: &Edit<'_, '_>, device: &mut Poly<VirtualDevice>, new: bool) {
    let on = edit.is_on();
    let Some(connectable) = &mut device.connectable else { return };
    if !on {
        connectable.connected = false;
        connectable.status = Some("untried".into());
    } else {
        connectable.connected = connectable.connected || new && connectable.start_connected;
        connectable.status = Some("ok".into());
    }
}

/// Finds the datastore of a backing's file. A drive that is connected needs the file itself.
fn find_file(edit: &Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let connected = device.connectable.as_ref().is_some_and(|connectable| connectable.connected);
    let is_image = matches!(Kind::of(device), Kind::Cdrom | Kind::Floppy);
    let Some(backing) = &mut device.backing else { return Ok(()) };
    let Some(file) = backing.downcast_mut::<VirtualDeviceFileBackingInfo>() else { return Ok(()) };
    if file.file_name.is_empty() {
        return if is_image {
            Err(faults::invalid_backing(index, "device.backing.fileName"))
        } else {
            Ok(())
        };
    }
    let (datastore, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), &file.file_name)?;
    if connected && is_image && !path.is_empty() {
        files::must(edit.tx, &datastore, &path)?;
    }
    file.datastore = Some(datastore);
    Ok(())
}

/// What a server says of a device, by its backing.
pub(super) fn summary(device: &Poly<VirtualDevice>) -> Option<String> {
    let backing = device.backing.as_ref()?;
    if device.is::<VirtualCdrom>() {
        if let Some(iso) = backing.downcast_ref::<VirtualCdromIsoBackingInfo>() {
            return Some(format!("ISO {}", iso.file_name));
        }
        if backing.is::<VirtualCdromRemoteAtapiBackingInfo>() {
            return Some("Remote ATAPI".into());
        }
        if let Some(drive) = backing.downcast_ref::<VirtualCdromAtapiBackingInfo>() {
            return Some(format!("ATAPI {}", drive.device_name));
        }
    }
    if let Some(file) = backing.downcast_ref::<VirtualDeviceFileBackingInfo>() {
        let what = if device.is::<VirtualFloppy>() { "Image" } else { "File" };
        return Some(format!("{what} {}", file.file_name));
    }
    if let Some(remote) = backing.downcast_ref::<VirtualDeviceRemoteDeviceBackingInfo>() {
        return Some(format!("Remote {}", remote.device_name).trim_end().to_owned());
    }
    if let Some(uri) = backing.downcast_ref::<VirtualDeviceURIBackingInfo>() {
        return Some(format!("Remote {}", uri.service_uri));
    }
    if let Some(pipe) = backing.downcast_ref::<VirtualDevicePipeBackingInfo>() {
        return Some(format!("Named pipe {}", pipe.pipe_name));
    }
    let device = backing.downcast_ref::<VirtualDeviceDeviceBackingInfo>()?;
    Some(device.device_name.clone()).filter(|name| !name.is_empty())
}
