//! Areas: which types, enumerations and managed objects a feature of the generated crate brings.

mod core;
mod rules;

use crate::error::{Error, Result};
use crate::model::{DataType, Field, Method, Model, Ty, TypeId};
use std::collections::BTreeSet;

/// An index into [`Plan::areas`]; [`CORE`] is always there.
pub type AreaId = usize;

/// The area that is always built.
pub const CORE: AreaId = 0;

/// A part of the generated crate; all but [`CORE`] are features.
#[derive(Clone, Debug)]
pub struct Area {
    /// Its name, and its feature's.
    pub name: &'static str,
    /// What it has, in a line.
    pub doc: &'static str,
    /// The areas that it needs, directly or not.
    pub implies: BTreeSet<AreaId>,
}

/// The area of everything.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The areas.
    pub areas: Vec<Area>,
    /// Of each data type.
    pub types: Vec<AreaId>,
    /// Of each enumeration.
    pub enums: Vec<AreaId>,
    /// Of each managed object.
    pub objects: Vec<AreaId>,
}

impl Plan {
    /// One area for everything: for schemas that the tables here do not know.
    #[must_use]
    pub fn single(model: &Model) -> Self {
        Self {
            areas: vec![Area { name: "core", doc: "Everything", implies: BTreeSet::new() }],
            types: vec![CORE; model.types.len()],
            enums: vec![CORE; model.enums.len()],
            objects: vec![CORE; model.objects.len()],
        }
    }

    /// The areas of vim25 and what is served beside it.
    ///
    /// # Errors
    ///
    /// The tables name what the schema no longer has.
    pub fn vim(model: &Model) -> Result<Self> {
        let areas = rules::areas();
        let seeds = core::seeds(model)?;
        let is_core: BTreeSet<TypeId> = closure(model, seeds).into_iter().collect();
        let types = model.types.iter().enumerate().map(|(id, ty)| {
            if is_core.contains(&id) {
                CORE
            } else {
                rules::area(&areas, model, ty.service, ty.vmodl.as_deref())
            }
        });
        let types = types.collect();
        let enums = model
            .enums
            .iter()
            .map(|ty| rules::area(&areas, model, ty.service, ty.vmodl.as_deref()))
            .collect();
        let objects =
            model.objects.iter().map(|object| match core::OBJECTS.contains(&object.name.as_str()) {
                true => CORE,
                false => rules::area(&areas, model, object.service, Some(&object.vmodl)),
            });
        let objects = objects.collect();
        let mut plan = Self { areas, types, enums, objects };
        plan.lift(model);
        plan.gather_enums(model);
        Ok(plan)
    }

    /// Whether code of one area may use another's without a condition.
    #[must_use]
    pub fn reaches(&self, from: AreaId, to: AreaId) -> bool {
        to == CORE || from == to || self.areas[from].implies.contains(&to)
    }

    /// Moves to the core what an area needs by value and cannot reach: a type that two areas need is nobody's own.
    fn lift(&mut self, model: &Model) {
        loop {
            let mut lifted = Vec::new();
            for (id, ty) in model.types.iter().enumerate() {
                for needed in used(ty) {
                    match needed {
                        Ty::Data(other) if !self.reaches(self.types[id], self.types[other]) => {
                            lifted.push(other)
                        }
                        Ty::Enum(other) if !self.reaches(self.types[id], self.enums[other]) => {
                            self.enums[other] = CORE
                        }
                        _ => {}
                    }
                }
            }
            if lifted.is_empty() {
                break;
            }
            for id in lifted {
                self.types[id] = CORE;
            }
        }
        for id in 0..model.objects.len() {
            for base in model.object_lineage(id).skip(1) {
                if !self.reaches(self.objects[id], self.objects[base]) {
                    self.objects[base] = CORE;
                }
            }
        }
    }

