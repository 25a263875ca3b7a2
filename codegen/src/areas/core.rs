//! What the core is grown from: the managed objects of the VM life cycle, and faults and events that callers meet daily.

use super::unknown;
use crate::error::Result;
use crate::model::{Model, Ty, TypeId};
use std::collections::BTreeSet;

/// The roots of families too large to come along whole: a value of an absent type keeps its name and its XML.
pub(super) const HUGE: [&str; 2] = ["MethodFault", "Event"];

/// The core's managed objects. Their properties and methods whose types are not the core's need a feature.
pub(super) const OBJECTS: &[&str] = &[
    "AuthorizationManager",
    "ClusterComputeResource",
    "ComputeResource",
    "ContainerView",
    "CustomFieldsManager",
    "CustomizationSpecManager",
    "Datacenter",
    "Datastore",
    "DistributedVirtualPortgroup",
    "DistributedVirtualSwitch",
    "EnvironmentBrowser",
    "EventHistoryCollector",
    "EventManager",
    "ExtensibleManagedObject",
    "FileManager",
    "Folder",
    "GuestOperationsManager",
    "HistoryCollector",
    "HostDatastoreBrowser",
    "HostSystem",
    "HttpNfcLease",
    "InventoryView",
    "ListView",
    "ManagedEntity",
    "ManagedObjectView",
    "Network",
    "OpaqueNetwork",
    "OptionManager",
    "OvfManager",
    "PropertyCollector",
    "PropertyFilter",
    "ResourcePool",
    "SearchIndex",
    "ServiceInstance",
    "SessionManager",
    "StoragePod",
    "StorageResourceManager",
    "Task",
    "TaskHistoryCollector",
    "TaskManager",
    "View",
    "ViewManager",
    "VirtualApp",
    "VirtualDiskManager",
    "VirtualMachine",
    "VirtualMachineCompatibilityChecker",
    "VirtualMachineGuestCustomizationManager",
    "VirtualMachineProvisioningChecker",
    "VirtualMachineSnapshot",
];

/// Of these objects, the properties and methods that the core is grown from; of the others, all.
const PARTS: &[(&str, &[&str])] = &[
    (
        "HostSystem",
        &[
            "runtime",
            "summary",
            "hardware",
            "capability",
            "licensableResource",
            "systemResources",
            "configManager",
            "vm",
            "datastore",
            "network",
            "DisconnectHost_Task",
        ],
    ),
    ("DistributedVirtualSwitch", &["summary", "uuid"]),
];

/// What the core is not grown from, though its object is the core's: each would bring another area's types.
const WITHOUT: &[(&str, &[&str])] = &[
    (
        "ClusterComputeResource",
        &[
            "hciConfig",
            "ConfigureHCI_Task",
            "ExtendHCI_Task",
            "ValidateHCIConfiguration",
            "AbandonHciWorkflow",
        ],
    ),
    ("Folder", &["CreateDVS_Task", "BatchAddHostsToCluster_Task"]),
    (
        "Datacenter",
        &[
            "QueryConnectionInfo",
            "QueryConnectionInfoViaSpec",
            "BatchQueryConnectInfo",
            "ReconfigureDatacenter_Task",
        ],
    ),
];

