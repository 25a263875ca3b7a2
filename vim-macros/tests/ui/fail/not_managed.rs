#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualDevice, crate = ::vim_wire)]
struct Row {
    key: i32,
}

fn main() {}
