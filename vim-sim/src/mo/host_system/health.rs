//! What a host's sensors tell, and what its network stack does: a machine that nothing is wrong with.

use vim_types::{
    ElementDescription, HealthSystemRuntime, HostHardwareElementInfo, HostHardwareInfo,
    HostHardwareStatusInfo, HostNumericSensorInfo, HostRuntimeInfoNetStackInstanceRuntimeInfo,
    HostRuntimeInfoNetworkRuntimeInfo, HostSystemHealthInfo, HostSystemIdentificationInfo,
};

/// The most connections of the one network stack.
pub(super) const CONNECTIONS: i32 = 11_000;

fn described(key: &str, label: &str, summary: &str) -> ElementDescription {
    let mut described = ElementDescription { key: key.to_owned(), ..Default::default() };
    (described.label, described.summary) = (label.to_owned(), summary.to_owned());
    described
}

/// The state of each part. Elements have their state in capitals, sensors have it small.
pub(super) fn system(hardware: &HostHardwareInfo) -> HealthSystemRuntime {
    let element = |name: String| {
        let status = described("Green", "Green", "Nothing is wrong with this part").into();
        HostHardwareElementInfo { name, status }.into()
    };
    let sensor = |name: String, kind: &str| HostNumericSensorInfo {
        name,
        health_state: Some(described("green", "Green", "The sensor reads what it should").into()),
        sensor_type: kind.to_owned(),
        ..Default::default()
    };
    let packages: Vec<String> =
        hardware.cpu_pkg.iter().map(|cpu| format!("CPU socket #{}", cpu.index)).collect();
    let mut sensors: Vec<_> = packages.iter().map(|name| sensor(name.clone(), "Processors")).collect();
    sensors.push(sensor("Memory".to_owned(), "Memory"));
    HealthSystemRuntime {
        system_health_info: Some(HostSystemHealthInfo { numeric_sensor_info: sensors }),
        hardware_status_info: Some(HostHardwareStatusInfo {
            memory_status_info: vec![element("Memory".to_owned())],
            cpu_status_info: packages.into_iter().map(element).collect(),
            ..Default::default()
        }),
    }
}

/// The one network stack, which the management interface uses.
pub(super) fn network() -> HostRuntimeInfoNetworkRuntimeInfo {
    let stack = HostRuntimeInfoNetStackInstanceRuntimeInfo {
        net_stack_instance_key: "defaultTcpipStack".to_owned(),
        state: Some("active".to_owned()),
        vmknic_keys: vec!["vmk0".to_owned()],
        max_number_of_connections: Some(CONNECTIONS),
        current_ip_v6_enabled: Some(true),
    };
    HostRuntimeInfoNetworkRuntimeInfo { net_stack_instance_runtime_info: vec![stack], ..Default::default() }
}

/// The tags by which a machine is known to its maker and to its owner.
pub(super) fn identification(serial: &str) -> Vec<HostSystemIdentificationInfo> {
    let tag = |key: &str, label: &str, value: &str| HostSystemIdentificationInfo {
        identifier_value: value.to_owned(),
        identifier_type: described(key, label, label).into(),
    };
    vec![tag("AssetTag", "Asset Tag", "No Asset Tag"), tag("ServiceTag", "Service tag", serial)]
}