    /// Puts an enumeration that VMODL declares within a type beside that type.
    fn gather_enums(&mut self, model: &Model) {
        let declared: std::collections::BTreeMap<&str, AreaId> = (model.types.iter().enumerate())
            .filter_map(|(id, ty)| Some((ty.vmodl.as_deref()?, self.types[id])))
            .chain(
                model
                    .objects
                    .iter()
                    .enumerate()
                    .map(|(id, object)| (object.vmodl.as_str(), self.objects[id])),
            )
            .collect();
        let fields: BTreeSet<usize> =
            model.types.iter().flat_map(|ty| &ty.fields).filter_map(|field| enum_of(field.ty)).collect();
        for (id, ty) in model.enums.iter().enumerate().filter(|(id, _)| !fields.contains(id)) {
            let outer = ty.vmodl.as_deref().and_then(|name| name.rsplit_once('.'));
            if let Some(area) = outer.and_then(|(outer, _)| declared.get(outer)) {
                self.enums[id] = *area;
            }
        }
        // An enumeration of the core's methods and properties is the core's.
        for (_, object) in model.objects.iter().enumerate().filter(|(id, _)| self.objects[*id] == CORE) {
            let types = object
                .properties
                .iter()
                .map(|property| property.ty)
                .chain(object.methods.iter().flat_map(method_types));
            for id in types.filter_map(enum_of) {
                self.enums[id] = CORE;
            }
        }
    }

    /// The features that code in `home` needs for those areas: none implied by another, none that `home` brings.
    #[must_use]
    pub fn features(&self, home: AreaId, used: impl IntoIterator<Item = AreaId>) -> Vec<&'static str> {
        let needed: BTreeSet<AreaId> = used.into_iter().filter(|area| !self.reaches(home, *area)).collect();
        let implied = |area: &AreaId| {
            needed.iter().any(|other| other != area && self.areas[*other].implies.contains(area))
        };
        needed.iter().filter(|area| !implied(area)).map(|area| self.areas[*area].name).collect()
    }

    /// The area of a value's type.
    #[must_use]
    pub fn of(&self, ty: Ty) -> AreaId {
        match ty {
            Ty::Data(id) => self.types[id],
            Ty::Enum(id) => self.enums[id],
            _ => CORE,
        }
    }

    /// The areas that a property's type needs.
    #[must_use]
    pub fn of_property(&self, property: &Field) -> Vec<AreaId> {
        vec![self.of(property.ty)]
    }

    /// The areas that a method's signature needs.
    #[must_use]
    pub fn of_method(&self, model: &Model, method: &Method) -> Vec<AreaId> {
        let handle = method.result.as_ref().and_then(|answer| model.object(answer.target.as_deref()?));
        let types = method_types(method).map(|ty| self.of(ty));
        types.chain(handle.map(|object| self.objects[object])).collect()
    }
}

fn enum_of(ty: Ty) -> Option<usize> {
    match ty {
        Ty::Enum(id) => Some(id),
        _ => None,
    }
}

fn method_types(method: &Method) -> impl Iterator<Item = Ty> {
    method.params.iter().map(|param| param.ty).chain(method.result.as_ref().map(|answer| answer.ty))
}

/// What a type's code refers to: its fields' types, and its base.
fn used(ty: &DataType) -> impl Iterator<Item = Ty> {
    ty.fields.iter().map(|field| field.ty).chain(ty.base.map(Ty::Data))
}

/// All that values of those types hold: what they extend, their fields' types, and whatever extends a field's type.
///
/// Faults and events are too many for that last step: a field of theirs brings the declared type alone.
fn closure(model: &Model, seeds: Vec<TypeId>) -> BTreeSet<TypeId> {
    let huge: Vec<TypeId> = core::HUGE.iter().filter_map(|name| model.data(name)).collect();
    let in_huge = |id| model.lineage(id).any(|ancestor| huge.contains(&ancestor));
    let mut found = BTreeSet::new();
    let mut work = seeds;
    while let Some(id) = work.pop() {
        if !found.insert(id) {
            continue;
        }
        work.extend(model.types[id].base);
        for target in model.types[id].fields.iter().filter_map(|field| match field.ty {
            Ty::Data(target) => Some(target),
            _ => None,
        }) {
            if in_huge(target) || model.is_empty_root(target) {
                work.push(target);
            } else {
                work.extend(model.family(target));
            }
        }
    }
    found
}

fn unknown(table: &str, name: &str) -> Error {
    Error::new(format!("codegen/src/areas/{table}.rs"), name, "the schema has no such thing any more")
}
