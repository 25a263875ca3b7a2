//! A `<schema>` element: its declarations and its links to other files.

use super::source::bare;
use super::xml::Node;
use super::{QName, Raw, RawElement, RawEnum, RawField, RawType, XSD};
use crate::error::{Error, Result};

/// A link to another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The bare name of the file.
    pub file: String,
    /// The namespace that the file must be of; for an include, the including file's.
    pub ns: String,
    /// Whether it is an include; an import otherwise.
    pub include: bool,
    /// The line of the link.
    pub line: usize,
}

/// Reads a schema's declarations into `raw` and answers its links.
///
/// # Errors
///
/// A construct that no vSphere schema has, or a second, different declaration of a name.
pub fn read(schema: &Node, file: &str, raw: &mut Raw) -> Result<Vec<Link>> {
    let ns = schema.get("targetNamespace").unwrap_or_default();
    let mut links = Vec::new();
    for node in &schema.children {
        if node.name.ns != XSD {
            return Err(unexpected(node, file));
        }
        match node.name.name.as_str() {
            "include" | "import" => {
                let include = node.name.name == "include";
                // An import without a location names a namespace that the files at hand bring anyway.
                let Some(location) = node.get("schemaLocation") else { continue };
                links.push(Link {
                    file: bare(location, file, node.line)?,
                    ns: if include { ns } else { node.get("namespace").unwrap_or_default() }.to_owned(),
                    include,
                    line: node.line,
                });
            }
            "complexType" => {
                let name = QName { ns: ns.to_owned(), name: node.need("name", file)?.to_owned() };
                let ty = complex(node, file)?;
                if let Some(old) = raw.types.get(&name) {
                    if (&old.base, &old.fields) != (&ty.base, &ty.fields) {
                        return Err(twice(node, file, &name, &old.file, old.line));
                    }
                    continue;
                }
                raw.types.insert(name, ty);
            }
            "simpleType" => {
                let name = QName { ns: ns.to_owned(), name: node.need("name", file)?.to_owned() };
                let values = enumeration(node, file)?;
                if let Some(old) = raw.enums.get(&name) {
                    if old.values != values {
                        return Err(twice(node, file, &name, &old.file, old.line));
                    }
                    continue;
                }
                raw.enums.insert(name, RawEnum { values, file: file.to_owned(), line: node.line });
            }
            "element" => {
                let name = QName { ns: ns.to_owned(), name: node.need("name", file)?.to_owned() };
                let element = match node.get("type") {
                    Some(ty) => RawElement::Named(node.resolve(ty, file)?),
                    None => match node.child(XSD, "complexType") {
                        Some(inline) => RawElement::Inline(complex(inline, file)?.fields),
                        None => {
                            return Err(node.fault(file, format!("element \"{}\" has no type", name.name)));
                        }
                    },
                };
                raw.elements.insert(name, element);
            }
            "annotation" => {}
            _ => return Err(unexpected(node, file)),
        }
    }
    Ok(links)
}

fn complex(node: &Node, file: &str) -> Result<RawType> {
    let mut ty =
        RawType { base: None, fields: Vec::new(), simple: false, file: file.to_owned(), line: node.line };
    for child in &node.children {
        match (child.name.ns.as_str(), child.name.name.as_str()) {
            (XSD, "sequence") => sequence(child, file, &mut ty.fields)?,
            (XSD, "complexContent") => {
                let extension = child
                    .child(XSD, "extension")
                    .ok_or_else(|| child.fault(file, "complexContent without an extension"))?;
                ty.base = Some(extension.resolve(extension.need("base", file)?, file)?);
                for part in &extension.children {
                    if !part.is(XSD, "sequence") {
                        return Err(unexpected(part, file));
                    }
                    sequence(part, file, &mut ty.fields)?;
                }
            }
            (XSD, "simpleContent") => ty.simple = true,
            (XSD, "annotation") => {}
            _ => return Err(unexpected(child, file)),
        }
    }
    Ok(ty)
}

fn sequence(node: &Node, file: &str, fields: &mut Vec<RawField>) -> Result<()> {
    for element in &node.children {
        if element.is(XSD, "annotation") {
            continue;
        }
        if !element.is(XSD, "element") {
            return Err(unexpected(element, file));
        }
        let name = element.need("name", file)?.to_owned();
        let ty = element.resolve(element.need("type", file)?, file)?;
        let optional = match element.get("minOccurs") {
            None | Some("1") => false,
            Some("0") => true,
            Some(other) => return Err(element.fault(file, format!("minOccurs=\"{other}\" of \"{name}\""))),
        };
        let array = match element.get("maxOccurs") {
            None | Some("1") => false,
            Some("unbounded") => true,
            Some(other) => return Err(element.fault(file, format!("maxOccurs=\"{other}\" of \"{name}\""))),
        };
        if fields.iter().any(|field| field.name == name) {
            return Err(element.fault(file, format!("a second element \"{name}\" in one type")));
        }
        fields.push(RawField { name, ty, optional, array });
    }
    Ok(())
}

fn enumeration(node: &Node, file: &str) -> Result<Vec<String>> {
    let restriction = node
        .child(XSD, "restriction")
        .ok_or_else(|| node.fault(file, "a simpleType without a restriction"))?;
    let mut values = Vec::new();
    for value in restriction.all(XSD, "enumeration") {
        let value = value.need("value", file)?.to_owned();
        // Some genuine files list a value twice.
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

fn unexpected(node: &Node, file: &str) -> Error {
    node.fault(file, format!("<{}> is not expected here", node.name.name))
}

fn twice(node: &Node, file: &str, name: &QName, other: &str, line: usize) -> Error {
    node.fault(file, format!("\"{}\" is declared differently in {other}:{line}", name.name))
}
