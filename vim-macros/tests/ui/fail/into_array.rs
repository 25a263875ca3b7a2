#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    #[property("config.hardware.device.key")]
    keys: Vec<i32>,
    #[property("runtime.host.name")]
    host: Option<String>,
    #[property("name.first")]
    name: String,
}

fn main() {}
