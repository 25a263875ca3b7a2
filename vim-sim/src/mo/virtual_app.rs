//! `VirtualApp`: a resource pool whose VMs are started and stopped together.

use super::managed_entity::{attach, destroy as destroy_entity, detach, forget_vm};
use super::merge::merge;
use super::{resource_pool, virtual_machine};
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{ResourcePoolProperties, VirtualAppProperties, VirtualMachineProperties};
use vim_types::{
    InvalidState, ResourceConfigSpec, ResourcePoolDestroyedEvent, VAppConfigInfo, VAppConfigSpec,
    VAppEntityConfigInfo, VirtualAppSummary, VirtualAppVAppState, VirtualMachinePowerState,
};
use vim_wire::{Any, MoRef};

methods! {
    "UpdateVAppConfig" => update_config,
    "PowerOnVApp_Task" => power_on,
    "PowerOffVApp_Task" => power_off,
    "unregisterVApp_Task" => unregister,
}

/// Adds a vApp below a pool.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    parent: &MoRef,
    owner: &MoRef,
    folder: Option<&MoRef>,
    name: &str,
    resources: &ResourceConfigSpec,
) -> Result<MoRef> {
    let moref = tx.new_ref("VirtualApp");
    let mut extends = resource_pool::properties(tx, &moref, owner, name, resources);
    extends.summary = VirtualAppSummary {
        vapp_state: Some(VirtualAppVAppState::STOPPED),
        suspended: Some(false),
        install_boot_required: Some(false),
        ..Default::default()
    }
    .into();
    let properties = VirtualAppProperties {
        extends,
        parent_folder: folder.cloned(),
        parent_vapp: Some(parent.clone()).filter(|parent| parent.kind() == "VirtualApp"),
        vapp_config: Some(VAppConfigInfo {
            instance_uuid: Some(uuid::Uuid::new_v4().to_string()),
            ..Default::default()
        }),
        ..Default::default()
    };
    tx.create(&moref, properties);
    attach(tx, &moref, parent)?;
    Ok(moref)
}

/// Changes a vApp's configuration by a spec.
pub(crate) fn configure(tx: &mut Tx<'_>, vapp: &MoRef, spec: &VAppConfigSpec) -> Result<()> {
    let config = tx.edit::<VirtualAppProperties>(vapp)?.vapp_config.get_or_insert_default();
    for change in &spec.product {
        let key = change.info.as_ref().map(|info| info.key);
        let key = key.or(change.remove_key.as_ref().and_then(number)).unwrap_or(0);
        let known = config.product.iter().position(|product| product.key == key);
        match (change.operation.as_str(), known, &change.info) {
            ("add", None, Some(info)) => config.product.push(info.clone()),
            ("edit", Some(at), Some(info)) => config.product[at] = info.clone(),
            ("remove", Some(at), _) => drop(config.product.remove(at)),
            _ => return Err(Fault::invalid_argument("spec.product")),
        }
    }
    for change in &spec.property {
        let key = change.info.as_ref().map(|info| info.key);
        let key = key.or(change.remove_key.as_ref().and_then(number)).unwrap_or(0);
        let known = config.property.iter().position(|property| property.key == key);
        match (change.operation.as_str(), known, &change.info) {
            ("add", None, Some(info)) => config.property.push(info.clone()),
            ("edit", Some(at), Some(info)) => config.property[at] = info.clone(),
            ("remove", Some(at), _) => drop(config.property.remove(at)),
            _ => return Err(Fault::invalid_argument("spec.property")),
        }
    }
    merge!(config, spec; managed_by, instance_uuid);
    super::merge::replace!(config, spec; eula, ovf_environment_transport, entity_config);
    if let Some(annotation) = &spec.annotation {
        config.annotation.clone_from(annotation);
    }
    if let Some(assignment) = &spec.ip_assignment {
        config.ip_assignment = assignment.clone();
    }
    config.install_boot_required = spec.install_boot_required.unwrap_or(config.install_boot_required);
    config.install_boot_stop_delay = spec.install_boot_stop_delay.unwrap_or(config.install_boot_stop_delay);
    Ok(())
}

fn number(value: &Any) -> Option<i32> {
    match value {
        Any::Int(number) => Some(*number),
        _ => None,
    }
}

fn update_config(call: &Call<'_>) -> Result<Reply> {
    let spec: VAppConfigSpec = call.arg("spec")?;
    call.write(|tx| configure(tx, &call.this, &spec))?;
    call.done()
}

