//! The shape of the types as values: who extends whom, and which fields need a box.

use super::{Model, Ty, TypeId};
use crate::error::{Error, Result};

/// Finds subtypes, and boxes the fields that would make a type infinite.
pub(super) fn shape(model: &mut Model) -> Result<()> {
    for id in 0..model.types.len() {
        if let Some(base) = model.types[id].base {
            model.types[base].subtypes.push(id);
        }
        if model.lineage(id).take(model.types.len() + 1).count() > model.types.len() {
            return Err(Error::new("schema", &model.types[id].wire, "extends itself"));
        }
    }
    for id in 0..model.types.len() {
        let ancestors: Vec<TypeId> = model.lineage(id).skip(1).collect();
        for ancestor in ancestors {
            model.types[ancestor].descendants += 1;
        }
    }
    let component = components(model);
    for id in 0..model.types.len() {
        for at in 0..model.types[id].fields.len() {
            let Some(target) = held(model, id, at) else { continue };
            if component[id] != component[target] {
                continue;
            }
            let field = &mut model.types[id].fields[at];
            if !field.optional {
                // No value of such a type could be written down.
                let at = format!("{}.{}", model.types[id].wire, model.types[id].fields[at].wire);
                return Err(Error::new("schema", at, "a required field makes its type infinite"));
            }
            field.boxed = true;
        }
    }
    Ok(())
}

/// The type whose value lies in the field itself.
fn held(model: &Model, id: TypeId, field: usize) -> Option<TypeId> {
    let field = &model.types[id].fields[field];
    match field.ty {
        Ty::Data(target) if !field.array && !model.is_poly(target) => Some(target),
        _ => None,
    }
}

fn edges(model: &Model, id: TypeId) -> Vec<TypeId> {
    let fields = (0..model.types[id].fields.len()).filter_map(|field| held(model, id, field));
    model.types[id].base.into_iter().chain(fields).collect()
}

/// Tarjan's strongly connected components, with a stack of its own; a type that holds itself alone is a component that
/// differs from none, so the caller's comparison of a type with itself boxes it.
fn components(model: &Model) -> Vec<usize> {
    let count = model.types.len();
    let (mut order, mut low, mut component) =
        (vec![usize::MAX; count], vec![0; count], vec![usize::MAX; count]);
    let (mut next, mut found, mut stack) = (0, 0, Vec::new());
    for root in 0..count {
        if order[root] != usize::MAX {
            continue;
        }
        let mut work = vec![(root, edges(model, root), 0)];
        while let Some((id, out, at)) = work.last_mut() {
            let id = *id;
            if *at == 0 {
                order[id] = next;
                low[id] = next;
                next += 1;
                stack.push(id);
            }
            if let Some(&to) = out.get(*at) {
                *at += 1;
                if order[to] == usize::MAX {
                    work.push((to, edges(model, to), 0));
                } else if component[to] == usize::MAX {
                    low[id] = low[id].min(order[to]);
                }
                continue;
            }
            if low[id] == order[id] {
                while let Some(member) = stack.pop() {
                    component[member] = found;
                    if member == id {
                        break;
                    }
                }
                found += 1;
            }
            work.pop();
            if let Some((parent, ..)) = work.last() {
                low[*parent] = low[*parent].min(low[id]);
            }
        }
    }
    component
}
