//! Custom fields.

use crate::{connect, manager, small, vm};
use vim_client::mo::{CustomFieldsManager, ExtensibleManagedObject, VirtualMachine};
use vim_client::types::{
    CustomFieldDef, CustomFieldStringValue, CustomFieldValue, DuplicateName, InvalidArgument, NotFound,
};
use vim_client::{Client, ManagedObject, MoRef, Poly, Properties};

#[derive(Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Row {
    #[property("availableField")]
    fields: Vec<CustomFieldDef>,
    #[property("customValue")]
    values: Vec<Poly<CustomFieldValue>>,
}

async fn read(client: &Client, moref: &MoRef) -> (Vec<String>, Vec<String>) {
    let row = client.retrieve::<Row>().objects([moref.clone()]).all().await.unwrap().remove(0).row;
    let value = |value: &Poly<CustomFieldValue>| {
        value.downcast_ref::<CustomFieldStringValue>().unwrap().value.clone()
    };
    (row.fields.into_iter().map(|field| field.name).collect(), row.values.iter().map(value).collect())
}

#[tokio::test]
async fn fields_are_defined_for_kinds_and_set_on_objects() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let manager: CustomFieldsManager = manager(&client, "CustomFieldsManager").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let moref = machine.handle().moref();
    let owner = manager.add_field_definition("owner").mo_type("VirtualMachine").await.unwrap();
    let rack = manager.add_field_definition("rack").mo_type("HostSystem").await.unwrap();
    manager.add_field_definition("note").await.unwrap();
    assert_eq!(read(&client, moref).await, (vec!["owner".to_owned(), "note".to_owned()], vec![]));
    let error = manager.add_field_definition("owner").await.unwrap_err();
    assert!(error.fault_as::<DuplicateName>().is_some(), "{error}");
    assert!(manager.add_field_definition("x").mo_type("Task").await.is_err());

    manager.set_field(moref, owner.key, "alice").await.unwrap();
    let same: ExtensibleManagedObject = client.object(moref.clone());
    same.set_custom_value("note", "x").await.unwrap();
    manager.set_field(moref, owner.key, "bob").await.unwrap();
    assert_eq!(read(&client, moref).await.1, ["x", "bob"]);
    let error = manager.set_field(moref, rack.key, "7").await.unwrap_err();
    assert!(error.fault_as::<InvalidArgument>().is_some(), "{error}");
    assert!(same.set_custom_value("rack", "7").await.is_err());

    manager.rename_field_definition(owner.key, "team").await.unwrap();
    assert_eq!(read(&client, moref).await.0, ["team", "note"]);
    manager.remove_field_definition(owner.key).await.unwrap();
    assert_eq!(read(&client, moref).await, (vec!["note".to_owned()], vec!["x".to_owned()]));
    let error = manager.remove_field_definition(owner.key).await.unwrap_err();
    assert!(error.fault_as::<NotFound>().is_some(), "{error}");
    // A key is never given twice.
    assert!(manager.add_field_definition("again").await.unwrap().key > rack.key);
}
