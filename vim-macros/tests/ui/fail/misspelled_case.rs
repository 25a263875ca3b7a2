#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    #[property("config.hardware.memoryMb")]
    memory: Option<i32>,
    #[property("ParentVApp")]
    vapp: Option<vim_wire::MoRef>,
    #[property("runtime.power_state")]
    power: VirtualMachinePowerState,
}

fn main() {}
