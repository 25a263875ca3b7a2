//! Property paths: `config.hardware.device[4000].backing`, `config.extraConfig["guestinfo.x"].value`.

use vim_wire::{ObjRef, Object, Slot};

/// What lies at a path.
pub(crate) enum Found<'a> {
    /// A field's content.
    Slot(Slot<'a>),
    /// An item of a list whose items are of one type.
    Object(ObjRef<'a>),
    /// An item of a list whose items are of a type or extend it.
    Boxed(&'a Object),
    /// There is nothing: an optional value that is not set, a key that is not there.
    Nothing,
}

impl<'a> Found<'a> {
    /// An item of a list, once more; nothing for a field's content.
    pub(crate) const fn again(&self) -> Self {
        match self {
            Self::Object(object) => Self::Object(*object),
            Self::Boxed(object) => Self::Boxed(object),
            Self::Slot(_) | Self::Nothing => Self::Nothing,
        }
    }
}

/// Why a path leads nowhere, whatever the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathError(pub(crate) String);

/// The steps of a path: names, and the keys of items.
pub(crate) struct Steps<'p>(&'p str);

impl<'p> Steps<'p> {
    pub(crate) const fn of(path: &'p str) -> Self {
        Self(path)
    }
}

impl<'p> Iterator for Steps<'p> {
    /// A name and, where it is that of a list's item, the item's key without quotes.
    type Item = (&'p str, Option<&'p str>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.find(['.', '[']).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        let (key, rest) = match rest.strip_prefix("[\"") {
            Some(quoted) => match quoted.find("\"]") {
                Some(close) => (Some(&quoted[..close]), &quoted[close + 2..]),
                None => (Some(quoted), ""),
            },
            None => match rest.strip_prefix('[') {
                Some(plain) => match plain.find(']') {
                    Some(close) => (Some(&plain[..close]), &plain[close + 1..]),
                    None => (Some(plain), ""),
                },
                None => (None, rest),
            },
        };
        self.0 = rest.strip_prefix('.').unwrap_or(rest);
        Some((name, key))
    }
}

/// Follows a path from an object on.
pub(crate) fn find<'a>(object: ObjRef<'a>, path: &str) -> Result<Found<'a>, PathError> {
    let mut at = Found::Object(object);
    for (name, key) in Steps::of(path) {
        let of = match &at {
            Found::Object(object) => *object,
            Found::Boxed(object) => object.as_ref(),
            Found::Slot(Slot::Struct(items)) if items.card() != vim_wire::Card::Many => {
                match items.iter().next() {
                    Some(object) => object,
                    None if items.desc().field(name).is_some() => return Ok(Found::Nothing),
                    None => return Err(PathError(path.to_owned())),
                }
            }
            Found::Slot(Slot::Poly(_, items)) if items.card() != vim_wire::Card::Many => {
                match items.iter().next() {
                    Some(object) => object.as_ref(),
                    // What is not there may be of any type.
                    None => return Ok(Found::Nothing),
                }
            }
            Found::Nothing => return Ok(Found::Nothing),
            Found::Slot(_) => return Err(PathError(path.to_owned())),
        };
        let Some(slot) = of.get(name) else { return Err(PathError(path.to_owned())) };
        at = match key {
            None => Found::Slot(slot),
            Some(key) => item(slot, key).ok_or_else(|| PathError(path.to_owned()))?,
        };
    }
    Ok(at)
}

/// The item of a list that has that key.
fn item<'a>(slot: Slot<'a>, key: &str) -> Option<Found<'a>> {
    match slot {
        Slot::Poly(_, items) => Some(
            items.iter().find(|object| has_key(object.as_ref(), key)).map_or(Found::Nothing, Found::Boxed),
        ),
        Slot::Struct(items) => {
            Some(items.iter().find(|object| has_key(*object, key)).map_or(Found::Nothing, Found::Object))
        }
        _ => None,
    }
}

/// Items are known by their `key`, where they have one.
pub(super) fn has_key(object: ObjRef<'_>, key: &str) -> bool {
    match object.get("key") {
        Some(Slot::I32(cell)) => cell.values().first().is_some_and(|value| key.parse() == Ok(*value)),
        Some(Slot::Str(cell)) => cell.values().first().is_some_and(|value| value == key),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fall_into_names_and_keys() {
        let steps = |path| Steps::of(path).collect::<Vec<_>>();
        assert_eq!(steps("name"), [("name", None)]);
        assert_eq!(
            steps("config.hardware.device[4000].backing"),
            [("config", None), ("hardware", None), ("device", Some("4000")), ("backing", None)]
        );
        assert_eq!(
            steps("config.extraConfig[\"guestinfo.a[1]\"].value"),
            [("config", None), ("extraConfig", Some("guestinfo.a[1]")), ("value", None)]
        );
    }
}
