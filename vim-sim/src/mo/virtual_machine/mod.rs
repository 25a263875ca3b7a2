//! `VirtualMachine`: the reason why people use a simulator.

mod admission;
pub(crate) mod capability;
mod config;
mod copies;
mod create;
mod customize;
mod derived;
mod devices;
mod edit;
mod faults;
mod guest;
pub(crate) mod guest_os;
mod initial;
mod layout;
mod misc;
mod place;
mod power;
mod privileges;
mod reconfigure;
mod register;
mod renamed;
pub(in crate::mo) mod snapshots;
mod template;
#[cfg(test)]
mod tests;
mod upgrade;
mod vmx;

pub(crate) use copies::{clone, relocate};
pub(crate) use create::{create, destroy};
pub(crate) use derived::derived;
pub(in crate::mo) use devices::standard as standard_devices;
pub(crate) use guest::{os, os_of as guest_os_of, run, set_os as set_guest_os, tools_run};
pub(crate) use initial::{prepare, settle, tell_past};
pub(crate) use power::{power_off, power_on};
pub(crate) use reconfigure::reconfigure;
pub(crate) use renamed::datastore_renamed;
pub(crate) use vmx::write as config_file;

use crate::call::methods;
use vim_types::{CustomizationSpec, VirtualMachineProfileSpec, VmPlacementPolicy};
use vim_wire::Poly;

methods! {
    "CreateVM_Task" => create::create_task,
    "RegisterVM_Task" => register::task,
    "UnregisterVM" => create::unregister_now,
    "ReconfigVM_Task" => reconfigure::task,
    "reloadVirtualMachineFromPath_Task" => register::reload_task,
    "CloneVM_Task" => copies::clone_task,
    "InstantClone_Task" => copies::instant_clone_task,
    "RelocateVM_Task" => copies::relocate_task,
    "MigrateVM_Task" => copies::migrate_task,
    "PowerOnVM_Task" => power::power_on_task,
    "PowerOffVM_Task" => power::power_off_task,
    "SuspendVM_Task" => power::suspend_task,
    "ResetVM_Task" => power::reset_task,
    "ShutdownGuest" => power::shutdown_guest,
    "RebootGuest" => power::reboot_guest,
    "StandbyGuest" => power::standby_guest,
    "MarkAsTemplate" => template::mark,
    "MarkAsVirtualMachine" => template::unmark,
    "UpgradeVM_Task" => upgrade::task,
    "UpgradeTools_Task" => upgrade::tools_task,
    "MountToolsInstaller" => upgrade::mount_installer,
    "UnmountToolsInstaller" => upgrade::unmount_installer,
    "ResetGuestInformation" => upgrade::reset_information,
    "CustomizeVM_Task" => customize::task,
    "CheckCustomizationSpec" => customize::check_now,
    "RefreshStorageInfo" => misc::refresh_storage,
    "AnswerVM" => misc::answer,
    "TerminateVM" => misc::terminate,
    "AcquireMksTicket" => misc::mks_ticket,
    "AcquireTicket" => misc::ticket,
    "SetScreenResolution" => misc::screen_resolution,
    "SetDisplayTopology" => misc::display_topology,
    "DefragmentAllDisks" => misc::defragment,
    "ConsolidateVMDisks_Task" => misc::consolidate_task,
    "EstimateStorageForConsolidateSnapshots_Task" => misc::estimate_task,
    "PromoteDisks_Task" => misc::promote_task,
    "QueryChangedDiskAreas" => misc::changed_areas,
    "PutUsbScanCodes" => misc::scan_codes,
    "QueryUnownedFiles" => misc::unowned_files,
    "CreateSnapshot_Task" => snapshots::create_task,
    "CreateSnapshotEx_Task" => snapshots::create_ex_task,
    "RevertToCurrentSnapshot_Task" => snapshots::revert_current_task,
    "RemoveAllSnapshots_Task" => snapshots::remove_all_task,
}

/// The simulator's own facts about a virtual machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The number of the guest's present boot; 0 where it does not run.
    boot: u64,
    /// Whether the guest's tools have ever been seen.
    had_tools: bool,
    /// What the guest's disks say of it.
    identity: guest::Identity,
    /// The guest's files and processes, once somebody has looked for them.
    os: Option<std::sync::Arc<os::Os>>,
    /// What is to be customized at the next start.
    customization: Option<Box<CustomizationSpec>>,
    /// What clients want the guest to tell, by property path.
    hooks: Vec<(String, String)>,
    /// The id of the last snapshot.
    snapshots: i32,
    profiles: Vec<Poly<VirtualMachineProfileSpec>>,
    policies: Vec<Poly<VmPlacementPolicy>>,
}