/// The VMs of a vApp and of those below it, in the order in which they start.
fn machines(tx: &Tx<'_>, vapp: &MoRef) -> Result<Vec<MoRef>> {
    let properties = tx.get::<VirtualAppProperties>(vapp)?;
    let configured: &[VAppEntityConfigInfo] =
        properties.vapp_config.as_ref().map_or(&[], |config| &config.entity_config);
    let order = |moref: &MoRef| {
        let config = configured.iter().find(|config| config.key.as_ref() == Some(moref));
        config.and_then(|config| config.start_order).unwrap_or(i32::MAX)
    };
    let mut children: Vec<&MoRef> = properties.vm.iter().chain(&properties.resource_pool).collect();
    children.sort_by_key(|child| order(child));
    let mut machines = Vec::new();
    for child in children {
        match child.kind() {
            "VirtualApp" => machines.extend(self::machines(tx, child)?),
            "ResourcePool" => machines.extend(tx.get::<ResourcePoolProperties>(child)?.vm.iter().cloned()),
            _ => machines.push(child.clone()),
        }
    }
    Ok(machines)
}

fn set_state(tx: &mut Tx<'_>, vapp: &MoRef, state: VirtualAppVAppState) -> Result<()> {
    let properties = tx.edit::<VirtualAppProperties>(vapp)?;
    if let Some(summary) = properties.summary.downcast_mut::<VirtualAppSummary>() {
        summary.vapp_state = Some(state);
    }
    Ok(())
}

/// The fault that a vApp is in that state already.
fn check_state(tx: &Tx<'_>, vapp: &MoRef, not: &VirtualAppVAppState) -> Result<()> {
    let properties = tx.get::<VirtualAppProperties>(vapp)?;
    let summary = properties.summary.downcast_ref::<VirtualAppSummary>();
    if summary.and_then(|summary| summary.vapp_state.as_ref()) == Some(not) {
        let message = format!("vApp {} is {} already.", properties.name, not.as_str());
        return Err(Fault::new(InvalidState::default(), message));
    }
    Ok(())
}

fn is_on(tx: &Tx<'_>, vm: &MoRef) -> Result<bool> {
    let state = &tx.get::<VirtualMachineProperties>(vm)?.runtime.power_state;
    Ok(*state == VirtualMachinePowerState::POWERED_ON)
}

fn power_on(call: &Call<'_>) -> Result<Reply> {
    let vapp = call.this.clone();
    call.task(&call.this, move |tx| {
        check_state(tx, &vapp, &VirtualAppVAppState::STARTED)?;
        for vm in machines(tx, &vapp)? {
            if !is_on(tx, &vm)? {
                virtual_machine::power_on(tx, &vm)?;
            }
        }
        set_state(tx, &vapp, VirtualAppVAppState::STARTED)?;
        Ok(Any::Nil)
    })
}

fn power_off(call: &Call<'_>) -> Result<Reply> {
    let (vapp, force): (_, bool) = (call.this.clone(), call.arg("force")?);
    call.task(&call.this, move |tx| {
        if !force {
            check_state(tx, &vapp, &VirtualAppVAppState::STOPPED)?;
        }
        for vm in machines(tx, &vapp)?.iter().rev() {
            if is_on(tx, vm)? {
                virtual_machine::power_off(tx, vm)?;
            }
        }
        set_state(tx, &vapp, VirtualAppVAppState::STOPPED)?;
        Ok(Any::Nil)
    })
}

fn unregister(call: &Call<'_>) -> Result<Reply> {
    let vapp = call.this.clone();
    call.task(&call.this, move |tx| {
        remove(tx, &vapp, &|tx, vm| forget_vm(tx, vm))?;
        Ok(Any::Nil)
    })
}

/// Takes a vApp away with its VMs, none of which runs.
pub(crate) fn destroy(tx: &mut Tx<'_>, vapp: &MoRef) -> Result<()> {
    remove(tx, vapp, &|tx, vm| destroy_entity(tx, vm))
}

fn remove(tx: &mut Tx<'_>, vapp: &MoRef, each: &dyn Fn(&mut Tx<'_>, &MoRef) -> Result<()>) -> Result<()> {
    for vm in machines(tx, vapp)? {
        if is_on(tx, &vm)? {
            let on = VirtualMachinePowerState::POWERED_ON;
            return Err(Fault::power_state(Some(VirtualMachinePowerState::POWERED_OFF), on));
        }
        each(tx, &vm)?;
    }
    let extends = resource_pool::event(tx, vapp);
    events::post(tx, ResourcePoolDestroyedEvent { extends });
    detach(tx, vapp)?;
    resource_pool::remove_tree(tx, vapp)
}
