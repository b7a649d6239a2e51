//! The first part of a report: the headline table, and what the study says on the paper's claims.

use serde::Serialize;

use crate::report::{Cell, Finding, Table, Unit, count, percent};

/// What stands first in a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// A row for every network and gauge.
    pub table: Table,
    /// The claims, in order.
    pub claims: Vec<Claim>,
}

/// A question of the paper, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The question.
    pub question: &'static str,
    /// The answer, a line for every network; none where nothing was asked that tells.
    pub lines: Vec<String>,
}

/// A number in the headline table: its heading, and where it is found.
const HEADLINE: [(&str, Unit, &str, &str); 7] = [
    ("network's accuracy", Unit::Share, "generalization", "network accuracy"),
    ("extracted function's accuracy", Unit::Share, "generalization", "accuracy"),
    ("agreement", Unit::Share, "generalization", "agreement"),
    ("agreement, own term left out", Unit::Share, "leave-one-out", "agreement"),
    ("straight terms", Unit::Share, "generalization", "straight terms"),
    ("regions of training images", Unit::Count, "count", "different regions, training"),
    ("angle to the winning term", Unit::Degrees, "similarity", "angle"),
];

/// What a finding is about, as the table tells networks apart.
#[derive(Clone, Debug, PartialEq)]
struct Kind<'a> {
    network: &'a str,
    gauge: &'a str,
}

impl Summary {
    pub(super) fn of(findings: &[Finding]) -> Self {
        let mut kinds: Vec<Kind<'_>> = Vec::new();
        for finding in findings.iter().filter(|finding| finding.subjects.len() == 1) {
            let subject = &finding.subjects[0];
            let kind = Kind { network: &subject.run, gauge: &subject.gauge };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let view = View { findings, kinds };
        Self { table: view.table(), claims: view.claims() }
    }
}

struct View<'a> {
    findings: &'a [Finding],
    kinds: Vec<Kind<'a>>,
}

impl View<'_> {
    fn finding(&self, kind: &Kind<'_>, experiment: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            finding.experiment == experiment
                && finding.subjects.len() == 1
                && finding.subjects[0].run == kind.network
                && finding.subjects[0].gauge == kind.gauge
        })
    }

    fn value(&self, kind: &Kind<'_>, experiment: &str, name: &str) -> Option<f64> {
        let values = &self.finding(kind, experiment)?.answer.values;
        values.iter().find(|measure| measure.name == name)?.value
    }

    fn table(&self) -> Table {
        let numbers = HEADLINE.iter().map(|&(heading, unit, ..)| (heading, unit));
        let texts = [("network", Unit::Text), ("gauge", Unit::Text)];
        let columns: Vec<_> = texts.into_iter().chain(numbers).collect();
        let mut table = Table::new("summary", "In short: means over the seeds", &columns);
        for kind in &self.kinds {
            let value = |&(_, _, experiment, name): &(&str, Unit, &str, &str)| {
                Cell::from(self.value(kind, experiment, name))
            };
            let texts = [kind.network, kind.gauge].map(Cell::from).into_iter();
            table.push(texts.chain(HEADLINE.iter().map(value)).collect());
        }
        // What nobody asked for needs no column.
        let is_empty = |column: usize| table.rows.iter().all(|row| row[column] == Cell::Missing);
        let kept: Vec<usize> =
            (0..table.columns.len()).filter(|&column| !is_empty(column)).collect();
        let columns = kept.iter().map(|&column| table.columns[column].clone()).collect();
        let rows = table.rows.iter();
        let rows = rows.map(|row| kept.iter().map(|&column| row[column].clone()).collect());
        Table { columns, rows: rows.collect(), ..table }
    }

    /// The claims of the paper, as far as experiments of the study speak of them.
    fn claims(&self) -> Vec<Claim> {
        vec![
            Claim {
                question: "Do all points fall into different regions?",
                lines: self.lines(true, |kind| {
                    let value = |name| self.value(kind, "count", name);
                    let regions = value("different regions, training")?;
                    let different = value("different terms, training")?;
                    let terms = self.finding(kind, "count")?.subjects[0].terms;
                    let new = value("test images in new regions")?;
                    Some(format!(
                        "{} training images lie in {} different regions and have {} different \
                         linear terms; {} of the test images are in a region that no training \
                         image is in.",
                        count(terms),
                        Unit::Count.format(regions),
                        Unit::Count.format(different),
                        percent(new)
                    ))
                }),
            },
            Claim {
                question: "Can the few regions of the data solve the task?",
                lines: self.lines(false, |kind| {
                    let value = |name| self.value(kind, "generalization", name);
                    Some(format!(
                        "the terms of the training images alone give {} of the test images their \
                         label, the network {}; both agree at {}.",
                        percent(value("accuracy")?),
                        percent(value("network accuracy")?),
                        percent(value("agreement")?)
                    ))
                }),
            },
            Claim {
                question: "How do fully connected and convolutional networks differ?",
                lines: self.lines(false, |kind| {
                    let all = self.value(kind, "similarity", "angle")?;
                    let agree = self.value(kind, "similarity", "angle, agree");
                    let disagree = self.value(kind, "similarity", "angle, disagree");
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
                lines: self.lines(true, |kind| {
                    let regions = self.value(kind, "count", "different regions, both")?;
                    let rank = self.value(kind, "coefficients", "effective rank")?;
                    let needed = self.value(kind, "coefficients", "directions for 99 %")?;
                    Some(format!(
                        "{} different regions whatever else; the coefficients of their terms have \
                         an effective rank of {rank:.1}, {} directions hold 99 % of them.",
                        Unit::Count.format(regions),
                        Unit::Count.format(needed)
                    ))
                }),
            },
        ]
    }

    /// A line for every network, and for every gauge unless it makes no difference.
    fn lines(&self, once: bool, line: impl Fn(&Kind<'_>) -> Option<String>) -> Vec<String> {
        let mut seen: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for kind in &self.kinds {
            if once && seen.contains(&kind.network) {
                continue;
            }
            seen.push(kind.network);
            let name = match once {
                true => kind.network.to_owned(),
                false => format!("{}, {}", kind.network, kind.gauge),
            };
            lines.extend(line(kind).map(|line| format!("{name}: {line}")));
        }
        lines
    }
}
