//! `ReconfigVM_Task`.

use super::edit::{Edit, Why};
use super::{config, create as machines, guest, privileges};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::{VirtualMachineConfigSpec, VmReconfiguredEvent, VmRenamedEvent};
use vim_wire::{Any, MoRef};

pub(super) fn task(call: &Call<'_>) -> Result<Reply> {
    let spec: VirtualMachineConfigSpec = call.arg("spec")?;
    privileges::reconfigure(call, &spec)?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| reconfigure(tx, &vm, &spec).map(|()| Any::Nil))
}

/// Changes a machine's configuration as a spec says.
pub(crate) fn reconfigure(tx: &mut Tx<'_>, vm: &MoRef, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let before = machines::config_of(tx, vm)?;
    if before.template && !is_for_templates(spec) {
        return Err(Fault::not_supported("a template's hardware cannot be changed"));
    }
    let old_name = before.name.clone();
    let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
    config::apply(&mut edit, spec)?;
    edit.finish()?;
    guest::apply_hooks(tx, vm, &spec.extra_config)?;
    guest::cards_changed(tx, vm)?;
    let new_name = machines::config_of(tx, vm)?.name.clone();
    let event = events::of_vm(tx, vm);
    if new_name != old_name {
        events::post(tx, VmRenamedEvent { extends: event.clone(), old_name, new_name });
    }
    let event = VmReconfiguredEvent { extends: event, config_spec: spec.clone(), config_changes: None };
    events::post(tx, event);
    Ok(())
}

fn is_for_templates(spec: &VirtualMachineConfigSpec) -> bool {
    let allowed = VirtualMachineConfigSpec {
        change_version: spec.change_version.clone(),
        name: spec.name.clone(),
        annotation: spec.annotation.clone(),
        extra_config: spec.extra_config.clone(),
        managed_by: spec.managed_by.clone(),
        ..Default::default()
    };
    *spec == allowed
}
