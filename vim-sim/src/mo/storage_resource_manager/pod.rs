//! `StoragePod`: a folder of datastores that are taken for one.

use crate::fault::Result;
use crate::mo::managed_entity::{attach, entity};
use crate::world::Tx;
use vim_types::mo::{DatastoreProperties, FolderProperties, StoragePodProperties};
use vim_types::{
    PodStorageDrsEntry, StorageDrsConfigInfo, StorageDrsPodConfigInfo, StorageDrsPodConfigInfoBehavior,
    StorageDrsSpaceLoadBalanceConfig, StoragePodSummary,
};
use vim_wire::MoRef;

/// Adds a datastore cluster to a folder of datastores, with storage DRS on, as vcsim has it.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let moref = tx.new_ref("StoragePod");
    let extends = FolderProperties {
        extends: entity(name),
        child_type: vec!["Datastore".into()],
        ..Default::default()
    };
    let properties = StoragePodProperties {
        extends,
        pod_storage_drs_entry: Some(PodStorageDrsEntry {
            storage_drs_config: StorageDrsConfigInfo { pod_config: default_config(), ..Default::default() },
            ..Default::default()
        }),
        ..Default::default()
    };
    tx.create(&moref, properties);
    attach(tx, &moref, folder)?;
    Ok(moref)
}

pub(super) fn default_config() -> StorageDrsPodConfigInfo {
    StorageDrsPodConfigInfo {
        enabled: true,
        io_load_balance_enabled: true,
        default_vm_behavior: StorageDrsPodConfigInfoBehavior::MANUAL.as_str().to_owned(),
        load_balance_interval: Some(480),
        default_intra_vm_affinity: Some(true),
        space_load_balance_config: Some(StorageDrsSpaceLoadBalanceConfig {
            space_threshold_mode: Some("utilization".into()),
            space_utilization_threshold: Some(80),
            min_space_utilization_difference: Some(5),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Sets what follows from a pod's datastores: its summary.
pub(crate) fn derived(tx: &mut Tx<'_>, pod: &MoRef) {
    let Ok(properties) = tx.get::<StoragePodProperties>(pod) else { return };
    let mut summary = StoragePodSummary { name: properties.name.clone(), ..Default::default() };
    for child in &properties.child_entity {
        let Ok(datastore) = tx.get::<DatastoreProperties>(child) else { continue };
        summary.capacity += datastore.summary.capacity;
        summary.free_space += datastore.summary.free_space;
    }
    if properties.summary.as_ref() == Some(&summary) {
        return;
    }
    if let Ok(properties) = tx.edit::<StoragePodProperties>(pod) {
        properties.summary = Some(summary);
    }
}
