//! Changing what is configured by what a spec sets: fields that are not set stay as they are.

/// `merge!(config, spec; a, b)`: takes over the named optional fields that are set in the spec.
macro_rules! merge {
    ($to:expr, $from:expr; $($field:ident),+ $(,)?) => {
        $(if $from.$field.is_some() {
            $to.$field.clone_from(&$from.$field);
        })+
    };
}

/// `replace!(config, spec; a, b)`: takes over the named lists that are not empty in the spec.
macro_rules! replace {
    ($to:expr, $from:expr; $($field:ident),+ $(,)?) => {
        $(if !$from.$field.is_empty() {
            $to.$field.clone_from(&$from.$field);
        })+
    };
}

pub(crate) use {merge, replace};
