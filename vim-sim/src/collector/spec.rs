//! Filter specifications, checked and made ready to be followed.

use super::privilege;
use crate::fault::{Fault, Result};
use crate::sim::properties_of;
use crate::world::Steps;
use std::collections::HashMap;
use std::sync::Arc;
use vim_types::{
    InvalidProperty, InvalidType, PropertyFilterSpec, REGISTRY, SelectionSpec, TraversalSpec, VIM25,
};
use vim_wire::{Card, FieldDesc, Kind, MoRef, Poly, TypeDesc};

/// Filter specifications as one graph: where to start, which ways to go, what to read.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) roots: Vec<Root>,
    pub(crate) ways: Vec<Way>,
    wanted: Vec<Wanted>,
    /// The version that the client speaks.
    pub(crate) version: u8,
}

/// An object to start from.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) moref: MoRef,
    /// Whether it is only passed through.
    pub(crate) skip: bool,
    /// The ways that lead on from it.
    pub(crate) next: Arc<[usize]>,
    /// Whether it may be missing.
    pub(crate) may_miss: bool,
}

/// A traversal: from objects of a type along a property to others.
#[derive(Debug)]
pub(crate) struct Way {
    of: Of,
    pub(crate) path: String,
    pub(crate) skip: bool,
    pub(crate) next: Arc<[usize]>,
}

/// The properties to read of objects of a type.
#[derive(Debug)]
struct Wanted {
    of: Of,
    /// The paths; none where all properties are meant.
    paths: Option<Vec<Arc<str>>>,
}

/// A managed object type, as specifications name it.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// `ManagedObject`, which everything is and which has no properties.
    Anything,
    Kind(&'static TypeDesc),
}

impl Of {
    fn named(name: &str, version: u8, argument: &str) -> Result<Self> {
        match properties_of(name).filter(|desc| desc.since <= version && desc.namespace == VIM25.namespace) {
            Some(desc) => Ok(Self::Kind(desc)),
            None if name == "ManagedObject" => Ok(Self::Anything),
            None => {
                let fault = InvalidType { argument: Some(argument.to_owned()), ..Default::default() };
                Err(Fault::new(fault, format!("{name:?} is not the name of a managed object type")))
            }
        }
    }

    fn has(self, kind: &'static TypeDesc) -> bool {
        match self {
            Self::Anything => true,
            Self::Kind(desc) => kind.is_a(desc),
        }
    }
}

impl Way {
    /// Whether it can be gone from an object of that type.
    pub(crate) fn leads_from(&self, kind: &'static TypeDesc) -> bool {
        self.of.has(kind)
    }
}

/// A property to read of an object, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) path: Arc<str>,
    /// The privilege that reading it takes.
    pub(crate) privilege: &'static str,
    /// Whether the specification names it: a change to it is told even where there is no value then.
    pub(crate) named: bool,
}

impl Plan {
    /// Checks specifications in the version that is spoken. Each property is looked for on its type; each selection name
    /// within its own specification.
    pub(crate) fn new(specs: &[PropertyFilterSpec], version: u8, argument: &str) -> Result<Self> {
        let mut plan = Self { version, ..Self::default() };
        for spec in specs {
            plan.add(spec, argument)?;
        }
        Ok(plan)
    }

    fn add(&mut self, spec: &PropertyFilterSpec, argument: &str) -> Result<()> {
        if spec.object_set.is_empty() {
            return Err(Fault::invalid_argument(&format!("{argument}.objectSet")));
        }
        if spec.prop_set.is_empty() {
            return Err(Fault::invalid_argument(&format!("{argument}.propSet")));
        }
        for wanted in &spec.prop_set {
            let of = Of::named(&wanted.r#type, self.version, &format!("{argument}.propSet.type"))?;
            let all = wanted.all == Some(true);
            if !all {
                wanted.path_set.iter().try_for_each(|path| check_path(of, path, self.version))?;
            }
            let paths = wanted.path_set.iter().map(|path| Arc::from(&**path)).collect();
            self.wanted.push(Wanted { of, paths: (!all).then_some(paths) });
        }
        let mut names = HashMap::new();
        let mut open = Vec::new();
        for object in &spec.object_set {
            self.name(&object.select_set, &mut names, &mut open, argument)?;
        }
        for (way, selections) in open {
            let next = self.resolve(selections, &names, argument)?;
            if let Some(way) = self.ways.get_mut(way) {
                way.next = next;
            }
        }
        for object in &spec.object_set {
            let root = Root {
                moref: object.obj.clone(),
                skip: object.skip == Some(true),
                next: self.resolve(&object.select_set, &names, argument)?,
                may_miss: spec.report_missing_objects_in_results == Some(true),
            };
            self.roots.push(root);
        }
        Ok(())
    }

    /// Makes a way of each traversal, at any depth.
    fn name<'s>(
        &mut self,
        selections: &'s [Poly<SelectionSpec>],
        names: &mut HashMap<Key<'s>, usize>,
        open: &mut Vec<(usize, &'s [Poly<SelectionSpec>])>,
        argument: &str,
    ) -> Result<()> {
        for selection in selections {
            let Some(traversal) = selection.downcast_ref::<TraversalSpec>() else { continue };
            let of = Of::named(&traversal.r#type, self.version, &format!("{argument}.selectSet.type"))?;
            if check_path(of, &traversal.path, self.version).is_err() {
                return Err(Fault::invalid_argument(&format!("{argument}.selectSet.path")));
            }
            let way = self.ways.len();
            self.ways.push(Way {
                of,
                path: traversal.path.clone(),
                skip: traversal.skip == Some(true),
                next: Arc::default(),
            });
            names.insert(Key::Place(traversal), way);
            if let Some(name) = traversal.name.as_deref().filter(|name| !name.is_empty()) {
                names.entry(Key::Name(name)).or_insert(way);
            }
            open.push((way, &traversal.select_set));
            self.name(&traversal.select_set, names, open, argument)?;
        }
        Ok(())
    }

    fn resolve<'s>(
        &self,
        selections: &'s [Poly<SelectionSpec>],
        names: &HashMap<Key<'s>, usize>,
        argument: &str,
    ) -> Result<Arc<[usize]>> {
        let way = |selection: &'s Poly<SelectionSpec>| {
            let key = match selection.downcast_ref::<TraversalSpec>() {
                Some(traversal) => Key::Place(traversal),
                None => Key::Name(selection.name.as_deref().unwrap_or("")),
            };
            names.get(&key).copied().ok_or_else(|| {
                let name = selection.name.as_deref().unwrap_or("");
                let mut fault = Fault::invalid_argument(&format!("{argument}.selectSet.name"));
                fault.message = format!("{}: no traversal has the name {name:?}", fault.message);
                fault
            })
        };
        selections.iter().map(way).collect()
    }

