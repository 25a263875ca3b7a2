//! A service of a few types and two methods, in every shape that the reader knows, as files in memory.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::Path;

/// Texts by file name.
pub type Folder = BTreeMap<String, String>;

pub const XSD: &str =
    "xmlns=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"";

pub fn schema(namespace: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<schema targetNamespace=\"{namespace}\" {XSD} xmlns:t=\"{namespace}\" xmlns:vim25=\"urn:vim25\">\n{body}\n</schema>"
    )
}

/// `<complexType>` with elements as in "name type ?" or "name type *".
pub fn complex(name: &str, base: Option<&str>, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| element(field)).collect();
    let sequence = format!("<sequence>{fields}</sequence>");
    match base {
        None => format!("<complexType name=\"{name}\">{sequence}</complexType>\n"),
        Some(base) => format!(
            "<complexType name=\"{name}\"><complexContent><extension base=\"{base}\">{sequence}</extension></complexContent></complexType>\n"
        ),
    }
}

pub fn element(field: &str) -> String {
    let mut words = field.split(' ');
    let (name, ty) = (words.next().unwrap(), words.next().unwrap());
    let occurs = match words.next() {
        Some("?") => " minOccurs=\"0\"",
        Some("*") => " minOccurs=\"0\" maxOccurs=\"unbounded\"",
        _ => "",
    };
    format!("<element name=\"{name}\" type=\"{ty}\"{occurs}/>\n")
}

/// As servers before 6.0 have it: the root of all has fields.
pub fn types() -> String {
    let reference = "<complexType name=\"ManagedObjectReference\"><simpleContent><extension base=\"xsd:string\">\
                     <attribute name=\"type\" type=\"xsd:string\"/></extension></simpleContent></complexType>\n";
    let color = "<simpleType name=\"Color\"><restriction base=\"xsd:string\"><enumeration value=\"deepBlue\"/>\
                 <enumeration value=\"3D\"/></restriction></simpleType>\n";
    [
        complex("DynamicData", None, &["dynamicType xsd:string ?"]),
        complex("Shape", Some("t:DynamicData"), &["color t:Color", "numCPUs xsd:int ?"]),
        complex("Square", Some("t:Shape"), &["type xsd:string", "next t:Square ?"]),
        complex("Drawing", Some("t:DynamicData"), &["shape t:Shape *", "owner t:ManagedObjectReference ?"]),
        complex("ArrayOfShape", None, &["Shape t:Shape *"]),
        complex("Oops", None, &["reason xsd:string"]),
        reference.to_owned(),
        color.to_owned(),
    ]
    .concat()
}

pub fn only_types() -> Folder {
    Folder::from([("draw-types.xsd".to_owned(), schema("urn:draw", &types()))])
}

pub fn with_methods() -> Folder {
    let request = |name: &str, fields: &[&str]| {
        let mut all = vec!["_this t:ManagedObjectReference"];
        all.extend(fields);
        complex(&format!("{name}RequestType"), None, &all)
    };
    let inline = format!(
        "<schema targetNamespace=\"urn:draw\" {XSD} xmlns:t=\"urn:draw\"><include schemaLocation=\"draw-types.xsd\"/>{}{}\
         <element name=\"Paint_Task\" type=\"t:PaintRequestType\"/><element name=\"Clear\" type=\"t:ClearRequestType\"/>\
         <element name=\"Paint_TaskResponse\"><complexType><sequence>{}</sequence></complexType></element>\
         <element name=\"ClearResponse\"><complexType/></element><element name=\"OopsFault\" type=\"t:Oops\"/></schema>",
        request("Paint", &["this t:ManagedObjectReference", "shape t:Shape", "fast xsd:boolean ?"]),
        request("Clear", &[]),
        element("returnval t:ManagedObjectReference")
    );
    let message = |name: &str, element: &str| {
        format!("<message name=\"{name}\"><part name=\"p\" element=\"t:{element}\"/></message>\n")
    };
    let operation = |name: &str| {
        format!(
            "<operation name=\"{name}\"><input message=\"t:{name}In\"/><output message=\"t:{name}Out\"/>\
             <fault name=\"OopsFault\" message=\"t:OopsMsg\"/></operation>\n"
        )
    };
    let wsdl = format!(
        "<definitions targetNamespace=\"urn:draw\" xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:t=\"urn:draw\" \
         xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\"><types>{inline}</types>\n{}{}{}{}{}<portType name=\"P\">{}{}</portType>\
         <binding name=\"B\" type=\"t:P\"><operation name=\"Clear\"><soap:operation soapAction=\"urn:draw/1.5\"/></operation></binding>\
         </definitions>",
        message("Paint_TaskIn", "Paint_Task"),
        message("Paint_TaskOut", "Paint_TaskResponse"),
        message("ClearIn", "Clear"),
        message("ClearOut", "ClearResponse"),
        message("OopsMsg", "OopsFault"),
        operation("Paint_Task"),
        operation("Clear")
    );
    let service = "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" targetNamespace=\"urn:drawService\">\
                   <import location=\"draw.wsdl\" namespace=\"urn:draw\"/></definitions>";
    let mut folder = only_types();
    folder.insert("draw.wsdl".to_owned(), wsdl);
    folder.insert("drawService.wsdl".to_owned(), service.to_owned());
    folder
}

/// What the WSDL lacks.
pub const METADATA: &str = r#"{"format": 1, "source": "x", "service": "draw", "namespace": "urn:draw", "version": "1.5",
        "versions": ["1.0", "1.5"], "types": {"Square": {"vmodl": "draw.Square", "since": "1.5"}}, "enums": {},
        "managedObjects": {"Board": {"vmodl": "draw.Board",
            "properties": [{"name": "drawing", "type": "Drawing", "optional": true, "since": "1.5"}],
            "methods": [{"name": "Paint_Task", "vmodl": "paint", "task": true, "ref": "Board", "result": "ManagedObjectReference",
                         "params": {"fast": {"since": "1.5"}, "this": {"ref": "Board"}}},
                        {"name": "Clear", "vmodl": "clone", "privilege": "Board.Clear"}]}}}"#;

/// Puts the files into a folder, which must be there.
pub fn write(folder: &Folder, at: &Path) {
    for (name, text) in folder {
        std::fs::write(at.join(name), text).unwrap();
    }
}
