//! The codec over a small schema: round trips, what servers get wrong, and what is refused.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod mini;

use mini::*;
use proptest::prelude::*;
use vim_wire::{Any, Binary, DateTime, Limits, MoRef, Object, Poly, from_xml, soap, to_xml};

fn read(xml: &str) -> Everything {
    match try_read(xml) {
        Ok(value) => value,
        Err(error) => panic!("{error}\n{xml}"),
    }
}

fn try_read(xml: &str) -> Result<Everything, vim_wire::DecodeError> {
    from_xml(xml.as_bytes(), &REGISTRY, Limits::default())
}

fn round_trip(value: &Everything) -> Everything {
    let xml = to_xml(value, "value", &SERVICE).expect("encodes");
    let back = read(&xml);
    assert_eq!(&back, value, "{xml}");
    back
}

const XSI: &str = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;

#[test]
fn each_kind_of_field_survives() {
    let disk = Disk {
        extends: Device { key: 2000, label: Some("Hard disk 1".into()), ..Default::default() },
        capacity: 1 << 40,
        backing: Some(Backing {
            file: "[ds] a/b.vmdk".into(),
            parent: Some(Box::new(Backing { file: "p".into(), parent: None })),
        }),
    };
    let value = Everything {
        yes: true,
        tiny: vec![-1, 0, 1],
        small: Some(-300),
        number: i32::MIN,
        big: vec![i64::MIN, i64::MAX],
        single: 1.5,
        double: Some(f64::INFINITY),
        text: "a < b & \"c\" > 'd' \r\n\t é \u{1f980}".into(),
        texts: vec![String::new(), "two".into()],
        when: Some(DateTime::from_unix_micros(1_795_342_530_123_456)),
        bytes: Some(Binary(vec![0, 255, 7])),
        any: Any::Object(Object::new(disk.clone())),
        anys: vec![
            true.into(),
            1i8.into(),
            2i16.into(),
            3i32.into(),
            4i64.into(),
            5.5f32.into(),
            6.5f64.into(),
            "seven".into(),
            Any::Uri("urn:x".into()),
            DateTime::from_unix_micros(0).into(),
            Binary(vec![9]).into(),
            MoRef::new("VirtualMachine", "vm-1").into(),
            PowerState::POWERED_ON.into(),
            Any::Nil,
            Any::Array(vim_wire::ArrayAny {
                type_name: "ArrayOfString".into(),
                items: vec!["a".into(), "".into()],
            }),
            Any::Array(vim_wire::ArrayAny {
                type_name: "ArrayOfInt".into(),
                items: vec![1.into(), 2.into()],
            }),
            Any::Array(vim_wire::ArrayAny {
                type_name: "ArrayOfManagedObjectReference".into(),
                items: vec![MoRef::new("Folder", "group-v3").into()],
            }),
            Any::Array(vim_wire::ArrayAny {
                type_name: "ArrayOfDevice".into(),
                items: vec![Device::default().into(), disk.clone().into()],
            }),
            Any::Array(vim_wire::ArrayAny {
                type_name: "ArrayOfAnyType".into(),
                items: vec![1.into(), "x".into()],
            }),
        ],
        vm: Some(MoRef::new("VirtualMachine", "vm-42")),
        vms: vec![MoRef::new("VirtualMachine", "vm-1"), MoRef::new("Unheard", "of-1")],
        state: Some(PowerState::from("hibernated")),
        states: vec![PowerState::POWERED_ON, PowerState::POWERED_OFF],
        one: Device { key: -5, ..Default::default() },
        many: vec![Device::default(), Device { controller_key: Some(7), ..Default::default() }],
        device: Some(Poly::from(FastDisk { extends: disk.clone(), speed: 0.25 })),
        devices: vec![Poly::from(Device::default()), Poly::from(disk)],
        password: Some("hunter2".into()),
    };
    let back = round_trip(&value);
    let copy = back.clone();
    assert_eq!(copy, back);
    let fast =
        back.device.as_ref().and_then(|device| device.downcast_ref::<FastDisk>()).expect("is a FastDisk");
    assert_eq!((fast.speed, fast.capacity, fast.key), (0.25, 1 << 40, 2000));
    // An ancestor in the middle is reached, too, and the base's fields through Deref.
    assert!(back.device.as_ref().is_some_and(|device| device.is::<Disk>() && device.key == 2000));
    assert!(back.devices[0].downcast_ref::<Disk>().is_none());
}

