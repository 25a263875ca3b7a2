//! What changed of an object since it was told last.

use super::content::{Item, Value};
use super::spec::Column;
use crate::world::{Found, Node, Steps};
use indexmap::IndexMap;
use std::borrow::Cow;
use vim_types::PropertyChangeOp;
use vim_wire::server::Writer;
use vim_wire::{Card, ObjRef, Object, Slot};

/// A change of a property, or of a part of one.
pub(crate) struct Change<'a> {
    path: Cow<'a, str>,
    op: PropertyChangeOp,
    value: Value<'a>,
}

impl Change<'_> {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.open("changeSet");
        writer.text("name", &self.path);
        writer.text("op", self.op.as_str());
        if matches!(self.op, PropertyChangeOp::ASSIGN | PropertyChangeOp::ADD) && self.value.is_there() {
            self.value.write(writer);
        }
        writer.close("changeSet");
    }
}

/// All of an object that is told for the first time.
pub(crate) fn entering<'a>(item: &'a Item, columns: &'a [Column]) -> Vec<Change<'a>> {
    let readable = columns.iter().filter(|column| item.denied(column).is_none());
    readable
        .map(|column| (column, Value::at(&item.node, &column.path)))
        .filter(|(column, value)| column.named || value.is_there())
        .map(|(column, value)| assign(Cow::Borrowed(&*column.path), value))
        .collect()
}

const fn assign<'a>(path: Cow<'a, str>, value: Value<'a>) -> Change<'a> {
    Change { path, op: PropertyChangeOp::ASSIGN, value }
}

/// What differs between an object as it was told and as it is; parts by themselves where that is asked for.
pub(crate) fn changed<'a>(
    old: &'a Node,
    item: &'a Item,
    columns: &'a [Column],
    parts: Option<u8>,
) -> Vec<Change<'a>> {
    let new = &*item.node;
    let mut changes = Vec::new();
    for column in columns.iter().filter(|column| item.denied(column).is_none()) {
        if !new.is_outside() && !new.changed_at(&column.path, old.changed) {
            continue;
        }
        let (before, after) = (Value::at(old, &column.path), Value::at(new, &column.path));
        if before.same(&after) {
            continue;
        }
        match parts {
            Some(version) => {
                Parts { version, changes: &mut changes }.differ(&column.path, &before, after, true);
            }
            None => changes.push(whole(Cow::Borrowed(&*column.path), &before, after)),
        }
    }
    changes
}

/// The change of what a path names as a whole.
fn whole<'a>(path: Cow<'a, str>, before: &Value<'_>, after: Value<'a>) -> Change<'a> {
    let keys: Vec<bool> = Steps::of(&path).map(|(_, key)| key.is_some()).collect();
    let op = match (before.is_there(), after.is_there(), keys.last()) {
        (false, true, Some(true)) => PropertyChangeOp::ADD,
        (true, false, Some(true)) => PropertyChangeOp::REMOVE,
        (true, false, _) if keys.contains(&true) => PropertyChangeOp::INDIRECT_REMOVE,
        _ => PropertyChangeOp::ASSIGN,
    };
    Change { path, op, value: after }
}

/// Differences down to the parts that can be named.
struct Parts<'c, 'a> {
    version: u8,
    changes: &'c mut Vec<Change<'a>>,
}

impl<'a> Parts<'_, 'a> {
    fn differ(&mut self, path: &str, before: &Value<'a>, after: Value<'a>, named: bool) {
        if let (Some(old), Some(new)) = (before.object(), after.object())
            && std::ptr::eq(old.desc(), new.desc())
        {
            return self.fields(path, old, new);
        }
        if let (Some(old), Some(new)) = (items(before), items(&after))
            && self.items(path, &old, &new)
        {
            return;
        }
        let path = Cow::Owned(path.to_owned());
        self.changes.push(if named { whole(path, before, after) } else { assign(path, after) });
    }

    fn fields(&mut self, path: &str, old: ObjRef<'a>, new: ObjRef<'a>) {
        let mut before = Vec::new();
        old.each(&mut |_, slot| before.push(slot));
        let mut before = before.into_iter();
        new.each(&mut |field, after| {
            let Some(before) = before.next() else { return };
            if field.since > self.version || before.same(&after) {
                return;
            }
            let path = format!("{path}.{}", field.name);
            self.differ(&path, &Value::of(Found::Slot(before)), Value::of(Found::Slot(after)), false);
        });
    }

    /// Tells what came, went and changed of a list whose items have keys; false where that cannot be told by keys.
    fn items(&mut self, path: &str, old: &Keyed<'a>, new: &Keyed<'a>) -> bool {
        let known = self.changes.len();
        let at = |key: &str| Cow::Owned(format!("{path}[{key}]"));
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            self.changes.push(Change {
                path: at(key),
                op: PropertyChangeOp::REMOVE,
                value: Value::of(Found::Nothing),
            });
        }
        for (key, item) in new {
            let value = Value::of(item.again());
            let op = match old.get(key) {
                Some(before) if Value::of(before.again()).same(&value) => continue,
                Some(_) => PropertyChangeOp::ASSIGN,
                None => PropertyChangeOp::ADD,
            };
            self.changes.push(Change { path: at(key), op, value });
        }
        // Otherwise nothing but the order has changed.
        self.changes.len() > known
    }
}

/// The items of a list by their keys, as paths write those.
type Keyed<'a> = IndexMap<String, Found<'a>>;

/// The items of a list by their keys; none where they have none, or two have the same.
fn items<'a>(value: &Value<'a>) -> Option<Keyed<'a>> {
    let key = |object: ObjRef<'_>| match object.get("key")? {
        Slot::I32(cell) => cell.values().first().map(ToString::to_string),
        Slot::Str(cell) => cell.values().first().map(|key| format!("\"{key}\"")),
        _ => None,
    };
    let (count, items): (_, Option<Keyed<'a>>) = match value.found() {
        Found::Slot(Slot::Poly(_, items)) if items.card() == Card::Many => {
            let item = |object: &'a Object| Some((key(object.as_ref())?, Found::Boxed(object)));
            (items.len(), items.iter().map(item).collect())
        }
        Found::Slot(Slot::Struct(items)) if items.card() == Card::Many => {
            let item = |object| Some((key(object)?, Found::Object(object)));
            (items.len(), items.iter().map(item).collect())
        }
        _ => return None,
    };
    items.filter(|items| items.len() == count)
}
