//! Content of pages: texts that templates insert.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::render::{Figure, Plot, document_head, provenance_mark, style_sheet};
use crate::report::comparison::{comparison, comparison_figures};
use crate::report::csv::csv;
use crate::report::description::{ExperimentDescription, Topic};
use crate::report::figure_table::figure_table;
use crate::report::finding::Finding;
use crate::report::page::findings::Page;
use crate::report::page::headline::{Card, ClaimEntry, unbroken};
use crate::report::table::{Table, TableCell};
use crate::unit::Unit;

/// Subtitle of a page without one.
const SUBTITLE: &str =
    "What the linear terms of the training images say about how networks generalize.";

/// Largest number of columns of a table in half a page.
const MOST_COLUMNS: usize = 5;

const PAGE_STYLE: &str = include_str!("../../../assets/page.css");

/// The script of the page.
const PAGE_SCRIPT: &str = include_str!("../../../assets/page.js");

/// Everything that the templates insert.
#[derive(Serialize)]
pub(super) struct PageContent<'a> {
    head: String,
    title: &'a str,
    subtitle: &'a str,
    answer: String,
    cards: Vec<Card>,
    headline: Option<DrawnFigure>,
    summary: Option<TextTable>,
    claims: Vec<ClaimEntry>,
    figure_style: String,
    script: &'a str,
    runs: TextTable,
    topics: Vec<PageTopic>,
    left_out: &'a [String],
    footer: String,
}

/// Experiments about one topic.
#[derive(Serialize)]
struct PageTopic {
    title: &'static str,
    sections: Vec<PageSection>,
}

/// An experiment.
#[derive(Serialize)]
struct PageSection {
    name: &'static str,
    question: &'static str,
    method: [&'static str; 3],
    comparison: Option<TextTable>,
    comparison_figures: Vec<DrawnFigure>,
    /// Figures whose lines are all flat, in words.
    constants: Vec<String>,
    findings: Vec<FindingEntry>,
}

/// A finding of an experiment.
#[derive(Serialize)]
struct FindingEntry {
    of: String,
    /// The run that a reader can choose; empty if the finding compares several.
    network: String,
    gauge: String,
    text: String,
    values: TextTable,
    figures: Vec<DrawnFigure>,
    constants: Vec<String>,
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
    /// Stem of the files that the page offers.
    name: String,
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
        let summary = page.summary.as_ref();
        let topic = |topic: Topic| PageTopic::of(topic, page);
        PageContent {
            head: document_head(&page.title, PAGE_STYLE, PAGE_SCRIPT),
            title: &page.title,
            subtitle: if page.about.is_empty() { SUBTITLE } else { &page.about },
            answer: summary.map_or_else(String::new, |summary| unbroken(&summary.answer)),
            cards: summary.iter().flat_map(|summary| &summary.cards).map(Card::of).collect(),
            headline: summary.and_then(|summary| summary.figure.as_ref().map(DrawnFigure::of)),
            summary: summary.map(|summary| TextTable::of(&summary.table)),
            claims: summary.iter().flat_map(|all| &all.claims).map(ClaimEntry::of).collect(),
            figure_style: style_sheet(),
            script: PAGE_SCRIPT,
            runs: runs(&page.findings),
            topics: Topic::ALL.into_iter().filter_map(topic).collect(),
            left_out: &page.left_out,
            footer: provenance_mark(),
        }
    }
}

impl PageTopic {
    /// The experiments about a topic that have findings; `None` without any.
    fn of(topic: Topic, page: &Page) -> Option<Self> {
        let experiments = page.experiments.iter().filter(|experiment| experiment.topic == topic);
        let sections: Vec<_> =
            experiments.filter_map(|each| PageSection::of(each, &page.findings)).collect();
        (!sections.is_empty()).then(|| Self { title: topic.title(), sections })
    }
}

impl PageSection {
    /// The findings of an experiment; `None` without findings.
    fn of(experiment: &ExperimentDescription, findings: &[Finding]) -> Option<Self> {
        let &ExperimentDescription { name, question, method, .. } = experiment;
        let is_of = |finding: &&Finding| finding.experiment == name;
        let findings: Vec<_> = findings.iter().filter(is_of).collect();
        let (comparison_figures, constants) = drawn(&comparison_figures(&findings));
        (!findings.is_empty()).then(|| Self {
            name,
            question,
            method,
            comparison: comparison(&findings).map(|table| TextTable::transposed(&table)),
            comparison_figures,
            constants,
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

/// Figures as drawings. A figure of flat lines at one height becomes a sentence.
fn drawn(figures: &[Figure]) -> (Vec<DrawnFigure>, Vec<String>) {
    let (mut drawings, mut constants) = (Vec::new(), Vec::new());
    for figure in figures {
        match &figure.plot {
            Plot::Curves(plot) if plot.constant().is_some() => {
                let value = plot.constant().map(|height| plot.y.unit.format(height));
                let value = unbroken(&value.unwrap_or_default());
                constants.push(format!("{}: {value} throughout.", figure.title));
            }
            _ => drawings.push(DrawnFigure::of(figure)),
        }
    }
    (drawings, constants)
}

fn unbroken_row(row: Vec<String>) -> Vec<String> {
    row.iter().map(|cell| unbroken(cell)).collect()
}

impl DrawnFigure {
    fn of(figure: &Figure) -> Self {
        let (name, title) = (figure.name.clone(), figure.title.clone());
        Self { name, title, drawing: figure.svg_element() }
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
        let of_figures = answer.figures.iter().map(figure_table);
        let files = answer.tables.iter().cloned().chain(of_figures);
        let networks: Vec<_> = finding.runs.iter().map(|run| &*run.folder).collect();
        let network = if networks.len() == 1 { networks[0].to_owned() } else { String::new() };
        let gauge = finding.runs.first().map(|run| run.gauge.clone()).unwrap_or_default();
        let (figures, constants) = drawn(&answer.figures);
        Self {
            of: format!("{}, {gauge}", networks.join(", ")),
            network,
            gauge,
            text: unbroken(&answer.text),
            values: TextTable {
                title: String::new(),
                heading: vec!["figure".into(), "value".into()],
                rows: values
                    .map(|value| vec![value.name.clone(), unbroken(&value.format())])
                    .collect(),
            },
            figures,
            constants,
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
