//! Faults and what caused them.

use crate::{LocalizedMethodFault, MethodFault};
use vim_wire::DataObject;

/// What caused a fault, what caused that, and so on; empty where the server gave no cause.
///
/// ```
/// use vim_types::{FileLocked, FileNotFound, InvalidState, LocalizedMethodFault, ext};
///
/// let mut fault = InvalidState::default();
/// fault.fault_cause = Some(LocalizedMethodFault {
///     fault: FileNotFound::default().into(),
///     localized_message: Some("File [ds1] a/a.vmdk was not found".into()),
/// });
///
/// assert_eq!(ext::fault_chain(&fault).map(|cause| cause.fault.type_name()).collect::<Vec<_>>(), ["FileNotFound"]);
/// assert!(ext::caused_by::<FileNotFound>(&fault).is_some() && ext::caused_by::<FileLocked>(&fault).is_none());
/// assert_eq!(ext::messages(&fault), ["File [ds1] a/a.vmdk was not found"]);
/// ```
pub fn fault_chain(fault: &MethodFault) -> impl Iterator<Item = &LocalizedMethodFault> {
    std::iter::successors(fault.fault_cause.as_ref(), |cause| cause.fault.fault_cause.as_ref())
}

/// The nearest of a fault's causes that is a `T` or extends it.
#[must_use]
pub fn caused_by<T: DataObject>(fault: &MethodFault) -> Option<&T> {
    fault_chain(fault).find_map(|cause| cause.fault.downcast_ref())
}

/// All that the server says of a fault and of its causes, from the fault down, each text once.
///
/// Where a message has no text, its key stands for it, such as `msg.disk.noBackEnd`.
#[must_use]
pub fn messages(fault: &MethodFault) -> Vec<&str> {
    let mut all = own(fault);
    for cause in fault_chain(fault) {
        all.extend(cause.localized_message.as_deref());
        all.extend(own(&cause.fault));
    }
    let mut once = Vec::with_capacity(all.len());
    for text in all {
        if !text.is_empty() && !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

fn own(fault: &MethodFault) -> Vec<&str> {
    fault.fault_message.iter().map(|message| message.message.as_deref().unwrap_or(&message.key)).collect()
}
