//! Drives a virtual machine through its life: clone, reconfigure, power on, snapshot, clone again, power off, destroy.
//!
//! `VSPHERE_URL=… VSPHERE_USERNAME=… VSPHERE_PASSWORD=… cargo run --example lifecycle [SOURCE]`
//!
//! SOURCE is the name or inventory path of a virtual machine or template to clone; the first by path where none is given. It
//! is only read. Everything else happens to clones of it that this program makes, and destroys at its end. A standalone ESXi
//! host cannot clone: it takes a vCenter, or vcsim.
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

use anyhow::{Context, bail};
use examples::show;
use vim_client::mo::{ResourcePool, VirtualMachine};
use vim_client::types::{
    VirtualMachineCloneSpec, VirtualMachineConfigSpec, VirtualMachinePowerState, VirtualMachineRelocateSpec,
};
use vim_client::{Client, ManagedObject, MoRef, Properties};

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Source {
    parent: Option<MoRef>,
    #[property("resourcePool")]
    pool: Option<MoRef>,
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct State {
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
    #[property("config.hardware.numCPU")]
    cpus: Option<i32>,
    #[property("config.hardware.memoryMB")]
    memory_mib: Option<i32>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = examples::connect().await?;
    let mut ours = Vec::new();
    let lived = live(&client, &mut ours).await;
    let removed = remove(&client, &ours).await;
    client.close().await?;
    lived.and(removed)
}

async fn live(client: &Client, ours: &mut Vec<VirtualMachine>) -> anyhow::Result<()> {
    if !client.is_vcenter().await? {
        bail!("{} is a standalone ESXi host, which cannot clone; this takes a vCenter", client.endpoint());
    }
    let inventory = client.inventory("");
    let source = match std::env::args().nth(1) {
        Some(name) => inventory.virtual_machine(name).one().await?,
        None => inventory
            .virtual_machine("*")
            .all()
            .await?
            .into_iter()
            .next()
            .context("there is no virtual machine to clone")?,
    };
    println!("cloning {}", source.path);

    let place = client.retrieve::<Source>().objects([source.handle().moref().clone()]).all().await?;
    let place = place.first().context("the source has gone")?;
    // A template has no resource pool: any will do for an example.
    let pool = match place.pool.clone() {
        Some(pool) => pool,
        None => {
            let pools = inventory.resource_pool("*").all().await?;
            pools
                .first()
                .map(|pool| ResourcePool::handle(pool).moref().clone())
                .context("there is no resource pool")?
        }
    };
    let folder = place.parent.clone().context("the source lies in no folder")?;
    let folder: vim_client::mo::Folder = client.object(folder);

    let name = format!("sdk-lifecycle-{}", std::process::id());
    let spec = VirtualMachineCloneSpec {
        location: VirtualMachineRelocateSpec { pool: Some(pool), ..Default::default() },
        ..Default::default()
    };
    let vm = show("clone", source.clone_vm(&folder, &name, &spec).await?).await?;
    ours.push(vm.clone());

    let spec = VirtualMachineConfigSpec {
        num_cpus: Some(2),
        memory_mb: Some(512),
        annotation: Some("made by the lifecycle example".into()),
        ..Default::default()
    };
    show("reconfigure to 2 CPUs and 512 MiB", vm.reconfigure(&spec).await?).await?;
    show("power on", vm.power_on().await?).await?;
    report(client, &vm).await?;
    let snapshot =
        show("snapshot", vm.create_snapshot("before", false, false).description("a safe point").await?)
            .await?;
    let spec =
        VirtualMachineCloneSpec { snapshot: Some(snapshot.handle().moref().clone()), ..Default::default() };
    let copy =
        show("clone from the snapshot", vm.clone_vm(&folder, &format!("{name}-copy"), &spec).await?).await?;
    ours.push(copy);
    show("revert to the snapshot", snapshot.revert().await?).await?;
    show("remove the snapshot", snapshot.remove(false).await?).await?;
    report(client, &vm).await
}

async fn report(client: &Client, vm: &VirtualMachine) -> anyhow::Result<()> {
    let state = client.retrieve::<State>().objects([vm.handle().moref().clone()]).all().await?;
    let state = state.first().context("the virtual machine has gone")?;
    println!("  {}: {} CPUs, {} MiB", state.power, state.cpus.unwrap_or(0), state.memory_mib.unwrap_or(0));
    Ok(())
}

/// Destroys what this program made, and nothing else.
async fn remove(client: &Client, ours: &[VirtualMachine]) -> anyhow::Result<()> {
    for vm in ours {
        let state = client.retrieve::<State>().objects([vm.handle().moref().clone()]).all().await?;
        if state.first().is_some_and(|state| state.power == VirtualMachinePowerState::POWERED_ON) {
            show("power off", vm.power_off().await?).await?;
        }
        show("destroy", vm.destroy().await?).await?;
    }
    Ok(())
}
