//! Fields that take a type or any that extends it, with each type that they take.

use crate::canonical::{Depth, Document, as_object, read, round_trip};
use crate::methods::{handle, methods, parameters, sent};
use crate::schema::{PBM, VIM25, schema};
use codegen::schema::{QName, RawField};
use std::collections::{BTreeMap, BTreeSet};
use vim_types::METHODS;
use vim_wire::{Call, DataObject, Poly, Slot, WireItem};

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

/// The declared types that only parameters have, each with the parameters that have it.
fn bases_of_parameters() -> BTreeMap<&'static QName, Vec<(&'static QName, &'static RawField)>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (request, field) in parameters().filter(|(_, field)| schema().is_poly(&field.ty)) {
        all.entry(&field.ty).or_default().push((request, field));
    }
    all
}

#[test]
fn the_schema_has_the_families_that_it_is_known_to_have() {
    let (fields, params) = (bases(), bases_of_parameters());
    let bases: BTreeSet<_> = fields.keys().chain(params.keys()).collect();
    let of = |ns: &str| bases.iter().filter(|base| base.ns == ns).count();
    assert_eq!((of(VIM25), of(PBM)), (134, 6));
    let of = |ns: &str| {
        fields.values().chain(params.values()).flatten().filter(|(owner, _)| owner.ns == ns).count()
    };
    assert_eq!((of(VIM25), of(PBM)), (346, 9));
    let family = |name: &str| schema().descendants(&crate::schema::in_vim25(name)).len();
    assert_eq!((family("MethodFault"), family("VirtualDevice"), family("Event")), (713, 46, 442));
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
    let at =
        schema().fields(owner).iter().position(|(_, other)| std::ptr::eq(*other, field)).expect("a field");
    let open = one.text.find("<val").expect("a value");
    let inner = open + one.text[open..].find('>').expect("a tag") + 1;
    let mut whole = minimal.text.clone();
    whole.replace_range(
        minimal.fields[at].clone(),
        one.text[inner..].strip_suffix("</val></p>").expect("its end"),
    );
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

/// The call that takes a base gets an object of each type that extends it.
fn is_sent<T: DataObject + WireItem>() -> &'static QName {
    let all = bases_of_parameters();
    let named = |base: &QName| base.name == T::DESC.name && base.ns == T::DESC.namespace;
    let (base, params) = all.into_iter().find(|(base, _)| named(base)).expect("a parameter's type");
    let handle = handle();
    for (request, field) in params {
        let (name, method) =
            methods().into_iter().find(|(_, method)| method.request == request).expect("a method");
        let desc = METHODS
            .iter()
            .flat_map(|area| area.iter())
            .find(|desc| desc.name == name)
            .expect("its description");
        let index = method.params.iter().position(|param| std::ptr::eq(param, field)).expect("a parameter");
        for ty in std::iter::once(base).chain(schema().descendants(base)) {
            let value = read(&Document::object(ty, Depth(1)).text);
            let poly = Poly::<T>::from_object(as_object(&value).clone()).expect("a descendant");
            let list = [poly];
            // Only the parameter itself is of interest; what else is required gets a text.
            let call = (0..desc.params.len()).fold(Call::<()>::new(&handle, desc), |call, at| {
                match (at == index, field.array) {
                    (true, true) => call.arg(at, list.as_slice()),
                    (true, false) => call.arg(at, &list[0]),
                    (false, _) => call.arg(at, "x"),
                }
            });
            let text = sent(&call, None).expect("encodes");
            let element = Document::of(|document| {
                document.dynamic(&field.name, &request.ns, &request.ns, base, ty, Depth(1));
            });
            let element = &element.text[element.text.find("</name>").expect("a name") + 7..];
            assert!(text.contains(element.strip_suffix("</p>").expect("its end")), "{text}\n{element}");
        }
    }
    base
}

macro_rules! are_sent {
    ($($ty:ident),* $(,)?) => { [$(is_sent::<vim_types::$ty>()),*] };
}

#[test]
fn each_subtype_is_sent_as_an_argument_of_its_base() {
    let sent = are_sent![
        AlarmSpec,
        ClusterProfileConfigSpec,
        ComputeResourceConfigSpec,
        DirectPathProfileManagerTargetEntity,
        DistributedVirtualSwitchManagerHostDvsFilterSpec,
        EventManagerEventViewSpec,
        GuestProgramSpec,
        HostHbaCreateSpec,
        HostPciPassthruConfig,
        HostProfileConfigSpec,
        IoFilterManagerSslTrust,
        OvfCreateImportSpecParams,
        ProfileCreateSpec,
        ScheduledTaskSpec,
        SelectionSet,
        SessionManagerServiceRequestSpec,
        TaskManagerTaskViewSpec,
        VirtualDiskSpec,
        VirtualMachineConnection,
        VirtualMachineGuestQuiesceSpec,
        PbmPlacementRequirement,
    ];
    let fields = bases();
    let only: BTreeSet<_> =
        bases_of_parameters().into_keys().filter(|base| !fields.contains_key(base)).collect();
    assert_eq!(BTreeSet::from(sent), only);
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
