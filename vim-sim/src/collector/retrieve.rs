//! Reading once.

use super::content::Item;
use super::pages::Rest;
use super::scope::Scope;
use super::select::select;
use super::spec::{Columns, Plan};
use super::updates::Collector;
use crate::call::Call;
use crate::fault::{Fault, Result};
use crate::world::Node;
use std::collections::VecDeque;
use std::sync::Arc;
use vim_types::PropertyFilterSpec;
use vim_wire::server::Writer;

/// Reads what specifications select: `objects`, up to `most`, and a token for the rest.
pub(crate) fn retrieve(
    call: &Call<'_>,
    specs: &[PropertyFilterSpec],
    most: Option<usize>,
    name: &str,
    writer: &mut Writer,
) -> Result<bool> {
    let plan = Arc::new(Plan::new(specs, call.version, "specSet")?);
    let items = Scope::read(call, |scope| {
        let mut columns = Columns::new(&plan);
        let nodes = select(&scope, &plan).nodes()?;
        let item = |node| item(&scope, &mut columns, node);
        Ok::<_, Fault>(nodes.into_iter().map(item).collect::<VecDeque<_>>())
    })?;
    let found = !items.is_empty();
    // Without a session nobody could ask for the rest.
    match most.filter(|_| call.session.is_some()) {
        Some(most) => page(&*Collector::of(call)?, Rest { plan, items, most }, writer),
        None => write(writer, name, &plan, &items),
    }
    Ok(found)
}

/// Writes as many objects as an answer has, and a token for the rest.
fn page(collector: &Collector, mut rest: Rest, writer: &mut Writer) {
    let now = rest.items.drain(..rest.most.min(rest.items.len())).collect();
    let plan = Arc::clone(&rest.plan);
    if !rest.items.is_empty() {
        writer.text("token", &collector.pages.keep(rest));
    }
    write(writer, "objects", &plan, &now);
}

pub(super) fn item(scope: &Scope<'_>, columns: &mut Columns<'_>, node: Arc<Node>) -> Item {
    let lacks = match scope.is_unlimited() {
        true => None,
        false => columns.of(node.kind()).and_then(|columns| scope.lacks(&node.moref, &columns)),
    };
    Item { node, lacks }
}

/// Reads on where a retrieval stopped.
pub(crate) fn continue_retrieval(call: &Call<'_>, token: &str, writer: &mut Writer) -> Result<()> {
    let collector = Collector::of(call)?;
    page(&collector, collector.pages.take(token)?, writer);
    Ok(())
}

fn write(writer: &mut Writer, name: &str, plan: &Plan, items: &VecDeque<Item>) {
    let mut columns = Columns::new(plan);
    items.iter().for_each(|item| item.write(writer, name, &mut columns));
}
