#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    nmae: String,
    größe: i64,
    #[property("runtime.powerStat")]
    power: VirtualMachinePowerState,
    #[property("runtim.powerState")]
    again: VirtualMachinePowerState,
    #[property("extends.name")]
    inherited: String,
}

fn main() {}
