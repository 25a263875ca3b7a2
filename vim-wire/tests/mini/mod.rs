//! A schema of a few types with every shape that the real one has.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test uses a part")]

use vim_wire::{Any, Binary, DateTime, MoRef, Poly, Registry, Service};

#[derive(Default)]
pub struct DynamicData {}
vim_wire::object! { DynamicData, "DynamicData", "urn:vim25", 0, {} }

vim_wire::open_enum! {
    /// A power state.
    PowerState, "PowerState", "urn:vim25", 0, {
        /// `poweredOff`
        POWERED_OFF = "poweredOff",
        /// `poweredOn`
        POWERED_ON = "poweredOn",
    }
}

#[derive(Default)]
pub struct Backing {
    pub file: String,
    pub parent: Option<Box<Self>>,
}
vim_wire::object! { Backing: virtual DynamicData, "Backing", "urn:vim25", 0, {
    file "fileName" 0 2,
    parent "parent" 0 0,
} }

#[derive(Default)]
pub struct Device {
    pub key: i32,
    pub label: Option<String>,
    pub controller_key: Option<i32>,
    pub new_in_two: Option<bool>,
    pub required_in_two: i32,
}
vim_wire::object! { Device: virtual DynamicData, "Device", "urn:vim25", 0, {
    key "key" 0 2,
    label "label" 0 0,
    controller_key "controllerKey" 0 0,
    new_in_two "newInTwo" 1 0,
    required_in_two "requiredInTwo" 1 2,
} }

#[derive(Default)]
pub struct Disk {
    pub extends: Device,
    pub capacity: i64,
    pub backing: Option<Backing>,
}
vim_wire::object! { Disk: Device, "Disk", "urn:vim25", 0, {
    capacity "capacityInKB" 0 2,
    backing "backing" 0 0,
} }

#[derive(Default)]
pub struct FastDisk {
    pub extends: Disk,
    pub speed: f64,
}
vim_wire::object! { FastDisk: Disk, "FastDisk", "urn:vim25", 1, {
    speed "speed" 1 2,
} }

#[derive(Default)]
pub struct Everything {
    pub yes: bool,
    pub tiny: Vec<i8>,
    pub small: Option<i16>,
    pub number: i32,
    pub big: Vec<i64>,
    pub single: f32,
    pub double: Option<f64>,
    pub text: String,
    pub texts: Vec<String>,
    pub when: Option<DateTime>,
    pub bytes: Option<Binary>,
    pub any: Any,
    pub anys: Vec<Any>,
    pub vm: Option<MoRef>,
    pub vms: Vec<MoRef>,
    pub state: Option<PowerState>,
    pub states: Vec<PowerState>,
    pub one: Device,
    pub many: Vec<Device>,
    pub device: Option<Poly<Device>>,
    pub devices: Vec<Poly<Device>>,
    pub password: Option<String>,
}
vim_wire::object! { Everything: virtual DynamicData, "Everything", "urn:vim25", 0, {
    yes "yes" 0 2,
    tiny "tiny" 0 0,
    small "small" 0 0,
    number "number" 0 2,
    big "big" 0 0,
    single "single" 0 2,
    double "double" 0 0,
    text "text" 0 2,
    texts "texts" 0 0,
    when "when" 0 0,
    bytes "bytes" 0 0,
    any "any" 0 2,
    anys "anys" 0 0,
    vm "vm" 0 0,
    vms "vms" 0 0,
    state "state" 0 0,
    states "states" 0 0,
    one "one" 0 2,
    many "many" 0 0,
    device "device" 0 0,
    devices "devices" 0 0,
    password "password" 0 1,
} }

#[derive(Default)]
pub struct LocalizedMethodFault {
    pub fault: Poly<MethodFault>,
    pub localized_message: Option<String>,
}
vim_wire::object! { LocalizedMethodFault: virtual DynamicData, "LocalizedMethodFault", "urn:vim25", 0, {
    fault "fault" 0 2,
    localized_message "localizedMessage" 0 0,
} }

#[derive(Default)]
pub struct MethodFault {
    pub fault_cause: Option<Box<LocalizedMethodFault>>,
}
vim_wire::object! { MethodFault, "MethodFault", "urn:vim25", 0, { fault_cause "faultCause" 0 0 } }

#[derive(Default)]
pub struct NoPermission {
    pub extends: MethodFault,
    pub object: Option<MoRef>,
    pub privilege_id: Option<String>,
}
vim_wire::object! { NoPermission: MethodFault, "NoPermission", "urn:vim25", 0, {
    object "object" 0 0,
    privilege_id "privilegeId" 0 0,
} }

pub static REGISTRY: Registry = Registry::new(
    &[(
        &[
            <DynamicData as vim_wire::DataObject>::DESC,
            <Backing as vim_wire::DataObject>::DESC,
            <Device as vim_wire::DataObject>::DESC,
            <Disk as vim_wire::DataObject>::DESC,
            <FastDisk as vim_wire::DataObject>::DESC,
            <Everything as vim_wire::DataObject>::DESC,
            <LocalizedMethodFault as vim_wire::DataObject>::DESC,
            <MethodFault as vim_wire::DataObject>::DESC,
            <NoPermission as vim_wire::DataObject>::DESC,
        ],
        &[<PowerState as vim_wire::OpenEnum>::DESC],
    )],
    &[&["VirtualMachine", "Folder", "Task"]],
);
pub static SERVICE: Service =
    Service { namespace: "urn:vim25", path: "/sdk", versions: &["1.0", "2.0"], registry: &REGISTRY };
