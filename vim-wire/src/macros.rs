//! What generated code is made of. Each macro states facts; the logic is in this crate, once.

/// Makes a struct a data type of the schema.
///
/// `object! { Type: Base, "wireName", "namespace", since, { field "wireName" since flags, … } }`; the base is in the field
/// `extends`, or `virtual` where it has no fields and is not held.
#[macro_export]
macro_rules! object {
    ($ty:ident : virtual $base:ident, $($rest:tt)*) => {
        $crate::__object! { $ty, [virtual $base], $($rest)* }
    };
    ($ty:ident : $base:ident, $($rest:tt)*) => {
        $crate::__object! { $ty, [held $base], $($rest)* }

        impl ::core::ops::Deref for $ty {
            type Target = $base;
            #[inline]
            fn deref(&self) -> &$base {
                &self.extends
            }
        }
        impl ::core::ops::DerefMut for $ty {
            #[inline]
            fn deref_mut(&mut self) -> &mut $base {
                &mut self.extends
            }
        }
    };
    ($ty:ident, $($rest:tt)*) => {
        $crate::__object! { $ty, [], $($rest)* }
    };
}

/// What `object!` must refuse, because it would let safe code read memory as what it is not.
///
/// A virtual base that has fields:
/// ```compile_fail,E0080
/// #[derive(Default)] struct Base { text: String }
/// vim_wire::object! { Base, "Base", "n", 0, { text "text" 0 0 } }
/// #[derive(Default)] struct It { number: i64 }
/// vim_wire::object! { It: virtual Base, "It", "n", 0, { number "number" 0 0 } }
/// ```
/// A base that is only referred to:
/// ```compile_fail,E0308
/// #[derive(Default)] struct Base { text: String }
/// vim_wire::object! { Base, "Base", "n", 0, { text "text" 0 0 } }
/// #[derive(Default)] struct It { extends: Box<Base> }
/// vim_wire::object! { It: Base, "It", "n", 0, {} }
/// ```
/// A union, and a packed struct:
/// ```compile_fail,E0133
/// union It { yes: bool, number: i8 }
/// impl Default for It { fn default() -> Self { Self { number: 7 } } }
/// vim_wire::object! { It, "It", "n", 0, { yes "yes" 0 0, number "number" 0 0 } }
/// ```
/// ```compile_fail,E0793
/// #[derive(Default)] #[repr(packed)] struct It { yes: bool, number: i64 }
/// vim_wire::object! { It, "It", "n", 0, { yes "yes" 0 0, number "number" 0 0 } }
/// ```
/// A list of boxes, whose items do not lie one after the other:
/// ```compile_fail,E0080
/// #[derive(Default)] struct It { text: String }
/// vim_wire::object! { It, "It", "n", 0, { text "text" 0 0 } }
/// let boxes = [Box::new(It::default())];
/// let _ = vim_wire::Arg::from(&boxes[..]);
/// ```
#[cfg(doctest)]
struct Refused;

#[doc(hidden)]
#[macro_export]
macro_rules! __object {
    (@base $ty:ident) => { ::core::option::Option::None };
    (@base $ty:ident virtual $base:ident) => { $crate::__private::virtual_base::<$ty, $base>() };
    (@base $ty:ident held $base:ident) => {{
        let object = ::core::mem::MaybeUninit::<$ty>::uninit();
        // Of the very type: a reference would pass for one by way of Deref.
        $crate::__private::held_base::<$base>(unsafe { &raw const (*object.as_ptr()).extends }, ::core::mem::offset_of!($ty, extends))
    }};
    ($ty:ident, [$($base:tt)*], $name:literal, $namespace:literal, $since:literal, { $($field:ident $wire:literal $fsince:literal $flags:literal),* $(,)? }) => {
        const _: () = {
            static FIELDS: &[$crate::FieldDesc] = {
                #[allow(unused_variables)]
                let object = ::core::mem::MaybeUninit::<$ty>::uninit();
                &[$(
                    $crate::FieldDesc::new(
                        $wire,
                        ::core::mem::offset_of!($ty, $field),
                        $fsince,
                        $flags,
                        // Only the pointer's type is looked at.
                        $crate::__private::kind_of(unsafe { &raw const (*object.as_ptr()).$field }),
                    ),
                )*]
            };
            // Unions and packed structs have no fields that could be referred to, and do not compile.
            #[allow(unused_variables)]
            const _: fn(&$ty) = |object| { $(let _ = &object.$field;)* };
            // Base, offsets and kinds are taken from the type itself.
            static DESC: $crate::TypeDesc = unsafe {
                $crate::TypeDesc::new::<$ty>($name, $namespace, $since, $crate::__object!(@base $ty $($base)*), FIELDS)
            };

            unsafe impl $crate::VimObject for $ty {
                fn desc(&self) -> &'static $crate::TypeDesc {
                    &DESC
                }
            }
            unsafe impl $crate::DataObject for $ty {
                const DESC: &'static $crate::TypeDesc = &DESC;
                const REF: $crate::TypeRef = unsafe { $crate::TypeRef::new(&raw const DESC) };
            }
            unsafe impl $crate::Wire for $ty {
                const KIND: $crate::Kind = <Self as $crate::WireItem>::ONE;
            }
            unsafe impl $crate::WireItem for $ty {
                const ONE: $crate::Kind = $crate::Kind::Struct(<Self as $crate::DataObject>::REF, $crate::Holder::one::<Self>());
                const OPT: $crate::Kind = $crate::Kind::Struct(<Self as $crate::DataObject>::REF, $crate::Holder::opt::<Self>());
                const MANY: $crate::Kind = $crate::Kind::Struct(<Self as $crate::DataObject>::REF, $crate::Holder::many::<Self>());
            }
            impl ::core::clone::Clone for $ty {
                #[inline]
                fn clone(&self) -> Self {
                    $crate::__private::clone(self)
                }
            }
            impl ::core::cmp::PartialEq for $ty {
                #[inline]
                fn eq(&self, other: &Self) -> bool {
                    $crate::__private::eq(self, other)
                }
            }
            impl ::core::fmt::Debug for $ty {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    $crate::__private::debug(self, f)
                }
            }
        };
    };
}

