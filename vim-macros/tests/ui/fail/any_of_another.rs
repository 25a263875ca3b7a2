#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone)]
struct Any;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    result: Any,
}

fn main() {}
