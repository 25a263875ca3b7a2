//! `PerformanceManager`: counters, and samples that look like those of a quiet server. They are made up, the same each time
//! for the same object, counter and moment.

mod counters;

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use counters::{Counter, all, kind_of};
use std::hash::{DefaultHasher, Hash, Hasher};
use vim_types::mo::{HostSystemProperties, PerformanceManagerProperties, VirtualMachineProperties};
use vim_types::{
    Description, ElementDescription, PerfCounterInfo, PerfEntityMetric, PerfEntityMetricBase,
    PerfEntityMetricCSV, PerfInterval, PerfMetricId, PerfMetricIntSeries, PerfMetricSeries,
    PerfMetricSeriesCSV, PerfProviderSummary, PerfQuerySpec, PerfSampleInfo, PerformanceDescription,
    VirtualMachinePowerState,
};
use vim_wire::{DateTime, MoRef, Poly};

methods! {
    "QueryPerfProviderSummary" => summary,
    "QueryAvailablePerfMetric" => available,
    "QueryPerfCounter" => counter,
    "QueryPerfCounterByLevel" => by_level,
    "QueryPerf" => query,
}

/// How far samples of now are apart, in seconds, and for how long they are kept.
const REALTIME: i32 = 20;
const KEPT: i64 = 3600;
/// The intervals of samples that are kept longer: key, name, seconds between samples, seconds for which they are kept.
const INTERVALS: [(i32, &str, i32, i32); 4] = [
    (1, "Past Day", 300, 86_400),
    (2, "Past Week", 1800, 604_800),
    (3, "Past Month", 7200, 2_592_000),
    (4, "Past Year", 86_400, 31_536_000),
];

/// Creates the manager.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef) {
    let interval = |(key, name, sampling_period, length): (i32, &str, i32, i32)| PerfInterval {
        key,
        sampling_period,
        name: name.to_owned(),
        length,
        level: Some(1),
        enabled: true,
    };
    let elements = |keys: &[&str]| {
        let words = |key: &str| Description { label: key.to_owned(), summary: key.to_owned() };
        let element = |key: &&str| ElementDescription { key: (*key).to_owned(), extends: words(key) };
        keys.iter().map(|key| element(key).into()).collect()
    };
    tx.create(
        moref,
        PerformanceManagerProperties {
            description: PerformanceDescription {
                counter_type: elements(&["average", "latest", "maximum", "minimum", "none", "summation"]),
                stats_type: elements(&["absolute", "delta", "rate"]),
            },
            historical_interval: INTERVALS.map(interval).into(),
            perf_counter: all().iter().map(Counter::info).collect(),
        },
    );
}

/// Whether there are samples of now, and not of long ago alone.
fn is_realtime(kind: &str) -> bool {
    matches!(kind, "VirtualMachine" | "HostSystem" | "ResourcePool")
}

fn summary(call: &Call<'_>) -> Result<Reply> {
    let entity: MoRef = call.arg("entity")?;
    let known = call.read(|world| world.node(&entity).is_some_and(|node| node.is_a("ManagedEntity")));
    if !known {
        return Err(Fault::invalid_argument("entity"));
    }
    let realtime = is_realtime(entity.kind());
    call.returns(&PerfProviderSummary {
        current_supported: realtime,
        summary_supported: true,
        refresh_rate: Some(if realtime { REALTIME } else { -1 }),
        entity,
    })
}

/// What there is of an object, at samples so far apart; 0 or less is any.
fn metrics(world: &World, entity: &MoRef, interval: i32) -> Result<Vec<PerfMetricId>> {
    let node = world.must(entity)?;
    let Some(kind) = kind_of(node.kind().name) else { return Ok(Vec::new()) };
    if interval == REALTIME && !is_realtime(node.kind().name) {
        return Ok(Vec::new());
    }
    let vm = node.properties::<VirtualMachineProperties>();
    let host = node.properties::<HostSystemProperties>();
    let processors = vm
        .and_then(|vm| vm.summary.config.num_cpu.map(i64::from))
        .or_else(|| host.and_then(|host| Some(i64::from(host.hardware.as_ref()?.cpu_info.num_cpu_threads))));
    let datastores = vm.map(|vm| &vm.datastore).or(host.map(|host| &host.datastore));
    let mut found = Vec::new();
    for counter in all() {
        let mut add = |instance: String| found.push(PerfMetricId { counter_id: counter.id, instance });
        for form in counter.of(kind).chars() {
            match form {
                'a' => add(String::new()),
                'c' => (0..processors.unwrap_or(0)).for_each(|number| add(number.to_string())),
                'd' => {
                    datastores.into_iter().flatten().for_each(|datastore| add(datastore.value().to_owned()))
                }
                'n' if vm.is_some() => add("4000".to_owned()),
                'n' => ["vmnic0", "vmnic1"].into_iter().for_each(|card| add(card.to_owned())),
                _ => {}
            }
        }
    }
    Ok(found)
}

