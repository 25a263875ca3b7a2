//! `LicenseManager` and `LicenseAssignmentManager`: licence keys, and what they are for.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::mo::service_instance;
use crate::world::{Tx, World};
use std::collections::BTreeMap;
use vim_types::mo::{LicenseAssignmentManagerProperties, LicenseManagerProperties};
use vim_types::{
    EvaluationLicenseSource, KeyAnyValue, KeyValue, LicenseAssignmentManagerLicenseAssignment,
    LicenseManagerLicenseInfo, LicenseSource, ServiceContent,
};
use vim_wire::{Any, MoRef, Object, Poly};

methods! {
    "AddLicense" => add,
    "RemoveLicense" => remove,
    "DecodeLicense" => decode,
    "UpdateLicense" => add,
    "UpdateLicenseLabel" => update_label,
    "RemoveLicenseLabel" => remove_label,
    "QueryAssignedLicenses" => assigned,
    "UpdateAssignedLicense" => assign,
    "RemoveAssignedLicense" => unassign,
}

/// The key of the evaluation period.
const EVALUATION: &str = "00000-00000-00000-00000-00000";

/// The keys that were assigned, and under which names: the assignment manager's own. Everything else is evaluated.
#[derive(Clone, Debug, Default)]
struct Assigned(BTreeMap<String, (String, Option<String>)>);

fn property(key: &str, value: Any) -> KeyAnyValue {
    KeyAnyValue { key: key.to_owned(), value }
}

/// A licence of that key. Keys are not decoded: of any but the one for evaluation there is no telling what it is for.
fn license(world: &World, key: &str, labels: Vec<KeyValue>) -> LicenseManagerLicenseInfo {
    let evaluation = key == EVALUATION;
    let feature = |key: &str, value: &str| {
        let feature = KeyValue { key: key.to_owned(), value: value.to_owned() };
        property("feature", Any::Object(Object::new(feature)))
    };
    let mut properties = vec![
        feature("serialuri:2", "Remote virtual Serial Port Concentrator"),
        feature("dvs", "vSphere Distributed Switch"),
    ];
    if let Some(content) = service_instance::content(world) {
        let (name, version) = (&content.about.license_product_name, &content.about.license_product_version);
        properties.push(property("ProductName", Any::from(name.clone().unwrap_or_default().as_str())));
        properties.push(property("ProductVersion", Any::from(version.clone().unwrap_or_default().as_str())));
    }
    LicenseManagerLicenseInfo {
        license_key: key.to_owned(),
        edition_key: if evaluation { "eval".into() } else { String::new() },
        name: if evaluation { "Evaluation Mode".into() } else { String::new() },
        properties: if evaluation { properties } else { Vec::new() },
        labels,
        ..Default::default()
    }
}

/// Creates the managers.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef, esx: bool) {
    let assignments = MoRef::new("LicenseAssignmentManager", "LicenseAssignmentManager");
    let license = license(tx, EVALUATION, Vec::new());
    let source: Poly<LicenseSource> = EvaluationLicenseSource::default().into();
    let properties = LicenseManagerProperties {
        source,
        source_available: true,
        licensed_edition: "eval".into(),
        licenses: vec![license],
        license_assignment_manager: (!esx).then(|| assignments.clone()),
        ..Default::default()
    };
    tx.create(moref, properties);
    if !esx {
        tx.create(&assignments, LicenseAssignmentManagerProperties::default());
    }
}

fn add(call: &Call<'_>) -> Result<Reply> {
    let (key, labels): (String, Vec<KeyValue>) = (call.arg("licenseKey")?, call.list("labels")?);
    let license = call.write(|tx| {
        let new = license(tx, &key, labels);
        let list = &mut tx.edit::<LicenseManagerProperties>(&call.this)?.licenses;
        match list.iter_mut().find(|license| license.license_key == key) {
            Some(license) if new.labels.is_empty() => Ok(license.clone()),
            Some(license) => {
                license.labels.clone_from(&new.labels);
                Ok(license.clone())
            }
            None => {
                list.push(new.clone());
                Ok(new)
            }
        }
    })?;
    call.returns(&license)
}

fn remove(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("licenseKey")?;
    call.write(|tx| {
        let manager = tx.edit::<LicenseManagerProperties>(&call.this)?;
        manager.licenses.retain(|license| license.license_key != key);
        Ok(())
    })?;
    call.done()
}

