//! The result of `tropex bounds`.

use std::time::Duration;

use serde::{Serialize, Serializer};
use tropex::bounds::{BoundError, BoundResult, BoundTable, ExactCount, Structure, TightestBound};

use crate::output::{count, plural, table};

#[derive(Serialize)]
pub struct BoundsOutput {
    network: String,
    input_shape: Vec<usize>,
    inputs: usize,
    layers: Vec<String>,
    units: usize,
    bounds: Vec<BoundOutput>,
    best_lower: Option<BestBound>,
    best_upper: Option<BestBound>,
}

#[derive(Serialize)]
struct BoundOutput {
    name: &'static str,
    kind: &'static str,
    formula: &'static str,
    condition: &'static str,
    source: &'static str,
    value: Option<Decimal>,
    #[serde(skip)]
    shortened: Option<String>,
    digits: Option<u64>,
    log10: Option<f64>,
    /// Number of inputs (channels, for convolutions) that the bound uses.
    p: Option<usize>,
    ranks: Option<Vec<usize>>,
    /// Reason for a missing value.
    reason: Option<String>,
}

/// A number that is written with all digits; they are computed when it is written.
struct Decimal(ExactCount);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.decimal())
    }
}

#[derive(Serialize)]
struct BestBound {
    name: &'static str,
    kind: &'static str,
    #[serde(skip)]
    scientific: String,
}

impl BestBound {
    fn of(best: TightestBound<'_>) -> Self {
        let (name, kind) = (best.bound().name, best.bound().kind.name());
        Self { name, kind, scientific: best.count().scientific() }
    }
}

impl BoundOutput {
    fn of(entry: &BoundResult, limit: Duration) -> Self {
        let (bound, outcome) = (entry.bound(), entry.outcome());
        let found = outcome.ok();
        let counted = found.map(|found| &found.count);
        Self {
            name: bound.name,
            kind: bound.kind.name(),
            formula: bound.formula,
            condition: bound.condition,
            source: bound.source,
            value: counted.cloned().map(Decimal),
            shortened: counted.map(|count| count.shortened()),
            digits: counted.map(|count| count.digits()),
            log10: counted.map(|count| count.log10()),
            p: found.and_then(|found| found.inputs),
            ranks: found.and_then(|found| found.ranks.clone()),
            reason: outcome.err().map(|absent| reason(absent, limit)),
        }
    }

    fn cells(&self) -> Option<Vec<String>> {
        let condition = [Some(self.condition.to_owned()), self.p.map(|p| format!("p = {p}"))];
        Some(vec![
            self.kind.trim_start_matches("trained-").to_owned(),
            self.name.to_owned(),
            self.shortened.clone()?,
            count(usize::try_from(self.digits?).unwrap_or(usize::MAX)),
            format!("{:.2}", self.log10?),
            condition.into_iter().flatten().collect::<Vec<_>>().join(", "),
        ])
    }
}

fn reason(absent: &BoundError, limit: Duration) -> String {
    match absent {
        BoundError::NotApplicable(reason) => reason.clone(),
        BoundError::OutOfTime => format!("not finished within {} s", limit.as_secs_f64()),
        BoundError::TooLarge => "needs more memory than is allowed".into(),
        other => other.to_string(),
    }
}

impl BoundsOutput {
    pub fn new(
        network: String,
        structure: &Structure,
        table: &BoundTable,
        limit: Duration,
    ) -> Self {
        Self {
            network,
            input_shape: structure.input_shape().to_vec(),
            inputs: structure.inputs(),
            layers: structure.layers().iter().map(ToString::to_string).collect(),
            units: structure.units(),
            bounds: table.entries().iter().map(|entry| BoundOutput::of(entry, limit)).collect(),
            best_lower: table.best_lower().map(BestBound::of),
            best_upper: table.best_upper().map(BestBound::of),
        }
    }

    pub fn text(&self) -> String {
        let layers = if self.layers.is_empty() { "none".into() } else { self.layers.join(", ") };
        let layers = format!("layers: {layers}");
        let heading = ["kind", "bound", "value", "digits", "log10", "condition"];
        let rows = self.bounds.iter().filter_map(BoundOutput::cells).collect();
        let mut lines = vec![
            format!(
                "{}: {}, {} that bend",
                self.network,
                plural(self.inputs, "input"),
                plural(self.units, "unit")
            ),
            wrapped(layers.split(' ')),
            table(&heading, rows),
        ];
        lines.extend(self.ranks());
        for (side, best) in [("lower", &self.best_lower), ("upper", &self.best_upper)] {
            lines.extend(
                best.as_ref()
                    .map(|best| format!("best {side} bound  {} ({})", best.scientific, best.name)),
            );
        }
        lines.extend(self.absent());
        lines.join("\n")
    }

    fn ranks(&self) -> Option<String> {
        let ranks = self.bounds.iter().find_map(|row| row.ranks.as_ref())?;
        let ranks: Vec<_> = ranks.iter().map(|rank| count(*rank)).collect();
        Some(format!("ranks of the weights, layer by layer: {}", ranks.join(", ")))
    }

    /// Bounds without a value; each pair of name and reason once.
    fn absent(&self) -> Vec<String> {
        let mut said: Vec<(&str, &str)> = Vec::new();
        for row in &self.bounds {
            let pair = row.reason.as_ref().map(|reason| (row.name, reason.as_str()));
            said.extend(pair.filter(|pair| !said.contains(pair)));
        }
        let width = said.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let lines = said.iter().map(|(name, reason)| format!("  {name:width$}  {reason}"));
        let title = (!said.is_empty()).then(|| "without a value".to_owned());
        title.into_iter().chain(lines).collect()
    }
}

/// Words in lines of at most 100 columns; all lines but the first are indented.
fn wrapped<'a>(words: impl Iterator<Item = &'a str>) -> String {
    const COLUMNS: usize = 100;
    let mut lines = vec![String::new()];
    for word in words {
        let line = lines.last_mut().filter(|line| line.len() + 1 + word.len() <= COLUMNS);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n")
}
