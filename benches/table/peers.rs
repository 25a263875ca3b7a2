//! Our figures against the peers', from one run of `peers/run.sh`.

use crate::row::Row;
use crate::words::{line, results, value};

const COMMAND: &str = "benches/peers/run.sh";

pub(crate) fn rows() -> Vec<Row> {
    let lines = results("peers.txt");
    let mut rows = Vec::new();
    for (mode, figure, peer, name, bar) in [
        ("decode", "mb_per_s", "vim_rs", "vim_rs 0.7.0", 3.0),
        ("decode", "mb_per_s", "govmomi", "govmomi 0.56", 12.0),
        ("decode", "mb_per_s", "pyvmomi", "pyVmomi 9.1", 60.0),
        ("retrieve", "objects_per_s", "vim_rs", "vim_rs 0.7.0", 3.0),
        ("retrieve", "objects_per_s", "govmomi", "govmomi 0.56", 3.0),
    ] {
        let what = format!("{mode}, against {name}");
        let wanted = format!("≥ {bar} ×");
        let of = |peer: &str| {
            let line = line(&lines, &[&format!("peer={peer}"), &format!("mode={mode}")])?;
            value::<f64>(line, figure).ok()
        };
        rows.push(match (of("ours"), of(peer)) {
            (Some(ours), Some(theirs)) => {
                let ratio = ours / theirs;
                Row::new(what, format!("{ratio:.1} ×"), wanted, ratio >= bar)
            }
            _ => Row::absent(what, COMMAND, wanted),
        });
    }
    rows
}
