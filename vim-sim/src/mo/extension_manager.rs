//! `ExtensionManager`: what others have added to the server.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::{ExtensionManagerProperties, VirtualMachineProperties};
use vim_types::{Description, Extension, ExtensionTaskTypeInfo};
use vim_wire::{DateTime, MoRef};

methods! {
    "FindExtension" => find,
    "RegisterExtension" => register,
    "UnregisterExtension" => unregister,
    "UpdateExtension" => update,
    "SetExtensionCertificate" => set_certificate,
    "QueryManagedBy" => managed_by,
}

/// The extension that is there from the start. It has vcsim's key and type of tasks, for scripts that make such tasks.
pub(crate) fn initial(now: DateTime) -> Extension {
    Extension {
        description: Description { label: "vim-sim".into(), summary: "vim-sim".into() }.into(),
        key: "com.vmware.govmomi.simulator".into(),
        company: Some("vim-sim".into()),
        version: env!("CARGO_PKG_VERSION").into(),
        task_list: vec![ExtensionTaskTypeInfo { task_id: "com.vmware.govmomi.simulator.test".into() }],
        last_heartbeat_time: now,
        shown_in_solution_manager: Some(false),
        ..Default::default()
    }
}

fn extensions(world: &World, manager: &MoRef) -> Result<Vec<Extension>> {
    Ok(world.get::<ExtensionManagerProperties>(manager)?.extension_list.clone())
}

fn not_found(key: &str) -> Fault {
    Fault::not_found(format!("extension {key}"))
}

fn find(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("extensionKey")?;
    let all = call.read(|world| extensions(world, &call.this))?;
    call.returns(&all.into_iter().find(|extension| extension.key == key))
}

fn register(call: &Call<'_>) -> Result<Reply> {
    let mut extension: Extension = call.arg("extension")?;
    call.write(|tx| {
        let now = tx.now;
        let list = &mut tx.edit::<ExtensionManagerProperties>(&call.this)?.extension_list;
        if extension.key.is_empty() || list.iter().any(|other| other.key == extension.key) {
            return Err(Fault::invalid_argument("extension.key"));
        }
        extension.last_heartbeat_time = now;
        list.push(extension);
        Ok(())
    })?;
    call.done()
}

fn update(call: &Call<'_>) -> Result<Reply> {
    let extension: Extension = call.arg("extension")?;
    call.write(|tx| {
        let list = &mut tx.edit::<ExtensionManagerProperties>(&call.this)?.extension_list;
        match list.iter_mut().find(|other| other.key == extension.key) {
            Some(old) => *old = extension,
            None => return Err(not_found(&extension.key)),
        }
        Ok(())
    })?;
    call.done()
}

fn unregister(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("extensionKey")?;
    call.write(|tx| {
        let list = &mut tx.edit::<ExtensionManagerProperties>(&call.this)?.extension_list;
        let at = list.iter().position(|extension| extension.key == key).ok_or_else(|| not_found(&key))?;
        list.remove(at);
        Ok(())
    })?;
    call.done()
}

/// An extension's certificate is taken and not looked at: extensions cannot log in by it.
fn set_certificate(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("extensionKey")?;
    let all = call.read(|world| extensions(world, &call.this))?;
    match all.iter().any(|extension| extension.key == key) {
        true => call.done(),
        false => Err(not_found(&key)),
    }
}

fn managed_by(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("extensionKey")?;
    let managed: Vec<MoRef> = call.read(|world| {
        let machines = world.of_kind("VirtualMachine").into_iter();
        let is_managed = |vm: &VirtualMachineProperties| {
            let by = vm.config.as_ref().and_then(|config| config.managed_by.as_ref());
            by.is_some_and(|by| by.extension_key == key)
        };
        let managed = machines.filter(|node| node.properties().is_some_and(is_managed));
        managed.map(|node| node.moref.clone()).collect()
    });
    call.returns(&managed)
}
