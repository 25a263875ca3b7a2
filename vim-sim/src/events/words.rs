//! What events say, in the simulator's own words. `{vm.name}` stands for what lies at that path of the event.

/// The messages of events whose type's name does not say it all.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("BadUsernameSessionEvent", "Login of {userName} from {ipAddress} was refused"),
    ("ClusterCreatedEvent", "Cluster {computeResource.name} was created in folder {parent.name}"),
    ("ClusterDestroyedEvent", "Cluster {computeResource.name} in {datacenter.name} was removed"),
    ("ClusterReconfiguredEvent", "Cluster {computeResource.name} in {datacenter.name} was reconfigured"),
    ("CustomFieldDefAddedEvent", "Custom field {name} was defined"),
    ("CustomFieldDefRemovedEvent", "Custom field {name} was removed"),
    ("CustomFieldDefRenamedEvent", "Custom field {name} was renamed to {newName}"),
    ("CustomFieldValueChangedEvent", "Custom field {name} of {entity.name} was set to {value}"),
    ("CustomizationFailed", "The guest of {vm.name} could not be customized"),
    ("CustomizationNetworkSetupFailed", "The network of the guest of {vm.name} could not be set up"),
    ("CustomizationStartedEvent", "The guest of {vm.name} is being customized"),
    ("CustomizationSucceeded", "The guest of {vm.name} was customized"),
    ("DVPortgroupCreatedEvent", "Portgroup {net.name} was added to switch {dvs.name} in {datacenter.name}"),
    ("DVPortgroupDestroyedEvent", "Portgroup {net.name} in {datacenter.name} was removed"),
    ("DVPortgroupReconfiguredEvent", "Portgroup {net.name} in {datacenter.name} was reconfigured"),
    ("DVPortgroupRenamedEvent", "Portgroup {oldName} in {datacenter.name} was renamed to {newName}"),
    ("DatacenterCreatedEvent", "Datacenter {datacenter.name} was created in folder {parent.name}"),
    ("DatacenterRenamedEvent", "Datacenter {oldName} was renamed to {newName}"),
    ("DatastoreDestroyedEvent", "Datastore {datastore.name} was removed"),
    ("DatastoreFileCopiedEvent", "{sourceFile} was copied to {targetFile} of {datastore.name}"),
    ("DatastoreFileDeletedEvent", "{targetFile} of {datastore.name} was deleted"),
    ("DatastoreFileMovedEvent", "{sourceFile} was moved to {targetFile} of {datastore.name}"),
    ("DatastoreRenamedEvent", "Datastore {oldName} in {datacenter.name} was renamed to {newName}"),
    ("DvsCreatedEvent", "Distributed switch {dvs.name} was created in {datacenter.name}"),
    ("DvsDestroyedEvent", "Distributed switch {dvs.name} in {datacenter.name} was removed"),
    (
        "DvsHostJoinedEvent",
        "Host {hostJoined.name} joined distributed switch {dvs.name} in {datacenter.name}",
    ),
    ("DvsHostLeftEvent", "Host {hostLeft.name} left distributed switch {dvs.name} in {datacenter.name}"),
    ("DvsReconfiguredEvent", "Distributed switch {dvs.name} in {datacenter.name} was reconfigured"),
    ("DvsRenamedEvent", "Distributed switch {oldName} in {datacenter.name} was renamed to {newName}"),
    ("EnteredMaintenanceModeEvent", "Host {host.name} in {datacenter.name} is in maintenance mode"),
    ("EnteringMaintenanceModeEvent", "Host {host.name} in {datacenter.name} goes into maintenance mode"),
    ("ExitMaintenanceModeEvent", "Host {host.name} in {datacenter.name} left maintenance mode"),
    ("GeneralEvent", "{message}"),
    ("GeneralHostErrorEvent", "Host {host.name}: {message}"),
    ("GeneralHostInfoEvent", "Host {host.name}: {message}"),
    ("GeneralHostWarningEvent", "Host {host.name}: {message}"),
    ("GeneralUserEvent", "{message}"),
    ("GeneralVmErrorEvent", "{vm.name}: {message}"),
    ("GeneralVmInfoEvent", "{vm.name}: {message}"),
    ("GeneralVmWarningEvent", "{vm.name}: {message}"),
    ("HostAddedEvent", "Host {host.name} was added to {datacenter.name}"),
    ("HostConnectedEvent", "Host {host.name} in {datacenter.name} is connected"),
    ("HostDisconnectedEvent", "Host {host.name} in {datacenter.name} is disconnected"),
    ("HostRemovedEvent", "Host {host.name} in {datacenter.name} was removed"),
    ("PermissionAddedEvent", "{principal} was given the role {role.name} on {entity.name}"),
    ("PermissionRemovedEvent", "The permission of {principal} on {entity.name} was taken away"),
    ("PermissionUpdatedEvent", "{principal} has the role {role.name} on {entity.name} now"),
    ("ResourcePoolCreatedEvent", "Resource pool {resourcePool.name} was created in {parent.name}"),
    ("ResourcePoolDestroyedEvent", "Resource pool {resourcePool.name} was removed"),
    ("ResourcePoolMovedEvent", "Resource pool {resourcePool.name} was moved to {newParent.name}"),
    ("ResourcePoolReconfiguredEvent", "Resource pool {resourcePool.name} was reconfigured"),
    ("RoleAddedEvent", "Role {role.name} was made"),
    ("RoleRemovedEvent", "Role {role.name} was removed"),
    ("RoleUpdatedEvent", "Role {role.name} was changed"),
    ("SessionTerminatedEvent", "A session of {terminatedUsername} was ended"),
    ("TaskEvent", "Task: {info.descriptionId}"),
    ("UserLoginSessionEvent", "{userName}@{ipAddress} logged in with {userAgent}"),
    ("UserLogoutSessionEvent", "{userName}@{ipAddress} logged out after {callCount} calls with {userAgent}"),
    ("VmBeingClonedEvent", "{vm.name} on {host.name} in {datacenter.name} is being cloned to {destName}"),
    ("VmBeingCreatedEvent", "{vm.name} is being created on {host.name} in {datacenter.name}"),
    ("VmBeingDeployedEvent", "{vm.name} is being deployed on {host.name} from {srcTemplate.name}"),
    ("VmBeingHotMigratedEvent", "{vm.name} is being moved from {host.name} to {destHost.name}"),
    ("VmBeingMigratedEvent", "{vm.name} is being moved from {host.name} to {destHost.name}"),
    ("VmBeingRelocatedEvent", "{vm.name} is being moved from {host.name} to {destHost.name}"),
    ("VmClonedEvent", "{vm.name} on {host.name} in {datacenter.name} is a clone of {sourceVm.name}"),
    ("VmCreatedEvent", "{vm.name} was created on {host.name} in {datacenter.name}"),
    ("VmDeployedEvent", "{vm.name} was deployed on {host.name} from {srcTemplate.name}"),
    ("VmGuestRebootEvent", "The guest of {vm.name} on {host.name} in {datacenter.name} restarts"),
    ("VmGuestShutdownEvent", "The guest of {vm.name} on {host.name} in {datacenter.name} shuts down"),
    ("VmGuestStandbyEvent", "The guest of {vm.name} on {host.name} in {datacenter.name} goes to standby"),
    ("VmInstanceUuidAssignedEvent", "{vm.name} has the instance UUID {instanceUuid}"),
    ("VmMacAssignedEvent", "Adapter {adapter} of {vm.name} has the MAC address {mac}"),
    ("VmMigratedEvent", "{vm.name} was moved from {sourceHost.name} to {host.name} in {datacenter.name}"),
    ("VmPoweredOffEvent", "{vm.name} on {host.name} in {datacenter.name} is off"),
    ("VmPoweredOnEvent", "{vm.name} on {host.name} in {datacenter.name} is on"),
    ("VmReconfiguredEvent", "{vm.name} on {host.name} in {datacenter.name} was reconfigured"),
    ("VmRegisteredEvent", "{vm.name} on {host.name} in {datacenter.name} was registered"),
    ("VmRelocatedEvent", "{vm.name} was moved from {sourceHost.name} to {host.name} in {datacenter.name}"),
    ("VmRemovedEvent", "{vm.name} on {host.name} in {datacenter.name} was removed"),
    ("VmRenamedEvent", "{oldName} on {host.name} in {datacenter.name} was renamed to {newName}"),
    ("VmResettingEvent", "{vm.name} on {host.name} in {datacenter.name} is being reset"),
    ("VmResourcePoolMovedEvent", "{vm.name} was moved from pool {oldParent.name} to {newParent.name}"),
    ("VmResourceReallocatedEvent", "{vm.name} has other resources"),
    ("VmResumingEvent", "{vm.name} on {host.name} in {datacenter.name} resumes"),
    ("VmStartingEvent", "{vm.name} on {host.name} in {datacenter.name} starts"),
    ("VmStoppingEvent", "{vm.name} on {host.name} in {datacenter.name} stops"),
    ("VmSuspendedEvent", "{vm.name} on {host.name} in {datacenter.name} is suspended"),
    ("VmSuspendingEvent", "{vm.name} on {host.name} in {datacenter.name} is being suspended"),
    ("VmUpgradeCompleteEvent", "The hardware of {vm.name} was upgraded to {version}"),
    ("VmUuidAssignedEvent", "{vm.name} has the UUID {uuid}"),
];

/// The name of a type in words: `VmFailedToPowerOffEvent` is "Vm failed to power off".
pub(super) fn of_type(name: &str) -> String {
    let name = name.strip_suffix("Event").unwrap_or(name);
    let mut words = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_lower {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
        after_lower = letter.is_lowercase();
    }
    words
}
