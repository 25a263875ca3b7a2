#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    name: String,
}

fn main() {}