#[test]
fn a_difference_in_any_field_is_a_difference() {
    let a = Everything { one: Device { key: 1, ..Default::default() }, ..Default::default() };
    for b in [
        Everything { yes: true, ..a.clone() },
        Everything { one: Device { key: 2, ..Default::default() }, ..a.clone() },
        Everything { texts: vec!["x".into()], ..a.clone() },
        Everything { devices: vec![Poly::from(Disk::default())], ..a.clone() },
        Everything { state: Some(PowerState::POWERED_ON), ..a.clone() },
        Everything { any: Any::Int(1), ..a.clone() },
    ] {
        assert_ne!(a, b);
    }
    assert_ne!(Poly::<Device>::from(Device::default()), Poly::from(Disk::default()));
}

#[test]
fn secrets_are_not_shown_and_unset_fields_neither() {
    let shown =
        format!("{:?}", Everything { password: Some("hunter2".into()), number: 7, ..Default::default() });
    assert!(!shown.contains("hunter2") && shown.contains("<redacted>"), "{shown}");
    assert!(shown.contains("number: 7") && !shown.contains("texts: [\""), "{shown}");
    let base = format!("{:?}", Poly::<Device>::from(Disk::default()));
    assert!(base.starts_with("Disk {") && base.contains("key: 0"), "{base}");
}

