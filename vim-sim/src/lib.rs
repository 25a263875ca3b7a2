//! A vCenter or ESXi host to develop and test against, in your own process.
//!
//! A [`Simulator`] listens on a port of its own and answers as a server does: SOAP for vim25, REST for sessions and tags, files of
//! datastores over HTTP. Any client works against it. Dropping it stops it, and many run side by side.
//!
//! ```
//! use vim_sim::{Model, Simulator, StartError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StartError> {
//! let model = Model::vcenter().clusters(2).hosts(3).vms(5);
//! let simulator = Simulator::builder().model(model).start().await?;
//! assert!(simulator.url().starts_with("http://127.0.0.1:"));
//! // Any name and password will do, unless the builder has accounts.
//! # Ok(())
//! # }
//! ```
//!
//! What there is at the start is named as vcsim names it: `DC0`, `DC0_C0`, `DC0_C0_RP0_VM0`, `LocalDS_0`. The methods that there
//! are, are listed in `METHODS.md`; all others answer the fault `MethodNotFound`.
//!
//! # Other programs
//!
//! They get the address as they get any server's.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::process::Command;
//! use vim_sim::Simulator;
//!
//! let simulator = Simulator::builder().account("user", "pass").tls(true).start().await?;
//! std::fs::write("ca.pem", simulator.ca_pem().unwrap_or_default())?;
//! let status = Command::new("govc")
//!     .args(["vm.info", "DC0_H0_VM0"])
//!     .env("GOVC_URL", simulator.url())
//!     .env("GOVC_USERNAME", "user")
//!     .env("GOVC_PASSWORD", "pass")
//!     .env("GOVC_TLS_CA_CERTS", "ca.pem")
//!     .status()?;
//! # let _ = status;
//! # Ok(())
//! # }
//! ```
//!
//! # What goes wrong
//!
//! A [`Rule`] says which call goes wrong, when and how: with a fault, late, with a connection that is cut, or with a task that
//! fails half-way. Rules are given to the builder, or come and go while the simulator runs.
//!
//! ```
//! use std::time::Duration;
//! use vim_sim::{Failure, Rule, Simulator};
//! use vim_types::NoDiskSpace;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), vim_sim::StartError> {
//! let simulator = Simulator::builder()
//!     // The first clone fails once it is half done.
//!     .rule(Rule::on("CloneVM_Task").times(1).fails_at(50, NoDiskSpace::default(), "no space left"))
//!     .start()
//!     .await?;
//! // The server is overloaded, for a while.
//! let overload = simulator.rule(Rule::on("*").failure(Failure::Status(503)));
//! simulator.remove_rule(overload);
//! // Somebody powers on, and never learns that it worked.
//! simulator.rule(Rule::on("PowerOnVM_Task").name("DC0_H0_VM0").failure(Failure::CutAfter));
//! simulator.rule(Rule::on("RetrieveProperties*").probability(0.1).delay(Duration::from_secs(2)));
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! Tasks take no time, unless [`task_time`](Builder::task_time) says otherwise; guests have an address some time after power-on.
//! All that waits goes by the simulator's [`Clock`], so that tests need not: with [`Clock::Manual`] time passes when the test says
//! so, and everything that was to happen meanwhile happens in its order.
//!
//! ```
//! use std::time::Duration;
//! use vim_sim::{Clock, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), vim_sim::StartError> {
//! let simulator = Simulator::builder().clock(Clock::Manual).task_time(Duration::from_secs(60)).start().await?;
//! // A client starts a task. A minute later it is done, and half an hour later the client's session is over.
//! simulator.advance(Duration::from_secs(60));
//! simulator.advance(Duration::from_secs(30 * 60));
//! # Ok(())
//! # }
//! ```
//!
//! # Who may do what
//!
//! Accounts may do everything. Users that the builder gets with a [`Role`] have its privileges alone, on what lies at their inventory
//! paths: [`Builder::user`]. What they may not do answers `NoPermission`, which names the privilege and the object.

mod build;
mod call;
mod collector;
mod dispatch;
mod events;
mod fast;
mod fault;
mod files;
mod log;
mod mo;
mod model;
mod offline;
mod rules;
mod serve;
mod session;
mod sim;
#[cfg(test)]
mod table;
mod timer;
mod users;
mod world;

pub use build::{Builder, Simulator, StartError};
pub use model::Model;
#[doc(hidden)]
pub use offline::Offline;
pub use rules::{Failure, Rule};
pub use timer::Clock;
pub use users::Role;

/// The code in the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