/// Makes an open enumeration of the schema.
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* $ty:ident, $name:literal, $namespace:literal, $since:literal, { $($(#[$vmeta:meta])* $value:ident = $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $ty($crate::OpenValue);

        impl $ty {
            $($(#[$vmeta])* pub const $value: Self = Self($crate::OpenValue::Known($wire));)*

            /// The value on the wire; empty where a server sent an empty one.
            #[must_use]
            #[inline]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        const _: () = {
            // Whatever the attributes made of it: values lie in lists at OpenValue's stride.
            const _: () = assert!(::core::mem::size_of::<$ty>() == ::core::mem::size_of::<$crate::OpenValue>());
            static DESC: $crate::EnumDesc =
                $crate::EnumDesc { name: $name, namespace: $namespace, since: $since, values: &[$($wire),*] };

            impl $crate::OpenEnum for $ty {
                const DESC: &'static $crate::EnumDesc = &DESC;
                #[inline]
                fn as_str(&self) -> &str {
                    self.0.as_str()
                }
            }
            unsafe impl $crate::Wire for $ty {
                const KIND: $crate::Kind = <Self as $crate::WireItem>::ONE;
            }
            unsafe impl $crate::WireItem for $ty {
                const ONE: $crate::Kind = $crate::Kind::Enum(&DESC, $crate::Holder::one::<Self>());
                const OPT: $crate::Kind = $crate::Kind::Enum(&DESC, $crate::Holder::opt::<Self>());
                const MANY: $crate::Kind = $crate::Kind::Enum(&DESC, $crate::Holder::many::<Self>());
            }
            impl ::core::convert::From<&str> for $ty {
                #[inline]
                fn from(value: &str) -> Self {
                    Self($crate::OpenValue::of(&DESC, value))
                }
            }
            impl ::core::convert::From<::std::string::String> for $ty {
                #[inline]
                fn from(value: ::std::string::String) -> Self {
                    Self($crate::OpenValue::of(&DESC, &value))
                }
            }
            impl ::core::convert::From<$ty> for ::std::string::String {
                #[inline]
                fn from(value: $ty) -> Self {
                    value.as_str().to_owned()
                }
            }
            impl ::core::convert::From<$ty> for $crate::Any {
                #[inline]
                fn from(value: $ty) -> Self {
                    $crate::Any::Enum($crate::EnumAny { type_name: $name, value: value.as_str().to_owned() })
                }
            }
            impl ::core::cmp::PartialEq<str> for $ty {
                #[inline]
                fn eq(&self, other: &str) -> bool {
                    self.as_str() == other
                }
            }
            impl ::core::cmp::PartialEq<&str> for $ty {
                #[inline]
                fn eq(&self, other: &&str) -> bool {
                    self.as_str() == *other
                }
            }
            impl ::core::fmt::Display for $ty {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.pad(self.as_str())
                }
            }
            impl ::core::fmt::Debug for $ty {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(self.as_str())
                }
            }
        };
    };
}

/// Makes a struct the handle of a managed object's type: of its base's handle, or of [`Handle`](crate::Handle) itself.
#[macro_export]
macro_rules! managed_object {
    ($ty:ident : $base:ident, $name:literal, $since:literal, $properties:ident, $service:path) => {
        impl ::core::ops::Deref for $ty {
            type Target = $base;
            #[inline]
            fn deref(&self) -> &$base {
                &self.0
            }
        }
        $crate::__managed_object! { $ty, $base, $name, $since, $properties, $service }
    };
    ($ty:ident, $name:literal, $since:literal, $properties:ident, $service:path) => {
        impl ::core::ops::Deref for $ty {
            type Target = $crate::Handle;
            #[inline]
            fn deref(&self) -> &$crate::Handle {
                &self.0
            }
        }
        $crate::__managed_object! { $ty, (), $name, $since, $properties, $service }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __managed_object {
    (@make (), $handle:ident) => { Self($handle) };
    (@make $base:ident, $handle:ident) => { Self(<$base as $crate::ManagedObject>::from_handle($handle)) };
    ($ty:ident, $base:tt, $name:literal, $since:literal, $properties:ident, $service:path) => {
        impl $crate::ManagedObject for $ty {
            const KIND: &'static str = $name;
            const SERVICE: &'static $crate::Service = &$service;
            const SINCE: u8 = $since;
            type Properties = $properties;
            #[inline]
            fn from_handle(handle: $crate::Handle) -> Self {
                $crate::__managed_object!(@make $base, handle)
            }
            #[inline]
            fn handle(&self) -> &$crate::Handle {
                self
            }
        }
        impl $crate::Output for $ty {
            #[inline]
            fn from_answer(
                answer: &$crate::Answer,
                handle: &$crate::Handle,
                method: &'static $crate::MethodDesc,
            ) -> ::core::result::Result<Self, $crate::DecodeError> {
                let moref = $crate::__private::moref_answer(answer, method)?;
                Ok(<Self as $crate::ManagedObject>::from_handle($crate::Handle::new(handle.caller().clone(), moref)))
            }
            #[inline]
            fn from_any(
                any: $crate::Any,
                task: &$crate::TaskRef,
                caller: &::std::sync::Arc<dyn $crate::Caller>,
            ) -> ::core::result::Result<Self, $crate::Error> {
                let moref = $crate::__private::moref_result(any, task)?;
                Ok(<Self as $crate::ManagedObject>::from_handle($crate::Handle::new(caller.clone(), moref)))
            }
        }
        impl ::core::convert::AsRef<$crate::MoRef> for $ty {
            #[inline]
            fn as_ref(&self) -> &$crate::MoRef {
                self
            }
        }
    };
}

/// Makes a struct the properties of a managed object.
#[macro_export]
macro_rules! properties {
    ($ty:ident : $base:ident, $object:ident, { $($own:tt)* }) => {
        impl ::core::ops::Deref for $ty {
            type Target = $base;
            #[inline]
            fn deref(&self) -> &$base {
                &self.extends
            }
        }
        $crate::__properties! { $ty, $object, &$crate::__private::join(
            <$base as $crate::path::Properties>::OWN,
            <$base as $crate::path::Properties>::INHERITED,
        ), { $($own)* } }
    };
    ($ty:ident, $object:ident, { $($own:tt)* }) => {
        $crate::__properties! { $ty, $object, &[], { $($own)* } }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __properties {
    ($ty:ident, $object:ident, $inherited:expr, { $($(#[$meta:meta])* $field:ident $wire:literal $since:literal),* $(,)? }) => {
        impl $crate::path::Properties for $ty {
            type Object = $object;
            const OWN: &'static [$crate::path::PropertyDesc] = {
                #[allow(unused_variables)]
                let object = ::core::mem::MaybeUninit::<$ty>::uninit();
                &[$(
                    $(#[$meta])*
                    $crate::path::PropertyDesc {
                        name: $wire,
                        since: $since,
                        // Only the pointer's type is looked at.
                        kind: $crate::__private::kind_of(unsafe { &raw const (*object.as_ptr()).$field }),
                    }
                ),*]
            };
            const INHERITED: &'static [&'static [$crate::path::PropertyDesc]] = $inherited;
        }
    };
}

/// Makes the properties of a managed object a value that a server can hold: see [`server`](crate::server).
#[macro_export]
macro_rules! property_object {
    ($ty:ident : $base:ident, $($rest:tt)*) => {
        $crate::__object! { $ty, [held $base], $($rest)* }

        impl ::core::ops::DerefMut for $ty {
            #[inline]
            fn deref_mut(&mut self) -> &mut $base {
                &mut self.extends
            }
        }
    };
    ($ty:ident, $($rest:tt)*) => {
        $crate::__object! { $ty, [], $($rest)* }
    };
}

/// Makes a struct around a [`Call`](crate::Call) awaitable as the call is.
#[macro_export]
macro_rules! call {
    ($ty:ident, $result:ty) => {
        impl $ty<'_> {
            /// The call, for a caller of one's own.
            #[must_use]
            #[inline]
            pub fn to_request(&self) -> $crate::Request<'_> {
                self.0.to_request()
            }
        }
        impl<'a> ::core::future::IntoFuture for $ty<'a> {
            type Output = ::core::result::Result<$result, $crate::Error>;
            type IntoFuture = $crate::BoxFuture<'a, Self::Output>;
            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                ::core::future::IntoFuture::into_future(self.0)
            }
        }
        impl ::core::fmt::Debug for $ty<'_> {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}
