//! Findings as one page: HTML that needs no other file, and Markdown.

mod content;
mod files;
#[cfg(test)]
mod foreign;

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};

use self::content::Content;
pub use self::files::PageFiles;
use super::Finding;
use super::folder::{folders_of, read_finding};
use crate::Error;
use crate::markup::{escaped, markdown};
use crate::study::Summary;

const HTML: &str = include_str!("../../../assets/page.html");
const MARKDOWN: &str = include_str!("../../../assets/page.md");

/// How texts are written in Markdown, as the template engine calls it.
const MARKDOWN_TEXT: &str = "markdown";

/// Findings that stand on a page, and their headline.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The headline.
    pub title: String,
    /// What it is about; nothing of its own is said where it is empty.
    pub about: String,
    /// What stands first, with a study.
    pub summary: Option<Summary>,
    /// The findings, in any order; those of one experiment stand together.
    pub findings: Vec<Finding>,
    /// Findings that are there and cannot be shown, a line for each.
    pub left_out: Vec<String>,
}

impl Page {
    /// Everything that was found about a run, as far as it is in its folder.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn of_run(run: &Path) -> Result<Self, Error> {
        let title = format!("Linear terms of {}", run.display());
        let mut page = Self { title, ..Self::default() };
        for folder in folders_of(run)? {
            match read_finding(&folder) {
                Ok(finding) => page.findings.extend(finding),
                Err(error) => page.left_out.push(error.to_string()),
            }
        }
        Ok(page)
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

/// Fills a template. No text is taken for markup, in HTML or, where the name of the template ends
/// in `.md`, in Markdown.
fn render(
    name: &'static str,
    template: &'static str,
    content: &Content<'_>,
) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| match name.ends_with(".md") {
        true => AutoEscape::Custom(MARKDOWN_TEXT.into()),
        false => AutoEscape::Html,
    });
    environment.set_formatter(|out, state, value| {
        let text = value.to_string();
        out.write_str(&match state.auto_escape() {
            _ if value.is_safe() => text,
            AutoEscape::Custom(name) if name == MARKDOWN_TEXT => markdown(&text),
            _ => escaped(&text),
        })?;
        Ok(())
    });
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
        Page { title: "T".into(), findings: runs.iter().map(finding).collect(), ..Page::default() }
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
