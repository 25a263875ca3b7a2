//! `EnvironmentBrowser`: what VMs can be like in a compute resource.

mod devices;
mod guests;
mod option;
mod target;

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{ComputeResourceProperties, EnvironmentBrowserProperties, HostSystemProperties};
use vim_types::{EnvironmentBrowserConfigOptionQuerySpec, VirtualMachineConfigOptionDescriptor};
use vim_wire::MoRef;

methods! {
    "QueryConfigOptionDescriptor" => query_descriptors,
    "QueryConfigOption" => query_option,
    "QueryConfigOptionEx" => query_option_ex,
    "QueryConfigTarget" => query_target,
    "QueryTargetCapabilities" => query_capabilities,
}

/// The hardware version that new VMs have.
pub(crate) const DEFAULT_VERSION: &str = "vmx-21";

/// The hardware versions that VMs can have, oldest first, and the product that brought each.
const VERSIONS: [(&str, &str); 12] = [
    ("vmx-10", "ESXi 5.5"),
    ("vmx-11", "ESXi 6.0"),
    ("vmx-12", "Workstation 12"),
    ("vmx-13", "ESXi 6.5"),
    ("vmx-14", "ESXi 6.7"),
    ("vmx-15", "ESXi 6.7 U2"),
    ("vmx-16", "Workstation 15"),
    ("vmx-17", "ESXi 7.0"),
    ("vmx-18", "ESXi 7.0 U1"),
    ("vmx-19", "ESXi 7.0 U2"),
    ("vmx-20", "ESXi 8.0"),
    ("vmx-21", "ESXi 8.0 U2"),
];

/// The fault that there is no such hardware version.
pub(crate) fn check_version(version: &str) -> Result<()> {
    if version.is_empty() || VERSIONS.iter().any(|(known, _)| *known == version) {
        return Ok(());
    }
    Err(Fault::invalid_argument("spec.defaultHardwareVersionKey"))
}

/// Adds the browser of a compute resource.
pub(crate) fn create(tx: &mut Tx<'_>) -> MoRef {
    let moref = tx.new_ref("EnvironmentBrowser");
    tx.create(&moref, EnvironmentBrowserProperties::default());
    moref
}

/// The compute resource that a browser is of.
fn resource_of<'w>(world: &'w World, browser: &MoRef) -> Result<(MoRef, &'w ComputeResourceProperties)> {
    let found = world.of_kind("ComputeResource").into_iter().find_map(|node| {
        let resource = node.properties::<ComputeResourceProperties>()?;
        (resource.environment_browser.as_ref() == Some(browser)).then(|| (node.moref.clone(), resource))
    });
    found.ok_or_else(|| Fault::managed_object_not_found(browser))
}

/// The host that is asked about: one of the compute resource's; its first where none is named.
fn host_of(world: &World, browser: &MoRef, host: Option<&MoRef>) -> Result<Option<MoRef>> {
    let (_, resource) = resource_of(world, browser)?;
    match host {
        None => Ok(resource.host.first().cloned()),
        Some(host) => {
            world.get::<HostSystemProperties>(host)?;
            let own = resource.host.contains(host);
            if own { Ok(Some(host.clone())) } else { Err(Fault::invalid_argument("host")) }
        }
    }
}

/// The description of all hardware versions, as a compute resource with these hosts has them.
pub(crate) fn descriptors(hosts: &[MoRef], default: &str) -> Vec<VirtualMachineConfigOptionDescriptor> {
    let descriptor = |&(key, description): &(&str, &str)| VirtualMachineConfigOptionDescriptor {
        key: key.to_owned(),
        description: Some(format!("{description} virtual machine")),
        host: hosts.to_vec(),
        create_supported: true,
        default_config_option: key == default,
        run_supported: true,
        upgrade_supported: true,
    };
    VERSIONS.iter().map(descriptor).collect()
}

/// The hardware version of new VMs in a compute resource.
fn default_version(resource: &ComputeResourceProperties) -> String {
    let own = resource.configuration_ex.default_hardware_version_key.clone();
    own.filter(|version| !version.is_empty()).unwrap_or_else(|| DEFAULT_VERSION.to_owned())
}

fn query_descriptors(call: &Call<'_>) -> Result<Reply> {
    let descriptors = call.read(|world| {
        let (_, resource) = resource_of(world, &call.this)?;
        Ok::<_, Fault>(descriptors(&resource.host, &default_version(resource)))
    })?;
    call.returns(&descriptors)
}

fn query_option(call: &Call<'_>) -> Result<Reply> {
    let (key, host): (Option<String>, Option<MoRef>) = (call.opt("key")?, call.opt("host")?);
    answer_option(call, key, host.as_ref(), &[])
}

fn query_option_ex(call: &Call<'_>) -> Result<Reply> {
    let spec: Option<EnvironmentBrowserConfigOptionQuerySpec> = call.opt("spec")?;
    let spec = spec.unwrap_or_default();
    answer_option(call, spec.key, spec.host.as_ref(), &spec.guest_id)
}

fn answer_option(
    call: &Call<'_>,
    key: Option<String>,
    host: Option<&MoRef>,
    guests: &[String],
) -> Result<Reply> {
    let default = call.read(|world| {
        host_of(world, &call.this, host)?;
        resource_of(world, &call.this).map(|(_, resource)| default_version(resource))
    })?;
    let key = key.filter(|key| !key.is_empty()).unwrap_or(default);
    let known = VERSIONS.iter().find(|(version, _)| *version == key);
    let (version, description) = known.ok_or_else(|| Fault::invalid_argument("key"))?;
    call.returns(&option::option(version, description, guests)?)
}

fn query_target(call: &Call<'_>) -> Result<Reply> {
    let host: Option<MoRef> = call.opt("host")?;
    let target = call.read(|world| {
        let one = match &host {
            Some(host) => host_of(world, &call.this, Some(host))?,
            None => None,
        };
        target::target(world, &call.this, one.as_ref())
    })?;
    call.returns(&target)
}

fn query_capabilities(call: &Call<'_>) -> Result<Reply> {
    let host: Option<MoRef> = call.opt("host")?;
    let capability = call.read(|world| {
        let Some(host) = host_of(world, &call.this, host.as_ref())? else { return Ok::<_, Fault>(None) };
        Ok(world.get::<HostSystemProperties>(&host)?.capability.clone())
    })?;
    capability.map_or_else(|| call.done(), |capability| call.returns(&capability))
}
