//! Data types.

use super::docs::{From, doc, line};
use super::family::{self, Item};
use super::{Emitter, Files, flags};
use crate::areas::AreaId;
use crate::model::TypeId;
use std::fmt::Write;

impl Emitter<'_> {
    /// The module `types`: a folder per area, in it a file per family.
    pub(super) fn types(&self, files: &mut Files) {
        for area in 0..self.plan.areas.len() {
            let items = self.items(area);
            if items.is_empty() {
                continue;
            }
            let folder = format!("types/{}", self.plan.areas[area].name);
            let mut modules = Vec::new();
            for (name, items) in family::split(items, "types") {
                let service = items.first().map(|item| item.service);
                let mut text = self.header(service);
                text.push_str("use super::super::flat::*;\n");
                for item in &items {
                    text.push('\n');
                    text.push_str(&item.text);
                }
                files.insert(format!("{folder}/{name}.rs"), text);
                modules.push(name);
            }
            files.insert(format!("{folder}/mod.rs"), self.area_module(area, &modules));
        }
    }

    fn items(&self, area: AreaId) -> Vec<Item> {
        let types = (0..self.model.types.len()).filter(|id| self.plan.types[*id] == area).map(|id| {
            let ty = &self.model.types[id];
            Item {
                name: ty.rust.clone(),
                vmodl: ty.vmodl.clone(),
                service: ty.service,
                text: self.data_type(id),
                is_enum: false,
            }
        });
        let enums = (0..self.model.enums.len()).filter(|id| self.plan.enums[*id] == area).map(|id| {
            let ty = &self.model.enums[id];
            Item {
                name: ty.rust.clone(),
                vmodl: ty.vmodl.clone(),
                service: ty.service,
                text: self.enumeration(id),
                is_enum: true,
            }
        });
        types.chain(enums).collect()
    }

    fn data_type(&self, id: TypeId) -> String {
        let ty = &self.model.types[id];
        let mut out = String::new();
        doc(&mut out, "", &self.type_doc(id));
        let base = ty.base.map(|base| (self.model.types[base].rust.as_str(), self.model.is_empty_root(base)));
        out.push_str("#[derive(Default)]\n");
        let held = base.filter(|(_, empty)| !empty).map(|(base, _)| base);
        if held.is_none() && ty.fields.is_empty() {
            let _ = writeln!(out, "pub struct {} {{}}", ty.rust);
        } else {
            let _ = writeln!(out, "pub struct {} {{", ty.rust);
            if let Some(base) = held {
                line(&mut out, "    ", &format!("What it has as a [`{base}`]."));
                let _ = writeln!(out, "    pub extends: {base},");
            }
            for field in &ty.fields {
                line(&mut out, "    ", &self.field_doc(ty.service, field, From::Types));
                let _ = writeln!(out, "    pub {}: {},", field.ident, self.field_type(field));
            }
            out.push_str("}\n");
        }
        let head = match base {
            None => ty.rust.clone(),
            Some((base, true)) => format!("{}: virtual {base}", ty.rust),
            Some((base, false)) => format!("{}: {base}", ty.rust),
        };
        let namespace = &self.model.services[ty.service].namespace;
        let facts = format!("\"{}\", \"{namespace}\", {}, {{", ty.wire, ty.since);
        let gap = if head.len() + facts.len() > 96 { "\n    " } else { " " };
        let _ = write!(out, "vim_wire::object! {{ {head},{gap}{facts}");
        for field in &ty.fields {
            let _ = write!(out, "\n    {} \"{}\" {} {},", field.ident, field.wire, field.since, flags(field));
        }
        out.push_str(if ty.fields.is_empty() { "} }\n" } else { "\n} }\n" });
        out
    }
}
