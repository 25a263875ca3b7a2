//! From what a configuration shall be to what it is. Nothing of a spec is dropped: what is not checked here is kept.

pub(super) mod allocation;
mod boot;
mod crypto;
pub(super) mod extra;
pub(super) mod hardware;
mod settings;
mod vapp;

pub(super) use boot::standard as standard_boot;
pub(super) use settings::standard;

use super::devices;
use super::edit::Edit;
use crate::fault::{Fault, Result};
use vim_types::{ConcurrentAccess, VirtualMachineConfigSpec};

/// Changes a machine's configuration as a spec says.
pub(super) fn apply(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    if let Some(version) = &spec.change_version
        && !version.is_empty()
        && *version != edit.config.change_version
    {
        let message = "The operation cannot be completed because of concurrent operations.";
        return Err(Fault::new(ConcurrentAccess::default(), message));
    }
    settings::identity(edit, spec)?;
    hardware::apply(edit, spec)?;
    settings::apply(edit, spec)?;
    crypto::apply(edit, spec)?;
    vapp::apply(edit, spec)?;
    extra::apply(&mut edit.config.extra_config, &spec.extra_config)?;
    let keys = devices::apply(edit, &spec.device_change)?;
    boot::apply(edit, spec, &keys)?;
    check(edit)
}

/// What must fit together whatever was changed.
fn check(edit: &Edit<'_, '_>) -> Result<()> {
    boot::check(edit)?;
    devices::check(edit)
}
