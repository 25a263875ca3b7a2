use crate::call::methods;
use crate::world::Tx;
use vim_wire::MoRef;

methods! {}

/// Sets what follows from other properties.
pub(crate) fn derived(_tx: &mut Tx<'_>, _moref: &MoRef) {}
