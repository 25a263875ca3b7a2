//! Rows filled from what a server sends.
#![allow(clippy::expect_used, reason = "a failure is the test's")]

mod mini;

use mini::*;
use vim_macros::Properties;
use vim_wire::path::Row as _;
use vim_wire::{Any, DecodeError, Limits, MoRef, Poly, Reader, soap};

type Texts = Vec<String>;

#[derive(Clone, Debug, PartialEq, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Row {
    name: String,
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
    #[property("guest.ipAddress")]
    ip: Option<String>,
    #[property("config.hardware.numCPU")]
    cpus: Option<i32>,
    #[property("config.hardware.device")]
    devices: Vec<Poly<VirtualDevice>>,
    #[property("guest.dns")]
    dns: Texts,
    #[property(skip)]
    seen: u32,
    parent_vapp: Option<MoRef>,
    recent_task: Vec<MoRef>,
    r#type: Option<String>,
    result: Any,
    #[property("config.extraConfig")]
    extra: Option<Any>,
}

type Partial = <Row as vim_wire::path::Row>::Partial;

/// Reads the `propSet` of an object into a row that is being filled, as the client does.
fn read(partial: &mut Partial, properties: &str) -> Result<(), DecodeError> {
    let xml = format!(
        r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body><objects xmlns="urn:vim25">{properties}</objects></e:Body></e:Envelope>"#
    );
    let mut reader = Reader::new(xml.as_bytes(), &REGISTRY, Limits::default())?;
    soap::body(&mut reader, |reader, objects| {
        reader.each(objects, |reader, set| {
            let mut index = None;
            reader.each(set, |reader, part| {
                match (part.name(), index) {
                    ("name", _) => {
                        let path = reader.text(part)?;
                        index = Row::PATHS.iter().position(|known| *known == path);
                        assert!(index.is_some(), "{path} is no path of the row");
                    }
                    ("val", Some(index)) => Row::read(partial, index, reader, part)?,
                    _ => reader.skip(part)?,
                }
                Ok(())
            })
        })
    })
}

fn row(properties: &str) -> Result<Row, usize> {
    let mut partial = Partial::default();
    read(&mut partial, properties).expect("decodes");
    let copied = Row::finish(&partial);
    assert_eq!(copied, Row::build(partial));
    copied
}

const NAME: &str = r#"<propSet><name>name</name><val xsi:type="xsd:string">web-1</val></propSet>"#;
const POWER: &str = r#"<propSet><name>runtime.powerState</name><val xsi:type="VirtualMachinePowerState">poweredOn</val></propSet>"#;

fn smallest() -> Row {
    Row {
        name: "web-1".into(),
        power: VirtualMachinePowerState::POWERED_ON,
        ip: None,
        cpus: None,
        devices: Vec::new(),
        dns: Vec::new(),
        seen: 0,
        parent_vapp: None,
        recent_task: Vec::new(),
        r#type: None,
        result: Any::Nil,
        extra: None,
    }
}

#[test]
fn paths_are_the_wires() {
    assert_eq!(
        Row::PATHS,
        [
            "name",
            "runtime.powerState",
            "guest.ipAddress",
            "config.hardware.numCPU",
            "config.hardware.device",
            "guest.dns",
            "parentVApp",
            "recentTask",
            "type",
            "result",
            "config.extraConfig",
        ]
    );
    assert_eq!(<<Row as vim_wire::path::Row>::Object as vim_wire::ManagedObject>::KIND, "VirtualMachine");
}

#[test]
fn what_may_be_unset_need_not_be_sent() {
    assert_eq!(row(&format!("{NAME}{POWER}")), Ok(smallest()));
}