    /// What is to be read of objects of a type; none where such objects are not reported.
    pub(crate) fn columns(&self, kind: &'static TypeDesc) -> Option<Vec<Column>> {
        let mut columns: Option<Vec<Column>> = None;
        for wanted in self.wanted.iter().filter(|wanted| wanted.of.has(kind)) {
            let columns = columns.get_or_insert_default();
            let named = wanted.paths.is_some();
            let mut add = |path: Arc<str>| match columns.iter_mut().find(|column| column.path == path) {
                Some(column) => column.named |= named,
                None => columns.push(Column { privilege: privilege::to_read(kind, &path), path, named }),
            };
            match &wanted.paths {
                Some(paths) => paths.iter().for_each(|path| add(Arc::clone(path))),
                None => {
                    let mut lineage: Vec<_> = kind.lineage().collect();
                    lineage.reverse();
                    let fields = lineage.iter().flat_map(|desc| desc.fields);
                    fields
                        .filter(|field| field.since <= self.version)
                        .for_each(|field| add(field.name.into()));
                }
            }
        }
        columns
    }

    /// Whether objects of a type are reported.
    pub(crate) fn reports(&self, kind: &'static TypeDesc) -> bool {
        self.wanted.iter().any(|wanted| wanted.of.has(kind))
    }
}

/// How a selection is found: by its name, or as itself.
enum Key<'s> {
    Name(&'s str),
    Place(&'s TraversalSpec),
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a == b,
            (Self::Place(a), Self::Place(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }
}
impl Eq for Key<'_> {}
impl std::hash::Hash for Key<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => name.hash(state),
            Self::Place(place) => std::ptr::from_ref(*place).hash(state),
        }
    }
}

/// The columns of each type, worked out once a run.
pub(crate) struct Columns {
    plan: Arc<Plan>,
    known: Vec<(&'static TypeDesc, Option<Arc<[Column]>>)>,
}

impl Columns {
    pub(crate) fn new(plan: &Arc<Plan>) -> Self {
        Self { plan: Arc::clone(plan), known: Vec::new() }
    }

    pub(crate) fn of(&mut self, kind: &'static TypeDesc) -> Option<Arc<[Column]>> {
        if let Some((_, columns)) = self.known.iter().find(|(known, _)| std::ptr::eq(*known, kind)) {
            return columns.clone();
        }
        let columns: Option<Arc<[Column]>> = self.plan.columns(kind).map(Into::into);
        self.known.push((kind, columns.clone()));
        columns
    }
}

fn invalid_property(path: &str) -> Fault {
    let fault = InvalidProperty { name: path.to_owned(), ..Default::default() };
    Fault::new(fault, format!("The property is not defined: {path}"))
}

/// Whether there can be something at a path of a managed object type, in a version.
fn check_path(of: Of, path: &str, version: u8) -> Result<()> {
    let Of::Kind(desc) = of else { return Err(invalid_property(path)) };
    let mut at = Place::Exactly(desc);
    let mut steps = Steps::of(path).peekable();
    if steps.peek().is_none() {
        return Err(invalid_property(path));
    }
    for (name, key) in steps {
        let field = at.field(name, version).ok_or_else(|| invalid_property(path))?;
        let many = field.kind.card() == Card::Many;
        let inner = match field.kind {
            Kind::Struct(desc, _) => Place::Exactly(desc.get()),
            Kind::Poly(desc, _) => Place::Any(desc.get()),
            _ => Place::End,
        };
        at = match (many, key) {
            (false, None) => inner,
            // A list's fields are those of its items, each of which has to be named.
            (true, None) => Place::End,
            (true, Some(_)) if inner.has_key() => inner,
            _ => return Err(invalid_property(path)),
        };
    }
    Ok(())
}

/// Where a path has come to.
enum Place {
    /// At an object of a type.
    Exactly(&'static TypeDesc),
    /// At an object of a type or of any that extends it.
    Any(&'static TypeDesc),
    /// At what has no fields.
    End,
}

impl Place {
    fn field(&self, name: &str, version: u8) -> Option<&'static FieldDesc> {
        match self {
            Self::Exactly(desc) => desc.field(name),
            Self::Any(desc) => desc.field(name).or_else(|| {
                let mut heirs = REGISTRY.types().filter(|heir| heir.is_a(desc) && heir.since <= version);
                heirs.find_map(|heir| heir.field(name))
            }),
            Self::End => None,
        }
        .filter(|field| field.since <= version)
    }

    fn has_key(&self) -> bool {
        match self {
            Self::Exactly(desc) | Self::Any(desc) => desc.field("key").is_some(),
            Self::End => false,
        }
    }
}
