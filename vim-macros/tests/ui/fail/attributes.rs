#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
struct NoObject {
    name: String,
}

#[derive(Clone, Properties)]
#[properties(off = VirtualMachine)]
struct UnknownKey {
    name: String,
}

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, of = ManagedEntity, crate = ::vim_wire)]
struct Twice {
    name: String,
}

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Fields {
    #[property("")]
    empty: String,
    #[property("runtime..powerState")]
    gap: VirtualMachinePowerState,
    #[property("runtime.power-state")]
    dash: VirtualMachinePowerState,
    #[property(name)]
    bare: String,
    #[property(path = "name")]
    key: String,
    #[property]
    none: String,
    #[property(5)]
    number: String,
    #[property("name")]
    #[property("parent")]
    two: String,
    #[properties(of = VirtualMachine)]
    mixed: String,
}

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Duplicate {
    name: String,
    #[property("name")]
    again: String,
}

fn main() {}
