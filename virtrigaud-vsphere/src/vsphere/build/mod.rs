//! From what a machine shall be to the server's specification of it.
//!
//! What is built is the difference from what there is, be it a template to be cloned or a machine to be changed: nothing differs
//! when nothing is to be done.

mod disks;
pub(crate) mod guest;
mod hardware;
mod nics;

use super::place::Net;
use crate::provider::Result;
use crate::spec::resolved::Machine;
use vim_client::types::ext::{DeviceChanges, HardwareVersion};
use vim_client::types::{VirtualMachineConfigInfo, VirtualMachineConfigSpec};

/// What a specification is built from.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// The machine as it shall be.
    pub(crate) machine: &'a Machine,
    /// What its network cards are connected to, in their order.
    pub(crate) nets: &'a [Net],
    /// What there is: the template's configuration, or the machine's own; nothing where an empty machine is made.
    pub(crate) now: Option<&'a VirtualMachineConfigInfo>,
    /// Whether what there is is a template that is being copied: what its devices have of their own, such as addresses, is not
    /// the copy's.
    pub(crate) copied: bool,
    /// Whether network cards that are not wished for are removed.
    pub(crate) remove_cards: bool,
}

/// A specification, and what it does.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub(crate) spec: VirtualMachineConfigSpec,
    /// What differs, in words.
    pub(crate) changes: Vec<String>,
    /// What is done otherwise than a reader may expect.
    pub(crate) warnings: Vec<String>,
}

impl Built {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The specification that makes what there is into what shall be. The hardware version, the name, the power state and what the
/// guest is told are not in it.
pub(crate) fn spec(wanted: &Wanted<'_>) -> Result<Built> {
    let mut built = Built::default();
    hardware::settings(wanted, &mut built);
    let mut changes = match wanted.now {
        Some(now) => {
            let version = HardwareVersion::from(now.version.as_str());
            DeviceChanges::of(&now.hardware.device).hardware(version)
        }
        None => {
            let version = wanted.machine.hardware.version.map_or(0, |version| version.number());
            DeviceChanges::default().hardware(HardwareVersion(version))
        }
    };
    hardware::devices(wanted, &mut changes, &mut built);
    disks::disks(wanted, &mut changes, &mut built)?;
    nics::cards(wanted, &mut changes, &mut built)?;
    built.spec.device_change = changes.into_specs();
    Ok(built)
}
