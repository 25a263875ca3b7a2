//! What is read with a browser or by generators: the schema, an index, and which methods there are.

use super::{status, text};
use crate::dispatch;
use crate::serve::soap;
use crate::sim::Sim;
use axum::body::Body;
use flate2::read::GzDecoder;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Response, StatusCode};
use std::io::Read;

const XML: &str = "text/xml; charset=utf-8";

/// The files of the schema, compressed: copies that codegen makes.
macro_rules! schema {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../assets/sdk/", $name, ".gz")).as_slice())),*]
    };
}
const SCHEMA: &[(&str, &[u8])] = schema![
    "core-types.xsd",
    "query-messagetypes.xsd",
    "query-types.xsd",
    "reflect-messagetypes.xsd",
    "reflect-types.xsd",
    "vim-messagetypes.xsd",
    "vim-types.xsd",
    "vim.wsdl",
    "vimService.wsdl",
];

/// The content of a file of the schema.
fn schema(name: &str) -> Option<String> {
    let (_, packed) = SCHEMA.iter().find(|(known, _)| *known == name)?;
    let mut content = String::new();
    GzDecoder::new(*packed).read_to_string(&mut content).ok()?;
    Some(content)
}

/// Answers what nobody else does: pages, and refusals.
pub(super) fn answer(sim: &Sim, method: &Method, path: &str) -> Response<Body> {
    let read = method == Method::GET || method == Method::HEAD;
    let page = match path {
        "" => text("text/html; charset=utf-8", index(sim)),
        "/about" => text("application/json", about()),
        "/sdk/vimServiceVersions.xml" => text(XML, soap::versions(sim)),
        "/sdk" | "/sdk/vimService" => return not_allowed("POST"),
        path => match path.strip_prefix("/sdk/").and_then(schema) {
            Some(content) => text(XML, content),
            None => return status(StatusCode::NOT_FOUND),
        },
    };
    if read { page } else { not_allowed("GET, HEAD") }
}

fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn index(sim: &Sim) -> String {
    let about = &sim.content.about;
    let link = |to: &str| format!("<li><a href=\"{to}\">{to}</a></li>\n");
    let links: String =
        ["/sdk/vimServiceVersions.xml", "/sdk/vimService.wsdl", "/about", "/folder"].map(link).concat();
    format!(
        "<!DOCTYPE html>\n<html><head><title>vim-sim</title></head><body>\n<h1>vim-sim</h1>\n\
         <p>A simulator of {} {}; its endpoint is <code>{}</code>.</p>\n<ul>\n{links}</ul>\n</body></html>\n",
        about.name,
        about.api_version,
        sim.url.get().map_or("/sdk", String::as_str),
    )
}

/// The methods and managed object types that there are, as vcsim tells them.
fn about() -> String {
    let have = dispatch::coverage().into_iter().filter(|(_, have)| *have);
    let (mut methods, mut types): (Vec<_>, Vec<_>) = have.map(|(desc, _)| (desc.name, desc.this)).unzip();
    methods.sort_unstable();
    types.sort_unstable();
    types.dedup();
    let list = |names: &[&str]| {
        let lines: Vec<_> = names.iter().map(|name| format!("    \"{name}\"")).collect();
        format!("[\n{}\n  ]", lines.join(",\n"))
    };
    format!("{{\n  \"methods\": {},\n  \"types\": {}\n}}\n", list(&methods), list(&types))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_whole() {
        for (name, _) in SCHEMA {
            let content = schema(name).expect("unpacks");
            assert!(content.trim_end().ends_with('>'), "{name}");
            // Whatever a file refers to is served too.
            for reference in
                content.split("chemaLocation=\"").skip(1).chain(content.split(" location=\"").skip(1))
            {
                let file = reference.split('"').next().expect("a name");
                let is_address = file.contains("://");
                assert!(is_address || schema(file).is_some(), "{name} refers to {file}");
            }
        }
    }
}
