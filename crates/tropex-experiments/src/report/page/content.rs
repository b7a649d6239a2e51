//! What pages are filled with: texts, ready to be shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::super::{
    Cell, Figure, Finding, STYLE, Table, Unit, comparison, comparison_figures, csv,
};
use super::Page;
use crate::experiments::EXPERIMENTS;
use crate::made_by::made_by;
use crate::study::Claim;

/// What a page is about that does not say it itself.
const SUBTITLE: &str =
    "What the linear terms of the training images say about how networks generalize.";

/// Columns that are seen beside each other in half a page.
const MOST_COLUMNS: usize = 5;

const PAGE_STYLE: &str = include_str!("../../../assets/page.css");

/// What the templates are filled with.
#[derive(Serialize)]
pub(super) struct Content<'a> {
    title: &'a str,
    subtitle: &'a str,
    summary: Option<Grid>,
    claims: Vec<Claim>,
    style: &'a str,
    figure_style: &'a str,
    runs: Grid,
    sections: Vec<Section>,
    left_out: &'a [String],
    footer: String,
}

/// An experiment.
#[derive(Serialize)]
struct Section {
    name: &'static str,
    question: &'static str,
    method: [&'static str; 3],
    comparison: Option<Grid>,
    comparison_figures: Vec<Drawn>,
    findings: Vec<Entry>,
}

/// A finding of it.
#[derive(Serialize)]
struct Entry {
    of: String,
    text: String,
    values: Grid,
    figures: Vec<Drawn>,
    tables: Vec<Grid>,
    notes: Vec<String>,
    parameters: Vec<String>,
    files: Vec<File>,
}

/// A table of texts.
#[derive(Serialize)]
struct Grid {
    title: String,
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Drawn {
    title: String,
    drawing: String,
}

/// A file that is part of the page, in base64.
#[derive(Serialize)]
struct File {
    name: String,
    content: String,
}

impl<'a> Content<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let sections: Vec<_> = EXPERIMENTS
            .iter()
            .filter_map(|entry| {
                let findings = page.findings.iter();
                let findings: Vec<_> =
                    findings.filter(|finding| finding.experiment == entry.name).collect();
                let name = entry.name;
                let (question, method) = (entry.question, entry.method);
                let comparison = comparison(&findings).map(|table| Grid::turned(&table));
                let comparison_figures =
                    comparison_figures(&findings).iter().map(Drawn::of).collect();
                let findings: Vec<_> = findings.into_iter().map(Entry::of).collect();
                (!findings.is_empty()).then_some(Section {
                    name,
                    question,
                    method,
                    comparison,
                    comparison_figures,
                    findings,
                })
            })
            .collect();
        Content {
            title: &page.title,
            subtitle: if page.about.is_empty() { SUBTITLE } else { &page.about },
            summary: page.summary.as_ref().map(|summary| Grid::of(&summary.table)),
            claims: page.summary.iter().flat_map(|summary| &summary.claims).map(legible).collect(),
            style: PAGE_STYLE,
            figure_style: STYLE,
            runs: runs(&page.findings),
            sections,
            left_out: &page.left_out,
            footer: made_by(),
        }
    }
}

/// The runs that findings are about, each as often as it was looked at in another way.
fn runs(findings: &[Finding]) -> Grid {
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
    for subject in findings.iter().flat_map(|finding| &finding.subjects) {
        let labels = if subject.shuffled_labels { "shuffled" } else { "true" };
        let row = vec![
            subject.run.clone().into(),
            subject.architecture.clone().into(),
            subject.dataset.clone().into(),
            labels.into(),
            Cell::from(subject.seed.map(|seed| seed as f64)),
            subject.epochs.last().copied().unwrap_or(0).into(),
            format!("{}, {}", subject.gauge, subject.precision).into(),
            subject.terms.into(),
            subject.points.into(),
            subject
                .taken
                .map_or(String::new(), |taken| taken.words().unwrap_or("all".into()))
                .into(),
            subject.device.clone().into(),
        ];
        if !table.rows.contains(&row) {
            table.push(row);
        }
    }
    Grid::of(&table)
}

/// A claim as people read it.
fn legible(claim: &Claim) -> Claim {
    let lines = claim.lines.iter().map(|line| unbroken(line)).collect();
    Claim { lines, ..claim.clone() }
}

/// A text in which no line ends between a number and its percent sign.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn unbroken_row(row: Vec<String>) -> Vec<String> {
    row.iter().map(|cell| unbroken(cell)).collect()
}

impl Drawn {
    fn of(figure: &Figure) -> Self {
        Self { title: figure.title.clone(), drawing: figure.drawing() }
    }
}

impl Grid {
    /// A table as it is, or turned where more of it is seen that way.
    fn of(table: &Table) -> Self {
        if table.columns.len() > MOST_COLUMNS && table.rows.len() < table.columns.len() {
            return Self::turned(table);
        }
        Self {
            title: table.title.clone(),
            heading: table.columns.iter().map(|column| column.name.clone()).collect(),
            rows: table.formatted().into_iter().map(unbroken_row).collect(),
        }
    }

    /// A table with its rows as columns, so that many numbers of few runs stand below each other.
    fn turned(table: &Table) -> Self {
        let (heading, rows) = table.turned();
        let rows = rows.into_iter().map(unbroken_row).collect();
        Self { title: table.title.clone(), heading, rows }
    }
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        let answer = &finding.answer;
        let values = answer.values.iter();
        let figures = answer.figures.iter();
        let of_figures = answer.figures.iter().map(|figure| figure.table());
        let files = answer.tables.iter().cloned().chain(of_figures);
        let subjects = finding.subjects.iter();
        let mut of: Vec<_> = subjects.map(|subject| &*subject.run).collect();
        of.extend(finding.subjects.first().map(|subject| &*subject.gauge));
        Self {
            of: of.join(", "),
            text: unbroken(&answer.text),
            values: Grid {
                title: String::new(),
                heading: vec!["figure".into(), "value".into()],
                rows: values
                    .map(|value| vec![value.name.clone(), unbroken(&value.format())])
                    .collect(),
            },
            figures: figures.map(Drawn::of).collect(),
            tables: answer.tables.iter().map(Grid::of).collect(),
            notes: answer.notes.clone(),
            parameters: finding
                .parameters
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect(),
            files: files
                .map(|table| File {
                    name: format!("{}.csv", table.name),
                    content: STANDARD.encode(csv(&table)),
                })
                .collect(),
        }
    }
}
