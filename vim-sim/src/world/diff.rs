//! Where two values of one type differ.

use vim_wire::{Card, ObjRef, Slot};

/// Calls `differs` with the path of each difference, as deep as single values go; a list that differs is one difference.
pub(super) fn diff(old: ObjRef<'_>, new: ObjRef<'_>, at: &str, differs: &mut dyn FnMut(String)) {
    let mut before = Vec::new();
    old.each(&mut |_, slot| before.push(slot));
    let mut before = before.into_iter();
    new.each(&mut |field, after| {
        let Some(before) = before.next() else { return };
        if before.same(&after) {
            return;
        }
        let path = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        match (single(&before), single(&after)) {
            (Some(old), Some(new)) if std::ptr::eq(old.desc(), new.desc()) => diff(old, new, &path, differs),
            _ => differs(path),
        }
    });
}

/// The one object that lies in a field that holds one at the most.
fn single<'a>(slot: &Slot<'a>) -> Option<ObjRef<'a>> {
    match slot {
        Slot::Struct(items) if items.card() != Card::Many => items.iter().next(),
        Slot::Poly(_, items) if items.card() != Card::Many => {
            items.iter().next().map(|object| object.as_ref())
        }
        _ => None,
    }
}
