//! `HostServiceSystem`: the services of a host.

use super::host_system::host_of;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use vim_types::mo::{HostServiceSystemProperties, HostSystemProperties};
use vim_types::{HostService, HostServicePolicy};
use vim_wire::OpenEnum;

methods! {
    "StartService" => start,
    "StopService" => stop,
    "RestartService" => restart,
    "UpdateServicePolicy" => update_policy,
    "RefreshServices" => refresh,
}

/// Changes a service; the host's configuration follows.
fn edit(call: &Call<'_>, change: impl FnOnce(&mut HostService) -> Result<()>) -> Result<Reply> {
    let id: String = call.arg("id")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let services = &mut tx.edit::<HostServiceSystemProperties>(&call.this)?.service_info.service;
        let service = services.iter_mut().find(|service| service.key == id);
        change(service.ok_or_else(|| Fault::not_found(format!("service {id}")))?)?;
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}

fn start(call: &Call<'_>) -> Result<Reply> {
    edit(call, |service| {
        if service.running {
            return Err(Fault::invalid_state(format!("service {} runs already", service.key)));
        }
        service.running = true;
        Ok(())
    })
}

fn stop(call: &Call<'_>) -> Result<Reply> {
    edit(call, |service| {
        if !service.running {
            return Err(Fault::invalid_state(format!("service {} does not run", service.key)));
        }
        service.running = false;
        Ok(())
    })
}

fn restart(call: &Call<'_>) -> Result<Reply> {
    edit(call, |service| {
        service.running = true;
        Ok(())
    })
}

fn update_policy(call: &Call<'_>) -> Result<Reply> {
    let policy: String = call.arg("policy")?;
    if !HostServicePolicy::DESC.values.contains(&policy.as_str()) {
        return Err(Fault::invalid_argument("policy"));
    }
    edit(call, |service| {
        service.policy = policy;
        Ok(())
    })
}

/// What there is, is known.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.done()
}
