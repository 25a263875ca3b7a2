//! Copies of machines, and machines that move.

mod clone;
mod disks;
mod instant;
mod relocate;
mod target;

pub(crate) use clone::clone;
pub(super) use clone::task as clone_task;
pub(super) use instant::task as instant_clone_task;
pub(crate) use relocate::relocate;
pub(super) use relocate::{migrate_task, task as relocate_task};
