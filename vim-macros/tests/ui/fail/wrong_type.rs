#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    name: i32,
    #[property("runtime.powerState")]
    power: String,
    #[property("config.hardware.device")]
    devices: Vec<VirtualDevice>,
    recent_task: Option<vim_wire::MoRef>,
    #[property("config.uuid")]
    uuid: u32,
}

fn main() {}
