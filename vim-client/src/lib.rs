//! A client for VMware vSphere: vCenter and standalone ESXi hosts.
//!
//! A [`Client`] is made by its [builder](Client::builder), logs in by itself, and is cheap to clone. Typed handles from
//! [`Client::object`] have the API's methods; what they take and answer is in [`types`], and the objects themselves in [`mo`].
//!
//! ```no_run
//! # async fn run(password: secrecy::SecretString) -> Result<(), vim_client::Error> {
//! use vim_client::{Client, Trust, mo};
//!
//! let client = Client::builder("vcenter.example.com")
//!     .credentials("administrator@vsphere.local", password)
//!     .trust(Trust::Thumbprint("5A:BF:…".to_owned()))
//!     .connect()
//!     .await?;
//! let root: mo::Folder = client.object(client.service_content().await?.root_folder.clone());
//! let datacenter = root.create_datacenter("DC1").await?;
//! println!("{datacenter:?}");
//! client.close().await
//! # }
//! ```
//!
//! Nothing of this crate blocks, and nothing waits without a bound: connections, calls and pauses in answers have time-outs.
//! Each call is a [`tracing`] span named `vim_call`; documents go to the target `vim_client::wire`, without their secrets.

mod builder;
mod client;
mod credentials;
mod endpoint;
mod held;
mod inventory;
mod line;
mod property;
mod redact;
mod retry;
mod secrets;
mod send;
mod session;
#[cfg(test)]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::expect_used,
    reason = "shared with the integration tests"
)]
#[path = "../tests/support/mod.rs"]
mod support;
mod task;
mod transport;
mod trust;
mod version;
mod view;
mod visitor;
mod wire_log;

pub use builder::ClientBuilder;
pub use client::Client;
pub use endpoint::Endpoint;
pub use inventory::{Find, Found, Inventory};
pub use property::{Cache, Change, Missing, Object, Retrieve, Values, Watch};
pub use retry::Retry;
pub use secrecy::SecretString;
pub use trust::Trust;
pub use view::ContainerView;
pub use vim_macros::Properties;
pub use vim_types as types;
pub use vim_types::mo;
pub use vim_wire as wire;
pub use vim_wire::path::Row;
pub use vim_wire::{
    Any, Binary, DateTime, Error, ErrorKind, Fault, Handle, Limits, ManagedObject, MoRef, Poly, Task,
    TaskProgress, TaskRef,
};

/// For the derive and the benchmarks alone.
#[doc(hidden)]
pub mod __private {
    pub use crate::property::measured::rows;
    pub use vim_wire as wire;
}
