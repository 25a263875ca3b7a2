//! .
mod emit;
mod input;
mod names;

use proc_macro::TokenStream;

/// .
#[proc_macro_derive(Properties, attributes(properties, property))]
pub fn properties(input: TokenStream) -> TokenStream {
    let row = syn::parse(input).and_then(input::Input::new);
    row.map_or_else(syn::Error::into_compile_error, |row| emit::row(&row)).into()
}
