//! Objects and their properties, as answers show them.

use super::scope::Lacks;
use super::spec::{Column, Columns};
use crate::fault::Fault;
use crate::world::{Found, Node, find};
use std::sync::Arc;
use vim_wire::server::Writer;
use vim_wire::{Any, Card, Cell, ObjRef, Slot};

/// An object that is reported, and what the caller may not read of it.
pub(crate) struct Item {
    pub(crate) node: Arc<Node>,
    pub(crate) lacks: Lacks,
}

impl Item {
    /// The fault that comes in place of a property.
    pub(crate) fn denied(&self, column: &Column) -> Option<&Fault> {
        let lacks = self.lacks.as_ref()?;
        lacks.iter().find(|(privilege, _)| *privilege == column.privilege).map(|(_, fault)| fault)
    }

    /// Writes its `ObjectContent`.
    pub(crate) fn write(&self, writer: &mut Writer, name: &str, columns: &mut Columns) {
        let Some(columns) = columns.of(self.node.kind()) else { return };
        writer.open(name);
        writer.value("obj", &self.node.moref);
        for column in columns.iter().filter(|column| self.denied(column).is_none()) {
            let value = Value::at(&self.node, &column.path);
            if value.is_there() {
                writer.open("propSet");
                writer.text("name", &column.path);
                value.write(writer);
                writer.close("propSet");
            }
        }
        self.write_missing(writer, &*columns);
        writer.close(name);
    }

    /// Writes the properties among those that may not be read.
    pub(crate) fn write_missing<'c>(
        &self,
        writer: &mut Writer,
        columns: impl IntoIterator<Item = &'c Column>,
    ) {
        if self.lacks.is_none() {
            return;
        }
        for column in columns {
            let Some(fault) = self.denied(column) else { continue };
            writer.open("missingSet");
            writer.text("path", &column.path);
            write_fault(writer, fault);
            writer.close("missingSet");
        }
    }
}

/// Writes a fault as a `LocalizedMethodFault`.
pub(crate) fn write_fault(writer: &mut Writer, fault: &Fault) {
    writer.open("fault");
    writer.object("fault", "MethodFault", &fault.detail);
    writer.text("localizedMessage", &fault.message);
    writer.close("fault");
}

/// What lies at a property path of an object.
pub(crate) struct Value<'a>(Found<'a>);

impl<'a> Value<'a> {
    pub(crate) fn at(node: &'a Node, path: &str) -> Self {
        // Paths are checked before they are followed: what fails now is a subtype that lacks the field.
        Self(find(node.object.as_ref(), path).unwrap_or(Found::Nothing))
    }

    pub(crate) const fn of(found: Found<'a>) -> Self {
        Self(found)
    }

    pub(crate) const fn found(&self) -> &Found<'a> {
        &self.0
    }

    /// The one data object that it is.
    pub(crate) fn object(&self) -> Option<ObjRef<'a>> {
        match &self.0 {
            Found::Object(object) => Some(*object),
            Found::Boxed(object) => Some(object.as_ref()),
            Found::Slot(Slot::Struct(items)) if items.card() != Card::Many => items.iter().next(),
            Found::Slot(Slot::Poly(_, items)) if items.card() != Card::Many => {
                items.iter().next().map(|object| object.as_ref())
            }
            Found::Slot(_) | Found::Nothing => None,
        }
    }

    /// Whether there is something to show. Lists are shown even where they are empty.
    pub(crate) fn is_there(&self) -> bool {
        match &self.0 {
            Found::Nothing => false,
            Found::Object(_) | Found::Boxed(_) => true,
            Found::Slot(slot) => has_value(slot),
        }
    }

    /// Writes it as `val`.
    pub(crate) fn write(&self, writer: &mut Writer) {
        self.write_as(writer, "val");
    }

    /// Writes it as an element of that name; nothing where there is nothing.
    pub(crate) fn write_as(&self, writer: &mut Writer, name: &str) {
        match &self.0 {
            Found::Object(object) => writer.object_ref(name, "", *object),
            Found::Boxed(object) => writer.object(name, "", object),
            Found::Slot(slot) if self.is_there() => writer.any_slot(name, slot),
            Found::Slot(_) | Found::Nothing => {}
        }
    }

    /// Whether both show the same.
    pub(crate) fn same(&self, other: &Value<'_>) -> bool {
        match (&self.0, &other.0) {
            (Found::Nothing, _) => !other.is_there(),
            (_, Found::Nothing) => !self.is_there(),
            (Found::Slot(a), Found::Slot(b)) => a.same(b),
            (Found::Object(a), Found::Object(b)) => a.same(b),
            (Found::Boxed(a), Found::Boxed(b)) => a == b,
            _ => false,
        }
    }
}

fn has_value(slot: &Slot<'_>) -> bool {
    match slot {
        // What is required and was not set would be a reference to nothing, a value that no enumeration has.
        Slot::MoRef(Cell::One(moref)) => !moref.is_empty(),
        Slot::Any(Cell::One(value)) => **value != Any::Nil,
        Slot::Enum(_, items) if items.card() != Card::Many => {
            items.iter().any(|value| !value.as_str().is_empty())
        }
        slot => slot.card() == Card::Many || slot.is_set(),
    }
}
