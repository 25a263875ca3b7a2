#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    #[property("guest.ipAddress")]
    ip: String,
    #[property("guest.guestState")]
    state: String,
    parent: vim_wire::MoRef,
}

fn main() {}
