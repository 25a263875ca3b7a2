//! A machine whose configuration is being changed.

use super::{Facts, devices, layout};
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{ManagedEntityProperties, VirtualMachineProperties};
use vim_types::{
    VirtualDevice, VirtualMachineConfigInfo, VirtualMachineConfigSpec, VirtualMachinePowerState,
};
use vim_wire::{DateTime, MoRef, Poly};

/// Why a configuration changes: what is allowed depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Create,
    /// It is of the initial inventory: keys are kept and labels are made as vcsim makes them.
    Initial,
    Clone,
    Register,
    Reconfigure,
}

/// A machine whose configuration is being changed. The configuration is taken out of its properties meanwhile.
pub(super) struct Edit<'a, 'w> {
    pub(super) tx: &'a mut Tx<'w>,
    pub(super) vm: MoRef,
    pub(super) config: VirtualMachineConfigInfo,
    pub(super) power: VirtualMachinePowerState,
    pub(super) host: Option<MoRef>,
    pub(super) why: Why,
}

impl<'a, 'w> Edit<'a, 'w> {
    pub(super) fn begin(tx: &'a mut Tx<'w>, vm: &MoRef, why: Why) -> Result<Self> {
        let properties = tx.edit::<VirtualMachineProperties>(vm)?;
        let config = properties.config.take().unwrap_or_default();
        let (power, host) = (properties.runtime.power_state.clone(), properties.runtime.host.clone());
        Ok(Self { tx, vm: vm.clone(), config, power, host, why })
    }

    /// Puts the configuration back.
    pub(super) fn finish(mut self) -> Result<()> {
        devices::list_children(&mut self.config.hardware.device);
        self.stamp();
        let name = self.config.name.clone();
        self.tx.edit::<VirtualMachineProperties>(&self.vm)?.config = Some(self.config);
        if self.tx.name(&self.vm) != name {
            self.tx.edit::<ManagedEntityProperties>(&self.vm)?.name = name;
        }
        layout::refresh(self.tx, &self.vm)
    }

    /// A change version is never the same again, even where no time has passed.
    fn stamp(&mut self) {
        let old = self.config.modified.unix_micros();
        let now = DateTime::from_unix_micros(self.tx.now.unix_micros().max(old + 1));
        self.config.modified = now;
        self.config.change_version = now.to_string();
    }

    pub(super) fn is_new(&self) -> bool {
        matches!(self.why, Why::Create | Why::Initial)
    }

    pub(super) fn is_on(&self) -> bool {
        self.power != VirtualMachinePowerState::POWERED_OFF
    }

    /// What only a machine that does not run can have changed.
    pub(super) fn must_be_off(&self) -> Result<()> {
        if self.is_on() { Err(super::faults::must_be_off(&self.power)) } else { Ok(()) }
    }

    pub(super) fn devices(&self) -> &[Poly<VirtualDevice>] {
        &self.config.hardware.device
    }

    pub(super) fn has_snapshots(&self) -> bool {
        self.tx
            .get::<VirtualMachineProperties>(&self.vm)
            .is_ok_and(|properties| properties.snapshot.is_some())
    }

    /// Keeps what a spec says that no property shows: storage profiles and policies of placement.
    pub(super) fn keep_beside(&mut self, spec: &VirtualMachineConfigSpec) -> Result<()> {
        if spec.vm_profile.is_empty() && spec.vm_placement_policies.is_empty() {
            return Ok(());
        }
        let facts = self.tx.edit_state::<Facts>(&self.vm)?;
        if !spec.vm_profile.is_empty() {
            facts.profiles.clone_from(&spec.vm_profile);
        }
        if !spec.vm_placement_policies.is_empty() {
            facts.policies.clone_from(&spec.vm_placement_policies);
        }
        Ok(())
    }

    /// The number of its hardware's version: 19 of `vmx-19`.
    pub(super) fn hardware_version(&self) -> u32 {
        self.config.version.strip_prefix("vmx-").and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}
