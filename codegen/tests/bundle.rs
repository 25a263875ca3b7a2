//! The schema in `codegen/schema`, and what is generated from it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use codegen::areas::{CORE, Plan};
use codegen::emit::Files;
use codegen::fixups::{Change, FIXUPS, Fixup};
use codegen::metadata::{self, Metadata};
use codegen::model::{Model, Ty};
use codegen::schema::source::Folders;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static GENERATED: LazyLock<(Files, Model, Plan)> = LazyLock::new(|| generate(FIXUPS).unwrap());

fn schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(schema().join(path)).unwrap()
}

fn metadata() -> Vec<Metadata> {
    ["vim25/vim-metadata.json", "pbm/pbm-metadata.json"]
        .map(|path| metadata::parse(&text(path), path).unwrap())
        .into()
}

fn generate(fixups: &[Fixup]) -> codegen::Result<(Files, Model, Plan)> {
    let source = Folders(vec![schema().join("vim25"), schema().join("pbm")]);
    let roots = ["vimService.wsdl".to_owned(), "pbmService.wsdl".to_owned()];
    codegen::vim_types(&source, &roots, &metadata(), fixups)
}

/// The value of the first attribute of that name in a line.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Data types with their elements, and the number of enumerations, by nothing but looking at lines.
fn scan(files: &[&str]) -> (BTreeMap<String, Vec<String>>, usize) {
    let (mut types, mut enums) = (BTreeMap::new(), 0);
    for file in files {
        let mut open: Option<(String, Vec<String>)> = None;
        for line in text(file).lines().map(str::trim) {
            if line.starts_with("<complexType name=") {
                open = Some((attribute(line, "name").unwrap().to_owned(), Vec::new()));
            } else if line.starts_with("</complexType>") {
                let Some((name, fields)) = open.take() else { continue };
                let message = name.starts_with("ArrayOf")
                    || name.ends_with("RequestType")
                    || name == "ManagedObjectReference";
                if !message {
                    types.insert(name, fields);
                }
            } else if let (true, Some((_, fields))) = (line.starts_with("<element "), &mut open) {
                fields.push(attribute(line, "name").unwrap().to_owned());
            } else if line.starts_with("<simpleType ") {
                enums += 1;
            }
        }
    }
    (types, enums)
}

const VIM25: [&str; 5] = [
    "vim25/core-types.xsd",
    "vim25/query-types.xsd",
    "vim25/vim-types.xsd",
    "vim25/query-messagetypes.xsd",
    "vim25/vim-messagetypes.xsd",
];

/// Methods by the port type's operations; managed objects, their methods and properties by the metadata's JSON.
fn scan_methods(wsdl: &str, json: &str) -> [usize; 4] {
    let wsdl = text(wsdl);
    let port = wsdl.split_once("<portType").unwrap().1.split_once("</portType>").unwrap().0;
    let json: serde_json::Value = serde_json::from_str(&text(json)).unwrap();
    let objects = json["managedObjects"].as_object().unwrap();
    let sum = |key: &str| objects.values().map(|object| object[key].as_array().map_or(0, Vec::len)).sum();
    [port.matches("<operation name=").count(), objects.len(), sum("methods"), sum("properties")]
}

#[test]
fn nothing_is_pruned() {
    let (files, model, _) = &*GENERATED;
    let (types, enums) = scan(&VIM25);
    let [methods, objects, owned, properties] = scan_methods("vim25/vim.wsdl", "vim25/vim-metadata.json");
    assert_eq!((types.len(), enums, methods, objects, owned, properties), (3030, 446, 975, 140, 975, 266));

    let of_vim = |service: &usize| model.services[*service].name == "vim25";
    assert_eq!(model.types.iter().filter(|ty| of_vim(&ty.service)).count(), types.len());
    assert_eq!(model.enums.iter().filter(|ty| of_vim(&ty.service)).count(), enums);
    let vim_objects: Vec<_> = model.objects.iter().filter(|object| of_vim(&object.service)).collect();
    assert_eq!(vim_objects.len(), objects);
    assert_eq!(vim_objects.iter().map(|object| object.methods.len()).sum::<usize>(), methods);
    assert_eq!(vim_objects.iter().map(|object| object.properties.len()).sum::<usize>(), properties);
    assert!(model.missing.is_empty() && model.functions.is_empty());

    let (types, enums) = scan(&["pbm/pbm-types.xsd", "pbm/pbm-messagetypes.xsd"]);
    let [methods, objects, ..] = scan_methods("pbm/pbm.wsdl", "pbm/pbm-metadata.json");
    assert_eq!((types.len(), enums, methods, objects), (75, 22, 32, 8));

    let count = |what: &str| files.values().map(|text| text.matches(what).count()).sum::<usize>();
    assert_eq!(count("\nvim_wire::object! {"), 3030 + 75);
    assert_eq!(count("\nvim_wire::open_enum! {"), 446 + 22);
    assert_eq!(count("\nvim_wire::managed_object! {"), 140 + 8);
    assert_eq!(count("\nvim_wire::properties! {"), 140 + 8);
    assert_eq!(count(": vim_wire::MethodDesc = "), 975 + 32);
    assert_eq!(count("vim_wire::Call::new(self, "), 975 + 32);
}

