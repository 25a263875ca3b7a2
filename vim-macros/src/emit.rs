//! What the derive emits: the row's trait, and the proof of its paths.

use crate::input::{Field, Input, Source};
use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, Path, PathArguments, Type};

pub(crate) fn row(input: &Input) -> TokenStream {
    let Input { ident, of, wire, fields } = input;
    let read: Vec<&Field> = fields.iter().filter(|field| !matches!(field.source, Source::Skip)).collect();
    let names: Vec<&Ident> = read.iter().map(|field| &field.ident).collect();
    let types: Vec<&Type> = read.iter().map(|field| &field.ty).collect();
    let indexes: Vec<Literal> = (0..read.len()).map(Literal::usize_unsuffixed).collect();
    let skipped =
        fields.iter().filter(|field| matches!(field.source, Source::Skip)).map(|field| &field.ident);
    let paths = read.iter().map(|field| path(input, field));
    let checks = read.iter().map(|field| check(input, field));
    let call = |ty: &&Type, name: &str| {
        let (wire, name) = (placed(wire, at(ty.span())), Ident::new(name, at(ty.span())));
        quote_spanned! { at(ty.span())=> #wire::path::#name }
    };
    let fill = types.iter().map(|ty| call(ty, "fill"));
    let take = types.iter().map(|ty| call(ty, "take"));
    quote_spanned! { Span::mixed_site()=>
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
                        #(#indexes => #fill(&mut partial.#names, reader, value),)*
                        _ => reader.skip(value),
                    }
                }

                fn unset(partial: &mut __RowPartial, index: usize) {
                    match index {
                        #(#indexes => partial.#names = ::core::option::Option::None,)*
                        _ => {}
                    }
                }

                fn build(partial: __RowPartial) -> ::core::result::Result<Self, usize> {
                    ::core::result::Result::Ok(Self {
                        #(#names: #take(partial.#names, #indexes)?,)*
                        #(#skipped: ::core::default::Default::default(),)*
                    })
                }
            }
        };
    }
}

/// A field's path on the wire.
fn path(Input { of, wire, .. }: &Input, field: &Field) -> TokenStream {
    match &field.source {
        Source::Path(path) => path.text.to_token_stream(),
        Source::Name(name) => quote! { #wire::path::property::<#of>(#name) },
        Source::Skip => TokenStream::new(),
    }
}

/// The proof of a field's path: rustc walks the types along it, with the user's text to point at.
fn check(Input { of, wire, .. }: &Input, field: &Field) -> TokenStream {
    let (span, names, text) = match &field.source {
        Source::Path(path) => (path.span, &path.names[..], Some(&path.text)),
        Source::Name(_) => (field.ident.span(), std::slice::from_ref(&field.ident), None),
        Source::Skip => return TokenStream::new(),
    };
    let wire = placed(wire, span);
    let mut walk = quote_spanned! { span=> #wire::path::start::<#of>() };
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            walk = quote_spanned! { span=> #wire::path::open(#walk) };
        }
        walk = quote_spanned! { span=> #walk.step(|object| &object.#name) };
    }
    let ty = &field.ty;
    let end = Ident::new(if takes_anything(ty) { "end_any" } else { "end" }, ty.span());
    let spelled = text.map(|text| quote_spanned! { span=> #wire::path::check::<#of>(#text); });
    quote! {
        const _: () = {
            #walk.#end::<#ty>();
            #spelled
        };
    }
}

/// A path in the place of other text.
fn placed(path: &Path, span: Span) -> TokenStream {
    let place = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    path.to_token_stream().into_iter().map(place).collect()
}

/// The place of the user's text, for tokens that are not the user's.
fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
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
