//! dummy
pub mod error;
pub mod fixups;
pub mod metadata;
pub mod model;
pub mod names;
pub mod areas;
pub mod schema;
