//! What the user wrote: the struct, its attributes and its paths, checked as far as no schema is needed.

use crate::names;
use proc_macro2::Span;
use std::collections::HashMap;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Path, Result, Type};

/// A row.
pub(crate) struct Input {
    pub(crate) ident: Ident,
    /// The managed object.
    pub(crate) of: Path,
    /// Where vim-wire is.
    pub(crate) wire: Path,
    pub(crate) fields: Vec<Field>,
}

/// A field of a row.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) source: Source,
}

/// Where a field's value comes from.
pub(crate) enum Source {
    /// A path, as the attribute has it.
    Path(PropertyPath),
    /// The property that has the field's name, whose spelling on the wire its description knows.
    Name(String),
    /// Nowhere; the field has its default.
    Skip,
}

/// A path and its names.
pub(crate) struct PropertyPath {
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) names: Vec<Ident>,
}

const EXPECTED: &str = r#"a property path is expected as the wire has it, such as #[property("runtime.powerState")], or #[property(skip)]"#;

/// All errors of one row, reported together.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }
}

impl Input {
    pub(crate) fn new(input: DeriveInput) -> Result<Self> {
        const NAMED: &str = "a row is a struct with named fields, one for each property";
        let fields = match input.data {
            Data::Struct(data) => match data.fields {
                Fields::Named(fields) => fields.named,
                Fields::Unnamed(fields) => return Err(Error::new(fields.span(), NAMED)),
                Fields::Unit => return Err(Error::new(input.ident.span(), NAMED)),
            },
            Data::Enum(data) => return Err(Error::new(data.enum_token.span, NAMED)),
            Data::Union(data) => return Err(Error::new(data.union_token.span, NAMED)),
        };
        let mut errors = Errors::default();
        if let Some(parameter) = input.generics.params.first() {
            errors.add(Error::new(
                parameter.span(),
                "a row has no generic parameters: its properties have one type each",
            ));
        }
        let (of, wire) = errors.take(container(&input.attrs, &input.ident)).unzip();
        let fields = fields.into_iter().filter_map(|field| {
            let ident = field.ident?;
            let source = errors.take(source(&field.attrs, &ident))?;
            Some(Field { ident, ty: field.ty, source })
        });
        let fields: Vec<Field> = fields.collect();
        errors.take(distinct(&fields));
        match (errors.0, of, wire) {
            (None, Some(of), Some(wire)) => Ok(Self { ident: input.ident, of, wire, fields }),
            (Some(errors), ..) => Err(errors),
            (None, ..) => Err(Error::new(input.ident.span(), NAMED)),
        }
    }
}

/// The managed object and where vim-wire is, from `#[properties(..)]`.
fn container(attrs: &[Attribute], row: &Ident) -> Result<(Path, Path)> {
    let (mut of, mut wire) = (None, None);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("properties")) {
        attr.parse_nested_meta(|meta| {
            let place = if meta.path.is_ident("of") {
                &mut of
            } else if meta.path.is_ident("crate") {
                &mut wire
            } else {
                return Err(
                    meta.error("unknown key; `of = VirtualMachine` and `crate = ::vim_wire` are known")
                );
            };
            if place.is_some() {
                return Err(meta.error("this key is already given"));
            }
            *place = Some(meta.value()?.parse::<Path>()?);
            Ok(())
        })?;
    }
    let none = || {
        let message = format!(
            "whose properties? add #[properties(of = VirtualMachine)], or another managed object, to `{row}`"
        );
        Error::new(row.span(), message)
    };
    let wire = match wire {
        Some(wire) => wire,
        None => syn::parse_str("::vim_client::__private::wire")?,
    };
    Ok((of.ok_or_else(none)?, wire))
}

/// Where a field's value comes from, by its `#[property(..)]` or its name.
fn source(attrs: &[Attribute], ident: &Ident) -> Result<Source> {
    let mut source = None;
    for attr in attrs {
        if attr.path().is_ident("properties") {
            return Err(Error::new(
                attr.path().span(),
                "this attribute is the struct's; a field has #[property(\"path\")]",
            ));
        }
        if !attr.path().is_ident("property") {
            continue;
        }
        if source.is_some() {
            return Err(Error::new(attr.path().span(), "a field has one property"));
        }
        source = Some(attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            if input.peek(LitStr) {
                let path: LitStr = input.parse()?;
                return PropertyPath::new(path.value(), path.span()).map(Source::Path);
            }
            match input.call(Ident::parse_any) {
                Ok(key) if key == "skip" => Ok(Source::Skip),
                Ok(key) => Err(Error::new(key.span(), format!("unknown key; {EXPECTED}"))),
                Err(_) => Err(input.error(EXPECTED)),
            }
        })?);
    }
    Ok(source.unwrap_or_else(|| Source::Name(ident.unraw().to_string())))
}

impl PropertyPath {
    fn new(text: String, span: Span) -> Result<Self> {
        let fail = |message: String| Err(Error::new(span, message));
        if text.is_empty() {
            return fail("a property path must not be empty".to_owned());
        }
        if let Some((array, _)) = text.split_once('[') {
            return fail(format!(
                "a typed path has no index, because only the server knows what `{text}` is: read all of `{array}` into a \
                 `Vec`, or this path with the dynamic `Client::retrieve_paths` or `Client::watch_paths`"
            ));
        }
        let mut names = Vec::new();
        for name in text.split('.') {
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return fail(format!(
                    "a name is missing in `{text}`: a path is of names with a `.` between them"
                ));
            }
            if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
                return fail(format!(
                    "{odd:?} is in no property's name; a path is of names with a `.` between them"
                ));
            }
            let ident = names::ident(name);
            names.push(match ident.strip_prefix("r#") {
                Some(keyword) => Ident::new_raw(keyword, span),
                None => Ident::new(&ident, span),
            });
        }
        Ok(Self { text, span, names })
    }
}

/// Refuses a path that two fields have.
fn distinct(fields: &[Field]) -> Result<()> {
    let mut seen = HashMap::new();
    for field in fields {
        let (text, span) = match &field.source {
            Source::Path(path) => (&path.text, path.span),
            Source::Name(name) => (name, field.ident.span()),
            Source::Skip => continue,
        };
        if let Some(other) = seen.insert(text.replace('_', "").to_ascii_lowercase(), &field.ident) {
            return Err(Error::new(span, format!("`{text}` is already read into the field `{other}`")));
        }
    }
    Ok(())
}