/// Faults that a caller of the core may well tell apart, and the events that others are told by, beyond what the methods
/// declare.
const FAMILIAR: &[&str] = &[
    "AlreadyExists",
    "AlreadyUpgraded",
    "ApplicationQuiesceFault",
    "CannotAccessFile",
    "CannotAccessLocalSource",
    "CannotAccessNetwork",
    "CannotAccessVmComponent",
    "CannotAccessVmConfig",
    "CannotAccessVmDevice",
    "CannotAccessVmDisk",
    "CannotCreateFile",
    "CannotDecryptPasswords",
    "CannotDeleteFile",
    "CannotModifyConfigCpuRequirements",
    "CannotUseNetwork",
    "ConcurrentAccess",
    "CpuHotPlugNotSupported",
    "CpuIncompatible",
    "CustomizationFault",
    "CustomizationPending",
    "DatacenterMismatch",
    "DatastoreNotWritableOnHost",
    "DeltaDiskFormatNotSupported",
    "DeviceNotFound",
    "DeviceNotSupported",
    "DeviceUnsupportedForVmVersion",
    "DisallowedMigrationDeviceAttached",
    "DiskNotSupported",
    "DrsDisabledOnVm",
    "DuplicateName",
    "FileAlreadyExists",
    "FileFault",
    "FileLocked",
    "FileNotFound",
    "FileNotWritable",
    "FileTooLarge",
    "FilesystemQuiesceFault",
    "GenericVmConfigFault",
    "GuestAuthenticationChallenge",
    "GuestComponentsOutOfDate",
    "GuestOperationsFault",
    "GuestOperationsUnavailable",
    "GuestPermissionDenied",
    "GuestProcessNotFound",
    "GuestRegistryFault",
    "HostCommunication",
    "HostConnectFault",
    "HostNotConnected",
    "HostNotReachable",
    "HttpFault",
    "IDEDiskNotSupported",
    "InaccessibleDatastore",
    "InsufficientCpuResourcesFault",
    "InsufficientDisks",
    "InsufficientFailoverResourcesFault",
    "InsufficientHostCapacityFault",
    "InsufficientHostCpuCapacityFault",
    "InsufficientHostMemoryCapacityFault",
    "InsufficientMemoryResourcesFault",
    "InsufficientResourcesFault",
    "InsufficientStandbyResource",
    "InsufficientStorageSpace",
    "InvalidArgument",
    "InvalidCollectorVersion",
    "InvalidController",
    "InvalidDatastore",
    "InvalidDatastorePath",
    "InvalidDatastoreState",
    "InvalidDeviceBacking",
    "InvalidDeviceOperation",
    "InvalidDeviceSpec",
    "InvalidDiskFormat",
    "InvalidEvent",
    "InvalidFolder",
    "InvalidFormat",
    "InvalidGuestLogin",
    "InvalidHostState",
    "InvalidLicense",
    "InvalidLocale",
    "InvalidLogin",
    "InvalidName",
    "InvalidPowerState",
    "InvalidPrivilege",
    "InvalidProperty",
    "InvalidRequest",
    "InvalidResourcePoolStructureFault",
    "InvalidSnapshotFormat",
    "InvalidState",
    "InvalidType",
    "InvalidVmConfig",
    "LicenseEntityNotFound",
    "LicenseExpired",
    "LimitExceeded",
    "LinuxVolumeNotClean",
    "ManagedObjectNotFound",
    "MemoryHotPlugNotSupported",
    "MemorySizeNotSupported",
    "MemorySizeNotSupportedByDatastore",
    "MemorySnapshotOnIndependentDisk",
    "MethodAlreadyDisabledFault",
    "MethodDisabled",
    "MethodNotFound",
    "MigrationFault",
    "MigrationFeatureNotSupported",
    "MismatchedNetworkPolicies",
    "MissingController",
    "MissingLinuxCustResources",
    "MissingWindowsCustResources",
    "NetworkInaccessible",
    "NetworksMayNotBeTheSame",
    "NoActiveHostInCluster",
    "NoClientCertificate",
    "NoCompatibleDatastore",
    "NoCompatibleHost",
    "NoCompatibleSoftAffinityHost",
    "NoDiskSpace",
    "NoHost",
    "NoPermission",
    "NoVirtualNic",
    "NotAuthenticated",
    "NotEnoughCpus",
    "NotEnoughLicenses",
    "NotEnoughLogicalCpus",
    "NotFound",
    "NotImplemented",
    "NotSupported",
    "NotSupportedHost",
    "NumVirtualCpusExceedsLimit",
    "NumVirtualCpusIncompatible",
    "OperationDisabledByGuest",
    "OperationNotSupportedByGuest",
    "OutOfBounds",
    "OvfFault",
    "OvfImportFailed",
    "OvfInvalidPackage",
    "PasswordExpired",
    "PatchNotApplicable",
    "QuestionPending",
    "RDMNotPreserved",
    "ReadOnlyDisksWithLegacyDestination",
    "RequestCanceled",
    "ResourceInUse",
    "ResourceNotAvailable",
    "RestrictedVersion",
    "RuntimeFault",
    "SSLVerifyFault",
    "SecurityError",
    "SessionNotFound",
    "SnapshotCopyNotSupported",
    "SnapshotDisabled",
    "SnapshotFault",
    "SnapshotIncompatibleDeviceInVm",
    "SnapshotNoChange",
    "StorageVMotionNotSupported",
    "SwapDatastoreUnset",
    "SystemError",
    "TaskInProgress",
    "Timedout",
    "TooManySnapshotLevels",
    "ToolsInstallationInProgress",
    "ToolsUnavailable",
    "UnconfiguredPropertyValue",
    "UncustomizableGuest",
    "UnexpectedFault",
    "UnsupportedDatastore",
    "UnsupportedGuest",
    "UnsupportedVmxLocation",
    "UserNotFound",
    "VAppConfigFault",
    "VAppPropertyFault",
    "VMotionNotConfigured",
    "VMotionNotLicensed",
    "VMotionNotSupported",
    "VimFault",
    "VirtualHardwareCompatibilityIssue",
    "VirtualHardwareVersionNotSupported",
    "VmConfigFault",
    "VmLimitLicense",
    "VmPowerOnDisabled",
    "VmToolsUpgradeFault",
    "Event",
    "EventEx",
    "ExtendedEvent",
    "GeneralEvent",
    "TaskEvent",
    "VmEvent",
];

