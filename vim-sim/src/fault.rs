//! Faults as the simulator answers them.

use vim_types::{
    DuplicateName, InvalidArgument, InvalidPowerState, InvalidRequest, InvalidState, LocalizedMethodFault,
    ManagedObjectNotFound, MethodFault, NotFound, NotSupported, ResourceInUse, VirtualMachinePowerState,
};
use vim_wire::{DataObject, DecodeError, MoRef, Object, Poly};

/// A fault: what it is, and what the server says of it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) detail: Object,
    pub(crate) message: String,
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// A fault with a message. `T` must be a fault: what extends MethodFault.
    pub(crate) fn new<T: DataObject>(fault: T, message: impl Into<String>) -> Self {
        debug_assert!(T::DESC.is_a(MethodFault::DESC), "{} is no fault", T::DESC.name);
        Self { detail: Object::new(fault), message: message.into() }
    }

    /// A fault whose message is a caller's: a typed fault that a rule or a script brings along.
    pub(crate) fn of_object(detail: Object, message: impl Into<String>) -> Self {
        Self { detail, message: message.into() }
    }

    /// `InvalidArgument` of a property such as `spec.name`.
    pub(crate) fn invalid_argument(property: &str) -> Self {
        let fault = InvalidArgument { invalid_property: Some(property.to_owned()), ..Default::default() };
        Self::new(fault, format!("A specified parameter was not correct: {property}"))
    }

    /// A name that another object has already.
    pub(crate) fn duplicate_name(name: &str, object: &MoRef) -> Self {
        let fault = DuplicateName { name: name.to_owned(), object: object.clone(), ..Default::default() };
        Self::new(fault, format!("The name '{name}' already exists."))
    }

    /// Something that others still need.
    pub(crate) fn resource_in_use(kind: &str, name: &str) -> Self {
        let fault = ResourceInUse {
            r#type: Some(kind.to_owned()),
            name: Some(name.to_owned()),
            ..Default::default()
        };
        Self::new(fault, format!("The resource '{name}' is in use."))
    }

    /// What cannot be done in the state that the object is in.
    pub(crate) fn invalid_state(why: impl std::fmt::Display) -> Self {
        Self::new(
            InvalidState::default(),
            format!("The operation is not allowed in the current state: {why}"),
        )
    }

    /// A request that is not one: unknown elements, missing ones, values of other types.
    pub(crate) fn invalid_request(reason: impl std::fmt::Display) -> Self {
        Self::new(InvalidRequest::default(), format!("The request is invalid: {reason}"))
    }

    pub(crate) fn managed_object_not_found(moref: &MoRef) -> Self {
        let message = format!(
            "The object '{}:{}' has already been deleted or has not been completely created",
            moref.kind(),
            moref.value()
        );
        Self::new(ManagedObjectNotFound { obj: moref.clone(), ..Default::default() }, message)
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(NotFound::default(), format!("The object or item referred to could not be found: {what}"))
    }

    pub(crate) fn not_supported(what: impl std::fmt::Display) -> Self {
        Self::new(NotSupported::default(), format!("The operation is not supported on the object: {what}"))
    }

    pub(crate) fn power_state(
        wanted: Option<VirtualMachinePowerState>,
        is: VirtualMachinePowerState,
    ) -> Self {
        let message = format!(
            "The attempted operation cannot be performed in the current state ({}).",
            match is.as_str() {
                "poweredOn" => "Powered on",
                "poweredOff" => "Powered off",
                _ => "Suspended",
            }
        );
        Self::new(
            InvalidPowerState { requested_state: wanted, existing_state: is, ..Default::default() },
            message,
        )
    }

    /// The fault as a field of a data object holds it.
    pub(crate) fn localized(self) -> LocalizedMethodFault {
        let fault = Poly::from_object(self.detail).unwrap_or_else(|_| MethodFault::default().into());
        LocalizedMethodFault { fault, localized_message: Some(self.message) }
    }

    /// Whether it is of the type of that name or extends it.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.detail.desc().lineage().any(|desc| desc.name == name)
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::invalid_request(error)
    }
}
