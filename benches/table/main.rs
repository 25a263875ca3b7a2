//! tmp
mod row;
mod tasks;
fn main() -> anyhow::Result<()> {
    tasks::rows(row::Plan { quick: false })?;
    Ok(())
}
