//! The storage that a host starts with: two adapters, one of them with a disk.

use vim_types::{
    HostBlockAdapterTargetTransport, HostBlockHba, HostDiskDimensionsLba, HostFileSystemVolumeInfo,
    HostHostBusAdapter, HostMultipathInfo, HostMultipathInfoFixedLogicalUnitPolicy,
    HostMultipathInfoLogicalUnit, HostMultipathInfoLogicalUnitStorageArrayTypePolicy, HostMultipathInfoPath,
    HostMultipathStateInfo, HostMultipathStateInfoPath, HostScsiDisk, HostScsiTopology,
    HostScsiTopologyInterface, HostScsiTopologyLun, HostScsiTopologyTarget, HostStorageDeviceInfo, ScsiLun,
    ScsiLunCapabilities,
};

/// The disk's name, which paths lead to.
pub(crate) const DISK: &str = "mpx.vmhba0:C0:T0:L0";

/// The blocks of the disk, of 512 bytes: 4 TiB and what partitions need.
const BLOCKS: i64 = (4 << 31) + (1 << 21);

fn adapter(device: &str, pci: &str, model: &str, driver: &str) -> HostHostBusAdapter {
    HostHostBusAdapter {
        key: Some(format!("key-vim.host.BlockHba-{device}")),
        device: device.to_owned(),
        bus: 3,
        status: "unknown".into(),
        model: model.to_owned(),
        driver: Some(driver.to_owned()),
        pci: Some(pci.to_owned()),
        storage_protocol: Some("scsi".into()),
        ..Default::default()
    }
}

pub(super) fn devices(number: u64) -> HostStorageDeviceInfo {
    let uuid = format!("0000000000766d68626130{number:026x}");
    let lun_key = format!("key-vim.host.ScsiDisk-{uuid}");
    let adapters = [
        adapter("vmhba0", "0000:03:00.0", "PVSCSI SCSI Controller", "pvscsi"),
        adapter("vmhba1", "0000:00:07.1", "PIIX4 for 430TX/440BX/MX IDE Controller", "vmkata"),
    ];
    let keys: Vec<String> = adapters.iter().filter_map(|adapter| adapter.key.clone()).collect();
    let mut disk = HostScsiDisk {
        extends: ScsiLun {
            key: Some(lun_key.clone()),
            uuid: uuid.clone(),
            canonical_name: Some(DISK.into()),
            display_name: Some(format!("Local VMware Disk ({DISK})")),
            lun_type: "disk".into(),
            vendor: Some("VMware  ".into()),
            model: Some("Virtual disk    ".into()),
            revision: Some("2.0 ".into()),
            scsi_level: Some(6),
            serial_number: Some("unavailable".into()),
            queue_depth: Some(1_024),
            operational_state: vec!["ok".into()],
            capabilities: Some(ScsiLunCapabilities { update_display_name_supported: true }),
            vstorage_support: Some("vStorageUnsupported".into()),
            protocol_endpoint: Some(false),
            perennially_reserved: Some(false),
            ..Default::default()
        },
        capacity: HostDiskDimensionsLba { block_size: 512, block: BLOCKS },
        device_path: format!("/vmfs/devices/disks/{DISK}"),
        ssd: Some(true),
        local_disk: Some(true),
        scsi_disk_type: Some("native512".into()),
        ..Default::default()
    };
    disk.device_name = format!("/vmfs/devices/disks/{DISK}");
    disk.device_type = "disk".into();
    let path = "vmhba0:C0:T0:L0";
    let unit_key = format!("key-vim.host.MultipathInfo.LogicalUnit-{uuid}");
    let transport = || Some(HostBlockAdapterTargetTransport::default().into());
    let mut policy = HostMultipathInfoFixedLogicalUnitPolicy { prefer: path.into(), ..Default::default() };
    policy.policy = "VMW_PSP_FIXED".into();
    let unit = HostMultipathInfoLogicalUnit {
        key: unit_key.clone(),
        id: uuid.clone(),
        lun: lun_key.clone(),
        path: vec![HostMultipathInfoPath {
            key: format!("key-vim.host.MultipathInfo.Path-{path}"),
            name: path.into(),
            path_state: "active".into(),
            state: Some("active".into()),
            is_working_path: Some(true),
            adapter: keys.first().cloned().unwrap_or_default(),
            lun: unit_key,
            transport: transport(),
        }],
        policy: policy.into(),
        storage_array_type_policy: Some(HostMultipathInfoLogicalUnitStorageArrayTypePolicy {
            policy: "VMW_SATP_LOCAL".into(),
        }),
    };
    let topology =
        adapters.iter().zip(&keys).enumerate().map(|(index, (adapter, key))| HostScsiTopologyInterface {
            key: format!("key-vim.host.ScsiTopology.Interface-{}", adapter.device),
            adapter: key.clone(),
            target: (index == 0)
                .then(|| HostScsiTopologyTarget {
                    key: format!("key-vim.host.ScsiTopology.Target-{}:0:0", adapter.device),
                    target: 0,
                    lun: vec![HostScsiTopologyLun {
                        key: format!("key-vim.host.ScsiTopology.Lun-{uuid}"),
                        lun: 0,
                        scsi_lun: lun_key.clone(),
                    }],
                    transport: transport(),
                })
                .into_iter()
                .collect(),
        });
    HostStorageDeviceInfo {
        scsi_topology: Some(HostScsiTopology { adapter: topology.collect() }),
        host_bus_adapter: adapters.into_iter().map(|extends| HostBlockHba { extends }.into()).collect(),
        scsi_lun: vec![disk.into()],
        multipath_info: Some(HostMultipathInfo { lun: vec![unit] }),
        software_internet_scsi_enabled: false,
        ..Default::default()
    }
}

pub(super) fn volumes() -> HostFileSystemVolumeInfo {
    let types = ["VMFS", "NFS", "NFS41", "VFFS", "vsan", "VVOL", "PMEM", "OTHER"];
    HostFileSystemVolumeInfo {
        volume_type_list: types.iter().map(|&kind| kind.to_owned()).collect(),
        ..Default::default()
    }
}

pub(super) fn paths() -> HostMultipathStateInfo {
    let path = HostMultipathStateInfoPath { name: "vmhba0:C0:T0:L0".into(), path_state: "active".into() };
    HostMultipathStateInfo { path: vec![path] }
}
