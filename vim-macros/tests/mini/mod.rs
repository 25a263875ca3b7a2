//! A schema of a few types with every shape that a property path meets.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unsafe_code,
    reason = "facts, of which each test uses a part"
)]

use vim_wire::{Any, DataObject, DateTime, Handle, MoRef, OpenEnum, Poly, Registry, Service};

#[derive(Default)]
pub struct DynamicData {}
vim_wire::object! { DynamicData, "DynamicData", "urn:vim25", 0, {} }

vim_wire::open_enum! {
    /// `vim.VirtualMachine.PowerState`.
    VirtualMachinePowerState, "VirtualMachinePowerState", "urn:vim25", 0, {
        /// `poweredOff`
        POWERED_OFF = "poweredOff",
        /// `poweredOn`
        POWERED_ON = "poweredOn",
    }
}

#[derive(Default)]
pub struct VirtualDevice {
    pub key: i32,
    pub r#type: Option<String>,
}
vim_wire::object! { VirtualDevice: virtual DynamicData, "VirtualDevice", "urn:vim25", 0, {
    key "key" 0 2,
    r#type "type" 0 0,
} }

#[derive(Default)]
pub struct VirtualDisk {
    pub extends: VirtualDevice,
    pub capacity_in_kb: i64,
}
vim_wire::object! { VirtualDisk: VirtualDevice, "VirtualDisk", "urn:vim25", 0, { capacity_in_kb "capacityInKB" 0 2 } }

#[derive(Default)]
pub struct OptionValue {
    pub key: String,
    pub value: Any,
}
vim_wire::object! { OptionValue: virtual DynamicData, "OptionValue", "urn:vim25", 0, { key "key" 0 2, value "value" 0 2 } }

#[derive(Default)]
pub struct VirtualHardware {
    pub num_cpu: i32,
    pub num_cores_per_socket: Option<i32>,
    pub memory_mb: i32,
    pub device: Vec<Poly<VirtualDevice>>,
}
vim_wire::object! { VirtualHardware: virtual DynamicData, "VirtualHardware", "urn:vim25", 0, {
    num_cpu "numCPU" 0 2,
    num_cores_per_socket "numCoresPerSocket" 0 0,
    memory_mb "memoryMB" 0 2,
    device "device" 0 0,
} }

#[derive(Default)]
pub struct VirtualMachineConfigInfo {
    pub uuid: String,
    pub annotation: Option<String>,
    pub hardware: VirtualHardware,
    pub extra_config: Vec<OptionValue>,
}
vim_wire::object! { VirtualMachineConfigInfo: virtual DynamicData, "VirtualMachineConfigInfo", "urn:vim25", 0, {
    uuid "uuid" 0 2,
    annotation "annotation" 0 0,
    hardware "hardware" 0 2,
    extra_config "extraConfig" 0 0,
} }

#[derive(Default)]
pub struct RuntimeInfo {
    pub connected: bool,
}
vim_wire::object! { RuntimeInfo: virtual DynamicData, "RuntimeInfo", "urn:vim25", 0, { connected "connected" 0 2 } }

#[derive(Default)]
pub struct VirtualMachineRuntimeInfo {
    pub extends: RuntimeInfo,
    pub power_state: VirtualMachinePowerState,
    pub host: Option<MoRef>,
    pub boot_time: Option<DateTime>,
}
vim_wire::object! { VirtualMachineRuntimeInfo: RuntimeInfo, "VirtualMachineRuntimeInfo", "urn:vim25", 0, {
    power_state "powerState" 0 2,
    host "host" 0 0,
    boot_time "bootTime" 0 0,
} }

#[derive(Default)]
pub struct GuestInfo {
    pub guest_state: String,
    pub ip_address: Option<String>,
    pub dns: Vec<String>,
}
vim_wire::object! { GuestInfo: virtual DynamicData, "GuestInfo", "urn:vim25", 0, {
    guest_state "guestState" 0 2,
    ip_address "ipAddress" 0 0,
    dns "dns" 0 0,
} }

#[derive(Clone, Debug)]
pub struct ManagedEntity(Handle);
vim_wire::managed_object! { ManagedEntity, "ManagedEntity", 0, ManagedEntityProperties, VIM25 }

pub struct ManagedEntityProperties {
    pub name: String,
    pub parent: Option<MoRef>,
    pub recent_task: Vec<MoRef>,
}
vim_wire::properties! { ManagedEntityProperties, ManagedEntity, {
    name "name" 0,
    parent "parent" 0,
    recent_task "recentTask" 0,
} }

#[derive(Clone, Debug)]
pub struct VirtualMachine(ManagedEntity);
vim_wire::managed_object! { VirtualMachine: ManagedEntity, "VirtualMachine", 0, VirtualMachineProperties, VIM25 }

pub struct VirtualMachineProperties {
    pub extends: ManagedEntityProperties,
    pub config: Option<VirtualMachineConfigInfo>,
    pub runtime: VirtualMachineRuntimeInfo,
    pub guest: Option<GuestInfo>,
    pub parent_vapp: Option<MoRef>,
    pub first_device: Poly<VirtualDevice>,
    pub r#type: Option<String>,
    pub result: Option<Any>,
}
vim_wire::properties! { VirtualMachineProperties: ManagedEntityProperties, VirtualMachine, {
    config "config" 0,
    runtime "runtime" 0,
    guest "guest" 0,
    parent_vapp "parentVApp" 0,
    first_device "firstDevice" 0,
    r#type "type" 0,
    result "result" 0,
} }

pub static REGISTRY: Registry = Registry::new(
    &[(
        &[
            DynamicData::DESC,
            VirtualDevice::DESC,
            VirtualDisk::DESC,
            OptionValue::DESC,
            VirtualHardware::DESC,
            VirtualMachineConfigInfo::DESC,
            RuntimeInfo::DESC,
            VirtualMachineRuntimeInfo::DESC,
            GuestInfo::DESC,
        ],
        &[VirtualMachinePowerState::DESC],
    )],
    &[&["ManagedEntity", "VirtualMachine"]],
);
pub static VIM25: Service =
    Service { namespace: "urn:vim25", path: "/sdk", versions: &["2.0", "2.5"], registry: &REGISTRY };
