//! Findings as one page: HTML that needs no other file, and Markdown.

mod content;
mod files;

use std::path::Path;

use minijinja::Environment;
use minijinja::value::Serde;

use self::content::Content;
pub use self::files::PageFiles;
use super::Finding;
use super::folder::{folders_of, read_finding};
use crate::Error;
use crate::study::Summary;

const HTML: &str = include_str!("../../../assets/page.html");
const MARKDOWN: &str = include_str!("../../../assets/page.md");

/// Findings that stand on a page, and their headline.
#[derive(Clone, Debug)]
pub struct Page {
    /// The headline.
    pub title: String,
    /// What it is about; nothing of its own is said where it is empty.
    pub about: String,
    /// What stands first, with a study.
    pub summary: Option<Summary>,
    /// The findings, in any order; those of one experiment stand together.
    pub findings: Vec<Finding>,
}

impl Page {
    /// Everything that was found about a run, as far as it is in its folder.
    ///
    /// # Errors
    /// Findings that cannot be read.
    pub fn of_run(run: &Path) -> Result<Self, Error> {
        let mut findings = Vec::new();
        for folder in folders_of(run)? {
            findings.extend(read_finding(&folder)?);
        }
        let title = format!("Linear terms of {}", run.display());
        Ok(Self { title, about: String::new(), summary: None, findings })
    }

    /// The page as HTML, with figures, numbers and style sheet in it.
    ///
    /// # Errors
    /// None that findings can bring about.
    pub fn html(&self) -> Result<String, Error> {
        render("page.html", HTML, &Content::of(self))
    }

    /// The page as Markdown, without figures.
    ///
    /// # Errors
    /// None that findings can bring about.
    pub fn markdown(&self) -> Result<String, Error> {
        let text = render("page.md", MARKDOWN, &Content::of(self))?;
        // Templates leave lines empty where there was nothing to say.
        let mut lines: Vec<_> = text.lines().map(str::trim_end).collect();
        lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
        Ok(lines.join("\n") + "\n")
    }
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

#[cfg(test)]
mod tests {
    use super::super::{Answer, Table, Unit};
    use super::*;

    fn page(runs: &[&str]) -> Page {
        let finding = |run: &&str| {
            let mut table = Table::new("t", "Rows & columns", &[("a", Unit::Text)]);
            table.push(vec!["<b>".into()]);
            let answer = Answer::new("1 < 2").value("share", 0.5, Unit::Share).table(table);
            Finding::in_tests(run, answer)
        };
        let findings = runs.iter().map(finding).collect();
        Page { title: "T".into(), about: String::new(), summary: None, findings }
    }

    #[test]
    fn texts_are_no_elements() {
        let html = page(&["run"]).html().unwrap();
        for part in
            ["1 &lt; 2", "&lt;b&gt;", "Rows &amp; columns", "50.00\u{a0}%", "id=\"exactness\""]
        {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("<b>") && !html.contains("http://"), "{html}");
    }

    #[test]
    fn several_findings_are_compared() {
        let page = page(&["first", "second"]);
        for text in [page.html().unwrap(), page.markdown().unwrap()] {
            assert!(text.contains("runs side by side") || text.contains("| first | second |"));
            assert_eq!(text.matches("50.00\u{a0}%").count(), 2, "{text}");
        }
    }

    #[test]
    fn a_page_of_nothing_is_a_page() {
        let html = page(&[]).html().unwrap();
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    }
}
