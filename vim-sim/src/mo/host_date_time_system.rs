//! `HostDateTimeSystem`: a host's clock.

use super::host_system::{self, host_of};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use vim_types::mo::{HostDateTimeSystemProperties, HostSystemProperties};
use vim_types::{HostDateTimeConfig, HostDateTimeSystemTimeZone};
use vim_wire::DateTime;

methods! {
    "QueryDateTime" => query,
    "UpdateDateTime" => update,
    "UpdateDateTimeConfig" => update_config,
    "QueryAvailableTimeZones" => query_time_zones,
    "RefreshDateTimeSystem" => refresh,
}

fn query(call: &Call<'_>) -> Result<Reply> {
    let ahead = call.read(|world| host_system::clock_offset(world, &call.this));
    call.returns(&DateTime::from_unix_micros(call.sim.now().unix_micros().saturating_add(ahead)))
}

fn update(call: &Call<'_>) -> Result<Reply> {
    let time: DateTime = call.arg("dateTime")?;
    call.write(|tx| {
        let ahead = time.unix_micros().saturating_sub(tx.now.unix_micros());
        host_system::set_clock_offset(tx, &call.this, ahead)
    })?;
    call.done()
}

fn update_config(call: &Call<'_>) -> Result<Reply> {
    let config: HostDateTimeConfig = call.arg("config")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let info = &mut tx.edit::<HostDateTimeSystemProperties>(&call.this)?.date_time_info;
        if let Some(zone) = &config.time_zone {
            info.time_zone = time_zone(zone).ok_or_else(|| Fault::invalid_argument("config.timeZone"))?;
        }
        super::merge::merge!(info, config; ntp_config, ptp_config, enabled, disable_events, disable_fallback);
        if config.protocol.is_some() {
            info.system_clock_protocol = config.protocol;
        }
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}

const TIME_ZONES: [(&str, i32); 10] = [
    ("America/Chicago", -21_600),
    ("America/Los_Angeles", -28_800),
    ("America/New_York", -18_000),
    ("Asia/Kolkata", 19_800),
    ("Asia/Shanghai", 28_800),
    ("Asia/Tokyo", 32_400),
    ("Australia/Sydney", 36_000),
    ("Europe/Berlin", 3_600),
    ("Europe/London", 0),
    ("UTC", 0),
];

fn time_zone(key: &str) -> Option<HostDateTimeSystemTimeZone> {
    TIME_ZONES.iter().find(|(name, _)| *name == key).map(|&(name, gmt_offset)| HostDateTimeSystemTimeZone {
        key: name.to_owned(),
        name: name.to_owned(),
        description: name.to_owned(),
        gmt_offset,
    })
}

fn query_time_zones(call: &Call<'_>) -> Result<Reply> {
    call.returns(&TIME_ZONES.iter().filter_map(|(name, _)| time_zone(name)).collect::<Vec<_>>())
}

/// What there is, is known.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.done()
}
