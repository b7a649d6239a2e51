//! Summarizes findings: a card per network and gauge, the headline table, and the claims of the
//! paper.

mod answer;
mod cards;
mod caution;
mod changes;
mod claims;
mod finding_index;

use crate::experiments::{ExperimentEntry, count, generalization, leave_one_out, similarity};
use crate::query::MEAN_ANGLE;
use crate::report::{Finding, NumberId, StudySummary, Table, TableCell, Unit};
use finding_index::{FindingIndex, NetworkAndGauge};

/// A column of the headline table.
struct Headline {
    heading: &'static str,
    experiment: &'static str,
    number: NumberId,
    depends_on_gauge: bool,
}

impl Headline {
    const fn new(heading: &'static str, entry: &ExperimentEntry, number: NumberId) -> Self {
        Self { heading, experiment: entry.name, number, depends_on_gauge: true }
    }

    /// A number that is the same under every gauge.
    const fn fixed(heading: &'static str, entry: &ExperimentEntry, number: NumberId) -> Self {
        Self { heading, experiment: entry.name, number, depends_on_gauge: false }
    }
}

/// The columns of the headline table.
static HEADLINES: [Headline; 7] = [
    Headline::fixed("network's accuracy", &generalization::ENTRY, generalization::NETWORK_ACCURACY),
    Headline::new(
        "extracted function's accuracy",
        &generalization::ENTRY,
        generalization::ACCURACY,
    ),
    Headline::new("agreement", &generalization::ENTRY, generalization::AGREEMENT),
    Headline::new("agreement, own term left out", &leave_one_out::ENTRY, leave_one_out::AGREEMENT),
    Headline::new("straight terms", &generalization::ENTRY, generalization::STRAIGHT_TERMS),
    Headline::fixed("regions of training images", &count::ENTRY, count::REGIONS_OF_TRAINING),
    Headline::new("angle to the winning term", &similarity::ENTRY, MEAN_ANGLE),
];

/// Summarizes the findings of runs or of a study.
pub fn summarize(findings: &[Finding]) -> StudySummary {
    let mut rows: Vec<NetworkAndGauge<'_>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.runs.len() == 1) {
        let run = &finding.runs[0];
        let row = NetworkAndGauge { network: &run.folder, gauge: &run.gauge };
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let index = FindingIndex { findings, rows };
    let cards = index.cards();
    let claims = index.claims(&cards);
    StudySummary {
        answer: answer::answer(&cards),
        caution: index.caution(),
        figure: cards::figure(&cards),
        changes: index.changes(),
        cards,
        table: index.table(),
        claims,
    }
}

impl FindingIndex<'_> {
    fn table(&self) -> Table {
        let numbers = HEADLINES.iter().map(|headline| (headline.heading, headline.number.unit()));
        let texts = [("network", Unit::Text), ("gauge", Unit::Text)];
        let columns: Vec<_> = texts.into_iter().chain(numbers).collect();
        let mut table = Table::new("summary", "In short: means over the seeds", &columns);
        for row in &self.rows {
            let value = |Headline { experiment, number, .. }: &Headline| {
                let finding = self.finding(row, experiment);
                TableCell::from(finding.and_then(|finding| finding.answer.number(number)))
            };
            let texts = [row.network, row.gauge].map(TableCell::from).into_iter();
            table.push(texts.chain(HEADLINES.iter().map(value)).collect());
        }
        without_empty_columns(table)
    }
}

/// A table without the columns that no experiment measured.
fn without_empty_columns(table: Table) -> Table {
    let is_empty = |column: usize| table.rows.iter().all(|row| row[column] == TableCell::Missing);
    let kept: Vec<usize> = (0..table.columns.len()).filter(|&column| !is_empty(column)).collect();
    let columns = kept.iter().map(|&column| table.columns[column].clone()).collect();
    let rows = table.rows.iter();
    let rows = rows.map(|row| kept.iter().map(|&column| row[column].clone()).collect()).collect();
    Table { columns, rows, ..table }
}
