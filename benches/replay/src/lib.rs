//! A server that replays a captured inventory.
//!
//! The retrieve comparison measures clients, and must therefore not wait for the server. This one answers
//! RetrievePropertiesEx from memory, with pages that are pieces of one text, and knows just enough of the other calls for a
//! client to log in and to read: what a client asks for is taken for all virtual machines, nothing is checked, and nobody
//! needs to be logged in. It is no simulator: that is vim-sim.

mod inventory;
mod server;
pub mod soap;

pub use inventory::{Inventory, Listing, Page};
pub use server::{Endpoints, Service, start};
pub use soap::{Answer, Replay};
