#![allow(unused_imports)]

#[path = "../../mini/mod.rs"]
mod mini;

use mini::*;
use vim_macros::Properties;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Tuple(String);

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Unit;

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
enum Either {
    Name(String),
}

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Generic<T> {
    name: T,
}

#[derive(Clone, Properties)]
#[properties(of = VirtualMachine, crate = ::vim_wire)]
struct Lifetime<'a> {
    name: &'a str,
}

fn main() {}