#[test]
fn fields_are_in_the_schema_s_order() {
    let (files, ..) = &*GENERATED;
    let mut emitted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in files.values() {
        for object in text.split("\nvim_wire::object! {").skip(1) {
            let body = object.split_once("} }").unwrap().0;
            let (head, fields) = body.split_once('{').unwrap();
            let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
            emitted.insert(quoted(head).unwrap(), fields.lines().filter_map(quoted).collect());
        }
    }
    let mut all = VIM25.to_vec();
    all.push("pbm/pbm-types.xsd");
    let (scanned, _) = scan(&all);
    assert_eq!(emitted.len(), 3105);
    for (name, fields) in scanned {
        assert_eq!(emitted.get(&name), Some(&fields), "{name}");
    }
}

#[test]
fn infinite_types_are_boxed() {
    let (files, model, _) = &*GENERATED;
    let boxed: BTreeSet<String> = (model.types.iter())
        .flat_map(|ty| {
            ty.fields.iter().filter(|field| field.boxed).map(|field| format!("{}.{}", ty.wire, field.wire))
        })
        .collect();
    let expected = [
        "VirtualDiskFlatVer1BackingInfo.parent",
        "VirtualDiskFlatVer2BackingInfo.parent",
        "VirtualDiskRawDiskMappingVer1BackingInfo.parent",
        "VirtualDiskSeSparseBackingInfo.parent",
        "VirtualDiskSparseVer1BackingInfo.parent",
        "VirtualDiskSparseVer2BackingInfo.parent",
        "VirtualNVDIMMBackingInfo.parent",
    ];
    for field in expected {
        assert!(boxed.contains(field), "{field} in {boxed:?}");
    }
    let all: String = files.values().map(String::as_str).collect();
    assert_eq!(all.matches("Option<Box<").count(), boxed.len());
    assert!(all.contains("    pub parent: Option<Box<VirtualDiskFlatVer2BackingInfo>>,\n"));
    // A fault holds its cause, which holds a fault: the Poly between them has a box already.
    assert!(all.contains("    pub fault: vim_wire::Poly<MethodFault>,\n"));
}

#[test]
fn areas_reach_what_they_need() {
    let (_, model, plan) = &*GENERATED;
    for (id, ty) in model.types.iter().enumerate() {
        let home = plan.types[id];
        let needs = ty.fields.iter().map(|field| field.ty).chain(ty.base.map(Ty::Data));
        for area in needs.map(|ty| plan.of(ty)) {
            assert!(
                plan.reaches(home, area),
                "{} of {} needs {}",
                ty.wire,
                plan.areas[home].name,
                plan.areas[area].name
            );
        }
    }
    for (id, object) in model.objects.iter().enumerate() {
        if let Some(base) = object.base {
            assert!(plan.reaches(plan.objects[id], plan.objects[base]), "{}", object.name);
        }
    }
    for (id, area) in plan.areas.iter().enumerate() {
        assert!(!area.implies.contains(&id), "{} implies itself", area.name);
        for implied in &area.implies {
            assert!(plan.areas[*implied].implies.is_subset(&area.implies), "{}", area.name);
        }
    }
    assert!(plan.areas.len() <= 14, "well under 20 features");
    let core = plan.types.iter().filter(|area| **area == CORE).count();
    assert!(core * 5 <= model.types.len() * 2, "{core} types are in the core");
    for name in [
        "VirtualMachineConfigSpec",
        "VirtualVmxnet3",
        "CustomizationSpec",
        "NoPermission",
        "EventEx",
        "RetrieveOptions",
    ] {
        assert_eq!(plan.types[model.data(name).unwrap()], CORE, "{name}");
    }
}

