//! Types that features bring, in builds with and without these features: what is read of them, and that nothing is lost.
//!
//! The tests hold whatever the features; CI runs them without any, since in a build of the whole workspace all are on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use vim_types::{
    DynamicProperty, Event, FileFault, InvalidHostState, LocalizedMethodFault, REGISTRY, RuntimeFault,
    TaskInfo, VIM25, VimFault, VmEvent,
};
use vim_wire::{Any, DataObject, Error, Limits, Object, Poly, from_xml, soap, to_xml};

const SPACES: &str = "xmlns=\"urn:vim25\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
     xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// Whether the features are on that bring the faults and the events of these tests.
const FAULTS: bool = cfg!(feature = "faults");
const EVENTS: bool = cfg!(feature = "events");

fn read<T: DataObject>(xml: &str) -> T {
    from_xml(xml.as_bytes(), &REGISTRY, Limits::default()).unwrap()
}

/// The parts of a document in any order: a build without the type writes what it does not know after what it does.
fn parts(xml: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = xml.split('<').skip(2).collect();
    parts.sort_unstable();
    parts
}

/// Reads, writes, and finds that nothing was lost; then reads what was written and finds the same value.
fn survives<T: DataObject>(content: &str) -> T {
    let xml = format!("<v {SPACES}>{content}</v>");
    let value: T = read(&xml);
    let written = to_xml(&value, "v", &VIM25).unwrap();
    assert_eq!(parts(&written), parts(&xml), "\n{written}\n{xml}");
    assert_eq!(read::<T>(&written), value);
    value
}

/// What stands for a type that a feature brings.
fn stands_for(object: &Object, name: &str, there: bool, base: &str) {
    assert_eq!(object.type_name(), name, "its name is kept");
    assert_eq!(object.desc().name, if there { name } else { base });
}

#[test]
fn an_event_is_the_nearest_that_is_there() {
    let of = |kind: &str, more: &str| {
        format!(
            "<Event xsi:type=\"{kind}\"><key>7</key><chainId>7</chainId><createdTime>2026-11-24T10:00:00Z</createdTime>\
             <userName>root</userName><vm><name>web-1</name><vm type=\"VirtualMachine\">vm-42</vm></vm>{more}</Event>"
        )
    };
    let events = [
        of("VmPoweredOnEvent", "<template>false</template>"),
        of("VmRenamedEvent", "<template>false</template><oldName>a</oldName><newName>b</newName>"),
        // Extends VmEvent by way of others.
        of("VmStartingSecondaryEvent", "<template>false</template>"),
        // What no schema here knows is what the array says.
        of("VmLevitatedEvent", "<height>3</height>"),
    ];
    let xml = format!("<name>latestPage</name><val xsi:type=\"ArrayOfEvent\">{}</val>", events.concat());
    let Any::Array(array) = survives::<DynamicProperty>(&xml).val else { panic!("is no array") };
    let object = |item| match item {
        Any::Object(object) => object,
        other => panic!("{other:?} is no object"),
    };
    let objects: Vec<Object> = array.items.into_iter().map(object).collect();
    stands_for(&objects[0], "VmPoweredOnEvent", EVENTS, "VmEvent");
    stands_for(&objects[1], "VmRenamedEvent", EVENTS, "VmEvent");
    stands_for(&objects[2], "VmStartingSecondaryEvent", EVENTS, "VmEvent");
    stands_for(&objects[3], "VmLevitatedEvent", false, "Event");
    for object in &objects {
        let event = object.downcast_ref::<Event>().unwrap();
        let vm = event.vm.as_ref().unwrap();
        assert_eq!((event.key, vm.name.as_str(), vm.vm.value()), (7, "web-1", "vm-42"));
        assert_eq!(object.is::<VmEvent>(), object.type_name() != "VmLevitatedEvent");
    }
    let more = "<oldName>a</oldName><newName>b</newName>";
    assert_eq!(objects[1].unknown_xml(), if EVENTS { "" } else { more });
    assert_eq!(objects[3].unknown_xml(), "<height>3</height>");
}

