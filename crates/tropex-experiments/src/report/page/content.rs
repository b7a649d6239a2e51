//! Content of pages: texts that templates insert.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::render::{Figure, provenance_mark, style_sheet};
use crate::report::comparison::{comparison, comparison_figures};
use crate::report::csv::csv;
use crate::report::description::ExperimentDescription;
use crate::report::figure_table::figure_table;
use crate::report::finding::Finding;
use crate::report::page::findings::Page;
use crate::report::summary::Claim;
use crate::report::table::{Table, TableCell};
use crate::unit::Unit;

/// Subtitle of a page without one.
const SUBTITLE: &str =
    "What the linear terms of the training images say about how networks generalize.";

/// Largest number of columns of a table in half a page.
const MOST_COLUMNS: usize = 5;

const PAGE_STYLE: &str = include_str!("../../../assets/page.css");

/// Everything that the templates insert.
#[derive(Serialize)]
pub(super) struct PageContent<'a> {
    title: &'a str,
    subtitle: &'a str,
    summary: Option<TextTable>,
    claims: Vec<Claim>,
    style: &'a str,
    figure_style: String,
    runs: TextTable,
    sections: Vec<PageSection>,
    left_out: &'a [String],
    footer: String,
}

/// An experiment.
#[derive(Serialize)]
struct PageSection {
    name: &'static str,
    question: &'static str,
    method: [&'static str; 3],
    comparison: Option<TextTable>,
    comparison_figures: Vec<DrawnFigure>,
    findings: Vec<FindingEntry>,
}

/// A finding of an experiment.
#[derive(Serialize)]
struct FindingEntry {
    of: String,
    text: String,
    values: TextTable,
    figures: Vec<DrawnFigure>,
    tables: Vec<TextTable>,
    notes: Vec<String>,
    parameters: Vec<String>,
    files: Vec<EmbeddedFile>,
}

/// A table of texts.
#[derive(Serialize)]
struct TextTable {
    title: String,
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct DrawnFigure {
    title: String,
    drawing: String,
}

/// A file that the page contains, in base64.
#[derive(Serialize)]
struct EmbeddedFile {
    name: String,
    content: String,
}

impl<'a> PageContent<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let section = |experiment| PageSection::of(experiment, &page.findings);
        PageContent {
            title: &page.title,
            subtitle: if page.about.is_empty() { SUBTITLE } else { &page.about },
            summary: page.summary.as_ref().map(|summary| TextTable::of(&summary.table)),
            claims: page
                .summary
                .iter()
                .flat_map(|summary| &summary.claims)
                .map(unbroken_claim)
                .collect(),
            style: PAGE_STYLE,
            figure_style: style_sheet(),
            runs: runs(&page.findings),
            sections: page.experiments.iter().filter_map(section).collect(),
            left_out: &page.left_out,
            footer: provenance_mark(),
        }
    }
}

impl PageSection {
    /// The findings of an experiment; `None` without findings.
    fn of(experiment: &ExperimentDescription, findings: &[Finding]) -> Option<Self> {
        let &ExperimentDescription { name, question, method } = experiment;
        let is_of = |finding: &&Finding| finding.experiment == name;
        let findings: Vec<_> = findings.iter().filter(is_of).collect();
        (!findings.is_empty()).then(|| Self {
            name,
            question,
            method,
            comparison: comparison(&findings).map(|table| TextTable::transposed(&table)),
            comparison_figures: comparison_figures(&findings).iter().map(DrawnFigure::of).collect(),
            findings: findings.into_iter().map(FindingEntry::of).collect(),
        })
    }
}

/// The runs of findings: a row for each set of terms and images of a run.
fn runs(findings: &[Finding]) -> TextTable {
    let columns = [
        ("run", Unit::Text),
        ("network", Unit::Text),
        ("dataset", Unit::Text),
        ("labels", Unit::Text),
        ("seed", Unit::Count),
        ("epochs", Unit::Epochs),
        ("gauge", Unit::Text),
        ("terms", Unit::Count),
        ("test images", Unit::Count),
        ("images taken", Unit::Text),
        ("trained on", Unit::Text),
    ];
    let mut table = Table::new("runs", "", &columns);
    for run in findings.iter().flat_map(|finding| &finding.runs) {
        let labels = if run.shuffled_labels { "shuffled" } else { "true" };
        let row = vec![
            run.folder.clone().into(),
            run.architecture.clone().into(),
            run.dataset.clone().into(),
            labels.into(),
            TableCell::from(run.seed.map(|seed| seed as f64)),
            run.epochs.last().copied().unwrap_or(0).into(),
            format!("{}, {}", run.gauge, run.precision).into(),
            run.terms.into(),
            run.points.into(),
            run.taken.map_or(String::new(), |taken| taken.words().unwrap_or("all".into())).into(),
            run.device.clone().into(),
        ];
        if !table.rows.contains(&row) {
            table.push(row);
        }
    }
    TextTable::of(&table)
}

/// A claim whose lines do not break before a percent sign.
fn unbroken_claim(claim: &Claim) -> Claim {
    let lines = claim.lines.iter().map(|line| unbroken(line)).collect();
    Claim { lines, ..claim.clone() }
}

/// A text that does not break between a number and its percent sign.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn unbroken_row(row: Vec<String>) -> Vec<String> {
    row.iter().map(|cell| unbroken(cell)).collect()
}

impl DrawnFigure {
    fn of(figure: &Figure) -> Self {
        Self { title: figure.title.clone(), drawing: figure.svg_element() }
    }
}

impl TextTable {
    /// A table, transposed if it has many columns and few rows.
    fn of(table: &Table) -> Self {
        if table.columns.len() > MOST_COLUMNS && table.rows.len() < table.columns.len() {
            return Self::transposed(table);
        }
        Self {
            title: table.title.clone(),
            heading: table.columns.iter().map(|column| column.name.clone()).collect(),
            rows: table.formatted().into_iter().map(unbroken_row).collect(),
        }
    }

    /// A table with rows and columns exchanged.
    fn transposed(table: &Table) -> Self {
        let (heading, rows) = table.transposed();
        let rows = rows.into_iter().map(unbroken_row).collect();
        Self { title: table.title.clone(), heading, rows }
    }
}

impl FindingEntry {
    fn of(finding: &Finding) -> Self {
        let answer = &finding.answer;
        let values = answer.values.iter();
        let figures = answer.figures.iter();
        let of_figures = answer.figures.iter().map(figure_table);
        let files = answer.tables.iter().cloned().chain(of_figures);
        let mut of: Vec<_> = finding.runs.iter().map(|run| &*run.folder).collect();
        of.extend(finding.runs.first().map(|run| &*run.gauge));
        Self {
            of: of.join(", "),
            text: unbroken(&answer.text),
            values: TextTable {
                title: String::new(),
                heading: vec!["figure".into(), "value".into()],
                rows: values
                    .map(|value| vec![value.name.clone(), unbroken(&value.format())])
                    .collect(),
            },
            figures: figures.map(DrawnFigure::of).collect(),
            tables: answer.tables.iter().map(TextTable::of).collect(),
            notes: answer.notes.clone(),
            parameters: finding
                .parameters
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect(),
            files: files
                .map(|table| EmbeddedFile {
                    name: format!("{}.csv", table.name),
                    content: STANDARD.encode(csv(&table)),
                })
                .collect(),
        }
    }
}
