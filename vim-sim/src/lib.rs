//! A vCenter or ESXi host to develop and test against, in your own process.

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
