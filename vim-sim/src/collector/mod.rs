//! The property collector: what clients read with, and by which they are told of changes.
//!
//! A specification is checked and made into a [`Plan`](spec::Plan) once. Following it under the world's lock gives references to the
//! objects as they are at that moment; they never change, so that they are read and written without the lock.
//!
//! Filters remember each object as it was told last. What happened since is taken from the world's journal, so that the cost
//! of an answer is that of the changes in it, however many objects there are that did not change.

mod changes;
mod content;
mod fetch;
mod filter;
mod pages;
mod privilege;
mod retrieve;
mod scope;
mod select;
mod spec;
mod told;
mod updates;

#[cfg(test)]
mod tests;

pub(crate) use fetch::{FETCH, fetch};
pub(crate) use filter::Filter;
pub(crate) use retrieve::{continue_retrieval, retrieve};
pub(crate) use scope::Scope;
pub(crate) use updates::{Bounds, Collector};
