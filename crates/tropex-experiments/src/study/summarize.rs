//! Summarizes a study: the headline table, and the answers of the study to the claims of the paper.

use crate::experiments::{
    ExperimentEntry, coefficients, count, generalization, leave_one_out, similarity,
};
use crate::query::MEAN_ANGLE;
use crate::report::{
    Claim, Finding, NumberId, StudySummary, Table, TableCell, Unit, count as format_count, percent,
};

/// A column of the headline table.
struct Headline {
    heading: &'static str,
    experiment: &'static str,
    number: NumberId,
}

impl Headline {
    const fn new(heading: &'static str, entry: &ExperimentEntry, number: NumberId) -> Self {
        Self { heading, experiment: entry.name, number }
    }
}

/// The columns of the headline table.
static HEADLINES: [Headline; 7] = [
    Headline::new("network's accuracy", &generalization::ENTRY, generalization::NETWORK_ACCURACY),
    Headline::new(
        "extracted function's accuracy",
        &generalization::ENTRY,
        generalization::ACCURACY,
    ),
    Headline::new("agreement", &generalization::ENTRY, generalization::AGREEMENT),
    Headline::new("agreement, own term left out", &leave_one_out::ENTRY, leave_one_out::AGREEMENT),
    Headline::new("straight terms", &generalization::ENTRY, generalization::STRAIGHT_TERMS),
    Headline::new("regions of training images", &count::ENTRY, count::REGIONS_OF_TRAINING),
    Headline::new("angle to the winning term", &similarity::ENTRY, MEAN_ANGLE),
];

/// A row of the headline table.
#[derive(Clone, Debug, PartialEq)]
struct NetworkAndGauge<'a> {
    network: &'a str,
    gauge: &'a str,
}

/// Summarizes the findings of a study.
pub(super) fn summarize(findings: &[Finding]) -> StudySummary {
    let mut rows: Vec<NetworkAndGauge<'_>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.runs.len() == 1) {
        let run = &finding.runs[0];
        let row = NetworkAndGauge { network: &run.folder, gauge: &run.gauge };
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let index = FindingIndex { findings, rows };
    StudySummary { table: index.table(), claims: index.claims() }
}

/// The findings of a study by network, gauge and experiment.
struct FindingIndex<'a> {
    findings: &'a [Finding],
    rows: Vec<NetworkAndGauge<'a>>,
}

impl FindingIndex<'_> {
    fn finding(&self, row: &NetworkAndGauge<'_>, experiment: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            finding.experiment == experiment
                && finding.runs.len() == 1
                && finding.runs[0].folder == row.network
                && finding.runs[0].gauge == row.gauge
        })
    }

    fn number(&self, row: &NetworkAndGauge<'_>, experiment: &str, id: &NumberId) -> Option<f64> {
        self.finding(row, experiment)?.answer.number(id)
    }

    fn table(&self) -> Table {
        let numbers = HEADLINES.iter().map(|headline| (headline.heading, headline.number.unit()));
        let texts = [("network", Unit::Text), ("gauge", Unit::Text)];
        let columns: Vec<_> = texts.into_iter().chain(numbers).collect();
        let mut table = Table::new("summary", "In short: means over the seeds", &columns);
        for row in &self.rows {
            let value = |Headline { experiment, number, .. }: &Headline| {
                TableCell::from(self.number(row, experiment, number))
            };
            let texts = [row.network, row.gauge].map(TableCell::from).into_iter();
            table.push(texts.chain(HEADLINES.iter().map(value)).collect());
        }
        without_empty_columns(table)
    }

    /// The claims of the paper. A claim without lines was not measured.
    fn claims(&self) -> Vec<Claim> {
        vec![
            Claim {
                question: "Do all points fall into different regions?",
                lines: self.lines(true, |row| {
                    let value = |id| self.number(row, count::ENTRY.name, &id);
                    let regions = value(count::REGIONS_OF_TRAINING)?;
                    let different = value(count::TERMS_OF_TRAINING)?;
                    let terms = self.finding(row, count::ENTRY.name)?.runs[0].terms;
                    let new = value(count::TEST_IN_NEW_REGIONS)?;
                    Some(format!(
                        "{} training images lie in {} different regions and have {} different \
                         linear terms; {} of the test images are in a region that no training \
                         image is in.",
                        format_count(terms),
                        Unit::Count.format(regions),
                        Unit::Count.format(different),
                        percent(new)
                    ))
                }),
            },
            Claim {
                question: "Can the few regions of the data solve the task?",
                lines: self.lines(false, |row| {
                    let value = |id| self.number(row, generalization::ENTRY.name, &id);
                    Some(format!(
                        "the terms of the training images alone give {} of the test images their \
                         label, the network {}; both agree at {}.",
                        percent(value(generalization::ACCURACY)?),
                        percent(value(generalization::NETWORK_ACCURACY)?),
                        percent(value(generalization::AGREEMENT)?)
                    ))
                }),
            },
            Claim {
                question: "How do fully connected and convolutional networks differ?",
                lines: self.lines(false, |row| {
                    let value = |id| self.number(row, similarity::ENTRY.name, &id);
                    let all = value(MEAN_ANGLE)?;
                    let agree = value(MEAN_ANGLE.of(similarity::AGREE));
                    let disagree = value(MEAN_ANGLE.of(similarity::DISAGREE));
                    let of = |angle: Option<f64>| {
                        angle.map_or_else(|| "none".into(), |angle| Unit::Degrees.format(angle))
                    };
                    Some(format!(
                        "a test image's own linear term and that of the winning term are {} apart \
                         ({} where function and network agree, {} where they do not).",
                        Unit::Degrees.format(all),
                        of(agree),
                        of(disagree)
                    ))
                }),
            },
            Claim {
                question: "Are counts of regions or coefficients more informative?",
                lines: self.lines(true, |row| {
                    let regions = self.number(row, count::ENTRY.name, &count::REGIONS_OF_BOTH)?;
                    let value = |id| self.number(row, coefficients::ENTRY.name, &id);
                    let rank = value(coefficients::EFFECTIVE_RANK)?;
                    let needed = value(coefficients::DIRECTIONS)?;
                    Some(format!(
                        "{} different regions in every case; the coefficients of their terms have \
                         an effective rank of {rank:.1}, {} directions hold 99 % of them.",
                        Unit::Count.format(regions),
                        Unit::Count.format(needed)
                    ))
                }),
            },
        ]
    }

    /// A line per network, and per gauge unless `once` says that the gauge makes no difference.
    fn lines(
        &self,
        once: bool,
        line: impl Fn(&NetworkAndGauge<'_>) -> Option<String>,
    ) -> Vec<String> {
        let mut seen: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for row in &self.rows {
            if once && seen.contains(&row.network) {
                continue;
            }
            seen.push(row.network);
            let name = match once {
                true => row.network.to_owned(),
                false => format!("{}, {}", row.network, row.gauge),
            };
            lines.extend(line(row).map(|line| format!("{name}: {line}")));
        }
        lines
    }
}

/// A table without the columns that no experiment of the study measured.
fn without_empty_columns(table: Table) -> Table {
    let is_empty = |column: usize| table.rows.iter().all(|row| row[column] == TableCell::Missing);
    let kept: Vec<usize> = (0..table.columns.len()).filter(|&column| !is_empty(column)).collect();
    let columns = kept.iter().map(|&column| table.columns[column].clone()).collect();
    let rows = table.rows.iter();
    let rows = rows.map(|row| kept.iter().map(|&column| row[column].clone()).collect()).collect();
    Table { columns, rows, ..table }
}
