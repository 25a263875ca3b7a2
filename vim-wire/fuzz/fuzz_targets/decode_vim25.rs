//! Any bytes, over the schema of vSphere itself.
#![no_main]

use vim_types::{DynamicProperty, RetrieveResult, VIM25, VirtualMachineConfigInfo};
use vim_wire::{Any, Service};
use vim_wire_fuzz::Schema;

struct Vim25;

impl Schema for Vim25 {
    type Answer = RetrieveResult;
    type Property = DynamicProperty;
    type Root = VirtualMachineConfigInfo;
    const SERVICE: &'static Service = &VIM25;

    fn property(val: Any) -> DynamicProperty {
        DynamicProperty { name: "p".into(), val, ..Default::default() }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vim_wire_fuzz::check::<Vim25>(bytes));
