//! Files on their way into guests and out of them: by HTTP, at an address with a secret in it.

use super::files::attributes;
use super::{inside, trouble};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine::os::{Transfer, Trouble};
use crate::mo::virtual_machine::{guest_os_of, set_guest_os};
use crate::sim::Sim;
use bytes::Bytes;
use vim_types::{FileTransferInformation, GuestFileAttributes, GuestPosixFileAttributes};
use vim_wire::{MoRef, Poly};

/// How many transfers of a guest can be pending.
const PENDING: usize = 64;

/// Where a file is fetched or brought.
fn address(sim: &Sim, vm: &MoRef, secret: &str) -> String {
    let base = sim.url.get().map_or("https://*:443/sdk", String::as_str);
    let base = base.trim_end_matches("/sdk");
    format!("{base}/guestFile?id={}&token={secret}", vm.value())
}

fn begin(pending: &mut Vec<(String, Transfer)>, transfer: Transfer) -> String {
    if pending.len() >= PENDING {
        pending.remove(0);
    }
    let secret = uuid::Uuid::new_v4().to_string();
    pending.push((secret.clone(), transfer));
    secret
}

pub(super) fn from_guest(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("guestFilePath")?;
    let information = inside(call, |os, asked, _| {
        let entry = os.get(&path).ok_or_else(|| trouble(Trouble::NotFound, &path))?;
        let Some(content) = &entry.content else { return Err(trouble(Trouble::NotAFile, &path)) };
        let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
        let attributes = attributes(os, entry);
        let secret = begin(&mut os.transfers, Transfer::From(path.clone()));
        Ok(FileTransferInformation { attributes, size, url: address(call.sim, &asked.vm, &secret) })
    })?;
    call.returns(&information)
}

pub(super) fn to_guest(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("guestFilePath")?;
    let wanted: Poly<GuestFileAttributes> = call.arg("fileAttributes")?;
    let size: i64 = call.arg("fileSize")?;
    let over: bool = call.arg("overwrite")?;
    if size < 0 {
        return Err(Fault::invalid_argument("fileSize"));
    }
    let permissions = wanted.downcast_ref::<GuestPosixFileAttributes>().and_then(|posix| posix.permissions);
    let url = inside(call, |os, asked, _| {
        match os.get(&path) {
            Some(entry) if entry.is_directory() => return Err(trouble(Trouble::NotAFile, &path)),
            Some(_) if !over => return Err(trouble(Trouble::Exists, &path)),
            _ => {}
        }
        let transfer = Transfer::To { path: path.clone(), permissions };
        let secret = begin(&mut os.transfers, transfer);
        Ok(address(call.sim, &asked.vm, &secret))
    })?;
    call.returns(&url)
}

/// The content of a file that is fetched; none where there is no such transfer.
pub(crate) fn read(sim: &Sim, id: &str, secret: &str) -> Option<Bytes> {
    let vm = MoRef::new("VirtualMachine", id);
    let found = sim.write(|tx| {
        let mut os = guest_os_of(tx, &vm)?;
        let at = os
            .transfers
            .iter()
            .position(|(own, transfer)| own == secret && matches!(transfer, Transfer::From(_)));
        let Some((_, Transfer::From(path))) = at.map(|at| os.transfers.remove(at)) else { return Ok(None) };
        let content = os.get(&path).and_then(|entry| entry.content.clone());
        set_guest_os(tx, &vm, os)?;
        Ok(content)
    });
    found.ok().flatten()
}

/// Takes a file that is brought; false where there is no such transfer, or no place for it.
pub(crate) fn write(sim: &Sim, id: &str, secret: &str, content: Bytes) -> bool {
    let vm = MoRef::new("VirtualMachine", id);
    let written = sim.write(|tx| {
        let mut os = guest_os_of(tx, &vm)?;
        let at = os
            .transfers
            .iter()
            .position(|(own, transfer)| own == secret && matches!(transfer, Transfer::To { .. }));
        let Some((_, Transfer::To { path, permissions })) = at.map(|at| os.transfers.remove(at)) else {
            return Ok(false);
        };
        let done = os.write(&path, content, permissions, tx.now).is_ok();
        set_guest_os(tx, &vm, os)?;
        Ok(done)
    });
    written.unwrap_or(false)
}
