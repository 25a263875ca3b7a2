//! Each method's function in the generated text: that every argument goes where its parameter is, and has its type.

use crate::methods::{Method, methods};
use crate::schema::{Schema, What, root, schema};
use codegen::names;
use codegen::schema::{QName, RawField, XSD};
use std::collections::BTreeMap;
use std::path::Path;

/// A parameter of a function: its name, its type, and the index that the function gives it.
type Param = (String, String, usize);

/// A function of a handle or of a call.
struct Function {
    ident: String,
    params: Vec<Param>,
    result: String,
    /// The description that it calls; none in a call's setter.
    constant: Option<String>,
}

#[derive(Default)]
struct Generated {
    functions: Vec<Function>,
    /// Of each call the result and the setters.
    calls: BTreeMap<String, (String, Vec<Function>)>,
    /// The method's name of each description.
    constants: BTreeMap<String, String>,
}

fn generated() -> Generated {
    let mut all = Generated::default();
    files(&root().join("vim-types/src/generated/mo"), &mut all);
    all
}

fn files(folder: &Path, all: &mut Generated) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, all);
        } else {
            let text = std::fs::read_to_string(&path).expect("a file");
            // Comments and attributes have no say, nor has where lines break.
            let code =
                text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.starts_with("#["));
            let code: Vec<_> = code.flat_map(str::split_whitespace).collect();
            read(&code.join(" "), all);
        }
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}

fn read(code: &str, all: &mut Generated) {
    let mut call = None;
    for item in code.split("pub ").skip(1) {
        if item.starts_with("struct ") {
            call = between(item, "struct ", "<'a>(vim_wire::Call<'a, ").map(str::to_owned);
            if let Some(name) = &call {
                let result =
                    item.split_once("vim_wire::Call<'a, ").and_then(|(_, rest)| rest.split_once(">);"));
                all.calls.insert(name.clone(), (result.expect("a result").0.to_owned(), Vec::new()));
            }
        } else if item.starts_with("static ") {
            let constant = between(item, "static ", ":").expect("a name").to_owned();
            if let Some(name) = between(item, "name: \"", "\"") {
                all.constants.insert(constant, name.to_owned());
            }
        } else if let Some(item) = item.strip_prefix("fn ") {
            let function = function(item);
            match (&function.constant, &call) {
                (Some(_), _) => all.functions.push(function),
                (None, Some(call)) => all.calls.get_mut(call).expect("a call").1.push(function),
                (None, None) => panic!("a function that calls nothing: {item}"),
            }
        }
    }
}

fn function(item: &str) -> Function {
    let (head, body) = item.split_once(" {").expect("a body");
    let ident = head[..head.find(['<', '(']).expect("parameters")].to_owned();
    let (params, result) =
        head.split_once('(').expect("parameters").1.rsplit_once(") -> ").expect("a result");
    let params = params.split(", ").map(|param| param.trim_end_matches(',').trim());
    let params = params.filter_map(|param| param.split_once(": ")).map(|(name, ty)| {
        let args: Vec<_> =
            body.split(".arg(").skip(1).map(|arg| &arg[..arg.find(')').expect("its end")]).collect();
        let given: Vec<_> =
            args.iter().filter_map(|arg| arg.split_once(", ")).filter(|(_, arg)| *arg == name).collect();
        assert_eq!(given.len(), 1, "{item}");
        (name.to_owned(), ty.to_owned(), given[0].0.parse().expect("an index"))
    });
    let constant = body
        .split_once("vim_wire::Call::new(self, &")
        .map(|(_, rest)| rest[..rest.find(')').expect("its end")].to_owned());
    Function { ident, params: params.collect(), result: result.to_owned(), constant }
}

