//! The privileges that there are, and the roles that are there from the start.

use vim_types::{
    AuthorizationDescription, AuthorizationPrivilege, AuthorizationRole, Description, ElementDescription,
};

/// A group of privileges a line: its name, and what its privileges have behind it.
const PRIVILEGES: &str = include_str!("privileges.txt");

/// What every role has that can be given away.
pub(super) const SYSTEM: [&str; 3] = ["System.Anonymous", "System.Read", "System.View"];

/// What crypto administrators alone may do, beside `Cryptographer.*`.
const CRYPTO: &[&str] = &[
    "Global.Diagnostics",
    "Host.Inventory.AddHostToCluster",
    "Host.Inventory.AddStandaloneHost",
    "Host.Local.ManageUserGroups",
    "VirtualMachine.Interact.GuestControl",
];

/// All privileges, by group and name.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRIVILEGES.lines().flat_map(|line| {
        let mut words = line.split(' ');
        let group = words.next().unwrap_or_default();
        words.map(move |name| (group, name))
    })
}

fn ids() -> impl Iterator<Item = String> {
    all().map(|(group, name)| format!("{group}.{name}"))
}

/// Whether there is a privilege of that id.
pub(super) fn is_privilege(id: &str) -> bool {
    id.rsplit_once('.').is_some_and(|(group, name)| all().any(|known| known == (group, name)))
}

/// The property `privilegeList`.
pub(super) fn privilege_list() -> Vec<AuthorizationPrivilege> {
    all()
        .map(|(group, name)| AuthorizationPrivilege {
            priv_id: format!("{group}.{name}"),
            on_parent: false,
            name: name.to_owned(),
            priv_group_name: group.to_owned(),
        })
        .collect()
}

/// The property `description`.
pub(super) fn description() -> AuthorizationDescription {
    let element = |key: String, label: &str| ElementDescription {
        key,
        extends: Description { label: label.to_owned(), summary: label.to_owned() },
    };
    AuthorizationDescription {
        privilege: all().map(|(group, name)| element(format!("{group}.{name}"), name).into()).collect(),
        privilege_group: PRIVILEGES
            .lines()
            .filter_map(|line| line.split(' ').next())
            .map(|group| element(group.to_owned(), group).into())
            .collect(),
    }
}

fn trusted(id: &str) -> bool {
    id.starts_with("TrustedAdmin.") || id.starts_with("Host.Tpm.")
}

/// The roles of a server that nobody has changed: the system's, and a vCenter's samples.
pub(super) fn built_in(esx: bool) -> Vec<AuthorizationRole> {
    let of_system = |id: &String| SYSTEM.contains(&id.as_str());
    let system =
        |role_id, name: &str, label: &str, summary: &str, privilege: Vec<String>| AuthorizationRole {
            role_id,
            system: true,
            name: name.to_owned(),
            info: Description { label: label.to_owned(), summary: summary.to_owned() }.into(),
            privilege,
        };
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let mut roles = vec![
        system(
            -8,
            "NoTrustedAdmin",
            "No Trusted Infrastructure administrator",
            "Full access without Trusted Infrastructure privileges",
            ids().filter(|id| !trusted(id)).collect(),
        ),
        system(
            -7,
            "TrustedAdmin",
            "Trusted Infrastructure administrator",
            "Setup and monitoring of Trusted Infrastructure",
            ids().filter(|id| trusted(id) || of_system(id)).collect(),
        ),
        system(
            -6,
            "NoCryptoAdmin",
            "No cryptography administrator",
            "Full access without Cryptographic operations and Trusted Infrastructure privileges",
            ids()
                .filter(|id| {
                    !trusted(id) && !id.starts_with("Cryptographer.") && !CRYPTO.contains(&id.as_str())
                })
                .collect(),
        ),
        system(-5, "NoAccess", "No access", "Used for restricting granted access", Vec::new()),
        system(
            -4,
            "Anonymous",
            "Anonymous",
            "Not logged-in user (cannot be granted)",
            owned(&["System.Anonymous"]),
        ),
        system(
            -3,
            "View",
            "View",
            "Visibility access (cannot be granted)",
            owned(&["System.Anonymous", "System.View"]),
        ),
        system(-2, "ReadOnly", "Read-only", "See details of objects, but not make changes", owned(&SYSTEM)),
        system(-1, "Admin", "Administrator", "Full access rights", ids().collect()),
    ];
    if !esx {
        roles.extend(SAMPLES.iter().map(|(id, name, privileges)| AuthorizationRole {
            system: false,
            ..role(*id, name, privileges.iter().map(|id| (*id).to_owned()))
        }));
    }
    roles
}

/// A role that somebody makes: it has the system's privileges beside those that are wished for.
pub(super) fn role(id: i32, name: &str, privileges: impl IntoIterator<Item = String>) -> AuthorizationRole {
    AuthorizationRole {
        role_id: id,
        system: false,
        name: name.to_owned(),
        info: Description { label: name.to_owned(), summary: name.to_owned() }.into(),
        privilege: with_system(privileges),
    }
}

