//! Enumerations: open newtypes with a constant per known value.

use super::Emitter;
use super::docs::{doc, line};
use crate::model::EnumId;
use std::fmt::Write;

impl Emitter<'_> {
    pub(super) fn enumeration(&self, id: EnumId) -> String {
        let ty = &self.model.enums[id];
        let mut out = String::from("vim_wire::open_enum! {\n");
        let mut head = format!("`{}`", ty.vmodl.as_ref().unwrap_or(&ty.wire));
        if ty.rust != ty.wire {
            let _ = write!(head, ", on the wire `{}`", ty.wire);
        }
        head.push('.');
        doc(&mut out, "    ", &[head, self.since(ty.service, ty.since)]);
        let namespace = &self.model.services[ty.service].namespace;
        let gap = if ty.rust.len() + ty.wire.len() > 90 { "\n    " } else { " " };
        let _ = writeln!(out, "    {},{gap}\"{}\", \"{namespace}\", {}, {{", ty.rust, ty.wire, ty.since);
        for (constant, value) in &ty.values {
            line(&mut out, "        ", &format!("`{value}`"));
            let _ = writeln!(out, "        {constant} = \"{}\",", value.escape_default());
        }
        out.push_str("    }\n}\n");
        out
    }
}
