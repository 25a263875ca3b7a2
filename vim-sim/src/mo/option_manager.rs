//! `OptionManager`: settings of the service and, one a host, of hosts.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::mo::host_system::host_of;
use crate::world::Tx;
use std::time::Duration;
use vim_types::mo::{HostSystemProperties, OptionManagerProperties};
use vim_types::{InvalidName, OptionValue};
use vim_wire::{Any, MoRef, Poly};

methods! {
    "QueryOptions" => query,
    "UpdateOptions" => update,
}

/// How long a session may be idle.
const SESSION_TIMEOUT: &str = "config.vmacore.soap.sessionTimeout";

fn option(key: &str, value: impl Into<Any>) -> Poly<OptionValue> {
    OptionValue { key: key.to_owned(), value: Some(value.into()) }.into()
}

/// The settings of a vCenter, or of a host's service.
pub(crate) fn settings(esx: bool) -> Vec<Poly<OptionValue>> {
    if esx {
        return Vec::new();
    }
    vec![
        option("config.vpxd.sso.default.admin", "Administrator@vsphere.local"),
        option("config.vpxd.sso.default.isGroup", "false"),
        option("config.vpxd.sso.enabled", "false"),
        option("VirtualCenter.InstanceName", "127.0.0.1"),
        option("event.batchsize", 2000),
        option("event.maxAge", 30),
        option("event.maxAgeEnabled", true),
        option("event.maxCollectors", 32),
        option("task.maxAge", 30),
        option("task.maxAgeEnabled", true),
        option("task.maxCollectors", 32),
    ]
}

/// A host's configuration shows its options.
pub(crate) fn derived(tx: &mut Tx<'_>, manager: &MoRef) {
    let Ok(host) = host_of(tx, manager) else { return };
    let Ok(setting) = tx.get::<OptionManagerProperties>(manager).map(|manager| manager.setting.clone())
    else {
        return;
    };
    let differs = tx
        .get::<HostSystemProperties>(&host)
        .is_ok_and(|host| host.config.as_ref().is_some_and(|config| config.option != setting));
    if differs
        && let Ok(host) = tx.edit::<HostSystemProperties>(&host)
        && let Some(config) = &mut host.config
    {
        config.option = setting;
    }
}

fn invalid_name(name: &str) -> Fault {
    let fault = InvalidName { name: name.to_owned(), ..Default::default() };
    Fault::new(fault, format!("The name '{name}' is invalid: there is no such option"))
}

fn query(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.opt("name")?.unwrap_or_default();
    let found = call.read(|world| -> Result<Vec<Poly<OptionValue>>> {
        let settings = world.get::<OptionManagerProperties>(&call.this)?.setting.iter();
        Ok(settings.filter(|option| option.key.starts_with(&name)).cloned().collect())
    })?;
    match found.is_empty() {
        true => Err(invalid_name(&name)),
        false => call.returns(&found),
    }
}

fn update(call: &Call<'_>) -> Result<Reply> {
    let changes: Vec<Poly<OptionValue>> = call.list("changedValue")?;
    let timeout = match changes.iter().rev().find(|change| change.key == SESSION_TIMEOUT) {
        Some(change) => Some(timeout(change.value.as_ref())?),
        None => None,
    };
    call.write(|tx| {
        match &host_of(tx, &call.this) {
            Ok(host) => require(tx, &tx.user, "Host.Config.AdvancedConfig", host)?,
            Err(_) => require(tx, &tx.user, "Global.Settings", &call.this)?,
        }
        let settings = &mut tx.edit::<OptionManagerProperties>(&call.this)?.setting;
        for change in changes {
            match settings.iter_mut().find(|option| option.key == change.key) {
                Some(option) => option.value.clone_from(&change.value),
                // A server takes new keys only where it knows nothing of them.
                None if change.key.to_lowercase().starts_with("config.") => settings.push(change),
                None => return Err(invalid_name(&change.key)),
            }
        }
        Ok(())
    })?;
    if let Some(timeout) = timeout {
        call.sim.sessions.set_idle(timeout);
    }
    call.done()
}

/// The time that an option's value says: a number of seconds, or a duration such as `1m30s`.
fn timeout(value: Option<&Any>) -> Result<Option<Duration>> {
    let seconds = match value {
        None | Some(Any::Nil) => return Ok(None),
        Some(Any::Int(seconds)) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Some(Any::Long(seconds)) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Some(Any::String(text)) => duration(text),
        Some(_) => None,
    };
    match seconds.filter(|time| !time.is_zero()) {
        Some(time) => Ok(Some(time)),
        None => Err(Fault::invalid_argument(SESSION_TIMEOUT)),
    }
}

/// A time such as `500ms`, `2s` or `1m30s`; a number alone is seconds.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|at: char| !at.is_ascii_digit() && at != '.')?);
        let (unit, tail) = tail.split_at(tail.find(|at: char| at.is_ascii_digit()).unwrap_or(tail.len()));
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = tail;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_or_durations() {
        assert_eq!(duration("30"), Some(Duration::from_secs(30)));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["2 days", "s", "1x", "-3s", "1m2"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert!(timeout(Some(&Any::Int(-1))).is_err() && timeout(Some(&Any::Bool(true))).is_err());
        assert_eq!(timeout(None).ok(), Some(None));
    }
}