/// Those privileges and the system's.
pub(super) fn with_system(privileges: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for id in privileges.into_iter().chain(SYSTEM.map(str::to_owned)) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

const SAMPLES: &[(i32, &str, &[&str])] = &[
    (
        4,
        "VirtualMachinePowerUser",
        &[
            "Datastore.Browse",
            "Global.CancelTask",
            "ScheduledTask.Create",
            "ScheduledTask.Delete",
            "ScheduledTask.Edit",
            "ScheduledTask.Run",
            "VirtualMachine.Config.AddExistingDisk",
            "VirtualMachine.Config.AddNewDisk",
            "VirtualMachine.Config.AddRemoveDevice",
            "VirtualMachine.Config.AdvancedConfig",
            "VirtualMachine.Config.CPUCount",
            "VirtualMachine.Config.DiskLease",
            "VirtualMachine.Config.EditDevice",
            "VirtualMachine.Config.Memory",
            "VirtualMachine.Config.QueryUnownedFiles",
            "VirtualMachine.Config.RemoveDisk",
            "VirtualMachine.Config.Rename",
            "VirtualMachine.Config.ResetGuestInfo",
            "VirtualMachine.Config.Resource",
            "VirtualMachine.Config.Settings",
            "VirtualMachine.Config.UpgradeVirtualHardware",
            "VirtualMachine.Interact.AnswerQuestion",
            "VirtualMachine.Interact.ConsoleInteract",
            "VirtualMachine.Interact.DeviceConnection",
            "VirtualMachine.Interact.PowerOff",
            "VirtualMachine.Interact.PowerOn",
            "VirtualMachine.Interact.Reset",
            "VirtualMachine.Interact.SetCDMedia",
            "VirtualMachine.Interact.SetFloppyMedia",
            "VirtualMachine.Interact.Suspend",
            "VirtualMachine.Interact.ToolsInstall",
            "VirtualMachine.State.CreateSnapshot",
            "VirtualMachine.State.RemoveSnapshot",
            "VirtualMachine.State.RenameSnapshot",
            "VirtualMachine.State.RevertToSnapshot",
        ],
    ),
    (
        5,
        "VirtualMachineUser",
        &[
            "Global.CancelTask",
            "ScheduledTask.Create",
            "ScheduledTask.Delete",
            "ScheduledTask.Edit",
            "ScheduledTask.Run",
            "VirtualMachine.Interact.AnswerQuestion",
            "VirtualMachine.Interact.ConsoleInteract",
            "VirtualMachine.Interact.DeviceConnection",
            "VirtualMachine.Interact.PowerOff",
            "VirtualMachine.Interact.PowerOn",
            "VirtualMachine.Interact.Reset",
            "VirtualMachine.Interact.SetCDMedia",
            "VirtualMachine.Interact.SetFloppyMedia",
            "VirtualMachine.Interact.Suspend",
            "VirtualMachine.Interact.ToolsInstall",
        ],
    ),
    (
        6,
        "ResourcePoolAdministrator",
        &[
            "Alarm.Create",
            "Alarm.Delete",
            "Alarm.Edit",
            "Authorization.ModifyPermissions",
            "Datastore.Browse",
            "Folder.Create",
            "Folder.Delete",
            "Folder.Move",
            "Folder.Rename",
            "Global.CancelTask",
            "Global.LogEvent",
            "Global.SetCustomField",
            "Resource.AssignVMToPool",
            "Resource.ColdMigrate",
            "Resource.CreatePool",
            "Resource.DeletePool",
            "Resource.EditPool",
            "Resource.HotMigrate",
            "Resource.MovePool",
            "Resource.QueryVMotion",
            "Resource.RenamePool",
            "ScheduledTask.Create",
            "ScheduledTask.Delete",
            "ScheduledTask.Edit",
            "ScheduledTask.Run",
            "VirtualMachine.Inventory.Create",
            "VirtualMachine.Inventory.CreateFromExisting",
            "VirtualMachine.Inventory.Delete",
            "VirtualMachine.Inventory.Move",
            "VirtualMachine.Inventory.Register",
            "VirtualMachine.Inventory.Unregister",
        ],
    ),
    (
        7,
        "VMwareConsolidatedBackupUser",
        &[
            "VirtualMachine.Config.DiskLease",
            "VirtualMachine.Provisioning.DiskRandomRead",
            "VirtualMachine.Provisioning.GetVmFiles",
            "VirtualMachine.State.CreateSnapshot",
            "VirtualMachine.State.RemoveSnapshot",
        ],
    ),
    (8, "DatastoreConsumer", &["Datastore.AllocateSpace"]),
    (9, "NetworkConsumer", &["Network.Assign"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_privileges_that_there_are() {
        for role in built_in(false) {
            for id in &role.privilege {
                assert!(is_privilege(id), "{}: {id}", role.name);
            }
        }
    }

    #[test]
    fn what_methods_need_there_is() {
        let methods = vim_types::METHODS.iter().flat_map(|area| area.iter());
        // Storage policies are another service, with privileges of its own.
        for privilege in methods.filter(|method| method.service.namespace == "urn:vim25") {
            if let Some(id) = privilege.privilege {
                assert!(is_privilege(id), "{}: {id}", privilege.name);
            }
        }
    }
}
