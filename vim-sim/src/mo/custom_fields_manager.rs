//! `CustomFieldsManager`: fields that users give to entities.

use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::sim::properties_of;
use crate::world::{Node, Tx, World};
use vim_types::mo::{
    CustomFieldsManagerProperties, ExtensibleManagedObjectProperties, ManagedEntityProperties,
};
use vim_types::{
    CustomFieldDef, CustomFieldDefAddedEvent, CustomFieldDefEvent, CustomFieldDefRemovedEvent,
    CustomFieldDefRenamedEvent, CustomFieldStringValue, CustomFieldValue, CustomFieldValueChangedEvent,
    DuplicateName, InvalidName, PrivilegePolicyDef,
};
use vim_wire::{MoRef, Poly};

methods! {
    "AddCustomFieldDef" => add,
    "RemoveCustomFieldDef" => remove,
    "RenameCustomFieldDef" => rename,
    "SetField" => set,
    "setCustomValue" => set_by_name,
}

/// The last key that was given: the manager's own. A key is never given twice.
#[derive(Clone, Debug, Default)]
struct LastKey(i32);

/// Whether a field is for such objects.
fn is_for(field: &CustomFieldDef, node: &Node) -> bool {
    field.managed_object_type.as_ref().is_none_or(|kind| kind.is_empty() || node.is_a(kind))
}

/// An entity shows which fields it may have; values of fields that are not there any more go.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Some(manager) = tx.of_kind_one("CustomFieldsManager") else { return };
    if *moref == manager {
        let entities: Vec<MoRef> = tx
            .nodes()
            .filter(|node| node.is_a("ManagedEntity") && is_stale(tx, &manager, node))
            .map(|node| node.moref.clone())
            .collect();
        entities.iter().for_each(|entity| renew(tx, &manager, entity));
    } else if tx.node(moref).is_some_and(|node| node.is_a("ManagedEntity") && is_stale(tx, &manager, node)) {
        renew(tx, &manager, moref);
    }
}

fn fields<'w>(world: &'w World, manager: &MoRef) -> &'w [CustomFieldDef] {
    world.get::<CustomFieldsManagerProperties>(manager).map_or(&[], |manager| &manager.field)
}

fn is_stale(world: &World, manager: &MoRef, node: &Node) -> bool {
    let Some(entity) = node.properties::<ExtensibleManagedObjectProperties>() else { return false };
    let wanted = fields(world, manager).iter().filter(|field| is_for(field, node));
    !entity.available_field.iter().eq(wanted)
}

fn renew(tx: &mut Tx<'_>, manager: &MoRef, entity: &MoRef) {
    let Some(node) = tx.node(entity) else { return };
    let wanted: Vec<_> = fields(tx, manager).iter().filter(|field| is_for(field, node)).cloned().collect();
    if let Ok(entity) = tx.edit::<ManagedEntityProperties>(entity) {
        let stays = |value: &Poly<CustomFieldValue>| wanted.iter().any(|field| field.key == value.key);
        entity.extends.value.retain(stays);
        entity.custom_value.retain(stays);
        entity.extends.available_field = wanted;
    }
}

fn find<'w>(world: &'w World, manager: &MoRef, key: i32) -> Result<&'w CustomFieldDef> {
    let field = fields(world, manager).iter().find(|field| field.key == key);
    field.ok_or_else(|| Fault::not_found(format!("custom field {key}")))
}

/// Refuses a name that a field has of which an object could have both.
fn check_name(
    world: &World,
    manager: &MoRef,
    name: &str,
    kind: Option<&str>,
    own: Option<i32>,
) -> Result<()> {
    if name.is_empty() {
        return Err(Fault::new(InvalidName::default(), "The name '' is invalid"));
    }
    let all = |kind: Option<&str>| kind.is_none_or(str::is_empty);
    let other = fields(world, manager).iter().find(|field| {
        let of = field.managed_object_type.as_deref();
        field.name == name && Some(field.key) != own && (all(kind) || all(of) || kind == of)
    });
    if other.is_some() {
        let fault = DuplicateName { name: name.to_owned(), object: manager.clone(), ..Default::default() };
        return Err(Fault::new(fault, format!("The name '{name}' already exists.")));
    }
    Ok(())
}

fn event(field: &CustomFieldDef) -> CustomFieldDefEvent {
    CustomFieldDefEvent { field_key: field.key, name: field.name.clone(), ..Default::default() }
}