#[test]
fn a_fault_in_a_value_is_the_nearest_that_is_there() {
    let cause = "<fault xsi:type=\"IncorrectFileType\"><file>[ds] a.vmdk</file></fault><localizedMessage>why</localizedMessage>";
    let value: LocalizedMethodFault = survives(&format!(
        "<fault xsi:type=\"InvalidHostConnectionState\"><faultCause>{cause}</faultCause>\
         <host type=\"HostSystem\">host-1</host></fault><localizedMessage>No.</localizedMessage>"
    ));
    stands_for(value.fault.as_object(), "InvalidHostConnectionState", FAULTS, "InvalidHostState");
    let state = value.fault.downcast_ref::<InvalidHostState>().unwrap();
    assert_eq!(state.host.as_ref().unwrap().value(), "host-1");
    let cause = &value.fault.fault_cause.as_ref().unwrap().fault;
    stands_for(cause.as_object(), "IncorrectFileType", FAULTS, "FileFault");
    assert_eq!(cause.downcast_ref::<FileFault>().unwrap().file, "[ds] a.vmdk");
    // A copy has all of it, too.
    let task = TaskInfo { error: Some(value.clone()), ..Default::default() };
    let copy = task.clone();
    assert_eq!((copy.error.as_ref(), &copy), (Some(&value), &task));
}

#[test]
fn a_fault_that_is_thrown_is_the_nearest_that_is_there() {
    let thrown = |detail: &str| {
        let xml = format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" {SPACES}><soapenv:Body>\
             <soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>No.</faultstring>\
             <detail>{detail}</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
        );
        soap::fault(xml.as_bytes(), &REGISTRY, Limits::default()).unwrap().unwrap()
    };
    let fields = "<host type=\"HostSystem\">host-1</host>";
    for detail in [
        format!("<x xsi:type=\"InvalidHostConnectionState\">{fields}</x>"),
        // As servers do that leave the type to the element's name.
        format!("<InvalidHostConnectionStateFault>{fields}</InvalidHostConnectionStateFault>"),
    ] {
        let error = Error::from_fault(thrown(&detail));
        let fault = error.fault_as::<InvalidHostState>().unwrap();
        assert_eq!(fault.host.as_ref().unwrap().value(), "host-1");
        assert!(error.fault_as::<VimFault>().is_some() && error.fault_as::<RuntimeFault>().is_none());
        assert!(error.to_string().contains("InvalidHostConnectionState: No."), "{error}");
    }
    let detail = thrown("<x xsi:type=\"LevitationFailed\"><height>3</height></x>").detail.unwrap();
    stands_for(&detail, "LevitationFailed", false, "MethodFault");
    let value = LocalizedMethodFault { fault: Poly::from_object(detail).unwrap(), ..Default::default() };
    let written = to_xml(&value, "v", &VIM25).unwrap();
    assert!(written.contains("<fault xsi:type=\"LevitationFailed\"><height>3</height></fault>"), "{written}");
}

#[test]
fn what_stands_for_a_type_is_what_its_place_takes() {
    // A type of the schema, where only those of another family may stand.
    let value: LocalizedMethodFault = survives("<fault xsi:type=\"VmPoweredOnEvent\"><a>1</a></fault>");
    stands_for(value.fault.as_object(), "VmPoweredOnEvent", false, "MethodFault");
}

#[test]
fn a_base_is_known_of_what_is_not_there_and_of_nothing_else() {
    for (name, there, nearest) in [
        ("VmRenamedEvent", EVENTS, Some("VmEvent")),
        ("InvalidHostConnectionState", FAULTS, Some("InvalidHostState")),
        ("NoSuchType", false, None),
        ("", false, None),
    ] {
        assert_eq!(REGISTRY.type_named(name).is_some(), there, "{name}");
        if !there {
            assert_eq!(REGISTRY.nearest(name).map(|desc| desc.name), nearest, "{name}");
        }
    }
}

#[test]
fn a_field_of_one_type_has_what_the_schema_gives_it_and_no_more() {
    // The limit that vim-types' documentation names: such a field is a struct, which has no place for anything else.
    let argument = "<name>web-1</name><vm type=\"VirtualMachine\">vm-42</vm>";
    let with = |kind: &str, more: &str| {
        let vm = format!("<vm{kind}>{argument}{more}</vm>");
        let xml = format!("<v {SPACES}><name>p</name><val xsi:type=\"VmEvent\">{vm}<a>1</a></val></v>");
        to_xml(&read::<DynamicProperty>(&xml), "v", &VIM25).unwrap()
    };
    let written = with(" xsi:type=\"VmEventArgumentOfTomorrow\"", "<height>3</height>");
    assert_eq!(written, with("", ""));
    assert!(written.contains(argument) && written.contains("<a>1</a>"), "{written}");
}
