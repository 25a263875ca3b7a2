//! Rows, and how much is measured for them.

use std::fmt::Write as _;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Whether all that matters is that it works.
    pub(crate) quick: bool,
}

impl Plan {
    /// So many rounds, or one.
    pub(crate) const fn rounds(self, usual: usize) -> usize {
        if self.quick { 1 } else { usual }
    }
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is measured.
    pub(crate) what: String,
    /// The figures.
    pub(crate) measured: String,
    /// What they shall be.
    pub(crate) bar: String,
    /// Whether they are; none where nothing was measured, or nothing is asked for.
    pub(crate) met: Option<bool>,
}

impl Row {
    /// A figure and the bar that it meets or misses.
    pub(crate) fn new(
        what: impl Into<String>,
        measured: impl Into<String>,
        bar: impl Into<String>,
        met: bool,
    ) -> Self {
        Self { what: what.into(), measured: measured.into(), bar: bar.into(), met: Some(met) }
    }

    /// A bar that another command has the figure for.
    pub(crate) fn absent(what: impl Into<String>, command: &str, bar: impl Into<String>) -> Self {
        Self { what: what.into(), measured: format!("run `{command}`"), bar: bar.into(), met: None }
    }

    fn cells(&self) -> [&str; 4] {
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        [&self.what, &self.measured, &self.bar, met]
    }
}

/// The table in Markdown, which can be read as it is.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["what", "measured", "bar", "met"];
    let mut widths = head.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    line(&mut text, head, widths);
    let rules = widths.map(|width| "-".repeat(width));
    line(&mut text, rules.each_ref().map(String::as_str), widths);
    rows.iter().for_each(|row| line(&mut text, row.cells(), widths));
    text
}

fn line(text: &mut String, cells: [&str; 4], widths: [usize; 4]) {
    for (cell, width) in cells.into_iter().zip(widths) {
        // Writing to a string cannot fail.
        let _ = write!(text, "| {cell:width$} ");
    }
    text.push_str("|\n");
}

/// A whole number with its thousands set apart.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
