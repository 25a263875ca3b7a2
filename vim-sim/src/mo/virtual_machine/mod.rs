//! `VirtualMachine`: the reason why people use a simulator.

mod create;
mod derived;
mod links;
mod power;

pub(crate) use create::{create, create_initial, destroy, unregister};
pub(crate) use derived::derived;
pub(crate) use power::{booted, power_off, power_on};

use crate::call::methods;
use links::Links;

methods! {
    "PowerOnVM_Task" => power::power_on_task,
    "PowerOffVM_Task" => power::power_off_task,
}

/// The simulator's own facts about a virtual machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Whose lists name it.
    links: Links,
}
