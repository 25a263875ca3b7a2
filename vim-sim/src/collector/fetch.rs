//! `Fetch`: one property of one object. No WSDL has it, but servers do, and clients that are made from VMODL, such as
//! pyVmomi, read by it whatever they read of an object.

use super::content::Value;
use super::retrieve::item;
use super::scope::Scope;
use super::spec::{Columns, Plan};
use crate::call::{Call, Reply};
use crate::dispatch::not_authenticated;
use crate::fault::{Fault, Result};
use std::sync::Arc;
use vim_types::{ObjectSpec, PropertyFilterSpec, PropertySpec, VIM25};
use vim_wire::{MethodDesc, ParamDesc, REQUIRED};

pub(crate) static FETCH: MethodDesc = MethodDesc {
    name: "Fetch",
    this: "ManagedObject",
    service: &VIM25,
    since: 0,
    task: false,
    privilege: None,
    params: &[ParamDesc { name: "prop", since: 0, flags: REQUIRED }],
    faults: &[],
    result: "anyType",
};

/// Answers the property; nothing where it is not set.
pub(crate) fn fetch(call: &Call<'_>) -> Result<Reply> {
    if call.session.is_none() {
        return Err(not_authenticated(&call.this));
    }
    let path: String = call.arg("prop")?;
    let wanted =
        PropertySpec { r#type: call.this.kind().to_owned(), path_set: vec![path], ..Default::default() };
    let spec = PropertyFilterSpec {
        prop_set: vec![wanted],
        object_set: vec![ObjectSpec { obj: call.this.clone(), ..Default::default() }],
        ..Default::default()
    };
    let plan = Arc::new(Plan::new(&[spec], call.version, "prop")?);
    let mut writer = call.writer();
    Scope::read(call, |scope| {
        let node = scope.subject(&call.this).ok_or_else(|| Fault::managed_object_not_found(&call.this))?;
        let mut columns = Columns::new(&plan);
        let item = item(&scope, &mut columns, node);
        let wanted = columns.of(item.node.kind());
        for column in wanted.iter().flat_map(|columns| columns.iter()) {
            match item.denied(column) {
                Some(fault) => return Err(fault.clone()),
                None => Value::at(&item.node, &column.path).write_as(&mut writer, "returnval"),
            }
        }
        Ok(())
    })?;
    Ok(Reply::of(writer.finish()))
}
