//! What the XSD declares, as codegen's reader finds it: nothing resolved, nothing emitted.

use codegen::metadata::{FieldFacts, Metadata};
use codegen::schema::source::Folders;
use codegen::schema::{QName, Raw, RawElement, RawEnum, RawField, RawType, XSD, load};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) const VIM25: &str = "urn:vim25";
pub(crate) const PBM: &str = "urn:pbm";

pub(crate) struct Schema {
    pub(crate) raw: Raw,
    /// Per namespace.
    metadata: BTreeMap<String, Metadata>,
    /// What extends a type directly.
    children: BTreeMap<QName, Vec<QName>>,
    /// The types of the messages that ask.
    requests: BTreeSet<QName>,
}

/// What the type of an element is.
pub(crate) enum What<'s> {
    /// A primitive, by its name in XML Schema.
    Plain(&'s str),
    MoRef,
    Enum(&'s RawEnum),
    Data,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace above").to_owned()
}

pub(crate) fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let folder = root().join("codegen/schema");
        let folders = Folders(vec![folder.join("vim25"), folder.join("pbm")]);
        let raw =
            load::load(&folders, &["vimService.wsdl".into(), "pbmService.wsdl".into()]).expect("a schema");
        let metadata = ["vim25/vim-metadata.json", "pbm/pbm-metadata.json"].map(|file| {
            let text = std::fs::read_to_string(folder.join(file)).expect("metadata");
            let metadata = codegen::metadata::parse(&text, file).expect("metadata");
            (metadata.namespace.clone(), metadata)
        });
        let mut children = BTreeMap::<QName, Vec<QName>>::new();
        for (name, ty) in &raw.types {
            if let Some(base) = &ty.base {
                children.entry(base.clone()).or_default().push(name.clone());
            }
        }
        let inputs = raw.ports.values().flat_map(|port| &port.operations).map(|operation| &operation.input);
        let requests = inputs.map(|element| match &raw.elements[element] {
            RawElement::Named(name) => name.clone(),
            RawElement::Inline(_) => panic!("{element:?} has no named type"),
        });
        Schema { requests: requests.collect(), metadata: metadata.into(), children, raw }
    })
}

impl Schema {
    /// The data types: what is neither a message, nor an array, nor the reference.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&QName, &RawType)> {
        self.raw
            .types
            .iter()
            .filter(|(name, ty)| !ty.simple && !self.requests.contains(name) && !is_array(name, ty))
    }

    /// The types of the messages that ask: `_this` and a method's parameters.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (&QName, &RawType)> {
        self.raw.types.iter().filter(|(name, _)| self.requests.contains(name))
    }

    /// The types that only an `anyType` can have: each with its one element.
    pub(crate) fn arrays(&self) -> impl Iterator<Item = (&QName, &RawField)> {
        self.raw.types.iter().filter(|(name, ty)| is_array(name, ty)).map(|(name, ty)| (name, &ty.fields[0]))
    }

    pub(crate) fn what(&self, name: &QName) -> What<'_> {
        if name.ns == XSD {
            const KNOWN: [&str; 12] = [
                "boolean",
                "byte",
                "short",
                "int",
                "long",
                "float",
                "double",
                "string",
                "anyURI",
                "dateTime",
                "base64Binary",
                "anyType",
            ];
            let known = KNOWN.into_iter().find(|known| *known == name.name);
            return What::Plain(known.unwrap_or_else(|| panic!("{name:?}")));
        }
        match (self.raw.enums.get(name), self.raw.types.get(name)) {
            (Some(of), None) => What::Enum(of),
            (None, Some(ty)) if ty.simple => What::MoRef,
            (None, Some(_)) => What::Data,
            _ => panic!("{name:?}"),
        }
    }

    /// A type's lineage from its root down.
    pub(crate) fn lineage<'s>(&'s self, name: &'s QName) -> Vec<&'s QName> {
        let mut all: Vec<_> =
            std::iter::successors(Some(name), |name| self.raw.types[*name].base.as_ref()).collect();
        all.reverse();
        all
    }

    /// All fields of a type in wire order, each with the type that declares it.
    pub(crate) fn fields<'s>(&'s self, name: &'s QName) -> Vec<(&'s QName, &'s RawField)> {
        let of = |owner| self.raw.types[owner].fields.iter().map(move |field| (owner, field));
        self.lineage(name).into_iter().flat_map(of).collect()
    }

    /// What extends a type, directly or not.
    pub(crate) fn descendants(&self, name: &QName) -> Vec<&QName> {
        let mut all: Vec<&QName> = self.children.get(name).into_iter().flatten().collect();
        let mut at = 0;
        while let Some(next) = all.get(at) {
            all.extend(self.children.get(*next).into_iter().flatten());
            at += 1;
        }
        all
    }

    pub(crate) fn is_poly(&self, name: &QName) -> bool {
        self.children.contains_key(name)
    }

    pub(crate) fn metadata(&self, ns: &str) -> &Metadata {
        &self.metadata[ns]
    }

    pub(crate) fn facts(&self, owner: &QName, field: &str) -> Option<&FieldFacts> {
        self.metadata[&owner.ns].types.get(&owner.name)?.fields.get(field)
    }

    /// Whether a field's value must not be shown.
    pub(crate) fn is_secret(&self, owner: &QName, field: &str) -> bool {
        self.facts(owner, field).is_some_and(|facts| facts.secret)
    }

    /// The index of a version in its service's.
    pub(crate) fn version(&self, ns: &str, since: Option<&String>) -> u8 {
        let Some(since) = since else { return 0 };
        let at = self.metadata[ns].versions.iter().position(|known| known == since).expect("a version");
        u8::try_from(at).expect("few versions")
    }
}

fn is_array(name: &QName, ty: &RawType) -> bool {
    name.name.starts_with("ArrayOf") && ty.base.is_none() && ty.fields.len() == 1 && ty.fields[0].array
}

pub(crate) fn in_vim25(name: &str) -> QName {
    QName { ns: VIM25.to_owned(), name: name.to_owned() }
}
