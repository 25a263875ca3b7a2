//! What it takes to read a property.

use vim_wire::TypeDesc;

pub(crate) const ANONYMOUS: &str = "System.Anonymous";
pub(crate) const VIEW: &str = "System.View";
pub(crate) const READ: &str = "System.Read";

/// The properties for which the schema names another privilege than `System.Read`; an empty name is any of the type's own.
const OTHERS: &[(&str, &str, &str)] = &[
    ("Alarm", "info", VIEW),
    ("AlarmManager", "", VIEW),
    ("AuthorizationManager", "", VIEW),
    ("ComputeResource", "configManagerEnabled", VIEW),
    ("ComputeResource", "datastore", VIEW),
    ("ComputeResource", "environmentBrowser", VIEW),
    ("ComputeResource", "host", VIEW),
    ("ComputeResource", "lifecycleManaged", VIEW),
    ("ComputeResource", "network", VIEW),
    ("ComputeResource", "networkBootMode", VIEW),
    ("ComputeResource", "resourcePool", VIEW),
    ("ContainerView", "", VIEW),
    ("CustomFieldsManager", "field", VIEW),
    ("CustomizationSpecManager", "encryptionKey", VIEW),
    ("CustomizationSpecManager", "info", "VirtualMachine.Provisioning.ReadCustSpecs"),
    ("Datacenter", "configuration", VIEW),
    ("Datacenter", "datastoreFolder", VIEW),
    ("Datacenter", "hostFolder", VIEW),
    ("Datacenter", "networkFolder", VIEW),
    ("Datacenter", "vmFolder", VIEW),
    ("EnvironmentBrowser", "datastoreBrowser", VIEW),
    ("EventManager", "", VIEW),
    ("ExtensibleManagedObject", "", VIEW),
    ("ExtensionManager", "extensionList", VIEW),
    ("Folder", "", VIEW),
    ("GuestOperationsManager", "", ANONYMOUS),
    ("HostAccessManager", "lockdownMode", VIEW),
    ("HostCacheConfigurationManager", "cacheConfigurationInfo", "Host.Config.AdvancedConfig"),
    ("HostCertificateManager", "certificateInfo", "Certificate.Manage"),
    ("HostDatastoreBrowser", "datastore", VIEW),
    ("HostDatastoreSystem", "datastore", VIEW),
    ("HostEsxAgentHostManager", "configInfo", "Host.Config.Settings"),
    ("HostNvdimmSystem", "nvdimmSystemInfo", "Host.Config.Nvdimm"),
    ("HostSnmpSystem", "", "Global.Settings"),
    ("HostSystem", "datastore", VIEW),
    ("HostSystem", "datastoreBrowser", VIEW),
    ("HostSystem", "network", VIEW),
    ("LicenseManager", "licenseAssignmentManager", VIEW),
    ("LocalizationManager", "catalog", VIEW),
    ("ManagedEntity", "customValue", VIEW),
    ("ManagedEntity", "declaredAlarmState", VIEW),
    ("ManagedEntity", "effectiveRole", VIEW),
    ("ManagedEntity", "name", VIEW),
    ("ManagedEntity", "parent", VIEW),
    ("ManagedEntity", "tag", VIEW),
    ("ManagedEntity", "triggeredAlarmState", VIEW),
    ("OvfManager", "", VIEW),
    ("PbmServiceInstance", "content", ANONYMOUS),
    ("PerformanceManager", "", VIEW),
    ("Profile", "config", "Profile.Edit"),
    ("ProfileManager", "profile", "Profile.View"),
    ("PropertyCollector", "filter", VIEW),
    ("ResourcePool", "namespace", VIEW),
    ("ResourcePool", "owner", VIEW),
    ("ResourcePool", "resourcePool", VIEW),
    ("ResourcePool", "vm", VIEW),
    ("ScheduledTaskManager", "", VIEW),
    ("ServiceInstance", "capability", VIEW),
    ("ServiceInstance", "content", ANONYMOUS),
    ("ServiceInstance", "serverClock", VIEW),
    ("ServiceManager", "service", "Global.ServiceManagers"),
    ("SessionManager", "currentSession", ANONYMOUS),
    ("SessionManager", "defaultLocale", ANONYMOUS),
    ("SessionManager", "message", VIEW),
    ("SessionManager", "messageLocaleList", ANONYMOUS),
    ("SessionManager", "sessionList", "Sessions.TerminateSession"),
    ("SessionManager", "supportedLocaleList", ANONYMOUS),
    ("StoragePod", "summary", VIEW),
    ("TaskManager", "", VIEW),
    ("UserDirectory", "domainList", VIEW),
    ("ViewManager", "viewList", VIEW),
    ("VirtualApp", "datastore", VIEW),
    ("VirtualApp", "network", VIEW),
    ("VirtualApp", "parentFolder", VIEW),
    ("VirtualMachine", "datastore", VIEW),
    ("VirtualMachine", "network", VIEW),
];

/// The privilege on the object that reading a property path of it takes.
pub(crate) fn to_read(kind: &'static TypeDesc, path: &str) -> &'static str {
    let property = path.split(['.', '[']).next().unwrap_or(path);
    let Some(owner) = kind.lineage().find(|desc| desc.fields.iter().any(|field| field.name == property))
    else {
        return READ;
    };
    let other =
        OTHERS.iter().find(|(kind, name, _)| *kind == owner.name && (name.is_empty() || *name == property));
    other.map_or(READ, |(_, _, privilege)| privilege)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::properties_of;

    #[test]
    fn every_exception_is_of_a_property_that_there_is() {
        for (kind, property, _) in OTHERS {
            let desc = properties_of(kind).unwrap_or_else(|| panic!("{kind}"));
            assert!(
                property.is_empty() || desc.fields.iter().any(|field| field.name == *property),
                "{kind}.{property}"
            );
        }
    }

    #[test]
    fn a_part_is_read_with_the_privilege_of_the_whole() {
        let vm = properties_of("VirtualMachine").unwrap();
        assert_eq!(to_read(vm, "name"), VIEW);
        assert_eq!(to_read(vm, "config.hardware.device[4000]"), READ);
        assert_eq!(to_read(vm, "network"), VIEW);
    }
}