/// The types that the core must have.
pub(super) fn seeds(model: &Model) -> Result<Vec<TypeId>> {
    let mut seeds = BTreeSet::new();
    for name in FAMILIAR {
        seeds.insert(model.data(name).ok_or_else(|| unknown("core", name))?);
    }
    for (name, parts) in PARTS.iter().chain(WITHOUT) {
        let object = model.object(name).ok_or_else(|| unknown("core", name))?;
        let object = &model.objects[object];
        let wires = || {
            object
                .properties
                .iter()
                .map(|property| &property.wire)
                .chain(object.methods.iter().map(|method| &method.wire))
        };
        if let Some(part) = parts.iter().find(|part| !wires().any(|wire| wire == *part)) {
            return Err(unknown("core", &format!("{name}.{part}")));
        }
    }
    for name in OBJECTS {
        let object = model.object(name).ok_or_else(|| unknown("core", name))?;
        let object = &model.objects[object];
        let listed = |table: &[(&str, &[&str])], wire: &str| {
            table.iter().find(|(of, _)| of == name).map(|(_, parts)| parts.contains(&wire))
        };
        let wanted =
            |wire: &str| listed(PARTS, wire).unwrap_or(true) && !listed(WITHOUT, wire).unwrap_or(false);
        let mut types: Vec<Ty> = Vec::new();
        types.extend(
            object.properties.iter().filter(|property| wanted(&property.wire)).map(|property| property.ty),
        );
        for method in object.methods.iter().filter(|method| wanted(&method.wire)) {
            types.extend(method.params.iter().map(|param| param.ty));
            types.extend(method.result.iter().map(|answer| answer.ty));
            seeds.extend(&method.faults);
        }
        for ty in types {
            if let Ty::Data(id) = ty {
                let huge = model.lineage(id).any(|id| HUGE.contains(&model.types[id].wire.as_str()));
                seeds.extend(if huge { vec![id] } else { model.family(id) });
            }
        }
    }
    Ok(seeds.into_iter().collect())
}
