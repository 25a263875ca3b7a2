//! What the derive emits: the row's trait, and the proof of its paths.

use crate::input::{Field, Input, PropertyPath, Source};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type};

pub(crate) fn row(input: &Input) -> TokenStream {
    let Input { ident, of, wire, fields } = input;
    let read: Vec<&Field> = fields.iter().filter(|field| !matches!(field.source, Source::Skip)).collect();
    let names: Vec<&Ident> = read.iter().map(|field| &field.ident).collect();
    let types = read.iter().map(|field| &field.ty);
    let indexes = (0..read.len()).map(Literal::usize_unsuffixed);
    let (unset, filled) = (indexes.clone(), fill(wire, &read));
    let paths = read.iter().map(|field| path(input, field));
    let checks = read.iter().map(|field| check(input, field));
    let built = build(wire, fields);
    quote! {
        const _: () = {
            #(#checks)*

            #[doc(hidden)]
            #[allow(missing_docs, missing_debug_implementations, unreachable_pub)]
            #[derive(::core::clone::Clone, ::core::default::Default)]
            pub struct __RowPartial {
                #(#names: ::core::option::Option<#types>,)*
            }

            #[automatically_derived]
            #[allow(unused_variables)]
            impl #wire::path::Row for #ident {
                type Object = #of;
                type Partial = __RowPartial;
                const PATHS: &'static [&'static str] = &[#(#paths),*];

                fn read<'x>(
                    partial: &mut __RowPartial,
                    index: usize,
                    reader: &mut #wire::Reader<'x>,
                    value: &#wire::Tag<'x>,
                ) -> ::core::result::Result<(), #wire::DecodeError> {
                    match index {
                        #(#indexes => #filled,)*
                        _ => reader.skip(value),
                    }
                }

                fn unset(partial: &mut __RowPartial, index: usize) {
                    match index {
                        #(#unset => partial.#names = ::core::option::Option::None,)*
                        _ => {}
                    }
                }

                fn build(partial: __RowPartial) -> ::core::result::Result<Self, usize> {
                    ::core::result::Result::Ok(Self { #(#built,)* })
                }
            }
        };
    }
}

fn fill<'a>(wire: &'a syn::Path, read: &'a [&'a Field]) -> impl Iterator<Item = TokenStream> + 'a {
    read.iter().map(move |field| {
        let name = &field.ident;
        quote_spanned! { at(type_span(&field.ty))=> #wire::path::fill(&mut partial.#name, reader, value) }
    })
}

fn build<'a>(wire: &'a syn::Path, fields: &'a [Field]) -> impl Iterator<Item = TokenStream> + 'a {
    let mut index = 0;
    fields.iter().map(move |field| {
        let name = &field.ident;
        let span = at(type_span(&field.ty));
        if matches!(field.source, Source::Skip) {
            return quote_spanned! { span=> #name: ::core::default::Default::default() };
        }
        let number = Literal::usize_unsuffixed(index);
        index += 1;
        quote_spanned! { span=> #name: #wire::path::take(partial.#name, #number)? }
    })
}

/// A field's path on the wire.
fn path(Input { of, wire, .. }: &Input, field: &Field) -> TokenStream {
    match &field.source {
        Source::Path(PropertyPath { text, .. }) => quote! { #text },
        Source::Name(name) => quote! { #wire::path::property::<#of>(#name) },
        Source::Skip => TokenStream::new(),
    }
}

/// The proof of a field's path: rustc walks the types along it, with the user's text to point at.
fn check(Input { of, wire, .. }: &Input, field: &Field) -> TokenStream {
    let (span, names, text) = match &field.source {
        Source::Path(path) => (at(path.span), &path.names[..], Some(&path.text)),
        Source::Name(_) => (at(field.ident.span()), std::slice::from_ref(&field.ident), None),
        Source::Skip => return TokenStream::new(),
    };
    let mut walk = quote_spanned! { span=> #wire::path::start::<#of>() };
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            walk = quote_spanned! { span=> #wire::path::open(#walk) };
        }
        walk = quote_spanned! { span=> #wire::path::step(#walk, |object| &object.#name) };
    }
    let ty = &field.ty;
    let end = Ident::new(if takes_anything(ty) { "end_any" } else { "end" }, at(type_span(ty)));
    let spelled = text.map(|text| quote_spanned! { span=> #wire::path::check::<#of>(#text); });
    quote_spanned! { at(type_span(ty))=>
        const _: () = {
            #wire::path::#end::<#ty, _, _>(#walk);
            #spelled
        };
    }
}

/// The place of the user's text, for tokens that are not the user's.
fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

fn type_span(ty: &Type) -> Span {
    syn::spanned::Spanned::span(ty)
}

/// Whether a type is written `Any` or `Option<Any>`; what it is, the emitted call says.
fn takes_anything(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    match &last.arguments {
        PathArguments::None => last.ident == "Any",
        PathArguments::AngleBracketed(arguments) if last.ident == "Option" => {
            matches!(arguments.args.first(), Some(GenericArgument::Type(Type::Path(inner)))
                if inner.path.segments.last().is_some_and(|last| last.ident == "Any" && last.arguments.is_none()))
        }
        _ => false,
    }
}
