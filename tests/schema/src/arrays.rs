//! Each `ArrayOf…` as the type of an `anyType`, in both namespaces.

use crate::canonical::{Depth, Document, as_object, read, round_trip};
use crate::schema::{PBM, VIM25, What, schema};
use codegen::schema::{QName, RawField};
use vim_types::{PbmCapabilityPropertyInstance, REGISTRY, VirtualDevice};
use vim_wire::{Any, ArrayAny, Limits, Poly, Reader};

#[test]
fn the_schema_has_the_arrays_that_it_is_known_to_have() {
    let of = |ns: &str| schema().arrays().filter(|(name, _)| name.ns == ns).count();
    assert_eq!((of(VIM25), of(PBM)), (616, 29));
}

fn items<'a>(any: &'a Any, name: &QName) -> &'a ArrayAny {
    match any {
        Any::Array(array) if array.type_name == name.name => array,
        other => panic!("{other:?} is no {}", name.name),
    }
}

fn check(any: &Any, name: &QName, item: &RawField) {
    let array = items(any, name);
    assert_eq!(array.items.len(), 2, "{any:?}");
    for value in &array.items {
        let right = match (schema().what(&item.ty), value) {
            (What::Data, Any::Object(object)) => {
                object.unknown_xml().is_empty() && object.desc().name == object.type_name()
            }
            (What::MoRef, Any::MoRef(_)) | (What::Enum(_), Any::Enum(_)) | (What::Plain("anyType"), _) => {
                true
            }
            (What::Plain(kind), value) => value.type_name() == kind,
            _ => false,
        };
        assert!(right, "{}: {value:?}", name.name);
    }
}

#[test]
fn each_array_survives_in_a_property() {
    for (name, item) in schema().arrays() {
        let document = Document::of(|document| document.any_of("val", VIM25, VIM25, name, Depth(1)));
        let value = round_trip(&document.text);
        check(&value.val, name, item);
        assert!(value == value.clone(), "{name:?}");
        if let Some(leaf) = document.leaves.last() {
            assert!(read(&document.with_other(leaf)) != value, "{name:?}");
        }
    }
}

#[test]
fn each_array_survives_in_an_any_of_pbm() {
    for (name, item) in schema().arrays() {
        let document = Document::of(|document| {
            let ty = QName { ns: PBM.to_owned(), name: "PbmCapabilityPropertyInstance".to_owned() };
            document.element("val", VIM25, VIM25, &crate::canonical::xsi_type(&ty, VIM25), |document| {
                document.element("id", PBM, VIM25, "", |document| document.text.push('i'));
                document.any_of("value", PBM, VIM25, name, Depth(1));
            });
        });
        let value = round_trip(&document.text);
        let instance =
            as_object(&value).downcast_ref::<PbmCapabilityPropertyInstance>().expect("an instance");
        check(&instance.value, name, item);
    }
}

#[test]
fn an_array_of_each_length_survives() {
    for (name, _) in schema().arrays() {
        let empty = Document::of(|document| {
            document.element("val", VIM25, VIM25, &crate::canonical::xsi_type(name, VIM25), |_| {});
        });
        assert_eq!(items(&round_trip(&empty.text).val, name).items, []);
    }
}

#[test]
fn an_array_is_read_as_the_list_that_it_stands_for() {
    // A property that is a list comes as an ArrayOf…; the field of a row is a Vec.
    let name = crate::schema::in_vim25("ArrayOfVirtualDevice");
    let document = Document::of(|document| document.any_of("val", VIM25, VIM25, &name, Depth(1)));
    let mut reader = Reader::new(document.text.as_bytes(), &REGISTRY, Limits::default()).expect("a document");
    let root = reader.root().expect("a root");
    let mut devices = Vec::<Poly<VirtualDevice>>::new();
    let read = reader.each(&root, |reader, tag| {
        match tag.name() {
            "val" => devices = reader.value(tag)?,
            _ => reader.skip(tag)?,
        }
        Ok(())
    });
    assert_eq!(read, Ok(()));
    let value = read_any(&document.text);
    let objects: Vec<_> = items(&value, &name).items.iter().map(|item| format!("{item:?}")).collect();
    assert_eq!(objects, devices.iter().map(|device| format!("Object({device:?})")).collect::<Vec<_>>());
}

fn read_any(text: &str) -> Any {
    read(text).val
}
