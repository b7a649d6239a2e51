//! Findings as one page: HTML that needs no other file, and Markdown.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use tropex_train::files::write_atomically;

use super::{Cell, Finding, STYLE, Table, Unit, comparison, csv, read_finding};
use crate::Error;
use crate::experiments::EXPERIMENTS;

const HTML: &str = include_str!("../../assets/page.html");
const MARKDOWN: &str = include_str!("../../assets/page.md");
const PAGE_STYLE: &str = include_str!("../../assets/page.css");

/// Findings that stand on a page, and their headline.
#[derive(Clone, Debug)]
pub struct Page {
    /// The headline.
    pub title: String,
    /// The findings, in any order; those of one experiment stand together.
    pub findings: Vec<Finding>,
}

/// What the templates are filled with.
#[derive(Serialize)]
struct Content<'a> {
    title: &'a str,
    subtitle: String,
    style: &'a str,
    figure_style: &'a str,
    runs: Grid,
    sections: Vec<Section>,
    footer: String,
}

/// An experiment.
#[derive(Serialize)]
struct Section {
    name: &'static str,
    question: &'static str,
    method: [&'static str; 3],
    comparison: Option<Grid>,
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

impl Page {
    /// Everything that was found about a run, as far as it is in its folder.
    pub fn of_run(run: &Path) -> Self {
        let reports = run.join("reports");
        let folders = std::fs::read_dir(reports).into_iter().flatten().flatten();
        let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
        folders.sort();
        let findings = folders.iter().filter_map(|folder| read_finding(folder)).collect();
        Self { title: format!("Linear terms of {}", run.display()), findings }
    }

    /// The page as HTML, with figures, numbers and style sheet in it.
    ///
    /// # Errors
    /// None that findings can bring about.
    pub fn html(&self) -> Result<String, Error> {
        render("page.html", HTML, &self.content())
    }

    /// The page as Markdown, without figures.
    ///
    /// # Errors
    /// None that findings can bring about.
    pub fn markdown(&self) -> Result<String, Error> {
        let text = render("page.md", MARKDOWN, &self.content())?;
        // Templates leave lines empty where there was nothing to say.
        let mut lines: Vec<_> = text.lines().map(str::trim_end).collect();
        lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
        Ok(lines.join("\n") + "\n")
    }

    /// Writes the page as HTML, and as Markdown beside it.
    ///
    /// # Errors
    /// Whatever hinders writing.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let markdown = path.with_extension("md");
        write_atomically(path, self.html()?.as_bytes()).map_err(Error::io("write", path))?;
        write_atomically(&markdown, self.markdown()?.as_bytes())
            .map_err(Error::io("write", &markdown))
    }

    fn content(&self) -> Content<'_> {
        let sections: Vec<_> = EXPERIMENTS
            .iter()
            .filter_map(|entry| {
                let findings = self.findings.iter();
                let findings: Vec<_> =
                    findings.filter(|finding| finding.experiment == entry.name).collect();
                let name = entry.name;
                let (question, method) = (entry.question, entry.method);
                let comparison = comparison(&findings).map(|table| turned(&table));
                let findings: Vec<_> = findings.into_iter().map(Entry::of).collect();
                (!findings.is_empty()).then_some(Section {
                    name,
                    question,
                    method,
                    comparison,
                    findings,
                })
            })
            .collect();
        Content {
            title: &self.title,
            subtitle: "What the linear terms of the training images say about how networks \
                       generalize."
                .into(),
            style: PAGE_STYLE,
            figure_style: STYLE,
            runs: self.runs(),
            sections,
            footer: format!("Made by TropEx {}.", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The runs that findings are about, each as often as it was looked at in another way.
    fn runs(&self) -> Grid {
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
            ("trained on", Unit::Text),
        ];
        let mut table = Table::new("runs", "", &columns);
        for subject in self.findings.iter().flat_map(|finding| &finding.subjects) {
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
                subject.device.clone().into(),
            ];
            if !table.rows.contains(&row) {
                table.push(row);
            }
        }
        Grid::of(&table)
    }
}

/// A text in which no line ends between a number and its percent sign.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// Fills a template; texts are escaped where its name ends in `.html`.
fn render(
    name: &'static str,
    template: &'static str,
    content: &Content<'_>,
) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.add_template(name, template)?;
    Ok(environment.get_template(name)?.render(Serde(content))?)
}

/// A table with its rows as columns, so that many numbers of few runs stand below each other.
fn turned(table: &Table) -> Grid {
    let (heading, rows) = table.turned();
    Grid { title: table.title.clone(), heading, rows }
}

impl Grid {
    fn of(table: &Table) -> Self {
        Self {
            title: table.title.clone(),
            heading: table.columns.iter().map(|column| column.name.clone()).collect(),
            rows: table.formatted(),
        }
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
                rows: values.map(|value| vec![value.name.clone(), value.format()]).collect(),
            },
            figures: figures
                .map(|figure| Drawn { title: figure.title.clone(), drawing: figure.drawing() })
                .collect(),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Answer, FORMAT};
    use super::*;

    fn page(runs: &[&str]) -> Page {
        let finding = |run: &&str| {
            let mut table = Table::new("t", "Rows & columns", &[("a", Unit::Text)]);
            table.push(vec!["<b>".into()]);
            let subject = super::super::SubjectRecord {
                run: (*run).into(),
                architecture: "fcn4".into(),
                dataset: "d".into(),
                seed: Some(1),
                epochs: vec![2],
                shuffled_labels: false,
                gauge: "tight".into(),
                precision: "f32".into(),
                terms: 5,
                points: 6,
                device: "flex".into(),
            };
            Finding {
                format: FORMAT,
                experiment: "exactness".into(),
                question: String::new(),
                method: Vec::new(),
                parameters: BTreeMap::new(),
                subjects: vec![subject],
                fingerprint: String::new(),
                answer: Answer::new("1 < 2").value("share", 0.5, Unit::Share).table(table),
            }
        };
        Page { title: "T".into(), findings: runs.iter().map(finding).collect() }
    }

    #[test]
    fn texts_are_no_elements() {
        let html = page(&["run"]).html().unwrap();
        for part in ["1 &lt; 2", "&lt;b&gt;", "Rows &amp; columns", "50.00 %", "id=\"exactness\""] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("<b>") && !html.contains("http://"), "{html}");
    }

    #[test]
    fn several_findings_are_compared() {
        let page = page(&["first", "second"]);
        for text in [page.html().unwrap(), page.markdown().unwrap()] {
            assert!(text.contains("runs side by side") || text.contains("| first | second |"));
            assert_eq!(text.matches("50.00 %").count(), 2, "{text}");
        }
    }

    #[test]
    fn a_page_of_nothing_is_a_page() {
        let html = page(&[]).html().unwrap();
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    }
}
