//! What binds the files together: modules, lists of types and methods, services.

use super::{Emitter, Files, SERVER};
use crate::areas::{AreaId, CORE};
use std::fmt::Write;

impl Emitter<'_> {
    /// The `mod.rs` of an area's types.
    pub(super) fn area_module(&self, area: AreaId, modules: &[String]) -> String {
        let mut out = self.header(None);
        for module in modules {
            let _ = writeln!(out, "mod {module};");
        }
        out.push('\n');
        for module in modules {
            let _ = writeln!(out, "pub use {module}::*;");
        }
        let mut types: Vec<(&str, &str)> = (self.model.types.iter().zip(&self.plan.types))
            .filter(|(_, of)| **of == area)
            .map(|(ty, _)| (ty.wire.as_str(), ty.rust.as_str()))
            .collect();
        types.sort_unstable();
        out.push_str("\n/// The data types, by their names on the wire.\n");
        out.push_str("pub(in crate::generated) static TYPES: &[&vim_wire::TypeDesc] = &[\n");
        rows(&mut out, types.iter().map(|(_, rust)| format!("<{rust} as vim_wire::DataObject>::DESC")));
        let mut enums: Vec<(&str, &str)> = (self.model.enums.iter().zip(&self.plan.enums))
            .filter(|(_, of)| **of == area)
            .map(|(ty, _)| (ty.wire.as_str(), ty.rust.as_str()))
            .collect();
        enums.sort_unstable();
        out.push_str("];\n\n/// The enumerations, by their names on the wire.\n");
        out.push_str("pub(in crate::generated) static ENUMS: &[&vim_wire::EnumDesc] = &[\n");
        rows(&mut out, enums.iter().map(|(_, rust)| format!("<{rust} as vim_wire::OpenEnum>::DESC")));
        out.push_str("];\n");
        out
    }

    /// The `mod.rs` of `generated`, `types` and `mo`.
    pub(super) fn registry(&self, files: &mut Files) {
        let of = |folder: &str| {
            let has = |area: &AreaId| {
                files.contains_key(&format!("{folder}/{}/mod.rs", self.plan.areas[*area].name))
            };
            (0..self.plan.areas.len()).filter(has).collect::<Vec<_>>()
        };
        let (types, objects) = (of("types"), of("mo"));
        let functions = files.contains_key("methods/mod.rs");
        let types_mod =
            self.folder_module("Data types and enumerations.", &types, "AREAS: &[vim_wire::Area]", |name| {
                format!("({name}::TYPES, {name}::ENUMS)")
            });
        let objects_mod = self.folder_module(
            "Managed objects: handles with a method per method, and the properties of each.",
            &objects,
            "METHODS: &[&[&vim_wire::MethodDesc]]",
            |name| format!("{name}::METHODS"),
        );
        let mut out = self.header(None);
        let _ = writeln!(out, "//! The bindings of {}.\n", self.labels());
        out.push_str("#![allow(clippy::all, clippy::pedantic, clippy::nursery, unused_imports, unused_qualifications)]\n\n");
        let bases = self.bases();
        if bases.is_some() {
            out.push_str("mod bases;\n");
        }
        if functions {
            out.push_str("pub mod methods;\n");
        }
        if !objects.is_empty() {
            out.push_str("pub mod mo;\n");
            files.insert("mo/mod.rs".to_owned(), objects_mod);
        }
        out.push_str("pub(crate) mod types;\n");
        files.insert("types/mod.rs".to_owned(), types_mod);

        out.push_str("\n/// The names of all managed objects, those of features that are off included.\n");
        out.push_str("static MANAGED_OBJECTS: &[&str] = &[\n");
        let mut names: Vec<&str> = self.model.objects.iter().map(|object| object.name.as_str()).collect();
        names.sort_unstable();
        rows(&mut out, names.iter().map(|name| format!("\"{name}\"")));
        out.push_str("];\n\n/// Every type of the build, by its name on the wire.\n");
        out.push_str("pub static REGISTRY: vim_wire::Registry = vim_wire::Registry::new(types::AREAS, &[MANAGED_OBJECTS])");
        if let Some(bases) = bases {
            out.push_str("\n    .with_bases(bases::BASES)");
            files.insert("bases.rs".to_owned(), bases);
        }
        out.push_str(";\n");
        if !objects.is_empty() || functions {
            let from = if objects.is_empty() { "&[methods::METHODS]" } else { "mo::METHODS" };
            out.push_str("\n/// Every method of the build: of each area a list, sorted by name.\n");
            let _ = writeln!(out, "pub static METHODS: &[&[&vim_wire::MethodDesc]] = {from};");
        }
        if self.serves() {
            let _ = write!(
                out,
                "\n/// The properties of every managed object as data types, under the objects' names: of each area a list.\n\
                 #[cfg(feature = \"{SERVER}\")]\npub static PROPERTIES: &[&[&vim_wire::TypeDesc]] = &[\n"
            );
            for area in &objects {
                let _ = writeln!(out, "    mo::{}::PROPERTIES,", self.plan.areas[*area].name);
            }
            out.push_str("];\n");
        }
        for (id, service) in self.model.services.iter().enumerate() {
            let gate = self.plan.areas.iter().position(|area| area.name == service.name);
            let _ = writeln!(out, "\n/// The service `{}`, of {}.", service.namespace, self.model.label(id));
            out.push_str(&self.cfg_area(gate.unwrap_or(0), ""));
            let _ =
                writeln!(out, "pub static {}: vim_wire::Service = vim_wire::Service {{", service.constant);
            let _ = writeln!(out, "    namespace: \"{}\",", service.namespace);
            let _ = writeln!(out, "    path: \"{}\",", service.path);
            out.push_str("    versions: &[\n");
            rows(&mut out, service.versions.iter().map(|version| format!("\"{version}\"")));
            out.push_str("    ],\n    registry: &REGISTRY,\n};\n");
        }
        files.insert("mod.rs".to_owned(), out);
    }

    /// What the types of features extend, for builds that lack them; none where nothing is a feature's.
    ///
    /// What extends a root of the schema is left out: whatever may stand there is declared as that root.
    fn bases(&self) -> Option<String> {
        let mut lines: Vec<String> = (self.model.types.iter().zip(&self.plan.types))
            .filter(|(_, area)| **area != CORE)
            .filter_map(|(ty, _)| {
                let base = &self.model.types[ty.base?];
                base.base.map(|_| format!("{} {}", ty.wire, base.wire))
            })
            .collect();
        if lines.is_empty() {
            return None;
        }
        lines.sort_unstable();
        let mut out = self.header(None);
        out.push_str("//! What the types of features extend: a build without them reads such a value as the nearest that it has.\n\n");
        out.push_str("/// A line a type, sorted: its name on the wire, and that of what it extends.\n");
        out.push_str("pub(super) static BASES: &str = \"\\\n");
        for line in lines {
            let _ = writeln!(out, "    {line}\\n\\");
        }
        out.push_str("\";\n");
        Some(out)
    }

    fn folder_module(
        &self,
        doc: &str,
        areas: &[AreaId],
        list: &str,
        entry: impl Fn(&str) -> String,
    ) -> String {
        let mut out = self.header(None);
        let _ = writeln!(out, "//! {doc}\n");
        for area in areas {
            let _ =
                writeln!(out, "{}pub(super) mod {};", self.cfg_area(*area, ""), self.plan.areas[*area].name);
        }
        // A module of its own, so that a glob import brings no module named `core` along.
        out.push_str("\nmod flat {\n");
        for area in areas {
            let _ = writeln!(
                out,
                "{}    pub use super::{}::*;",
                self.cfg_area(*area, "    "),
                self.plan.areas[*area].name
            );
        }
        let _ = write!(out, "}}\npub use flat::*;\n\npub(super) static {list} = &[\n");
        for area in areas {
            let name = format!("self::{}", self.plan.areas[*area].name);
            let _ = writeln!(out, "{}    {},", self.cfg_area(*area, "    "), entry(&name));
        }
        out.push_str("];\n");
        out
    }
}

/// Entries of a list, as many in a line as fit.
pub(super) fn rows(out: &mut String, entries: impl Iterator<Item = String>) {
    let mut width = 0;
    for entry in entries {
        if width > 0 && width + entry.len() + 2 > 116 {
            out.push('\n');
            width = 0;
        }
        out.push_str(if width == 0 { "    " } else { " " });
        width += entry.len() + 2;
        out.push_str(&entry);
        out.push(',');
    }
    if width > 0 {
        out.push('\n');
    }
}
