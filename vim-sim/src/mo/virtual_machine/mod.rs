//! `VirtualMachine`: the reason why people use a simulator.

mod create;
mod derived;
mod power;

pub(crate) use create::{create, destroy, unregister};
pub(crate) use derived::derived;
pub(crate) use power::{booted, power_off, power_on};

use crate::call::methods;

methods! {
    "PowerOnVM_Task" => power::power_on_task,
    "PowerOffVM_Task" => power::power_off_task,
}

/// The simulator's own facts about a virtual machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {}
