//! The documents that a user writes: what they may say, and what is wrong with those that say something else.
//!
//! ```
//! use virtrigaud_vsphere::spec::Documents;
//!
//! let error = Documents::parse(
//!     "apiVersion: infra.virtrigaud.io/v1beta1
//! kind: VMClass
//! metadata: {name: small}
//! spec:
//!   cpus: 2
//!   memory: 4Gi
//!   spec:
//!     hardware:
//!       secureboot: true
//! ",
//! )
//! .unwrap_err();
//! let text = error.to_string();
//! assert!(text.starts_with("VMClass 'small', line 9, spec.spec.hardware.secureboot: unknown field `secureboot`, expected one of "), "{text}");
//! ```

mod class;
mod common;
mod document;
mod image;
mod lines;
mod machine;
mod provider;
pub mod resolved;
mod text;

pub use class::*;
pub use common::*;
pub use document::{Document, Documents, Fragment, Resource, SpecError, json_schema};
pub use image::*;
pub use machine::*;
pub use provider::*;
pub use text::{Address, Age, HardwareVersion, Mac, Quantity, Schedule, TextError};
