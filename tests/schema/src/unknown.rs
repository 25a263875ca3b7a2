//! What the schema lacks is written back as it came, wherever it stands.

use crate::canonical::{Document, as_object, round_trip};
use crate::schema::{PBM, VIM25};
use vim_wire::{Any, Slot};

/// A property that holds what the XML says, after two round trips.
fn survives(xml: &str) -> Any {
    let document = Document::of(|document| document.text.push_str(xml));
    round_trip(&document.text).val
}

#[test]
fn a_type_of_another_namespace_keeps_it() {
    let known = "<device xmlns:t=\"urn:f\" xsi:type=\"t:QuantumDisk\"><key>1</key><qubits xmlns=\"urn:f\">2</qubits></device>";
    let value = survives(&format!("<val xsi:type=\"VirtualDeviceConfigSpec\">{known}</val>"));
    let Any::Object(spec) = &value else { panic!("{value:?}") };
    let Some(Slot::Poly(_, devices)) = spec.as_ref().get("device") else { panic!("{value:?}") };
    assert!(devices.iter().map(|device| device.type_name()).eq(["QuantumDisk"]));

    // Of no base that is known, or of none of vSphere's services.
    survives("<val xmlns:t=\"urn:f\" xsi:type=\"t:Quantum\"><a xmlns=\"urn:f\">1</a></val>");
    survives("<val xmlns:t=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"t:unsignedInt\">5</val>");
    survives("<val xsi:type=\"Quantum\"><a>1</a></val>");
    // A fault of pbm that is new, where vim25 takes any fault.
    let fault =
        format!("<fault xmlns:t=\"{PBM}\" xsi:type=\"t:PbmNewFault\"><why xmlns=\"{PBM}\">x</why></fault>");
    survives(&format!("<val xsi:type=\"LocalizedMethodFault\">{fault}</val>"));
}

#[test]
fn content_may_use_the_prefix_that_is_ours() {
    // The same prefix is declared for the object's type and may be used in what it has more.
    let known = format!("<hubType xmlns=\"{PBM}\">h</hubType><hubId xmlns=\"{PBM}\">i</hubId>");
    for more in ["root: 5", "<t:x>1</t:x>"] {
        let more = format!("<future xmlns=\"{PBM}\">{more}</future>");
        let read = Document::of(|document| {
            let val = format!("<val xmlns:t=\"{PBM}\" xsi:type=\"t:PbmPlacementHub\">{known}{more}</val>");
            document.text.push_str(&val);
        });
        let value = crate::canonical::read(&read.text);
        let written = crate::canonical::write(&value);
        let declared = format!("<val xmlns:tt=\"{PBM}\" xsi:type=\"tt:PbmPlacementHub\" xmlns:t=\"{PBM}\">");
        assert!(written.contains(&declared) && written.contains(&more), "{written}");
        let again = round_trip(&written);
        assert!(again == value && as_object(&again).desc().name == "PbmPlacementHub");
    }
    survives(&format!("<val xsi:type=\"VirtualDevice\"><key>1</key><a>not: {VIM25}</a></val>"));
}

#[test]
fn arrays_of_what_is_unknown_survive() {
    survives("<val xsi:type=\"ArrayOfQuantum\"><Quantum><a>1</a></Quantum><Quantum></Quantum></val>");
    survives(
        "<val xsi:type=\"ArrayOfAnyType\"><anyType>a</anyType><anyType></anyType><anyType xsi:type=\"xsd:int\">1</anyType></val>",
    );
    survives("<val xsi:type=\"ArrayOfFloat\"><float>1.5</float></val>");
    survives("<val xsi:type=\"ArrayOfDateTime\"><dateTime>2026-11-22T10:15:30Z</dateTime></val>");
}
