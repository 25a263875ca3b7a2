//! `extraConfig`: what a machine's own file says beyond what the API has names for.

use crate::fault::{Fault, Result};
use vim_types::OptionValue;
use vim_wire::{Any, Poly};

/// Puts options over what there is; an empty value takes an option away. Keys are alike whatever their case.
pub(super) fn apply(into: &mut Vec<Poly<OptionValue>>, spec: &[Poly<OptionValue>]) -> Result<()> {
    for option in spec {
        if option.key.is_empty() {
            return Err(Fault::invalid_argument("configSpec.extraConfig.key"));
        }
        if is_hook(&option.key) {
            continue;
        }
        let at = into.iter().position(|old| old.key.eq_ignore_ascii_case(&option.key));
        let empty = match &option.value {
            None | Some(Any::Nil) => true,
            Some(value) => value.as_str().is_some_and(str::is_empty),
        };
        match (at, empty) {
            (Some(at), true) => drop(into.remove(at)),
            (Some(at), false) => {
                if let Some(old) = into.get_mut(at) {
                    old.value = option.value.clone();
                }
            }
            (None, true) => {}
            (None, false) => into.push(option.clone()),
        }
    }
    Ok(())
}

/// vcsim's way of setting what a guest says of itself: it is no option of the machine.
pub(in super::super) fn is_hook(key: &str) -> bool {
    key.starts_with("SET.") || key == "ip0"
}

/// The text of an option.
pub(in super::super) fn text<'a>(options: &'a [Poly<OptionValue>], key: &str) -> Option<&'a str> {
    options.iter().find(|option| option.key.eq_ignore_ascii_case(key))?.value.as_ref()?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(key: &str, value: &str) -> Poly<OptionValue> {
        OptionValue { key: key.into(), value: Some(Any::String(value.into())) }.into()
    }

    #[test]
    fn an_empty_value_takes_an_option_away() -> Result<()> {
        let mut all = vec![option("a", "1"), option("b", "2")];
        apply(&mut all, &[option("A", ""), option("b", "3"), option("c", "4"), option("d", "")])?;
        assert_eq!(text(&all, "a"), None);
        assert_eq!(text(&all, "b"), Some("3"));
        assert_eq!(text(&all, "c"), Some("4"));
        assert_eq!(all.len(), 2);
        Ok(())
    }
}