#[test]
fn names_are_legal_and_apart() {
    let (_, model, _) = &*GENERATED;
    // Nothing in the core's calls is named as what it is not.
    let object = &model.objects[model.object("VirtualMachine").unwrap()];
    let of = |wire: &str| object.methods.iter().find(|method| method.wire == wire).unwrap();
    assert_eq!(of("PowerOnVM_Task").ident, "power_on");
    assert_eq!(of("CloneVM_Task").ident, "clone_vm");
    assert_eq!(of("ReconfigVM_Task").constant, "RECONFIG_VM_TASK");
    assert!(of("CreateSnapshot_Task").task);
    let legal = |name: &str| {
        let name = name.strip_prefix("r#").unwrap_or(name);
        !name.is_empty()
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    for field in model.types.iter().flat_map(|ty| &ty.fields) {
        assert!(legal(&field.ident), "{}", field.ident);
    }
    for (constant, _) in model.enums.iter().flat_map(|ty| &ty.values) {
        assert!(legal(constant), "{constant}");
    }
}

#[test]
fn files_stay_readable_and_the_output_is_stable() {
    let (files, _, plan) = &*GENERATED;
    for (path, text) in files {
        assert!(text.lines().count() <= 3000, "{path}");
        assert!(text.starts_with("// Generated by `cargo run -p codegen` from "), "{path}");
        assert!(text.ends_with('\n') && !text.contains("\t"), "{path}");
        assert!(!text.lines().any(|line| line.ends_with(' ')), "{path}");
    }
    let (again, ..) = generate(FIXUPS).unwrap();
    assert_eq!(*files, again);
    let manifest = std::fs::read_to_string(schema().join("../../vim-types/Cargo.toml")).unwrap();
    assert!(manifest.contains(&codegen::emit::manifest_features(plan)));
    let root = std::fs::read_to_string(schema().join("../../vim-types/src/lib.rs")).unwrap();
    for area in plan.areas.iter().skip(1) {
        assert!(
            root.contains(&format!("//! | `{}` | ", area.name)),
            "{} is not in vim-types' documentation",
            area.name
        );
    }
}

#[test]
fn documentation_states_the_facts() {
    let (files, ..) = &*GENERATED;
    let all: String = files.values().map(String::as_str).collect();
    for expected in [
        "/// `vim.vm.device.VirtualDisk`; extends [`VirtualDevice`].\n",
        "    /// `capacityInBytes`. Optional. Since 5.5.\n    pub capacity_in_bytes: Option<i64>,\n",
        "Secret: redacted in Debug and in logs.",
        "Privilege: `VirtualMachine.Interact.PowerOn`.",
        "Answers a task; its result is a [`VirtualMachineSnapshot`].",
        "References to [`Datastore`]",
        "The key of a [`ScsiLun`].",
        "#[cfg(feature = \"host\")]\n    pub config: Option<HostConfigInfo>,\n",
    ] {
        assert!(all.contains(expected), "{expected}");
    }
}

#[test]
fn fixups_apply_or_are_stale() {
    let fixup = |name, change| Fixup { name, reason: "a test", namespace: "urn:vim25", change };
    let applies = fixup("applies", Change::Optional { ty: "AboutInfo", field: "name" });
    let (_, model, _) = generate(&[applies]).unwrap();
    assert!(model.types[model.data("AboutInfo").unwrap()].fields[0].optional);

    let renamed = fixup("renames", Change::Method { method: "CloneVM_Task", to: "clone_to" });
    let constant =
        fixup("constant", Change::Constant { ty: "HostSystemPowerState", value: "poweredOn", to: "UP" });
    let (files, ..) = generate(&[renamed, constant]).unwrap();
    assert!(files["mo/core/virtual_machine.rs"].contains("pub fn clone_to<'a>("));
    assert!(files.values().any(|text| text.contains("        UP = \"poweredOn\",\n")));

    for change in [
        // Optional already, no such field, no such type, no such method.
        Change::Optional { ty: "AboutInfo", field: "patchLevel" },
        Change::Optional { ty: "AboutInfo", field: "nme" },
        Change::Optional { ty: "AboutInfos", field: "name" },
        Change::Method { method: "CloneVM", to: "clone_to" },
    ] {
        let error = generate(&[fixup("my-fixup", change)]).unwrap_err().to_string();
        assert!(error.contains("my-fixup") && error.contains("stale") && error.contains("a test"), "{error}");
    }
}

#[test]
fn metadata_must_fit() {
    let text = text("vim25/vim-metadata.json");
    let parse = |text: &str| metadata::parse(text, "m.json").map(|_| ()).unwrap_err().to_string();
    assert!(parse("{").starts_with("m.json:1:"));
    assert!(parse(&text.replacen("\"vmodl\"", "\"unheard\"", 1)).contains("unheard"));

    let source = Folders(vec![schema().join("vim25")]);
    let roots = ["vimService.wsdl".to_owned()];
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let metadata = metadata::parse(&text.replacen(from, to, 1), "m.json").unwrap();
        codegen::vim_types(&source, &roots, &[metadata], &[]).map(|_| ()).unwrap_err().to_string()
    };
    assert!(with("\"PowerOnVM_Task\"", "\"PowerOn_Task\"").contains("the WSDL has no such method"));
    assert!(with("\"AboutInfo\":", "\"AboutInfos\":").contains("AboutInfos: no schema declares that type"));
    assert!(with("\"9.1.1.0\"", "\"9.1.1.1\"").contains("9.1.1.1"));
}
