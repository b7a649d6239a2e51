//! Fills the templates of pages.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};

use crate::Error;
use crate::render::escaped;
use crate::report::markdown::markdown;
use crate::report::page::content::PageContent;
use crate::report::page::findings::Page;

const HTML: &str = include_str!("../../../assets/page.html");
const MARKDOWN: &str = include_str!("../../../assets/page.md");

/// Name of the escaping of Markdown for the template engine.
const MARKDOWN_TEXT: &str = "markdown";

impl Page {
    /// The page as HTML that contains figures, numbers and style sheet.
    ///
    /// # Errors
    /// Errors of the template engine; findings do not cause any.
    pub fn html(&self) -> Result<String, Error> {
        fill("page.html", HTML, &PageContent::of(self))
    }

    /// The page as Markdown, without figures.
    ///
    /// # Errors
    /// Errors of the template engine; findings do not cause any.
    pub fn markdown(&self) -> Result<String, Error> {
        let text = fill("page.md", MARKDOWN, &PageContent::of(self))?;
        // Templates leave empty lines for missing parts.
        let mut lines: Vec<_> = text.lines().map(str::trim_end).collect();
        lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
        Ok(lines.join("\n") + "\n")
    }
}

/// Fills a template. Texts are escaped for Markdown if the name of the template ends in `.md`, else
/// for HTML.
fn fill(
    name: &'static str,
    template: &'static str,
    content: &PageContent<'_>,
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
    use super::*;
    use crate::report::answer::Answer;
    use crate::report::description::ExperimentDescription;
    use crate::report::finding::Finding;
    use crate::report::number_id::NumberId;
    use crate::report::table::Table;
    use crate::unit::Unit;

    fn page(runs: &[&str]) -> Page {
        let finding = |run: &&str| {
            let mut table = Table::new("t", "Rows & columns", &[("a", Unit::Text)]);
            table.push(vec!["<b>".into()]);
            let answer =
                Answer::new("1 < 2").value(&NumberId::new("share", Unit::Share), 0.5).table(table);
            Finding::in_tests(run, answer)
        };
        let findings = runs.iter().map(finding).collect();
        let experiments = vec![ExperimentDescription::in_tests()];
        Page { title: "T".into(), experiments, findings, ..Page::default() }
    }

    #[test]
    fn texts_are_escaped() {
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
    fn a_page_without_findings_is_complete() {
        let html = page(&[]).html().unwrap();
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    }
}
