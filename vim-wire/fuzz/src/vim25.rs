//! The schema of vSphere itself. `tests/schema` includes this file, too, and replays the corpus over it.
#![allow(unreachable_pub, clippy::expect_used, reason = "test code")]

use super::check::Schema;
use vim_types::{DynamicProperty, LocalizedMethodFault, RetrieveResult, VIM25, VirtualMachineConfigInfo};
use vim_wire::{Any, Object, Poly, Service};

/// All of vim25.
pub struct Vim25;

impl Schema for Vim25 {
    type Answer = RetrieveResult;
    type Property = DynamicProperty;
    type Fault = LocalizedMethodFault;
    type Root = VirtualMachineConfigInfo;
    const SERVICE: &'static Service = &VIM25;

    fn property(val: Any) -> DynamicProperty {
        DynamicProperty { name: "p".into(), val, ..Default::default() }
    }

    fn fault(fault: Object) -> Self::Fault {
        let fault = Poly::from_object(fault).expect("a detail is read as a MethodFault");
        LocalizedMethodFault { fault, ..Default::default() }
    }
}
