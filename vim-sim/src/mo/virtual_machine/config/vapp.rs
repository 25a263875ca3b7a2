//! `vAppConfig`: products, properties and sections of OVF.

use super::super::edit::Edit;
use crate::fault::{Fault, Result};
use vim_types::{ArrayUpdateOperation, ArrayUpdateSpec, VirtualMachineConfigSpec, VmConfigInfo};

pub(super) fn apply(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    if spec.vapp_config_removed == Some(true) {
        edit.config.vapp_config = None;
    }
    let Some(spec) = &spec.vapp_config else { return Ok(()) };
    let info: &mut VmConfigInfo = edit.config.vapp_config.get_or_insert_default();
    for change in &spec.product {
        let key = |key: i32| Some(i64::from(key));
        update(&mut info.product, change, change.info.as_ref(), |info| key(info.key))
            .ok_or_else(|| invalid("product"))?;
    }
    for change in &spec.property {
        let key = |key: i32| Some(i64::from(key));
        update(&mut info.property, change, change.info.as_ref(), |info| key(info.key))
            .ok_or_else(|| invalid("property"))?;
    }
    for change in &spec.ovf_section {
        update(&mut info.ovf_section, change, change.info.as_ref(), |info| info.key.map(i64::from))
            .ok_or_else(|| invalid("ovfSection"))?;
    }
    if let Some(assignment) = &spec.ip_assignment {
        info.ip_assignment.clone_from(assignment);
    }
    if !spec.eula.is_empty() {
        info.eula.clone_from(&spec.eula);
    }
    if !spec.ovf_environment_transport.is_empty() {
        info.ovf_environment_transport.clone_from(&spec.ovf_environment_transport);
    }
    info.install_boot_required = spec.install_boot_required.unwrap_or(info.install_boot_required);
    info.install_boot_stop_delay = spec.install_boot_stop_delay.unwrap_or(info.install_boot_stop_delay);
    Ok(())
}

fn invalid(list: &str) -> Fault {
    Fault::invalid_argument(&format!("configSpec.vAppConfig.{list}"))
}

/// Adds, edits or removes an item; none where what is to be changed is not there, or what is to be added is.
fn update<T: Clone>(
    list: &mut Vec<T>,
    change: &ArrayUpdateSpec,
    info: Option<&T>,
    key: impl Fn(&T) -> Option<i64>,
) -> Option<()> {
    let removed = change.remove_key.as_ref().and_then(vim_wire::Any::as_i64);
    let wanted = removed.or_else(|| key(info?));
    let at = list.iter().position(|old| key(old) == wanted);
    match (&change.operation, at, info) {
        (&ArrayUpdateOperation::ADD, None, Some(info)) => list.push(info.clone()),
        (&ArrayUpdateOperation::EDIT, Some(at), Some(info)) => list.get_mut(at)?.clone_from(info),
        (&ArrayUpdateOperation::REMOVE, Some(at), _) => drop(list.remove(at)),
        _ => return None,
    }
    Some(())
}
