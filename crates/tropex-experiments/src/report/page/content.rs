//! Content of pages: texts that templates insert.

use serde::Serialize;

use super::cards::{NetworkCard, card_table, network_cards};
use super::changes::ChangesSection;
use super::claim_entry::ClaimEntry;
use super::findings::Page;
use super::runs_table::runs_table;
use super::saved::{ConstantFigure, DrawnFigure, FileOrigin, TextTable, drawn};
use crate::render::{document_head, provenance_mark, style_sheet};
use crate::report::comparison::{comparison, comparison_figures};
use crate::report::description::{ExperimentDescription, Topic};
use crate::report::finding::Finding;
use crate::report::summary::StudySummary;
use crate::report::table::{Table, TableCell};
use crate::unit::{Unit, unbroken};

/// Subtitle of a page without one.
const SUBTITLE: &str =
    "What the linear terms of the training images say about how networks generalize.";

/// What a gauge is.
const GAUGES: &str = "A gauge is the rule that moves all terms of a network by one shift, so that no \
    coefficient is negative. It leaves the network as it is, and changes the function that the terms \
    form between the training images. Worst-case shifts, as published, are large enough for any \
    image; tight ones are the smallest that suffice for the training images; calibrated ones are the \
    smallest multiple of these under which the own term of every training image still wins there.";

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
    caution: &'a str,
    /// What a gauge is; empty on a page without cards.
    gauges: &'a str,
    cards: Vec<NetworkCard>,
    headline: Option<DrawnFigure>,
    changes: Option<ChangesSection>,
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
    constants: Vec<ConstantFigure>,
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
    constants: Vec<ConstantFigure>,
    tables: Vec<TextTable>,
    notes: Vec<String>,
    parameters: Vec<String>,
}

impl<'a> PageContent<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let summary = page.summary.as_ref();
        let cards = summary.map_or(&[][..], |summary| &summary.cards);
        let topic = |topic: Topic| PageTopic::of(topic, page);
        let origin = FileOrigin::new(&[&page.name]);
        let changes = summary.and_then(|summary| summary.changes.as_ref());
        PageContent {
            head: document_head(&page.title, PAGE_STYLE, PAGE_SCRIPT),
            title: &page.title,
            subtitle: if page.about.is_empty() { SUBTITLE } else { &page.about },
            answer: summary.map_or_else(String::new, |summary| unbroken(&summary.answer)),
            caution: summary.map_or("", |summary| &summary.caution),
            gauges: if cards.is_empty() { "" } else { GAUGES },
            cards: network_cards(cards),
            headline: summary.and_then(|summary| headline(summary, &origin)),
            changes: changes.map(|changes| ChangesSection::of(changes, &origin)),
            summary: summary.map(|summary| TextTable::of(&summary.table, &origin)),
            claims: summary.iter().flat_map(|all| &all.claims).map(ClaimEntry::of).collect(),
            figure_style: style_sheet(),
            script: PAGE_SCRIPT,
            runs: TextTable::of(&runs_table(&page.findings), &origin),
            topics: Topic::ALL.into_iter().filter_map(topic).collect(),
            left_out: &page.left_out,
            footer: provenance_mark(),
        }
    }
}

/// The first figure, with the numbers of the cards.
fn headline(summary: &StudySummary, origin: &FileOrigin) -> Option<DrawnFigure> {
    let figure = summary.figure.as_ref()?;
    Some(DrawnFigure::with_table(figure, &card_table(&summary.cards), origin))
}

impl PageTopic {
    /// The experiments about a topic that have findings; `None` without any.
    fn of(topic: Topic, page: &Page) -> Option<Self> {
        let experiments = page.experiments.iter().filter(|experiment| experiment.topic == topic);
        let sections: Vec<_> = experiments.filter_map(|each| PageSection::of(each, page)).collect();
        (!sections.is_empty()).then(|| Self { title: topic.title(), sections })
    }
}

impl PageSection {
    /// The findings of an experiment; `None` without findings.
    fn of(experiment: &ExperimentDescription, page: &Page) -> Option<Self> {
        let &ExperimentDescription { name, question, method, .. } = experiment;
        let is_of = |finding: &&Finding| finding.experiment == name;
        let findings: Vec<_> = page.findings.iter().filter(is_of).collect();
        let origin = FileOrigin::new(&[&page.name, name]);
        let (comparison_figures, constants) = drawn(&comparison_figures(&findings), &origin);
        let runs = findings.iter().filter_map(|finding| finding.runs.first());
        let runs = runs.map(|run| (&*run.folder, &*run.gauge));
        let compared = |table: Table| TextTable::transposed(&table, &origin).about(runs);
        (!findings.is_empty()).then(|| Self {
            name,
            question,
            method,
            comparison: comparison(&findings).map(compared),
            comparison_figures,
            constants,
            findings: findings.iter().map(|each| FindingEntry::of(each, &page.name)).collect(),
        })
    }
}

impl FindingEntry {
    fn of(finding: &Finding, page: &str) -> Self {
        let (answer, origin) = (&finding.answer, FileOrigin::of(page, finding));
        let networks: Vec<_> = finding.runs.iter().map(|run| &*run.folder).collect();
        let network = if networks.len() == 1 { networks[0].to_owned() } else { String::new() };
        let gauge = finding.runs.first().map(|run| run.gauge.clone()).unwrap_or_default();
        let (figures, constants) = drawn(&answer.figures, &origin);
        Self {
            of: format!("{}, {gauge}", networks.join(", ")),
            network,
            gauge,
            text: unbroken(&answer.text),
            values: values(finding, &origin),
            figures,
            constants,
            tables: answer.tables.iter().map(|table| TextTable::of(table, &origin)).collect(),
            notes: answer.notes.clone(),
            parameters: finding
                .parameters
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect(),
        }
    }
}

/// The numbers of a finding.
fn values(finding: &Finding, origin: &FileOrigin) -> TextTable {
    let columns = [("figure", Unit::Text), ("value", Unit::Number), ("unit", Unit::Text)];
    let (mut table, mut rows) = (Table::new("numbers", "", &columns), Vec::new());
    for measure in &finding.answer.values {
        let unit = measure.unit.in_files().unwrap_or_default();
        let (name, value) = (measure.name.clone(), TableCell::from(measure.value));
        table.push(vec![name.clone().into(), value, unit.into()]);
        rows.push(vec![name, measure.format()]);
    }
    TextTable::with_rows(&table, &["figure", "value"], rows, origin)
}