#[test]
fn what_is_required_must_be_sent() {
    assert_eq!(row(NAME), Err(1));
    assert_eq!(row(POWER), Err(0));
    assert_eq!(row(r#"<propSet><name>name</name><val xsi:nil="true"/></propSet>"#), Err(0));
}

#[test]
fn every_kind_of_value_is_read() {
    let row = row(&format!(
        r#"{NAME}{POWER}
        <propSet><name>guest.ipAddress</name><val xsi:type="xsd:string">192.0.2.7</val></propSet>
        <propSet><name>config.hardware.numCPU</name><val xsi:type="xsd:int">4</val></propSet>
        <propSet><name>config.hardware.device</name><val xsi:type="ArrayOfVirtualDevice">
            <VirtualDevice xsi:type="VirtualDisk"><key>2000</key><capacityInKB>1048576</capacityInKB></VirtualDevice>
            <VirtualDevice xsi:type="VirtualQuantumDisk"><key>2001</key><spin>up</spin></VirtualDevice>
            <VirtualDevice xsi:type="VirtualDevice"><key>2002</key><type>plain</type></VirtualDevice>
        </val></propSet>
        <propSet><name>guest.dns</name><val xsi:type="ArrayOfString"><string>a</string><string>b</string></val></propSet>
        <propSet><name>parentVApp</name><val xsi:type="ManagedObjectReference" type="VirtualApp">resgroup-v9</val></propSet>
        <propSet><name>recentTask</name><val xsi:type="ArrayOfManagedObjectReference">
            <ManagedObjectReference type="Task">task-1</ManagedObjectReference>
        </val></propSet>
        <propSet><name>type</name><val xsi:type="xsd:string">a &lt; b</val></propSet>
        <propSet><name>result</name><val xsi:type="xsd:long">7</val></propSet>
        <propSet><name>config.extraConfig</name><val xsi:type="ArrayOfOptionValue">
            <OptionValue><key>k</key><value xsi:type="xsd:string">v</value></OptionValue>
        </val></propSet>"#
    ))
    .expect("is whole");
    assert_eq!(
        (row.ip.as_deref(), row.cpus, row.r#type.as_deref()),
        (Some("192.0.2.7"), Some(4), Some("a < b"))
    );
    assert_eq!(row.dns, ["a", "b"]);
    assert_eq!(row.parent_vapp, Some(MoRef::new("VirtualApp", "resgroup-v9")));
    assert_eq!(row.recent_task, [MoRef::new("Task", "task-1")]);
    assert_eq!(row.result, Any::Long(7));
    let extra = row.extra.as_ref().and_then(Any::as_array).expect("is an array");
    assert_eq!(extra[0].downcast_ref::<OptionValue>().map(|option| option.key.as_str()), Some("k"));

    let keys: Vec<i32> = row.devices.iter().map(|device| device.key).collect();
    assert_eq!(keys, [2000, 2001, 2002]);
    assert_eq!(row.devices[0].downcast_ref::<VirtualDisk>().map(|disk| disk.capacity_in_kb), Some(1 << 20));
    assert_eq!(row.devices[1].type_name(), "VirtualQuantumDisk");
    assert_eq!(row.devices[2].r#type.as_deref(), Some("plain"));
}

#[test]
fn changes_replace_and_unset() {
    let mut partial = Partial::default();
    read(&mut partial, &format!("{NAME}{POWER}")).expect("decodes");
    read(
        &mut partial,
        r#"<propSet><name>guest.dns</name><val xsi:type="ArrayOfString"><string>a</string></val></propSet>"#,
    )
    .expect("decodes");
    read(
        &mut partial,
        r#"<propSet><name>guest.dns</name><val xsi:type="ArrayOfString"><string>b</string></val></propSet>"#,
    )
    .expect("decodes");
    assert_eq!(Row::finish(&partial), Ok(Row { dns: vec!["b".into()], ..smallest() }));
    Row::unset(&mut partial, 5);
    assert_eq!(Row::finish(&partial), Ok(smallest()));
    Row::unset(&mut partial, 1);
    assert_eq!(Row::finish(&partial), Err(1));
    Row::unset(&mut partial, 99);
}

#[test]
fn a_value_of_another_type_is_an_error_that_says_where() {
    let mut partial = Partial::default();
    let wrong =
        r#"<propSet><name>config.hardware.numCPU</name><val xsi:type="xsd:string">many</val></propSet>"#;
    let error = read(&mut partial, wrong).expect_err("is no number");
    assert!(error.path().starts_with("objects/propSet/val"), "{error}");
    assert!(error.to_string().starts_with("\"many\" is not an int"), "{error}");
}

/// A row in a function, and one without properties: only that objects are there.
#[test]
fn rows_are_where_users_want_them() {
    #[derive(Clone, Properties)]
    #[properties(of = ManagedEntity, crate = ::vim_wire)]
    struct Bare {}

    #[derive(Clone, Properties)]
    #[properties(of = ManagedEntity)]
    #[properties(crate = ::vim_wire)]
    struct Named {
        name: String,
    }

    assert!(Bare::PATHS.is_empty() && Bare::build(Default::default()).is_ok());
    assert_eq!(Named::PATHS, ["name"]);
    assert_eq!(Named::build(Default::default()).map(|row| row.name), Err(0));
}
