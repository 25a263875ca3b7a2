#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    #[property("config.hardware.device[2000]")]
    disk: Option<vim_wire::Poly<VirtualDevice>>,
    #[property("config.extraConfig[\"guestinfo.metadata\"].value")]
    metadata: vim_wire::Any,
}

fn main() {}
