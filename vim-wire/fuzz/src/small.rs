//! The answer of `RetrievePropertiesEx`, beside the small schema.
#![allow(unreachable_pub, clippy::expect_used, reason = "test code")]

use super::check::Schema;
use super::mini::{self, DynamicData};
use vim_wire::{Any, DataObject, MoRef, Object, Poly, Registry, Service};

#[derive(Default)]
pub struct RetrieveResult {
    pub token: Option<String>,
    pub objects: Vec<ObjectContent>,
}
vim_wire::object! { RetrieveResult: virtual DynamicData, "RetrieveResult", "urn:vim25", 0, {
    token "token" 0 0,
    objects "objects" 0 2,
} }

#[derive(Default)]
pub struct ObjectContent {
    pub obj: MoRef,
    pub prop_set: Vec<DynamicProperty>,
}
vim_wire::object! { ObjectContent: virtual DynamicData, "ObjectContent", "urn:vim25", 0, {
    obj "obj" 0 2,
    prop_set "propSet" 0 0,
} }

#[derive(Default)]
pub struct DynamicProperty {
    pub name: String,
    pub val: Any,
}
vim_wire::object! { DynamicProperty: virtual DynamicData, "DynamicProperty", "urn:vim25", 0, {
    name "name" 0 2,
    val "val" 0 2,
} }

static REGISTRY: Registry = Registry::new(
    &[
        (
            &[
                <DynamicData as DataObject>::DESC,
                <mini::Backing as DataObject>::DESC,
                <mini::Device as DataObject>::DESC,
                <mini::Disk as DataObject>::DESC,
                <mini::FastDisk as DataObject>::DESC,
                <mini::Everything as DataObject>::DESC,
                <mini::LocalizedMethodFault as DataObject>::DESC,
                <mini::MethodFault as DataObject>::DESC,
                <mini::NoPermission as DataObject>::DESC,
            ],
            &[<mini::PowerState as vim_wire::OpenEnum>::DESC],
        ),
        (
            &[
                <RetrieveResult as DataObject>::DESC,
                <ObjectContent as DataObject>::DESC,
                <DynamicProperty as DataObject>::DESC,
            ],
            &[],
        ),
    ],
    &[&["VirtualMachine", "Folder", "Task"]],
);
static SERVICE: Service =
    Service { namespace: "urn:vim25", path: "/sdk", versions: &["1.0", "2.0"], registry: &REGISTRY };

/// The small schema.
pub struct Small;

impl Schema for Small {
    type Answer = RetrieveResult;
    type Property = DynamicProperty;
    type Fault = mini::LocalizedMethodFault;
    type Root = mini::Everything;
    const SERVICE: &'static Service = &SERVICE;

    fn property(val: Any) -> DynamicProperty {
        DynamicProperty { name: "p".into(), val }
    }

    fn fault(fault: Object) -> Self::Fault {
        let fault = Poly::from_object(fault).expect("a detail is read as a MethodFault");
        mini::LocalizedMethodFault { fault, localized_message: None }
    }
}
