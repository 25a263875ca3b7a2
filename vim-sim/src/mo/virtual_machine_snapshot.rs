//! `VirtualMachineSnapshot`.

use super::virtual_machine::snapshots;
use crate::call::methods;

methods! {
    "RevertToSnapshot_Task" => snapshots::revert_task,
    "RemoveSnapshot_Task" => snapshots::remove_task,
    "RenameSnapshot" => snapshots::rename,
}
