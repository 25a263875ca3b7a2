//! Whose a machine is: the stamp in its advanced settings.
//!
//! A machine that is made bears it from the first moment, since it is part of the call that makes it. That is what tells a
//! machine that is half made from a stranger's of the same name.

use crate::provider::{Defaults, Owner};
use crate::spec::resolved::Machine;
use vim_client::types::OptionValue;
use vim_client::{Any, Poly};

const UID: &str = "virtrigaud.owner.uid";
const NAMESPACE: &str = "virtrigaud.owner.namespace";
const NAME: &str = "virtrigaud.owner.name";
/// The template that a machine was made from, so that a repeated request can tell whether it asks for the same.
pub(crate) const SOURCE: &str = "virtrigaud.source";
/// When a machine that was deleted is to be removed, in seconds since 1970.
pub(crate) const PURGE: &str = "virtrigaud.purge";

/// The owner of a machine that is to be made in a folder: the one that the request names, or one that stands in for it.
pub(crate) fn of(machine: &Machine, folder: &str, defaults: &Defaults) -> Owner {
    machine.owner.clone().unwrap_or_else(|| Owner {
        uid: format!("{}:{folder}/{}", defaults.owner, machine.name),
        namespace: machine.namespace.clone(),
        name: machine.name.clone(),
    })
}

/// The settings that stamp a machine.
pub(crate) fn stamp(owner: &Owner) -> Vec<Poly<OptionValue>> {
    [(UID, &owner.uid), (NAMESPACE, &owner.namespace), (NAME, &owner.name)]
        .into_iter()
        .map(|(key, value)| setting(key, value))
        .collect()
}

/// An advanced setting.
pub(crate) fn setting(key: &str, value: &str) -> Poly<OptionValue> {
    OptionValue { key: key.to_owned(), value: Some(Any::String(value.to_owned())) }.into()
}

/// The value of an advanced setting; none where it is not set.
pub(crate) fn read<'a>(settings: &'a [Poly<OptionValue>], key: &str) -> Option<&'a str> {
    let found = settings.iter().find(|setting| setting.key == key)?;
    found.value.as_ref()?.as_str().filter(|value| !value.is_empty())
}

/// The owner that a machine's settings name.
pub(crate) fn owner(settings: &[Poly<OptionValue>]) -> Option<Owner> {
    let text = |key| read(settings, key).unwrap_or_default().to_owned();
    let uid = read(settings, UID)?;
    Some(Owner { uid: uid.to_owned(), namespace: text(NAMESPACE), name: text(NAME) })
}

/// Whether a machine with those settings is that owner's.
pub(crate) fn is_of(settings: &[Poly<OptionValue>], owner: &Owner) -> bool {
    read(settings, UID) == Some(owner.uid.as_str())
}
