//! .
#[rustfmt::skip]
mod generated;
pub use generated::mo;
pub use generated::types::*;
#[cfg(feature = "pbm")]
pub use generated::PBM;
pub use generated::{METHODS, REGISTRY, VIM25};
