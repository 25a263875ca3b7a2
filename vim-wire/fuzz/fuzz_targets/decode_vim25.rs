//! Any bytes, over the schema of vSphere itself.
#![no_main]

mod mutate;

use vim_types::{DynamicProperty, LocalizedMethodFault, RetrieveResult, VIM25, VirtualMachineConfigInfo};
use vim_wire::{Any, Object, Poly, Service};
use vim_wire_fuzz::Schema;

struct Vim25;

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

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vim_wire_fuzz::check::<Vim25>(bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed)
});