fn decode(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("licenseKey")?;
    let license = call.read(|world| -> Result<LicenseManagerLicenseInfo> {
        let licenses = &world.get::<LicenseManagerProperties>(&call.this)?.licenses;
        let known = licenses.iter().find(|license| license.license_key == key).cloned();
        // A key that nobody has added says nothing but itself.
        Ok(known.unwrap_or_else(|| LicenseManagerLicenseInfo { license_key: key, ..Default::default() }))
    })?;
    call.returns(&license)
}

/// Changes a licence's labels.
fn label(call: &Call<'_>, change: impl FnOnce(&mut Vec<KeyValue>)) -> Result<Reply> {
    let key: String = call.arg("licenseKey")?;
    call.write(|tx| {
        let list = &mut tx.edit::<LicenseManagerProperties>(&call.this)?.licenses;
        let license = list.iter_mut().find(|license| license.license_key == key);
        change(&mut license.ok_or_else(|| Fault::invalid_argument("licenseKey"))?.labels);
        Ok(())
    })?;
    call.done()
}

fn update_label(call: &Call<'_>) -> Result<Reply> {
    let (key, value): (String, String) = (call.arg("labelKey")?, call.arg("labelValue")?);
    label(call, |labels| {
        let old = labels.iter_mut().find(|label| label.key == key);
        match old {
            // A label without a value is none.
            _ if value.is_empty() => labels.retain(|label| label.key != key),
            Some(label) => label.value = value,
            None => labels.push(KeyValue { key, value }),
        }
    })
}

fn remove_label(call: &Call<'_>) -> Result<Reply> {
    let key: String = call.arg("labelKey")?;
    label(call, |labels| labels.retain(|label| label.key != key))
}

fn manager(content: &ServiceContent) -> Result<&MoRef> {
    content.license_manager.as_ref().ok_or_else(|| Fault::not_supported("licences"))
}

/// Everything that has a licence: the vCenter, hosts and clusters.
fn assignments(world: &World, this: &MoRef) -> Result<Vec<LicenseAssignmentManagerLicenseAssignment>> {
    let Some(content) = service_instance::content(world) else { return Ok(Vec::new()) };
    let licenses = &world.get::<LicenseManagerProperties>(manager(content)?)?.licenses;
    let assigned = world.state::<Assigned>(this);
    let own = content.about.instance_uuid.clone().unwrap_or_default();
    let of = |id: &str, scope: Option<&String>, name: &str| {
        let (key, other_name) =
            assigned.and_then(|assigned| assigned.0.get(id)).cloned().unwrap_or((EVALUATION.into(), None));
        let known = licenses.iter().find(|license| license.license_key == key);
        LicenseAssignmentManagerLicenseAssignment {
            entity_id: id.to_owned(),
            scope: scope.cloned(),
            entity_display_name: Some(other_name.unwrap_or_else(|| name.to_owned())),
            assigned_license: known.cloned().unwrap_or_else(|| license(world, &key, Vec::new())),
            ..Default::default()
        }
    };
    let mut all = vec![of(&own, None, &content.about.name)];
    let hosts = world.of_kind("HostSystem").into_iter();
    for node in hosts.chain(world.of_kind("ClusterComputeResource")) {
        all.push(of(node.moref.value(), Some(&own), node.name()));
    }
    Ok(all)
}

fn assigned(call: &Call<'_>) -> Result<Reply> {
    let id: Option<String> = call.opt("entityId")?;
    let mut all = call.read(|world| assignments(world, &call.this))?;
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        all.retain(|assignment| assignment.entity_id == id);
    }
    call.returns(&all)
}

fn assign(call: &Call<'_>) -> Result<Reply> {
    let (id, key): (String, String) = (call.arg("entity")?, call.arg("licenseKey")?);
    let name: Option<String> = call.opt("entityDisplayName")?;
    let license = call.write(|tx| {
        let content = service_instance::content(tx).ok_or_else(|| Fault::not_supported("licences"))?;
        let licenses = &tx.get::<LicenseManagerProperties>(manager(content)?)?.licenses;
        let known = licenses.iter().find(|license| license.license_key == key).cloned();
        let license = known.ok_or_else(|| Fault::invalid_argument("licenseKey"))?;
        if !assignments(tx, &call.this)?.iter().any(|assignment| assignment.entity_id == id) {
            return Err(Fault::invalid_argument("entity"));
        }
        let name = name.filter(|name| !name.is_empty());
        tx.edit_state::<Assigned>(&call.this)?.0.insert(id, (key, name));
        Ok(license)
    })?;
    call.returns(&license)
}

fn unassign(call: &Call<'_>) -> Result<Reply> {
    let id: String = call.arg("entityId")?;
    call.write(|tx| {
        tx.edit_state::<Assigned>(&call.this)?.0.remove(&id);
        Ok(())
    })?;
    call.done()
}