fn available(call: &Call<'_>) -> Result<Reply> {
    let (entity, interval): (MoRef, Option<i32>) = (call.arg("entity")?, call.opt("intervalId")?);
    call.returns(&call.read(|world| metrics(world, &entity, interval.unwrap_or(0)))?)
}

fn counter(call: &Call<'_>) -> Result<Reply> {
    let ids: Vec<i32> = call.list("counterId")?;
    let found: Result<Vec<PerfCounterInfo>> = ids
        .into_iter()
        .map(|id| {
            let counter = all().iter().find(|counter| counter.id == id);
            counter.map(Counter::info).ok_or_else(|| Fault::invalid_argument("counterId"))
        })
        .collect();
    call.returns(&found?)
}

fn by_level(call: &Call<'_>) -> Result<Reply> {
    let level: i32 = call.arg("level")?;
    if !(1..=4).contains(&level) {
        return Err(Fault::invalid_argument("level"));
    }
    let found: Vec<_> = all().iter().filter(|counter| counter.level <= level).map(Counter::info).collect();
    call.returns(&found)
}

fn query(call: &Call<'_>) -> Result<Reply> {
    let specs: Vec<PerfQuerySpec> = call.list("querySpec")?;
    let now = seconds(call.sim.now());
    let found = call.read(|world| {
        let samples = specs.into_iter().map(|spec| samples(world, spec, now));
        samples.filter_map(Result::transpose).collect::<Result<Vec<Poly<PerfEntityMetricBase>>>>()
    })?;
    call.returns(&found)
}

const fn seconds(time: DateTime) -> i64 {
    time.unix_micros().div_euclid(1_000_000)
}

/// What one specification asks for; none where there are no samples.
fn samples(world: &World, spec: PerfQuerySpec, now: i64) -> Result<Option<Poly<PerfEntityMetricBase>>> {
    let known = metrics(world, &spec.entity, 0)?;
    let kind = world.must(&spec.entity)?.kind().name;
    let interval = match spec.interval_id.unwrap_or(0) {
        ..=0 if is_realtime(kind) => REALTIME,
        ..=0 => INTERVALS[0].2,
        interval => interval,
    };
    let kept = INTERVALS.iter().find(|(_, _, period, _)| *period == interval).map(|found| i64::from(found.3));
    let kept = match (kept, interval) {
        (Some(kept), _) => kept,
        (None, REALTIME) if is_realtime(kind) => KEPT,
        (None, REALTIME) => return Ok(None),
        (None, _) => return Err(Fault::invalid_argument("querySpec.interval")),
    };
    // Who is off does nothing that could be counted.
    let off = world
        .get::<VirtualMachineProperties>(&spec.entity)
        .is_ok_and(|vm| vm.runtime.power_state != VirtualMachinePowerState::POWERED_ON);
    if off && interval == REALTIME {
        return Ok(None);
    }
    let step = i64::from(interval);
    let end = spec.end_time.map_or(now, seconds).min(now);
    // The start itself is not in it, as servers have it.
    let start = spec.start_time.map_or(now - kept, seconds).max(now - kept);
    let mut ticks: Vec<i64> = (start.div_euclid(step) + 1..=end.div_euclid(step)).collect();
    if let Some(most) = spec.max_sample.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0) {
        ticks.drain(..ticks.len().saturating_sub(most));
    }
    let wanted = if spec.metric_id.is_empty() { known.clone() } else { spec.metric_id };
    let mut series = Vec::new();
    for id in wanted {
        let has = |metric: &&PerfMetricId| {
            metric.counter_id == id.counter_id && (id.instance == "*" || metric.instance == id.instance)
        };
        for id in known.iter().filter(has) {
            let Some(counter) = all().iter().find(|counter| counter.id == id.counter_id) else { continue };
            let values: Vec<i64> = ticks.iter().map(|tick| value(&spec.entity, id, counter, *tick)).collect();
            series.push((id.clone(), values));
        }
    }
    let time = |tick: &i64| DateTime::from_unix_micros(tick * step * 1_000_000);
    let extends = PerfEntityMetricBase { entity: spec.entity };
    if spec.format.as_deref() == Some("csv") {
        let info: Vec<String> = ticks.iter().map(|tick| format!("{interval},{}", time(tick))).collect();
        let value = series
            .into_iter()
            .map(|(id, values)| {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                PerfMetricSeriesCSV { extends: PerfMetricSeries { id }, value: Some(values.join(",")) }
            })
            .collect();
        return Ok(Some(PerfEntityMetricCSV { extends, sample_info_csv: info.join(","), value }.into()));
    }
    let sample_info = ticks.iter().map(|tick| PerfSampleInfo { timestamp: time(tick), interval }).collect();
    let value = series
        .into_iter()
        .map(|(id, value)| PerfMetricIntSeries { extends: PerfMetricSeries { id }, value }.into())
        .collect();
    Ok(Some(PerfEntityMetric { extends, sample_info, value }.into()))
}

