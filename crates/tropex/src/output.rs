//! What the command prints, and where: results on standard output, progress on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
pub use tropex::experiments::report::{count, percent};

/// Where results and progress go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether results are printed for machines, as one object.
    pub fn is_for_machines(&self) -> bool {
        self.json
    }

    /// Prints a result: for machines if asked to, else as text.
    pub fn result(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let text = if self.json {
            serde_json::to_string_pretty(value).context("cannot write the result as JSON")?
        } else {
            text()
        };
        self.text(&text)
    }

    /// Prints a line on the way to a result, for people only.
    pub fn note(&self, line: &str) -> anyhow::Result<()> {
        if self.json || self.quiet { Ok(()) } else { self.text(line) }
    }

    /// Prints a text as it is.
    pub fn text(&self, text: &str) -> anyhow::Result<()> {
        match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
            // Whoever read our output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }

    /// Prints a line for people beside the result, such as that it is likely to fail.
    pub fn remark(&self, line: &str) {
        if !self.json && !self.quiet {
            let _ = writeln!(io::stderr().lock(), "note: {line}");
        }
    }

    /// Prints an error. Nothing is left to do if even that fails.
    pub fn error(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "error: {line}");
    }

    /// A progress bar for people at a terminal; nothing is drawn for anyone else.
    pub fn bar(&self, template: &str) -> ProgressBar {
        let shown = !self.json && !self.quiet && io::stderr().is_terminal();
        let target = if shown {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸ ");
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style);
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        bar
    }
}

/// A table with a heading; columns that hold numbers are set to the right.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading);
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ",.-%e".contains(c));
    for row in rows {
        table.add_row(row.into_iter().map(|text| {
            let right = is_number(&text);
            let cell = Cell::new(text);
            if right { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
    }
    table.to_string()
}

/// Names and values, a line each, values below each other.
pub fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
    lines.join("\n")
}

/// `1 shard`, `2,000 shards`
pub fn plural(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `0.2 MB`, `1,302 MB`
pub fn megabytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 10.0 {
        return format!("{megabytes:.1} MB");
    }
    format!("{} MB", count(megabytes.round() as usize))
}

/// `0.0031 %`, with two digits that count
pub fn small_percent(share: f64) -> String {
    let percent = 100.0 * share;
    let digits = if percent > 0.0 { 1 - percent.log10().floor() as i32 } else { 2 };
    format!("{percent:.*} %", digits.clamp(2, 9) as usize)
}

/// `3.2 s` or `2 min 5 s`
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
}
