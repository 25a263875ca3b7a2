//! The machine that a host is: large enough for what VMs ask for in scripts, since it is checked here.

use vim_types::{
    HostBIOSInfo, HostCpuInfo, HostCpuPackage, HostHardwareInfo, HostNumaInfo, HostNumaNode, HostSystemInfo,
};

const PACKAGES: i16 = 2;
const CORES: i16 = 64;
const THREADS: i16 = 128;
const HZ: i64 = 2_600_000_000;
const MEMORY: i64 = 1 << 40;

pub(super) fn info() -> HostHardwareInfo {
    let package = |index: i16| HostCpuPackage {
        index,
        vendor: "intel".into(),
        hz: HZ,
        bus_hz: 100_000_000,
        description: "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz".into(),
        thread_id: (index * THREADS / PACKAGES..(index + 1) * THREADS / PACKAGES).collect(),
        ..Default::default()
    };
    let node = |index: i16| HostNumaNode {
        type_id: u8::try_from(index).map_or(0, |index| index.cast_signed()),
        cpu_id: (index * THREADS / PACKAGES..(index + 1) * THREADS / PACKAGES).collect(),
        memory_size: Some(MEMORY / i64::from(PACKAGES)),
        ..Default::default()
    };
    let uuid = uuid::Uuid::new_v4().to_string();
    let serial = format!("VMware-{uuid}");
    HostHardwareInfo {
        system_info: HostSystemInfo {
            vendor: "VMware, Inc.".into(),
            model: "VMware Virtual Platform".into(),
            uuid,
            other_identifying_info: super::health::identification(&serial),
            serial_number: Some(serial),
            ..Default::default()
        },
        cpu_info: HostCpuInfo {
            num_cpu_packages: PACKAGES,
            num_cpu_cores: CORES,
            num_cpu_threads: THREADS,
            hz: HZ,
        },
        cpu_pkg: (0..PACKAGES).map(package).collect(),
        memory_size: MEMORY,
        numa_info: Some(HostNumaInfo {
            num_nodes: PACKAGES.into(),
            numa_node: (0..PACKAGES).map(node).collect(),
            r#type: "NUMA".into(),
        }),
        smc_present: false,
        bios_info: Some(HostBIOSInfo { bios_version: Some("6.00".into()), ..Default::default() }),
        ..Default::default()
    }
}

/// The clock of its processors, in MHz.
pub(crate) fn mhz(hardware: &HostHardwareInfo) -> i32 {
    i32::try_from(hardware.cpu_info.hz / 1_000_000).unwrap_or(i32::MAX)
}
