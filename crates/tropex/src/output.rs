//! Output of the command: results on standard output, progress and warnings on standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, WeakProgressBar};
use serde::Serialize;
pub use tropex::experiments::report::{count, percent};

use crate::remote::with_urls;

/// Prints results, warnings and progress.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether results are printed as JSON.
    pub fn is_for_machines(&self) -> bool {
        self.json
    }

    /// Prints a result, as JSON or as text.
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

    /// Prints an intermediate line to standard output, unless `--json` or `--quiet` is given.
    pub fn note(&self, line: &str) -> anyhow::Result<()> {
        if self.json || self.quiet { Ok(()) } else { self.text(line) }
    }

    /// Prints a warning to standard error, even with `--json` and `--quiet`.
    pub fn warning(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "warning: {}", printable(line));
    }

    /// Prints a line about work in progress to standard error, unless `--json` or `--quiet` is
    /// given.
    pub fn progress(&self, line: &str) {
        if !self.json && !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{}", printable(line));
        }
    }

    /// Prints a text without terminal control characters.
    pub fn text(&self, text: &str) -> anyhow::Result<()> {
        match writeln!(io::stdout().lock(), "{}", printable(text.trim_end())) {
            // The reader of the output, such as `head`, has ended.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }

    /// Prints a remark to standard error, unless `--json` or `--quiet` is given.
    pub fn remark(&self, line: &str) {
        self.progress(&format!("note: {line}"));
    }

    /// Prints an error. A failure to print it is ignored.
    pub fn error(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "error: {}", printable(line));
    }

    /// The progress bar of the command. It is drawn on a terminal only.
    pub fn bar(&self) -> CommandProgress {
        CommandProgress {
            is_shown: !self.json && !self.quiet && io::stderr().is_terminal(),
            bar: OnceLock::new(),
        }
    }
}

/// Positions of the progress bar.
const STEPS: u64 = 10_000;

/// Width of a terminal, in columns, below which only text is drawn.
const NARROW: u16 = 40;

/// The bar on the terminal, and whether bars are forbidden because the process ends.
static DRAWN: Mutex<(Option<WeakProgressBar>, bool)> = Mutex::new((None, false));

/// The progress of a whole command: one bar with the estimated time left. The bar appears with the
/// first report and disappears when this value is dropped.
pub struct CommandProgress {
    is_shown: bool,
    /// The bar, and its first position.
    bar: OnceLock<(ProgressBar, u64)>,
}

impl CommandProgress {
    /// Whether progress is drawn.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Reports the share of the work that is done, from 0 to 1, and the current activity. The bar
    /// never moves backward.
    pub fn show(&self, share: f64, what: impl fmt::Display) {
        if !self.is_shown {
            return;
        }
        let position = (share.clamp(0.0, 1.0) * STEPS as f64) as u64;
        let (bar, _) = self.bar.get_or_init(|| (drawn(position), position));
        bar.set_message(what.to_string());
        bar.set_position(position.max(bar.position()));
    }

    /// Shows lines above the bar, made for a number of columns.
    pub fn show_above(&self, lines: impl FnOnce(usize) -> Vec<String>) {
        let Some((bar, first)) = self.bar.get() else { return };
        let columns = console::Term::stderr().size().1;
        let lines = lines(columns.into());
        if lines.is_empty() {
            return;
        }
        if bar.prefix().is_empty() {
            bar.set_style(style(*first, columns, "{prefix}\n"));
        }
        bar.set_prefix(lines.join("\n"));
    }

    /// Reports how many of all pieces of work are done.
    pub fn show_part(&self, done: usize, of: usize, what: impl fmt::Display) {
        self.show(done as f64 / of.max(1) as f64, what);
    }

