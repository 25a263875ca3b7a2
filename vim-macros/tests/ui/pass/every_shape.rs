#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

use vim_wire::{Any, DateTime, MoRef, Poly};

type Names = Vec<String>;

#[derive(Clone, Properties)]
#[properties(of = mini::VirtualMachine)]
#[properties(crate = ::vim_wire)]
pub struct Row {
    pub name: String,
    parent: Option<MoRef>,
    parent_vapp: Option<MoRef>,
    recent_task: Vec<MoRef>,
    r#type: Option<String>,
    runtime: VirtualMachineRuntimeInfo,
    first_device: Poly<VirtualDevice>,
    #[property("runtime.connected")]
    connected: bool,
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
    #[property("runtime.bootTime")]
    booted: Option<DateTime>,
    #[property("firstDevice.key")]
    key: i32,
    #[property("firstDevice.type")]
    kind: Option<String>,
    #[property("guest.guestState")]
    state: Option<String>,
    #[property("guest.dns")]
    dns: Names,
    #[property("config.hardware.numCPU")]
    cpus: Option<i32>,
    #[property("config.hardware.device")]
    devices: Vec<Poly<VirtualDevice>>,
    #[property("config.extraConfig")]
    extra: Any,
    #[property("config.annotation")]
    annotation: Option<vim_wire::Any>,
    result: Option<Any>,
    #[property(skip)]
    seen: std::time::Duration,
}

/// What is always there may still be an `Option`, for users who may not read it.
#[derive(Clone, Properties)]
#[properties(of = ManagedEntity, crate = ::vim_wire)]
struct Guarded {
    name: Option<String>,
}

#[derive(Clone, Properties)]
#[properties(of = ManagedEntity, crate = ::vim_wire)]
struct Empty {}

fn main() {}
