//! What a datacenter is configured like, and which hosts it could have.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::merge::merge;
use crate::mo::{environment_browser, host_system};
use vim_types::mo::DatacenterProperties;
use vim_types::{DatacenterConfigInfo, DatacenterConfigSpec, HostConnectInfo, HostConnectSpec, NoHost};
use vim_wire::Any;

pub(super) fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let (spec, modify): (DatacenterConfigSpec, bool) = (call.arg("spec")?, call.arg("modify")?);
    for version in
        [&spec.default_hardware_version_key, &spec.maximum_hardware_version_key].into_iter().flatten()
    {
        environment_browser::check_version(version)?;
    }
    let datacenter = call.this.clone();
    call.task(&call.this, move |tx| {
        let config = &mut tx.edit::<DatacenterProperties>(&datacenter)?.configuration;
        if !modify {
            *config = DatacenterConfigInfo::default();
        }
        merge!(config, spec; default_hardware_version_key, maximum_hardware_version_key);
        Ok(Any::Nil)
    })
}

pub(super) fn query_descriptors(call: &Call<'_>) -> Result<Reply> {
    let default = call.read(|world| {
        let datacenter = world.get::<DatacenterProperties>(&call.this)?;
        Ok::<_, Fault>(datacenter.configuration.default_hardware_version_key.clone())
    })?;
    let default = default.unwrap_or_else(|| environment_browser::DEFAULT_VERSION.to_owned());
    call.returns(&environment_browser::descriptors(&[], &default))
}

pub(super) fn query_connection(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("hostname")?;
    call.returns(&connection(call, &name)?)
}

pub(super) fn query_connection_via_spec(call: &Call<'_>) -> Result<Reply> {
    let spec: HostConnectSpec = call.arg("spec")?;
    call.returns(&connection(call, &spec.host_name.unwrap_or_default())?)
}

/// What is learned of a host: of one that there is, or of what one would be.
fn connection(call: &Call<'_>, name: &str) -> Result<HostConnectInfo> {
    if name.trim().is_empty() {
        return Err(Fault::new(NoHost::default(), "The call names no host."));
    }
    let known = call.read(|world| {
        let hosts = world.of_kind("HostSystem");
        hosts.iter().find(|host| host.name() == name).map(|host| host.moref.clone())
    });
    if let Some(known) = known {
        return call.read(|world| host_system::connect_info(world, &known));
    }
    let mut info = None;
    // The host is made to be looked at, and is not kept.
    let undone = call.write(|tx| {
        let host = tx.new_ref("HostSystem");
        host_system::create_as(tx, &host, name, false);
        host_system::derived(tx, &host);
        info = Some(host_system::connect_info(tx, &host)?);
        Err::<(), _>(Fault::invalid_state("it was made to be looked at"))
    });
    match (info, undone) {
        (Some(mut info), _) => {
            // It has no reference before it is added.
            info.host.host = None;
            Ok(info)
        }
        (None, Err(fault)) => Err(fault),
        (None, Ok(())) => Ok(HostConnectInfo::default()),
    }
}