#[test]
fn an_unknown_type_is_its_base_and_keeps_what_it_had() {
    let xml = format!(
        r#"<value xmlns="urn:vim25" {XSI}><one><key>0</key><requiredInTwo>0</requiredInTwo></one>
        <device xsi:type="QuantumDisk" xmlns:q="urn:q"><key>9</key><qubits q:a="1">5</qubits><label>L</label><x><q:y/></x></device></value>"#
    );
    let value = read(&xml);
    let device = value.device.clone().expect("is there");
    assert_eq!((device.key, device.label.as_deref(), device.type_name()), (9, Some("L"), "QuantumDisk"));
    assert!(!device.is::<Disk>());
    let written = to_xml(&value, "value", &SERVICE).expect("encodes");
    assert!(
        written.contains(r#"xsi:type="QuantumDisk""#)
            && written.contains("<qubits q:a=\"1\">5</qubits><x><q:y/></x>"),
        "{written}"
    );
    assert!(written.contains("xmlns:q=\"urn:q\""), "{written}");
    assert_eq!(read(&written), value);
}

#[test]
fn unknown_fields_of_a_known_polymorphic_object_survive() {
    let xml = format!(
        r#"<v {XSI}><device xsi:type="Disk"><key>1</key><future>2</future><capacityInKB>3</capacityInKB></device></v>"#
    );
    let value = read(&xml);
    assert_eq!(
        value.device.as_ref().map(|device| device.as_object().unknown_xml()),
        Some("<future>2</future>")
    );
    assert!(to_xml(&value, "v", &SERVICE).expect("encodes").contains("<future>2</future>"));
}

#[test]
fn a_prefix_that_nothing_declares_does_not_become_ours() {
    let xml = format!(r#"<v {XSI}><any xmlns="urn:other" xsi:type="Quantum"><t:b/></any></v>"#);
    let written = to_xml(&read(&xml), "v", &SERVICE).expect("encodes");
    assert!(written.contains(r#"<any xmlns:tt="urn:other" xsi:type="tt:Quantum"><t:b/></any>"#), "{written}");
}

#[test]
fn servers_lie_and_are_read_all_the_same() {
    // Any prefix for xsi (vcsim), prefixed elements and type names, missing and empty required fields, an unknown enum value,
    // a type that is no descendant, elements out of order, comments, CDATA, white space, an end tag with a blank.
    let value = read(
        r#"<?xml version="1.0"?><!-- c --><v:value xmlns:v="urn:vim25" xmlns:w="http://www.w3.org/2001/XMLSchema-instance" >
        <v:text>a<![CDATA[<b>]]>&#65;&#x42;<!-- x -->c</v:text ><number></number><state>odd</state><yes>1</yes><states/>
        <device xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance" _XMLSchema-instance:type="v:Disk"><key> 4 </key></device>
        <devices w:type='NoPermission'><key>5</key></devices><double w:nil="true"/><small/></v:value> <!-- end -->"#,
    );
    assert_eq!(value.text, "a<b>ABc");
    assert_eq!((value.number, value.yes, value.small, value.double), (0, true, None, None));
    assert_eq!(value.state, Some(PowerState::from("odd")));
    assert_eq!(value.states, [PowerState::default()]);
    assert!(value.device.as_ref().is_some_and(|device| device.is::<Disk>() && device.key == 4));
    assert_eq!((value.devices[0].key, value.devices[0].type_name()), (5, "NoPermission"));
}

#[test]
fn a_foreign_namespace_of_the_same_prefix_is_not_xsi() {
    let value = read(r#"<v><device xmlns:xsi="urn:other" xsi:type="Disk"><key>1</key></device></v>"#);
    assert!(value.device.is_some_and(|device| !device.is::<Disk>()));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (xml, says) in [
        ("", "the document is empty at byte 0"),
        ("  hello", "does not start with a tag at byte 2"),
        ("<v><number>abc</number></v>", "\"abc\" is not an int at byte 11 in v/number"),
        ("<v><one><key>99999999999</key></one></v>", "is not an int at byte 13 in v/one/key"),
        ("<v><yes>maybe</yes></v>", "\"maybe\" is not a boolean"),
        ("<v><when>today</when></v>", "\"today\" is not a dateTime"),
        ("<v><bytes>*</bytes></v>", "is not a base64Binary"),
        ("<v><text>x</txet></v>", "</txet> where </text> should be at byte 10 in v/text"),
        ("<v><text>x", "ends in the middle of an element"),
        ("<v><text", "ends in the middle of an element"),
        ("<v><text a='b", "ends in the middle of an element"),
        ("<v><text>&nbsp;</text></v>", "&nbsp; is no character"),
        ("<v><text>&#xD800;</text></v>", "&#xD800; is no character"),
        ("<v><text>& </text></v>", "a '&' that starts no character"),
        ("<!DOCTYPE v [<!ENTITY a 'b'>]><v/>", "has a DTD, which is not accepted at byte 0"),
        ("<?xml version='1.0' encoding='UTF-16'?><v/>", "only UTF-8 is accepted"),
        ("<v/><w/>", "something follows the document's end at byte 4"),
        ("<v>< a></v>", "a start tag without a name"),
        ("<v><a<b></v>", "a broken start tag"),
        ("</v>", "an end tag without a start tag"),
    ] {
        let error = try_read(xml).expect_err(xml).to_string();
        assert!(error.contains(says), "{xml}\n  {error}");
    }
    let error = from_xml::<Everything>(b"<v>\xff</v>", &REGISTRY, Limits::default()).expect_err("not UTF-8");
    assert!(error.to_string().contains("is not UTF-8 at byte 3"), "{error}");
}

#[test]
fn depth_and_size_are_bounded() {
    let mut limits = Limits::default();
    let deep = format!("<v>{}{}</v>", "<a>".repeat(200), "</a>".repeat(200));
    let error = from_xml::<Everything>(deep.as_bytes(), &REGISTRY, limits).expect_err("too deep");
    assert!(error.to_string().contains("deeper than the limit of 128"), "{error}");
    let parents = format!("<v><one/><many/>{}</v>", nested_backing(150));
    let error = from_xml::<Everything>(parents.as_bytes(), &REGISTRY, limits).expect_err("too deep");
    assert!(error.to_string().contains("deeper than the limit of 128"), "{error}");
    limits.size = 10;
    let error = from_xml::<Everything>(b"<v>01234567</v>", &REGISTRY, limits).expect_err("too long");
    assert!(error.to_string().contains("has 15 bytes, more than the limit of 10"), "{error}");
}

fn nested_backing(depth: usize) -> String {
    let (open, close) = ("<parent>".repeat(depth), "</parent>".repeat(depth));
    format!(r#"<device {XSI} xsi:type="Disk"><backing>{open}{close}</backing></device>"#)
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let value = Everything { text: "a\u{1}b".into(), ..Default::default() };
    let error = to_xml(&value, "v", &SERVICE).expect_err("control character");
    assert_eq!(error.to_string(), "Everything.text has a control character, which XML cannot carry");
    let value = Everything { vms: vec![MoRef::default()], ..Default::default() };
    let error = to_xml(&value, "v", &SERVICE).expect_err("empty reference");
    assert_eq!(error.to_string(), "Everything.vms is required and not set");
}

#[test]
fn an_optional_value_that_was_sent_empty_is_sent_as_unset() {
    let value = read("<v><state></state><vm type=\"VirtualMachine\"/><states>poweredOn</states></v>");
    assert_eq!(
        (value.state.clone(), value.vm.as_ref().map(MoRef::is_empty)),
        (Some(PowerState::default()), Some(true))
    );
    let written = to_xml(&value, "v", &SERVICE).expect("encodes");
    assert!(!written.contains("<state>") && !written.contains("<vm"), "{written}");
    let required = Everything { states: vec![PowerState::default()], ..Default::default() };
    assert!(to_xml(&required, "v", &SERVICE).is_err());
}

#[test]
fn faults_are_typed_by_xsi_type_or_by_element() {
    let envelope = |detail: &str| {
        format!(
            r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {XSI}><soapenv:Body><soapenv:Fault>
            <faultcode>soapenv:ServerFaultCode</faultcode><faultstring>No.</faultstring>{detail}</soapenv:Fault></soapenv:Body></soapenv:Envelope>"#
        )
    };
    let inner = r#"<object type="Folder">group-v3</object><privilegeId>VirtualMachine.Inventory.Create</privilegeId>"#;
    for detail in [
        format!(
            r#"<detail><NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission">{inner}</NoPermissionFault></detail>"#
        ),
        format!("<detail><NoPermissionFault>{inner}</NoPermissionFault></detail>"),
    ] {
        let xml = envelope(&detail);
        let fault =
            soap::fault(xml.as_bytes(), &REGISTRY, Limits::default()).expect("reads").expect("is a fault");
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("ServerFaultCode", "No."));
        let error = vim_wire::Error::from_fault(fault);
        let missing = error.is_no_permission().expect("is one");
        assert_eq!(missing.privilege, "VirtualMachine.Inventory.Create");
        assert_eq!(missing.object, Some(MoRef::new("Folder", "group-v3")));
        assert!(error.fault_as::<NoPermission>().is_some());
        let text = error.to_string();
        assert!(text.contains("NoPermission: No.") && text.contains("Folder:group-v3"), "{text}");
    }
    let xml = envelope("<detail><FutureFault><x/></FutureFault></detail>");
    let fault =
        soap::fault(xml.as_bytes(), &REGISTRY, Limits::default()).expect("reads").expect("is a fault");
    assert_eq!(fault.type_name(), "Future");
    let xml = envelope("");
    let fault =
        soap::fault(xml.as_bytes(), &REGISTRY, Limits::default()).expect("reads").expect("is a fault");
    assert_eq!((fault.type_name(), fault.to_string().as_str()), ("", "No."));
    assert_eq!(
        soap::fault(
            b"<a:Envelope xmlns:a='x'><a:Body><B/></a:Body></a:Envelope>",
            &REGISTRY,
            Limits::default()
        ),
        Ok(None)
    );
    assert!(soap::fault(b"<html><body/></html>", &REGISTRY, Limits::default()).is_err());
}

#[test]
fn known_values_of_open_enums_match_as_patterns() {
    match PowerState::from("poweredOn") {
        PowerState::POWERED_ON => {}
        other => panic!("{other:?} is not the constant"),
    }
    assert_ne!(PowerState::from("other"), PowerState::POWERED_ON);
    assert_eq!(PowerState::from("other"), "other");
}

#[test]
fn objects_are_taken_apart_without_loss() {
    let poly = Poly::<Device>::from(FastDisk { speed: 2.0, ..Default::default() });
    let poly = poly.downcast::<Disk>().expect_err("it is a descendant, not a Disk");
    assert_eq!(poly.downcast::<FastDisk>().map(|disk| disk.speed), Ok(2.0));
    let object = Object::new(Backing::default());
    assert!(Poly::<Device>::from_object(object).is_err());
}

fn text() -> impl Strategy<Value = String> {
    "[^\\p{Cc}\u{fffe}\u{ffff}]{0,12}"
        .prop_map(|text| text.chars().filter(|c| (*c as u32) & 0xfffe != 0xfffe).collect())
}

fn device() -> impl Strategy<Value = Poly<Device>> {
    let base = (any::<i32>(), proptest::option::of(text()), proptest::option::of(any::<i32>()))
        .prop_map(|(key, label, controller_key)| Device { key, label, controller_key, ..Default::default() });
    (base, 0..3, any::<i64>(), text(), any::<f64>().prop_filter("NaN is not itself", |x| !x.is_nan()))
        .prop_map(|(device, which, capacity, file, speed)| {
            let disk = |extends| Disk {
                extends,
                capacity,
                backing: Some(Backing { file: file.clone(), parent: None }),
            };
            match which {
                0 => Poly::from(device),
                1 => Poly::from(disk(device)),
                _ => Poly::from(FastDisk { extends: disk(device), speed }),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_read_as_it_was_written(
        number in any::<i32>(), big in proptest::collection::vec(any::<i64>(), 0..4), texts in proptest::collection::vec(text(), 0..4),
        devices in proptest::collection::vec(device(), 0..4), value in text(), bytes in proptest::collection::vec(any::<u8>(), 0..40),
        single in any::<f32>().prop_filter("NaN is not itself", |x| !x.is_nan()), micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000,
    ) {
        let value = Everything {
            number, big, texts, single, bytes: Some(Binary(bytes)), when: Some(DateTime::from_unix_micros(micros)),
            any: Any::String(value), device: devices.first().cloned(), devices, ..Default::default()
        };
        round_trip(&value);
    }

    #[test]
    fn any_bytes_are_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_xml::<Everything>(&bytes, &REGISTRY, Limits::default());
        let _ = soap::fault(&bytes, &REGISTRY, Limits::default());
    }

    #[test]
    fn a_damaged_document_is_an_error_and_no_panic(at in 0usize..600, byte in any::<u8>(), cut in 0usize..600) {
        let value = Everything { texts: vec!["a".into(); 3], device: Some(Poly::from(FastDisk::default())), anys: vec![1.into()], ..Default::default() };
        let mut xml = to_xml(&value, "v", &SERVICE).expect("encodes").into_bytes();
        let at = at % xml.len();
        xml[at] = byte;
        xml.truncate(xml.len() - cut % xml.len());
        let _ = from_xml::<Everything>(&xml, &REGISTRY, Limits::default());
    }
}
