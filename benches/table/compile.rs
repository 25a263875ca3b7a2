//! What it costs to build a program, from `peers/run.sh compile`.

use crate::row::Row;
use crate::words::{line, results, value};

const COMMAND: &str = "benches/peers/run.sh compile";

/// What was measured of a program's cold build.
struct Build {
    /// User seconds, of everything.
    all: f64,
    /// User seconds, of the SDK's own crates.
    own: f64,
    /// What the most demanding of these takes, in KiB.
    peak: f64,
    /// Bytes, stripped.
    size: f64,
}

pub(crate) fn rows() -> Vec<Row> {
    let lines = results("compile.txt");
    let build = |program: &str| {
        let line = line(&lines, &[&format!("program={program}")])?;
        let figure = |key| value::<f64>(line, key).ok();
        Some(Build {
            all: figure("user_s")?,
            own: figure("own_user_s")?,
            peak: figure("own_peak_kb")?,
            size: figure("stripped")?,
        })
    };
    let (ours, full, theirs) = (build("ours"), build("ours_full"), build("vim_rs"));
    let share = |what: &str,
                 ours: Option<&Build>,
                 figure: fn(&Build) -> f64,
                 unit: &str,
                 scale: f64,
                 parts: f64| {
        let bar = format!("≤ 1/{parts}");
        match (ours.map(figure), theirs.as_ref().map(figure)) {
            (Some(ours), Some(theirs)) => {
                let measured =
                    format!("1/{:.1} ({:.1} of {:.1} {unit})", theirs / ours, ours / scale, theirs / scale);
                Row::new(what, measured, bar, ours * parts <= theirs)
            }
            _ => Row::absent(what, COMMAND, bar),
        }
    };
    let (own, all) = (
        "build of the family's own crates, against vim_rs and vim_macros",
        "build of the minimal program, against vim_rs",
    );
    let mut rows = vec![
        share(&format!("{own}: default features"), ours.as_ref(), |build| build.own, "s", 1.0, 12.0),
        share(&format!("{own}: all features"), full.as_ref(), |build| build.own, "s", 1.0, 5.0),
        share(
            "rustc's peak memory, all features",
            full.as_ref(),
            |build| build.peak,
            "GiB",
            f64::from(1 << 20),
            3.0,
        ),
        share(&format!("{all}: default features"), ours.as_ref(), |build| build.all, "s", 1.0, 6.0),
        share(&format!("{all}: all features"), full.as_ref(), |build| build.all, "s", 1.0, 4.0),
    ];
    let what = "size of the minimal program, stripped, default features";
    let mebibytes = ours.map(|ours| ours.size / f64::from(1 << 20));
    rows.push(match mebibytes {
        Some(size) => Row::new(what, format!("{size:.1} MiB"), "≤ 9 MiB", size <= 9.0),
        None => Row::absent(what, COMMAND, "≤ 9 MiB"),
    });
    rows
}
