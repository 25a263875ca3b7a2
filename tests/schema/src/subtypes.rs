//! Fields that take a type or any that extends it, with each type that they take.

use crate::canonical::{Depth, Document, as_object, round_trip};
use crate::schema::{VIM25, schema};
use codegen::schema::{QName, RawField};
use std::collections::BTreeMap;
use vim_wire::Slot;

/// The fields of each declared type that others extend.
fn bases() -> BTreeMap<&'static QName, Vec<(&'static QName, &'static RawField)>> {
    let mut bases = BTreeMap::<_, Vec<_>>::new();
    for (owner, ty) in schema().types() {
        for field in ty.fields.iter().filter(|field| schema().is_poly(&field.ty)) {
            bases.entry(&field.ty).or_default().push((owner, field));
        }
    }
    bases
}

#[test]
fn the_schema_has_the_families_that_it_is_known_to_have() {
    let of = |ns: &str| bases().into_keys().filter(|base| base.ns == ns).count();
    assert_eq!((of(VIM25), of(crate::schema::PBM)), (134, 3));
    let fields = |ns: &str| bases().into_values().flatten().filter(|(owner, _)| owner.ns == ns).count();
    assert_eq!((fields(VIM25), fields(crate::schema::PBM)), (346, 10));
    let family = |name: &str| schema().descendants(&crate::schema::in_vim25(name)).len();
    assert_eq!((family("MethodFault"), family("VirtualDevice"), family("Event")), (709, 46, 442));
}

/// An object that holds in one field an object of a type that extends the field's.
fn holds(owner: &QName, field: &RawField, ty: &QName) {
    let document = Document::of(|document| {
        document.element("val", VIM25, VIM25, &crate::canonical::xsi_type(owner, VIM25), |document| {
            document.dynamic(&field.name, &owner.ns, VIM25, &field.ty, ty, Depth(1));
        });
    });
    let whole = with_required(owner, field, &document);
    let value = round_trip(&whole);
    let Some(Slot::Poly(declared, items)) = as_object(&value).as_ref().get(&field.name) else {
        panic!("{}.{} takes no subtypes", owner.name, field.name)
    };
    assert_eq!(declared.name, field.ty.name);
    assert_eq!(items.len(), 1, "{whole}");
    for item in items.iter() {
        assert_eq!((item.desc().name, item.type_name()), (ty.name.as_str(), ty.name.as_str()), "{whole}");
        assert!(item.desc().is_a(declared) && item.unknown_xml().is_empty(), "{whole}");
        let fields = schema().fields(ty);
        let mut set = 0;
        item.as_ref().each(&mut |_, slot| set += usize::from(slot.is_set()));
        assert_eq!(set, fields.len(), "{whole}");
    }
}

/// The owner with all else that it requires, as the encoder writes what is required in any case.
fn with_required(owner: &QName, field: &RawField, one: &Document) -> String {
    let minimal = Document::object(owner, Depth(0));
    let at = schema().fields(owner).iter().position(|(_, other)| std::ptr::eq(*other, field)).expect("a field");
    let open = one.text.find("<val").expect("a value");
    let inner = open + one.text[open..].find('>').expect("a tag") + 1;
    let mut whole = minimal.text.clone();
    whole.replace_range(minimal.fields[at].clone(), one.text[inner..].strip_suffix("</val></p>").expect("its end"));
    whole
}

#[test]
fn each_subtype_survives_in_a_field_of_its_base() {
    let mut pairs = 0;
    for (base, fields) in bases() {
        // Each of the fields gets its share; small families go through all of their fields.
        let family = schema().descendants(base);
        for at in 0..family.len().max(fields.len()) {
            let (owner, field) = fields[at % fields.len()];
            holds(owner, field, family[at % family.len()]);
            pairs += 1;
        }
    }
    assert!(pairs >= 1_870 - 134, "{pairs}");
}

#[test]
fn a_type_that_does_not_extend_the_fields_is_kept_by_name() {
    let text = Document::object(&crate::schema::in_vim25("VirtualDeviceConfigSpec"), Depth(1)).text;
    let odd = text.replacen("<device>", "<device xsi:type=\"HostSystemInfo\">", 1);
    assert_ne!(odd, text);
    let value = round_trip(&odd);
    let Some(Slot::Poly(_, items)) = as_object(&value).as_ref().get("device") else { panic!("{value:?}") };
    let names: Vec<_> = items.iter().map(|item| (item.desc().name, item.type_name())).collect();
    assert_eq!(names, [("VirtualDevice", "HostSystemInfo")]);
}
