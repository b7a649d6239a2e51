//! Tables and figures of pages, each with the file that a reader can save.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::render::{Figure, Plot};
use crate::report::csv::csv;
use crate::report::figure_table::figure_table;
use crate::report::file_stem::{file_stem, last_part};
use crate::report::finding::Finding;
use crate::report::table::Table;
use crate::unit::unbroken;

/// Largest number of columns of a table in half a page.
const MOST_COLUMNS: usize = 5;

/// The beginning of the names of files: of which study, runs and gauge they are.
#[derive(Clone, Debug)]
pub(super) struct FileOrigin(Vec<String>);

impl FileOrigin {
    pub(super) fn new(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    /// Runs, gauge, experiment and, of one run, its seed.
    pub(super) fn of(page: &str, finding: &Finding) -> Self {
        let mut parts = vec![page];
        parts.extend(finding.runs.iter().map(|run| last_part(&run.folder)));
        parts.extend(finding.runs.first().map(|run| &*run.gauge));
        parts.push(&finding.experiment);
        let mut origin = Self::new(&parts);
        if let [run] = finding.runs.as_slice()
            && run.averaged_seeds.is_empty()
            && let Some(seed) = run.seed
            && !run.folder.ends_with(&format!("seed{seed}"))
        {
            origin.0.push(format!("seed{seed}"));
        }
        origin
    }

    fn file(&self, table: &Table) -> EmbeddedFile {
        let parts = self.0.iter().map(String::as_str).chain([&*table.name]);
        EmbeddedFile { stem: file_stem(parts), content: STANDARD.encode(csv(table)) }
    }
}

/// A CSV file that the page contains, in base64.
#[derive(Serialize)]
struct EmbeddedFile {
    stem: String,
    content: String,
}

/// A heading of a table.
#[derive(Serialize)]
pub(super) struct Heading {
    name: String,
    /// The run and the gauge that the column is about; empty for other columns.
    network: String,
    gauge: String,
}

impl Heading {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), network: String::new(), gauge: String::new() }
    }
}

/// A table of texts.
#[derive(Serialize)]
pub(super) struct TextTable {
    title: String,
    heading: Vec<Heading>,
    rows: Vec<Vec<String>>,
    file: EmbeddedFile,
}

impl TextTable {
    /// A table, transposed if it has many columns and few rows.
    pub(super) fn of(table: &Table, origin: &FileOrigin) -> Self {
        if table.columns.len() > MOST_COLUMNS && table.rows.len() < table.columns.len() {
            return Self::transposed(table, origin);
        }
        let heading = table.columns.iter().map(|column| &*column.name).collect::<Vec<_>>();
        Self::with_rows(table, &heading, table.formatted(), origin)
    }

    /// A table with rows and columns exchanged.
    pub(super) fn transposed(table: &Table, origin: &FileOrigin) -> Self {
        let (heading, rows) = table.transposed();
        let heading: Vec<_> = heading.iter().map(String::as_str).collect();
        Self::with_rows(table, &heading, rows, origin)
    }

    /// Rows of texts in place of those of the table, which becomes the file.
    pub(super) fn with_rows(
        table: &Table,
        heading: &[&str],
        rows: Vec<Vec<String>>,
        origin: &FileOrigin,
    ) -> Self {
        let unbroken_row = |row: Vec<String>| row.iter().map(|cell| unbroken(cell)).collect();
        Self {
            title: table.title.clone(),
            heading: heading.iter().map(|name| Heading::new(name)).collect(),
            rows: rows.into_iter().map(unbroken_row).collect(),
            file: origin.file(table),
        }
    }

    /// The table with the networks and gauges that the columns after the first one are about.
    pub(super) fn about<'a>(mut self, runs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        for (heading, (network, gauge)) in self.heading.iter_mut().skip(1).zip(runs) {
            (heading.network, heading.gauge) = (network.to_owned(), gauge.to_owned());
        }
        self
    }
}

/// A figure of a page.
#[derive(Serialize)]
pub(super) struct DrawnFigure {
    title: String,
    drawing: String,
    file: EmbeddedFile,
}

impl DrawnFigure {
    pub(super) fn new(figure: &Figure, origin: &FileOrigin) -> Self {
        Self::with_table(figure, &figure_table(figure), origin)
    }

    /// A figure with a table of its numbers.
    pub(super) fn with_table(figure: &Figure, table: &Table, origin: &FileOrigin) -> Self {
        let (title, drawing) = (figure.title.clone(), figure.svg_element());
        Self { title, drawing, file: origin.file(table) }
    }
}

/// A figure whose lines are all flat, in words.
#[derive(Serialize)]
pub(super) struct ConstantFigure {
    text: String,
    file: EmbeddedFile,
}

/// Figures as drawings. A figure of flat lines at one height becomes a sentence.
pub(super) fn drawn(
    figures: &[Figure],
    origin: &FileOrigin,
) -> (Vec<DrawnFigure>, Vec<ConstantFigure>) {
    let (mut drawings, mut constants) = (Vec::new(), Vec::new());
    for figure in figures {
        match &figure.plot {
            Plot::Curves(plot) if plot.constant().is_some() => {
                let value = plot.constant().map(|height| plot.y.unit.format(height));
                let value = unbroken(&value.unwrap_or_default());
                let text = format!("{}: {value} throughout.", figure.title);
                let file = origin.file(&figure_table(figure));
                constants.push(ConstantFigure { text, file });
            }
            _ => drawings.push(DrawnFigure::new(figure, origin)),
        }
    }
    (drawings, constants)
}
