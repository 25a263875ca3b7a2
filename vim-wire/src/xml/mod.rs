//! The XML that SOAP servers write, and no more of XML: no DTD, no entities but the five and characters by number.

pub(crate) mod character;
pub(crate) mod read;
pub(crate) mod scan;
pub(crate) mod write;
