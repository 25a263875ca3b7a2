//! A fault by its name and fields: what the schema knows of them says how they are written.

use crate::Result;
use serde_json::{Map, Value};
use std::fmt::Write;
use vim_types::{LocalizedMethodFault, MethodFault, REGISTRY};
use vim_wire::{DataObject, FieldDesc, Kind, Limits, MoRef, Object, TypeDesc};

/// The fault of that name with those fields.
pub(super) fn of(name: &str, fields: &Map<String, Value>) -> Result<Object> {
    let desc = REGISTRY.type_named(name).filter(|desc| desc.is_a(MethodFault::DESC));
    let desc = desc.ok_or_else(|| format!("there is no fault {name:?}"))?;
    let mut xml = String::from(
        "<f xmlns=\"urn:vim25\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">",
    );
    object(&mut xml, "fault", desc, fields, true)?;
    xml.push_str("</f>");
    let fault: LocalizedMethodFault = vim_wire::from_xml(xml.as_bytes(), &REGISTRY, Limits::default())
        .map_err(|error| format!("{name}: {error}"))?;
    Ok(fault.fault.into_object())
}

/// The fields of a type, those of what it extends first.
fn fields_of(desc: &'static TypeDesc) -> Vec<&'static FieldDesc> {
    let mut lineage: Vec<_> = desc.lineage().collect();
    lineage.reverse();
    lineage.into_iter().flat_map(|desc| desc.fields).collect()
}

fn object(
    xml: &mut String,
    element: &str,
    desc: &'static TypeDesc,
    values: &Map<String, Value>,
    say_type: bool,
) -> Result<()> {
    let known = fields_of(desc);
    if let Some(name) =
        values.keys().find(|name| *name != "type" && known.iter().all(|field| field.name != **name))
        && !known.is_empty()
    {
        let names: Vec<_> = known.iter().map(|field| field.name).collect();
        return Err(format!("{} has no {name}, but {}", desc.name, names.join(", ")).into());
    }
    write!(xml, "<{element}")?;
    if say_type {
        write!(xml, " xsi:type=\"{}\"", desc.name)?;
    }
    xml.push('>');
    for field in known {
        let Some(wanted) = values.get(field.name) else { continue };
        match wanted {
            Value::Array(items) => items.iter().try_for_each(|item| value(xml, field, item))?,
            _ => value(xml, field, wanted)?,
        }
    }
    write!(xml, "</{element}>")?;
    Ok(())
}

/// Writes a value as an element of a field.
fn value(xml: &mut String, field: &FieldDesc, value: &Value) -> Result<()> {
    let wrong = |wanted: &str| format!("{} is {wanted}, not {value}", field.name);
    let name = field.name;
    match field.kind {
        Kind::MoRef(_) => {
            let text = value.as_str().ok_or_else(|| wrong("a reference such as VirtualMachine:vm-62"))?;
            let moref: MoRef = text.parse().map_err(|_| wrong("a reference such as VirtualMachine:vm-62"))?;
            write!(xml, "<{name} type=\"{}\">{}</{name}>", escape(moref.kind()), escape(moref.value()))?;
        }
        Kind::Struct(desc, _) => {
            let values = value.as_object().ok_or_else(|| wrong("a table"))?;
            object(xml, name, desc.get(), values, false)?;
        }
        Kind::Poly(desc, _) => {
            let values = value.as_object().ok_or_else(|| wrong("a table"))?;
            let desc = match values.get("type").and_then(Value::as_str) {
                Some(other) => REGISTRY
                    .type_named(other)
                    .filter(|other| other.is_a(desc.get()))
                    .ok_or_else(|| format!("{name}: {other:?} is no {}", desc.get().name))?,
                None => desc.get(),
            };
            object(xml, name, desc, values, true)?;
        }
        Kind::Any(_) => {
            let kind = match value {
                Value::Bool(_) => "boolean",
                Value::Number(number) if number.is_i64() => "long",
                Value::Number(_) => "double",
                _ => "string",
            };
            let text = scalar(value).ok_or_else(|| wrong("a text, number or boolean"))?;
            write!(xml, "<{name} xsi:type=\"xsd:{kind}\">{}</{name}>", escape(&text))?;
        }
        _ => {
            let text = scalar(value).ok_or_else(|| wrong("a text, number or boolean"))?;
            write!(xml, "<{name}>{}</{name}>", escape(&text))?;
        }
    }
    Ok(())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde_json::json;
    use vim_types::{InvalidPowerState, NoPermission, TaskInProgress};

    #[test]
    fn faults_have_fields_of_all_kinds() {
        let fields = |value: serde_json::Value| value.as_object().cloned().expect("an object");
        let fault =
            of("InvalidPowerState", &fields(json!({ "existingState": "poweredOff" }))).expect("a fault");
        let fault: &InvalidPowerState = fault.downcast_ref().expect("of its type");
        assert_eq!(fault.existing_state.as_str(), "poweredOff");
        let fault = of("TaskInProgress", &fields(json!({ "task": "Task:task-7" }))).expect("a fault");
        assert_eq!(fault.downcast_ref::<TaskInProgress>().expect("one").task.value(), "task-7");
        let missing = json!({
            "privilegeId": "System.View",
            "missingPrivileges": [{ "entity": "Folder:group-d1", "privilegeIds": ["System.View", "a<b"] }],
            "faultCause": { "fault": { "type": "NotFound" }, "localizedMessage": "so" },
        });
        let fault = of("NoPermission", &fields(missing)).expect("a fault");
        let fault: &NoPermission = fault.downcast_ref().expect("of its type");
        assert_eq!(fault.missing_privileges[0].privilege_ids, ["System.View", "a<b"]);
        assert_eq!(fault.fault_cause.as_ref().expect("a cause").fault.type_name(), "NotFound");
    }
}
