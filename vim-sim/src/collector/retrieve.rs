//! Reading once.

use super::content::Item;
use super::pages::Rest;
use super::scope::Scope;
use super::select::select;
use super::spec::{Columns, Plan};
use super::updates::Collector;
use crate::call::{Call, Pieces, Reply};
use crate::dispatch::not_authenticated;
use crate::fault::{Fault, Result};
use crate::world::Node;
use std::collections::VecDeque;
use std::sync::Arc;
use vim_types::{PropertyFilterSpec, VIM25};
use vim_wire::server::Writer;

/// How many objects are written at once. Longer answers are written while they are sent: they need no more memory than their
/// pieces, and whoever reads them can begin at once.
const AT_ONCE: usize = 100;
/// How long a piece is at the least.
const PIECE: usize = 64 << 10;

/// Reads what specifications select: all of it, or so many objects and a token for the rest. Nothing where nothing is selected.
pub(crate) fn retrieve(
    call: &Call<'_>,
    specs: &[PropertyFilterSpec],
    most: Option<usize>,
    name: &'static str,
) -> Result<Option<Reply>> {
    let plan = Arc::new(Plan::new(specs, call.version, "specSet")?);
    let items: VecDeque<Item> = Scope::read(call, |scope| {
        let mut columns = Columns::new(&plan);
        let selection = select(&scope, &plan);
        // What a session's own view would have shown is not nothing: there is nobody to show it to.
        if call.session.is_none()
            && let Some((moref, _)) = selection.missing.first()
        {
            return Err(not_authenticated(moref));
        }
        let nodes = selection.nodes()?;
        Ok::<_, Fault>(nodes.into_iter().map(|node| item(&scope, &mut columns, node)).collect())
    })?;
    if items.is_empty() {
        return Ok(None);
    }
    // Without a session nobody could ask for the rest.
    match most.filter(|_| call.session.is_some()) {
        Some(most) => Ok(Some(page(&*Collector::of(call)?, Rest { plan, items, most }))),
        None => Ok(Some(answer(None, name, &plan, items))),
    }
}

pub(super) fn item(scope: &Scope<'_>, columns: &mut Columns, node: Arc<Node>) -> Item {
    let lacks = match scope.is_unlimited() {
        true => None,
        false => columns.of(node.kind()).and_then(|columns| scope.lacks(&node.moref, &columns)),
    };
    Item { node, lacks }
}

/// Answers as many objects as a page has, and a token for the rest.
fn page(collector: &Collector, mut rest: Rest) -> Reply {
    let now = rest.items.drain(..rest.most.min(rest.items.len())).collect();
    let plan = Arc::clone(&rest.plan);
    let token = (!rest.items.is_empty()).then(|| collector.pages.keep(rest));
    answer(token, "objects", &plan, now)
}

/// Reads on where a retrieval stopped.
pub(crate) fn continue_retrieval(call: &Call<'_>, token: &str) -> Result<Reply> {
    let collector = Collector::of(call)?;
    let rest = collector.pages.take(token)?;
    Ok(page(&collector, rest))
}

/// Answers objects; in a `RetrieveResult` where they are `objects`.
fn answer(token: Option<String>, name: &'static str, plan: &Arc<Plan>, items: VecDeque<Item>) -> Reply {
    let in_result = name == "objects";
    let mut writer = Writer::new(&VIM25, plan.version);
    if in_result {
        writer.open("returnval");
    }
    if let Some(token) = token {
        writer.text("token", &token);
    }
    let end = in_result.then_some("</returnval>");
    let mut writing = Writing { items, columns: Columns::new(plan), version: plan.version, name, end };
    if writing.items.len() > AT_ONCE {
        return Reply { rest: Some(Pieces(Box::new(writing))), ..Reply::of(writer.finish()) };
    }
    writing.write(&mut writer, usize::MAX);
    writer.raw(end.unwrap_or_default());
    Reply::of(writer.finish())
}

/// Objects that are still to be written.
struct Writing {
    items: VecDeque<Item>,
    columns: Columns,
    version: u8,
    name: &'static str,
    end: Option<&'static str>,
}

impl Writing {
    /// Writes objects until there is that much.
    fn write(&mut self, writer: &mut Writer, bytes: usize) {
        while writer.len() < bytes
            && let Some(item) = self.items.pop_front()
        {
            item.write(writer, self.name, &mut self.columns);
        }
    }
}

impl Iterator for Writing {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.items.is_empty() {
            return self.end.take().map(str::to_owned);
        }
        let mut writer = Writer::new(&VIM25, self.version);
        self.write(&mut writer, PIECE);
        Some(writer.finish())
    }
}
