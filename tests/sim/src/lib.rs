//! What tests of the simulator share: raw SOAP, the schema's word on answers, and a look at everything that a server has.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot start its server has failed")]

pub mod check;
pub mod crawl;
pub mod differ;
pub mod http;
pub mod model;
pub mod normal;
pub mod proxy;
