//! Typed bindings of the vSphere API, `vim25` and `pbm` 9.1.1.0: every data type, fault, event and enumeration, and every
//! managed object with its properties and methods. The code is generated from the schema; what turns it into XML and
//! back is [`vim_wire`], and who sends it is `vim-client`.
//!
//! # Finding a type
//!
//! Everything has the name that vSphere's own documentation gives it on the wire. Data types and enumerations lie flat in
//! the root, as [`VirtualMachineConfigSpec`]; managed objects in [`mo`], as [`mo::VirtualMachine`]. Fields and methods are
//! in snake case (`numCPUs` is `num_cpus`), and each one's documentation begins with its name on the wire, so that a
//! search for that name finds it. It goes on with what the schema knows: whether a value is required, since which API
//! version it exists, what a reference refers to, the privilege that a method needs, the faults that it declares, and what
//! its task's result is.
//!
//! # Values
//!
//! ```
//! use vim_types::{Description, VirtualDevice, VirtualDisk, VirtualMachineConfigSpec, VirtualMachinePowerState};
//!
//! // What is not set is not sent.
//! let spec = VirtualMachineConfigSpec { num_cpus: Some(4), memory_mb: Some(8192), ..Default::default() };
//! assert_eq!(spec.name, None);
//!
//! // A type holds what it extends, and derefs to it.
//! let mut disk = VirtualDisk { capacity_in_kb: 1 << 20, ..Default::default() };
//! disk.key = -1;
//!
//! // Where the schema allows a type or any that extends it, a `Poly` takes them all.
//! let mut device: vim_wire::Poly<VirtualDevice> = disk.into();
//! assert_eq!(device.key, -1);
//! device.device_info = Some(Description { label: "Hard disk 1".into(), ..Default::default() }.into());
//! assert_eq!(device.downcast_ref::<VirtualDisk>().map(|disk| disk.capacity_in_kb), Some(1 << 20));
//!
//! // An enumeration is open: a server may send what this schema has not heard of.
//! assert_eq!(VirtualMachinePowerState::POWERED_ON.as_str(), "poweredOn");
//! assert_eq!(VirtualMachinePowerState::from("hibernating").as_str(), "hibernating");
//! ```
//!
//! A field that may be absent is an `Option`, one that may be repeated a `Vec`; absent and empty are the same on the wire.
//! `Debug` shows what is set, and never a secret.
//!
//! # What this schema lacks
//!
//! A newer server sends types, elements and values that are not in this schema. They are no error, and mostly they are kept:
//!
//! - An enumeration keeps a value that it does not know.
//! - A [`Poly`](vim_wire::Poly) and an [`Any`](vim_wire::Any) keep the elements that they do not know
//!   ([`unknown_xml`](vim_wire::Object::unknown_xml)), and the name of a type that they do not know
//!   ([`type_name`](vim_wire::Object::type_name)): such a value is read as the nearest type that is known. They are written
//!   back with all of it.
//! - **A field that is a struct itself keeps only what the struct declares.** The schema gives such a type no subtypes, and a
//!   struct has no place for more: an `xsi:type` and elements that a newer server has there are passed over, and are missing
//!   when the value is sent back. The same holds for a property that is read into a struct. So do not send back what was
//!   read to change a part of it: make a spec that says only what changes, which is what vSphere's specs are for, and take
//!   whole only what is a `Poly`, as devices are.
//!
//! # Features
//!
//! What the VM life cycle and the property collector reach is always there. Each feature adds types, and the managed
//! objects, properties and methods that need them; none takes anything away. A value whose type is not in the build is
//! treated like one that the schema lacks, but it is known what it extends: in a `Poly`, a `VmPoweredOnEvent` without the
//! feature `events` is a [`VmEvent`] with that name.
//!
//! | feature | adds |
//! | --- | --- |
//! | `host` | configuration, hardware, storage, networking and services of ESXi hosts |
//! | `network` | distributed switches and port groups, IP pools |
//! | `cluster` | EVC, vCenter HA, quickstart; the rest of clusters is always there |
//! | `storage` | first class disks, vSAN, I/O filters, storage queries |
//! | `profile` | host and cluster profiles; with `host` |
//! | `guest` | processes, files, registry and aliases within a guest |
//! | `monitor` | alarms, performance counters, scheduled tasks, health updates |
//! | `events` | every event type; with `network` |
//! | `faults` | every fault type, beyond those that the core's methods declare and some 200 familiar ones |
//! | `misc` | the rest: licences, encryption, extensions, users, diagnostics |
//! | `pbm` | storage policies, the service `urn:pbm` |
//! | `full` | all of these |
//! | `server` | managed objects' properties as values, and their list: for simulators and test doubles; with `full` |

// Documentation links to whatever the schema has; what a feature that is off would bring is no fault of the text.
#![cfg_attr(not(feature = "full"), allow(rustdoc::broken_intra_doc_links))]

pub mod ext;
#[rustfmt::skip]
mod generated;

#[cfg(feature = "pbm")]
pub use generated::PBM;
#[cfg(feature = "server")]
pub use generated::PROPERTIES;
pub use generated::mo;
pub use generated::types::*;
pub use generated::{METHODS, REGISTRY, VIM25};

/// The method of that name on the wire, of the managed object that brings it: what turns a stored
/// [`TaskRef`](vim_wire::TaskRef) into one again. None where this build lacks it.
///
/// ```
/// let method = vim_types::method("VirtualMachine", "PowerOnVM_Task").expect("is in every build");
/// assert!(method.task);
/// assert!(vim_types::method("VirtualMachine", "PowerOn").is_none());
/// ```
#[must_use]
pub fn method(object: &str, name: &str) -> Option<&'static vim_wire::MethodDesc> {
    let mut areas = METHODS.iter();
    areas.find_map(|methods| {
        let at = methods.partition_point(|method| method.name < name);
        let named = methods.iter().skip(at).take_while(|method| method.name == name);
        named.into_iter().find(|method| method.this == object).copied()
    })
}
