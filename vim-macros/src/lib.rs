//! The derive for typed rows: a managed object's type and some of its properties, as a struct.
//!
//! Property paths are checked when a row is compiled. The derive knows no schema: it emits references to the generated
//! types, so that rustc itself refuses a path that does not exist or a field that cannot hold its property, and points at
//! what was written.
//!
//! ```
//! # mod mo {
//! #     use vim_wire::{DataObject, Handle, OpenEnum, Registry, Service};
//! #     vim_wire::open_enum! {
//! #         /// A power state.
//! #         VirtualMachinePowerState, "VirtualMachinePowerState", "urn:vim25", 0, { POWERED_ON = "poweredOn" }
//! #     }
//! #     #[derive(Default)]
//! #     pub struct VirtualMachineRuntimeInfo { pub power_state: VirtualMachinePowerState }
//! #     vim_wire::object! { VirtualMachineRuntimeInfo, "VirtualMachineRuntimeInfo", "urn:vim25", 0, { power_state "powerState" 0 2 } }
//! #     #[derive(Default)]
//! #     pub struct GuestInfo { pub ip_address: Option<String> }
//! #     vim_wire::object! { GuestInfo, "GuestInfo", "urn:vim25", 0, { ip_address "ipAddress" 0 0 } }
//! #     #[derive(Clone, Debug)]
//! #     pub struct VirtualMachine(Handle);
//! #     vim_wire::managed_object! { VirtualMachine, "VirtualMachine", 0, VirtualMachineProperties, VIM25 }
//! #     pub struct VirtualMachineProperties {
//! #         pub name: String,
//! #         pub runtime: VirtualMachineRuntimeInfo,
//! #         pub guest: Option<GuestInfo>,
//! #     }
//! #     vim_wire::properties! { VirtualMachineProperties, VirtualMachine, { name "name" 0, runtime "runtime" 0, guest "guest" 0 } }
//! #     static REGISTRY: Registry = Registry::new(&[], &[]);
//! #     static VIM25: Service = Service { namespace: "urn:vim25", path: "/sdk", versions: &["2.0"], registry: &REGISTRY };
//! # }
//! # use mo::{VirtualMachine, VirtualMachinePowerState};
//! use vim_macros::Properties; // users have it from vim_client
//!
//! #[derive(Properties)]
//! #[properties(of = VirtualMachine)]
//! # #[properties(crate = ::vim_wire)]
//! struct Row {
//!     name: String,
//!     #[property("runtime.powerState")]
//!     power: VirtualMachinePowerState,
//!     #[property("guest.ipAddress")]
//!     ip: Option<String>,
//!     #[property(skip)]
//!     seen: u32,
//! }
//!
//! use vim_wire::path::Row as _;
//! assert_eq!(Row::PATHS, ["name", "runtime.powerState", "guest.ipAddress"]);
//! ```
//!
//! # The struct
//!
//! - `#[properties(of = VirtualMachine)]`: the managed object, by a path to its generated type.
//! - `#[properties(crate = ::vim_client::__private::wire)]`: where vim-wire is, for who does not use vim-client. This is the
//!   default.
//!
//! It has named fields and no generic parameters.
//!
//! # The fields
//!
//! - `#[property("runtime.powerState")]`: the path, of names as they are on the wire. It goes through objects and inherited
//!   fields; the items of an array, and what only a subtype has, are not reached by a typed path.
//! - No attribute: the property that has the field's name, `resource_pool` for `resourcePool`, `parent_vapp` for `parentVApp`.
//! - `#[property(skip)]`: no property; the field has its default.
//!
//! # Their types
//!
//! | the property | the field |
//! |---|---|
//! | is always there | `T`, or `Option<T>` |
//! | may be unset, or lies below what may be unset | `Option<T>` |
//! | is an array | `Vec<T>`, empty where unset |
//! | has subtypes | `Poly<T>` in place of `T` |
//! | is anything | `Any` or `Option<Any>`, for every property; an unset one is `Any::Nil` |
//!
//! A row that lacks a value which its field requires is an error, and names the path.

mod emit;
mod input;
mod names;

use proc_macro::TokenStream;

/// Makes a struct a row of a managed object's properties: see the [crate's documentation](crate).
#[proc_macro_derive(Properties, attributes(properties, property))]
pub fn properties(input: TokenStream) -> TokenStream {
    let row = syn::parse(input).and_then(input::Input::new);
    row.map_or_else(syn::Error::into_compile_error, |row| emit::row(&row)).into()
}
