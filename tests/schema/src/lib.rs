//! Every type, enumeration, array and method of the schema against the generated tables and the codec.
//!
//! The tests know nothing of the tables: they go over what the XSD declares, write for each type the one XML document that
//! sets all its fields, and look at what the codec makes of it.

#[cfg(test)]
mod arrays;
#[cfg(test)]
mod canonical;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod enums;
#[cfg(test)]
mod methods;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod subtypes;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod types;
#[cfg(test)]
mod unknown;
