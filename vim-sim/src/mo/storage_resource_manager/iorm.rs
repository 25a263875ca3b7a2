//! Storage I/O control of a datastore.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use vim_types::mo::{DatastoreProperties, HostSystemProperties};
use vim_types::{
    BoolOption, IntOption, StorageIORMConfigOption, StorageIORMConfigSpec, StorageIORMInfo,
    StorageIORMThresholdMode, StoragePerformanceSummary,
};
use vim_wire::{Any, MoRef, OpenEnum};

/// Milliseconds of latency at which a datastore counts as congested: at least, at most, and unless told otherwise.
const THRESHOLD: (i32, i32, i32) = (5, 100, 30);

/// What a datastore has at first.
pub(crate) fn initial() -> StorageIORMInfo {
    StorageIORMInfo {
        enabled: false,
        congestion_threshold_mode: StorageIORMThresholdMode::AUTOMATIC.as_str().to_owned(),
        congestion_threshold: THRESHOLD.2,
        percent_of_peak_throughput: Some(90),
        stats_collection_enabled: false,
        reservation_enabled: false,
        stats_aggregation_disabled: Some(false),
        ..Default::default()
    }
}

pub(super) fn options(call: &Call<'_>) -> Result<Reply> {
    let host: MoRef = call.arg("host")?;
    call.read(|world| world.get::<HostSystemProperties>(&host).map(|_| ()))?;
    let flag = || BoolOption { supported: true, default_value: false, ..Default::default() };
    call.returns(&StorageIORMConfigOption {
        enabled_option: flag(),
        congestion_threshold_option: IntOption {
            min: THRESHOLD.0,
            max: THRESHOLD.1,
            default_value: THRESHOLD.2,
            ..Default::default()
        },
        stats_collection_enabled_option: flag(),
        reservation_enabled_option: flag(),
    })
}

pub(super) fn configure(call: &Call<'_>) -> Result<Reply> {
    let (datastore, spec): (MoRef, StorageIORMConfigSpec) = (call.arg("datastore")?, call.arg("spec")?);
    call.read(|world| {
        require(world, call.user(), "Datastore.Config", &datastore)?;
        let capability = &world.get::<DatastoreProperties>(&datastore)?.capability;
        match capability.storage_iorm_supported {
            true => Ok(()),
            false => Err(Fault::not_supported("storage I/O control of this datastore")),
        }
    })?;
    let bounded = |value: Option<i32>, min, max, name: &str| match value {
        Some(value) if !(min..=max).contains(&value) => Err(Fault::invalid_argument(name)),
        _ => Ok(()),
    };
    bounded(spec.congestion_threshold, THRESHOLD.0, THRESHOLD.1, "spec.congestionThreshold")?;
    bounded(spec.percent_of_peak_throughput, 50, 100, "spec.percentOfPeakThroughput")?;
    if let Some(mode) = &spec.congestion_threshold_mode
        && !StorageIORMThresholdMode::DESC.values.contains(&mode.as_str())
    {
        return Err(Fault::invalid_argument("spec.congestionThresholdMode"));
    }
    let entity = datastore.clone();
    call.task(&entity, move |tx| {
        let properties = tx.edit::<DatastoreProperties>(&datastore)?;
        let info = properties.iorm_configuration.get_or_insert_with(initial);
        info.enabled = spec.enabled.unwrap_or(info.enabled);
        if let Some(mode) = spec.congestion_threshold_mode {
            info.congestion_threshold_mode = mode;
        }
        info.congestion_threshold = spec.congestion_threshold.unwrap_or(info.congestion_threshold);
        info.percent_of_peak_throughput = spec.percent_of_peak_throughput.or(info.percent_of_peak_throughput);
        info.stats_collection_enabled =
            spec.stats_collection_enabled.unwrap_or(info.stats_collection_enabled);
        info.reservation_enabled = spec.reservation_enabled.unwrap_or(info.reservation_enabled);
        info.stats_aggregation_disabled = spec.stats_aggregation_disabled.or(info.stats_aggregation_disabled);
        info.reservable_iops_threshold = spec.reservable_iops_threshold.or(info.reservable_iops_threshold);
        Ok(Any::Nil)
    })
}

/// There are no statistics, as on a server that has not collected any yet.
pub(super) fn performance(call: &Call<'_>) -> Result<Reply> {
    let datastore: MoRef = call.arg("datastore")?;
    call.read(|world| world.get::<DatastoreProperties>(&datastore).map(|_| ()))?;
    call.returns(&Vec::<StoragePerformanceSummary>::new())
}