/// A value for an object's counter at a moment: around one that is the object's own, within the unit's bounds.
fn value(entity: &MoRef, id: &PerfMetricId, counter: &Counter, tick: i64) -> i64 {
    let hash = |tick: Option<i64>| {
        let mut hasher = DefaultHasher::new();
        (entity, id.counter_id, &id.instance, tick).hash(&mut hasher);
        hasher.finish()
    };
    let most = match counter.unit {
        // Hundredths of a percent.
        "percent" => 10_000,
        "megaHertz" => 4000,
        "kiloBytes" => 4 << 20,
        "kiloBytesPerSecond" => 2000,
        "millisecond" => 20_000,
        "celsius" => 60,
        _ => 500,
    };
    let own = (hash(None) % most) / 4;
    let noise = hash(Some(tick)) % (own / 5 + 2);
    i64::try_from(own + noise).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::model::tests::world;

    #[test]
    fn samples_lie_in_the_time_that_is_asked_for() {
        let world = world(&Model::vcenter());
        let host = world.of_kind("HostSystem")[0].moref.clone();
        let id = || PerfMetricId { counter_id: 2, instance: String::new() };
        let now = 1_800_000_007;
        let at = |seconds: i64| Some(DateTime::from_unix_micros(seconds * 1_000_000));
        let spec = PerfQuerySpec {
            entity: host,
            start_time: at(now - 100),
            metric_id: vec![id()],
            ..Default::default()
        };
        let read = |spec: PerfQuerySpec| samples(&world, spec, now).expect("is right").expect("are there");
        let found = read(spec.clone());
        let metric: &PerfEntityMetric = found.downcast_ref().expect("is no CSV");
        let times: Vec<i64> = metric.sample_info.iter().map(|info| seconds(info.timestamp)).collect();
        assert_eq!(times, (1..=5).map(|n| 1_799_999_900 + 20 * n).collect::<Vec<_>>());
        let series: &PerfMetricIntSeries = metric.value[0].downcast_ref().expect("are numbers");
        assert!(series.value.len() == 5 && series.value.iter().all(|value| (0..10_000).contains(value)));
        assert_eq!(read(spec.clone()), found);
        let csv = read(PerfQuerySpec { format: Some("csv".into()), max_sample: Some(1), ..spec.clone() });
        let csv: &PerfEntityMetricCSV = csv.downcast_ref().expect("is CSV");
        assert!(csv.sample_info_csv.starts_with("20,20") && csv.value.len() == 1);
        assert!(samples(&world, PerfQuerySpec { interval_id: Some(7), ..spec }, now).is_err());
    }
}