    /// Hides the bar while `print` runs.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match self.bar.get() {
            Some((bar, _)) => bar.suspend(print),
            None => print(),
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some((bar, _)) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for CommandProgress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Progress of work in steps, where each step has an unknown number of stages. Every stage counts
/// as half of what is left of its step.
#[derive(Debug, Default)]
pub struct StepProgress {
    step: usize,
    stage: String,
    /// Share of the step at the start of the stage, and now.
    began: f64,
    now: f64,
}

impl StepProgress {
    /// The share of all work, with `part` (from 0 to 1) of the current stage done.
    pub fn share(&mut self, (step, steps): (usize, usize), stage: &str, part: f64) -> f64 {
        if self.step != step {
            *self = Self { step, ..Self::default() };
        }
        if self.stage != stage {
            (self.stage, self.began) = (stage.to_owned(), self.now);
        }
        self.now = self.began + 0.5 * (1.0 - self.began) * part.clamp(0.0, 1.0);
        (step as f64 + self.now) / steps.max(1) as f64
    }
}

/// A new bar at a position.
fn drawn(first: u64) -> ProgressBar {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if drawn.1 {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(8);
    let style = style(first, console::Term::stderr().size().1, "");
    let bar = ProgressBar::with_draw_target(Some(STEPS), target).with_style(style);
    bar.set_position(first);
    bar.enable_steady_tick(Duration::from_millis(250));
    drawn.0 = Some(bar.downgrade());
    bar
}

/// The line of a bar, below the lines of a template. The estimate of the time left ignores the work
/// before the first position.
fn style(first: u64, columns: u16, above: &str) -> ProgressStyle {
    let bar = if columns < NARROW { "" } else { "{bar:12} " };
    let template = format!("{above}{bar}{{percent:>3}} %{{left}}  {{wide_msg}}");
    let left = move |state: &ProgressState, text: &mut dyn fmt::Write| {
        if let Some(left) = left(state.elapsed(), first, state.pos()) {
            let _ = write!(text, ", {} left", rough(left));
        }
    };
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("left", left)
        .progress_chars("━╸ ")
}

/// Removes the bar and forbids further bars.
#[cfg_attr(not(unix), allow(dead_code))]
pub fn stop_progress() {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn.1 = true;
    if let Some(bar) = drawn.0.take().and_then(|bar| bar.upgrade()) {
        bar.finish_and_clear();
    }
}

/// Estimated time left, at the mean speed since the first position; `None` before a hundredth is
/// done.
fn left(elapsed: Duration, first: u64, position: u64) -> Option<Duration> {
    let (done, rest) = (position.saturating_sub(first), STEPS.saturating_sub(position));
    (done >= STEPS / 100).then(|| elapsed.mul_f64(rest as f64 / done as f64))
}

/// `12 s`, `3 min`, `2.5 h`
fn rough(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..100.0 => format!("{seconds:.0} s"),
        ..6000.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Replaces control characters other than newlines and tabs. Names and findings come from files of
/// unknown origin, and a terminal would execute control sequences in them.
fn printable(text: &str) -> Cow<'_, str> {
    let text = with_urls(text);
    let is_command = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    match text.contains(is_command) {
        false => text,
        true => Cow::Owned(text.replace(is_command, "\u{fffd}")),
    }
}

/// A table with a heading; numbers are aligned to the right.
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

/// A line for each name and value; the values are aligned.
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

/// `0.0031 %`, with two significant digits
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

/// A predicted time: `3.2 s`, `12 min`, `7.1 h` or `12 days`
pub fn predicted(seconds: f64) -> String {
    let days = seconds / 86_400.0;
    match seconds {
        ..60.0 => format!("{seconds:.1} s"),
        ..360_000.0 => rough(Duration::from_secs_f64(seconds)),
        _ => format!("{days:.0} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_counts_as_half_of_the_rest_of_its_step() {
        let mut stages = StepProgress::default();
        let shares = [
            (0, "extracting", 0.5),
            (0, "extracting", 1.0),
            (0, "assigning", 0.0),
            (0, "assigning", 1.0),
            (1, "assigning", 1.0),
        ]
        .map(|(step, stage, part)| stages.share((step, 2), stage, part));
        assert_eq!(shares, [0.125, 0.25, 0.25, 0.375, 0.75]);
    }

    #[test]
    fn the_time_left_follows_from_the_speed_since_the_first_position() {
        let left = |first, position| left(Duration::from_secs(60), first, position);
        assert_eq!(left(0, 2500), Some(Duration::from_secs(180)));
        assert_eq!(left(5000, 7500), Some(Duration::from_secs(60)));
        assert_eq!((left(0, 99), left(5000, 5099)), (None, None));
        assert_eq!(left(0, STEPS), Some(Duration::ZERO));
        let said = [0.4, 99.4, 150.0, 5999.0, 9000.0].map(|s| rough(Duration::from_secs_f64(s)));
        assert_eq!(said, ["0 s", "99 s", "2 min", "100 min", "2.5 h"]);
        let predicted = [0.04, 3.21, 9000.0, 1e6].map(predicted);
        assert_eq!(predicted, ["0.0 s", "3.2 s", "2.5 h", "12 days"]);
    }
}
