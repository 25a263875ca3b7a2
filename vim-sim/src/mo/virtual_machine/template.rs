//! Templates: machines that are there to be cloned, and never run.

use super::{create as machines, edit::Edit, edit::Why, faults, place};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::relations;
use crate::world::Tx;
use vim_types::VirtualMachinePowerState;
use vim_types::mo::{HostSystemProperties, ResourcePoolProperties, VirtualMachineProperties};
use vim_wire::MoRef;

/// What only a vCenter can do.
pub(super) fn needs_vcenter(call: &Call<'_>) -> Result<()> {
    match call.sim.config.esx {
        true => Err(Fault::not_supported("an ESXi host has no templates and makes no clones")),
        false => Ok(()),
    }
}

/// `MarkAsTemplate`.
pub(super) fn mark(call: &Call<'_>) -> Result<Reply> {
    needs_vcenter(call)?;
    call.write(|tx| become_template(tx, &call.this))?;
    call.done()
}

/// Makes a machine a template.
pub(super) fn become_template(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    if machines::config_of(tx, vm)?.template {
        return Err(Fault::not_supported("the virtual machine is a template already"));
    }
    must_be_off(tx, vm)?;
    rename(tx, vm, "vmtx")?;
    let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
    edit.config.template = true;
    edit.finish()?;
    relations::set_pool(tx, vm, None)
}

fn must_be_off(tx: &Tx<'_>, vm: &MoRef) -> Result<()> {
    let is = &tx.get::<VirtualMachineProperties>(vm)?.runtime.power_state;
    if *is == VirtualMachinePowerState::POWERED_OFF { Ok(()) } else { Err(faults::must_be_off(is)) }
}

/// A template's file has an extension of its own.
fn rename(tx: &mut Tx<'_>, vm: &MoRef, extension: &str) -> Result<()> {
    let name = machines::config_of(tx, vm)?.files.vm_path_name.clone().unwrap_or_default();
    let (datastore, path) = files::resolve(tx, place::datacenter(tx, vm).as_ref(), &name)?;
    let Some((stem, _)) = path.rsplit_once('.') else { return Ok(()) };
    let new = format!("{stem}.{extension}");
    if new == path {
        return Ok(());
    }
    if files::get(tx, &datastore, &path).is_some() {
        files::rename(tx, &datastore, &path, &new)?;
    }
    let new = place::written(tx, &datastore, &new);
    if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config {
        config.files.vm_path_name = Some(new);
    }
    Ok(())
}

/// `MarkAsVirtualMachine`.
pub(super) fn unmark(call: &Call<'_>) -> Result<Reply> {
    needs_vcenter(call)?;
    let pool: MoRef = call.arg("pool")?;
    let host: Option<MoRef> = call.opt("host")?;
    call.write(|tx| {
        let vm = &call.this;
        tx.get::<ResourcePoolProperties>(&pool)?;
        if let Some(host) = &host {
            tx.get::<HostSystemProperties>(host)?;
        }
        if !machines::config_of(tx, vm)?.template {
            return Err(Fault::not_supported("the virtual machine is no template"));
        }
        must_be_off(tx, vm)?;
        // It stays where it is, unless that is no place of the pool's.
        let current = tx.get::<VirtualMachineProperties>(vm)?.runtime.host.clone();
        let stays = current.as_ref().filter(|host| place::host(tx, &pool, Some(host), "host", None).is_ok());
        let host = place::host(tx, &pool, host.as_ref().or(stays), "host", None)?;
        for datastore in tx.get::<VirtualMachineProperties>(vm)?.datastore.clone() {
            place::reachable(tx, &datastore, Some(&host))?;
        }
        rename(tx, vm, "vmx")?;
        relations::set_pool(tx, vm, Some(&pool))?;
        relations::set_host(tx, vm, Some(&host))?;
        let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
        edit.config.template = false;
        edit.finish()
    })?;
    call.done()
}