/// The type of one value in Rust.
pub(crate) fn rust(schema: &Schema, ty: &QName) -> String {
    match schema.what(ty) {
        What::Plain(name) => match name {
            "boolean" => "bool",
            "byte" => "i8",
            "short" => "i16",
            "int" => "i32",
            "long" => "i64",
            "float" => "f32",
            "double" => "f64",
            "dateTime" => "vim_wire::DateTime",
            "base64Binary" => "vim_wire::Binary",
            "anyType" => "vim_wire::Any",
            _ => "String",
        }
        .to_owned(),
        What::MoRef => "vim_wire::MoRef".to_owned(),
        What::Data if schema.is_poly(ty) => format!("vim_wire::Poly<{}>", upper(&ty.name)),
        What::Enum(_) | What::Data => upper(&ty.name),
    }
}

fn upper(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}

fn param_type(schema: &Schema, param: &RawField) -> String {
    let item = rust(schema, &param.ty);
    match item.as_str() {
        _ if param.array => format!("&'a [{item}]"),
        "bool" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64" => item,
        "String" => "&'a str".to_owned(),
        _ => format!("&'a {item}"),
    }
}

fn result(schema: &Schema, method: &Method) -> String {
    let facts = method.facts;
    let (ty, array, optional) = if facts.task {
        let Some(result) = &facts.result else { return "vim_wire::Task<()>".to_owned() };
        let ty = match result.strip_prefix("xsd:") {
            Some(name) => QName { ns: XSD.to_owned(), name: name.to_owned() },
            None => QName { ns: method.ns.to_owned(), name: result.clone() },
        };
        (ty, facts.result_array, false)
    } else {
        let Some(answer) = method.answer else { return "()".to_owned() };
        (answer.ty.clone(), answer.array, answer.optional)
    };
    let item = match &facts.target {
        Some(target) if ty.name == "ManagedObjectReference" && !array && !optional => target.clone(),
        _ => rust(schema, &ty),
    };
    let value = match (array, optional) {
        (true, _) => format!("Vec<{item}>"),
        (false, true) => format!("Option<{item}>"),
        (false, false) => item,
    };
    if facts.task { format!("vim_wire::Task<{value}>") } else { value }
}

#[test]
fn each_function_passes_each_argument_as_its_parameter() {
    let mut all = generated();
    let methods = methods();
    let (mut positional, mut set) = (0, 0);
    assert_eq!(all.functions.len(), methods.len());
    for function in &all.functions {
        let name = &all.constants[function.constant.as_ref().expect("a description")];
        let method = &methods[name.as_str()];
        let stem = name.strip_suffix("_Task").unwrap_or(name);
        let ident = function.ident.trim_start_matches("r#");
        assert!(
            [names::snake(&method.facts.vmodl), names::snake(stem)].contains(&ident.to_owned()),
            "{name}: {ident}"
        );

        let bare = |text: &str| text.replace("<'a>", "").replace("<'_>", "");
        let call = bare(&function.result);
        let (answer, setters) = match all.calls.remove(&call) {
            Some((answer, setters)) => (answer, setters),
            None => {
                let answer = call.strip_prefix("vim_wire::Call<").and_then(|rest| rest.split_once(", "));
                let answer = answer
                    .and_then(|(_, rest)| rest.strip_suffix('>'))
                    .unwrap_or_else(|| panic!("{name}: {call}"));
                (answer.to_owned(), Vec::new())
            }
        };
        assert_eq!(answer, result(schema(), method), "{name}");

        let wanted = |optional: bool| {
            let params =
                method.params.iter().enumerate().filter(move |(_, param)| param.optional == optional);
            params.map(|(index, param)| (names::ident(&param.name), param_type(schema(), param), index))
        };
        assert_eq!(function.params, Vec::from_iter(wanted(false)), "{name}");
        let given: Vec<_> = setters.iter().flat_map(|setter| setter.params.clone()).collect();
        assert_eq!(given, Vec::from_iter(wanted(true)), "{name}");
        assert!(
            setters.iter().all(|setter| setter.ident == setter.params[0].0 && setter.params.len() == 1),
            "{name}"
        );
        positional += function.params.len();
        set += setters.len();
    }
    assert!(all.calls.is_empty(), "calls that no method makes: {:?}", all.calls.keys());
    assert_eq!(positional + set, methods.values().map(|method| method.params.len()).sum::<usize>());
}