fn add(call: &Call<'_>) -> Result<Reply> {
    let (name, kind): (String, Option<String>) = (call.arg("name")?, call.opt("moType")?);
    let field_def_privileges: Option<PrivilegePolicyDef> = call.opt("fieldDefPolicy")?;
    let field_instance_privileges: Option<PrivilegePolicyDef> = call.opt("fieldPolicy")?;
    if let Some(kind) = kind.as_deref().filter(|kind| !kind.is_empty())
        && properties_of(kind).is_none_or(|desc| !desc.lineage().any(|desc| desc.name == "ManagedEntity"))
    {
        return Err(Fault::invalid_argument("moType"));
    }
    let field = call.write(|tx| {
        check_name(tx, &call.this, &name, kind.as_deref(), None)?;
        let LastKey(key) = tx.edit_state(&call.this)?;
        *key += 1;
        let field = CustomFieldDef {
            key: *key,
            name,
            r#type: "string".into(),
            managed_object_type: kind,
            field_def_privileges,
            field_instance_privileges,
        };
        tx.edit::<CustomFieldsManagerProperties>(&call.this)?.field.push(field.clone());
        events::post(tx, CustomFieldDefAddedEvent { extends: event(&field) });
        Ok(field)
    })?;
    call.returns(&field)
}

fn remove(call: &Call<'_>) -> Result<Reply> {
    let key: i32 = call.arg("key")?;
    call.write(|tx| {
        let extends = event(find(tx, &call.this, key)?);
        tx.edit::<CustomFieldsManagerProperties>(&call.this)?.field.retain(|field| field.key != key);
        events::post(tx, CustomFieldDefRemovedEvent { extends });
        Ok(())
    })?;
    call.done()
}

fn rename(call: &Call<'_>) -> Result<Reply> {
    let (key, new_name): (i32, String) = (call.arg("key")?, call.arg("name")?);
    call.write(|tx| {
        let field = find(tx, &call.this, key)?;
        let extends = event(field);
        check_name(tx, &call.this, &new_name, field.managed_object_type.as_deref(), Some(key))?;
        let list = &mut tx.edit::<CustomFieldsManagerProperties>(&call.this)?.field;
        if let Some(field) = list.iter_mut().find(|field| field.key == key) {
            field.name.clone_from(&new_name);
        }
        events::post(tx, CustomFieldDefRenamedEvent { extends, new_name });
        Ok(())
    })?;
    call.done()
}

/// Sets the value of an entity's field.
fn put(tx: &mut Tx<'_>, entity: &MoRef, field: &CustomFieldDef, value: String) -> Result<()> {
    require(tx, &tx.user, "Global.SetCustomField", entity)?;
    let new = || {
        let extends = CustomFieldValue { key: field.key };
        Poly::<CustomFieldValue>::from(CustomFieldStringValue { extends, value: value.clone() })
    };
    let properties = tx.edit::<ManagedEntityProperties>(entity)?;
    for values in [&mut properties.extends.value, &mut properties.custom_value] {
        values.retain(|value| value.key != field.key);
        values.push(new());
    }
    let event = CustomFieldValueChangedEvent {
        entity: events::entity(tx, entity),
        field_key: field.key,
        name: field.name.clone(),
        value,
        ..Default::default()
    };
    events::post(tx, event);
    Ok(())
}

fn set(call: &Call<'_>) -> Result<Reply> {
    let (entity, key, value): (MoRef, i32, String) =
        (call.arg("entity")?, call.arg("key")?, call.arg("value")?);
    call.write(|tx| {
        let node = tx.must(&entity)?;
        let field = fields(tx, &call.this).iter().find(|field| field.key == key && is_for(field, node));
        let field = field.cloned().ok_or_else(|| Fault::invalid_argument("key"))?;
        put(tx, &entity, &field, value)
    })?;
    call.done()
}

fn set_by_name(call: &Call<'_>) -> Result<Reply> {
    let (name, value): (String, String) = (call.arg("key")?, call.arg("value")?);
    call.write(|tx| {
        let entity = tx.get::<ExtensibleManagedObjectProperties>(&call.this)?;
        let field = entity.available_field.iter().find(|field| field.name == name);
        let field = field.cloned().ok_or_else(|| Fault::invalid_argument("key"))?;
        put(tx, &call.this, &field, value)
    })?;
    call.done()
}
