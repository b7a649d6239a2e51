//! Tests with findings that another program wrote.

use std::fs;
use std::panic::catch_unwind;

use serde_json::{Value, json};

use super::findings::Page;
use crate::render::{
    BarChart, BarGroup, CaptionedImage, Figure, HeatMapPanel, HeatMaps, Histogram, HistogramSeries,
    ImageGrid, LinePlot, Plot, PlotAxis, PlotLine,
};
use crate::report::answer::Answer;
use crate::report::comparison::BY_EPOCH;
use crate::report::description::ExperimentDescription;
use crate::report::finding::Finding;
use crate::report::folder::read_finding;
use crate::report::number_id::NumberId;
use crate::report::table::{Table, TableCell};
use crate::unit::Unit;

const COUNT: NumberId = NumberId::new("n", Unit::Count);

fn descriptions() -> Vec<ExperimentDescription> {
    vec![ExperimentDescription::in_tests()]
}

/// A text with all quotes and all marks of HTML and Markdown.
const PAYLOAD: &str = "\u{7}\"'/><script>alert(1)</script><img src=x onerror='x()'>]]>--> \
    | [a](javascript:x) `*_~$ http://a.b www.c.d\n\n# h\n- l\n\n\tcode";

/// A text without marks whose words have equal lengths, so that lines break at equal places.
fn plain() -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || " -/".contains(letter);
    PAYLOAD.chars().map(|letter| if is_plain(letter) { letter } else { 'x' }).collect()
}

/// A finding with every kind of table and figure.
fn finding() -> Value {
    let mut table = Table::new("rows", "Rows", &[("a", Unit::Text), ("b", Unit::Share)]);
    table.push(vec!["x".into(), 0.5.into()]);
    table.push(vec![TableCell::Missing, 0.25.into()]);
    let mut by_epoch = Table::new(BY_EPOCH, "Over", &[("epoch", Unit::Epochs), ("n", Unit::Count)]);
    by_epoch.push(vec![0.0.into(), 7.0.into()]);
    by_epoch.push(vec![1.0.into(), 8.0.into()]);
    let mut long = Table::new("long", "Long", &[("a", Unit::Degrees)]);
    (0..15).for_each(|row| long.push(vec![f64::from(row).into()]));
    let axis = |label| PlotAxis::linear(label, Unit::Number);
    let mut curve = PlotLine::new("curve", [[0.0, 1.0], [1.0, 2.0]]);
    curve.spread = vec![[0.5, 1.5], [1.5, 2.5]];
    let plots = [
        ("curves", Plot::Curves(LinePlot { x: axis("x"), y: axis("y"), curves: vec![curve] })),
        (
            "histogram",
            Plot::Histogram(Histogram {
                x: PlotAxis::logarithmic("x", Unit::Number),
                edges: vec![1.0, 2.0, 4.0],
                series: vec![HistogramSeries { name: "set".into(), shares: vec![0.25, 0.75] }],
            }),
        ),
        (
            "bars",
            Plot::Bars(BarChart {
                x: axis("x"),
                y: PlotAxis::linear("y", Unit::Share),
                series: vec!["one".into(), "two".into()],
                groups: vec![BarGroup::new("group of bars", [0.5, 0.75])],
            }),
        ),
        (
            "maps",
            Plot::HeatMaps(HeatMaps {
                x: PlotAxis::linear("x", Unit::Pixels),
                y: PlotAxis::linear("y", Unit::Pixels),
                value: PlotAxis::linear("value", Unit::Share),
                columns: vec![1.0, 2.0],
                rows: vec![3.0],
                panels: vec![HeatMapPanel { name: "panel".into(), values: vec![vec![0.25, 0.5]] }],
            }),
        ),
        (
            "pictures",
            Plot::Pictures(ImageGrid {
                columns: 2,
                pictures: vec![CaptionedImage::of_image(
                    [1, 1, 2],
                    &[0.0, 1.0],
                    vec!["seven".into()],
                )],
            }),
        ),
    ];
    let answer = Answer::new("Yes.")
        .value(&COUNT, 8.0)
        .value(&NumberId::new("share", Unit::Share), 0.5)
        .table(table)
        .table(by_epoch)
        .table(long)
        .note("A note.");
    let figure = |(name, plot)| Figure::new(name, &format!("All {name}"), plot);
    let answer = plots.into_iter().map(figure).fold(answer, Answer::figure);
    let mut finding = serde_json::to_value(Finding::in_tests("run", answer)).unwrap();
    finding["parameters"] = json!({ "text": "plain", "number": 3, "list": [1, "b"] });
    finding
}

/// HTML, Markdown and drawings of a finding from a file; `None` if the file is refused.
fn shown(finding: &Value) -> Option<(String, String, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("finding.json"), finding.to_string()).unwrap();
    let finding = match read_finding(folder.path()) {
        Ok(finding) => finding.unwrap(),
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("finding.json is damaged: "), "{said}");
            return None;
        }
    };
    let drawings = finding.answer.figures.iter().map(Figure::svg_file).collect();
    // A second finding, so that the page has a comparison.
    let beside = Finding::in_tests("other", Answer::new("No.").value(&COUNT, 1.0));
    let page = Page {
        title: finding.runs[0].folder.clone(),
        about: finding.question.clone(),
        left_out: finding.answer.notes.clone(),
        experiments: descriptions(),
        findings: vec![finding, beside],
        ..Page::default()
    };
    Some((page.html().unwrap(), page.markdown().unwrap(), drawings))
}

/// Tags with the names of their attributes, in order, and all addresses in them.
fn structure(html: &str) -> (Vec<String>, Vec<String>) {
    let (mut tags, mut addresses, mut rest) = (Vec::new(), Vec::new(), html);
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut tag: String = rest.chars().take_while(|c| !" >\n".contains(*c)).collect();
        rest = &rest[tag.len()..];
        while !rest.starts_with('>') {
            rest = rest.trim_start_matches([' ', '\n']);
            let name: String = rest.chars().take_while(|c| !"= >\n".contains(*c)).collect();
            rest = &rest[name.len()..];
            tag += &format!(" {name}");
            if let Some(quoted) = rest.strip_prefix("=\"") {
                let (value, after) = quoted.split_once('"').unwrap();
                if ["href", "src", "xlink:href"].contains(&&*name) {
                    addresses.push(value.split(',').next().unwrap().to_owned());
                }
                rest = after;
            } else {
                assert!(!rest.starts_with('='), "every value is in quotes: {tag}");
            }
        }
        tags.push(tag);
    }
    (tags, addresses)
}

/// All marks of Markdown in a text without a backslash before them.
fn skeleton(markdown: &str) -> String {
    let mut letters = markdown.chars();
    let mut signs = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\n' | '\t' | '<' | '>' | '|' | '[' | ']' | '`' | '*' | '_' | '~' | '$' | '#' => {
                signs.push(letter);
            }
            _ => {}
        }
    }
    signs
}

/// Paths of all values in a document that satisfy a condition.
fn places(value: &Value, wanted: &dyn Fn(&Value) -> bool) -> Vec<String> {
    let inner = |name: String, value: &Value| {
        places(value, wanted).into_iter().map(move |place| format!("/{name}{place}"))
    };
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| inner(name.clone(), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, value)| inner(at.to_string(), value)).collect()
        }
        leaf if wanted(leaf) => vec![String::new()],
        _ => Vec::new(),
    }
}

fn with(finding: &Value, place: &str, value: Value) -> Value {
    let mut finding = finding.clone();
    *finding.pointer_mut(place).unwrap() = value;
    finding
}

#[test]
fn no_text_of_a_finding_is_markup() {
    let finding = finding();
    let texts = places(&finding, &Value::is_string);
    let mut are_shown = 0;
    for place in &texts {
        let plain = shown(&with(&finding, place, json!(plain())));
        let Some((html, markdown, drawings)) = shown(&with(&finding, place, json!(PAYLOAD))) else {
            continue;
        };
        are_shown += 1;
        let (plain_html, plain_markdown, plain_drawings) = plain.expect("any text is allowed");
        let ((tags, addresses), (plain_tags, _)) = (structure(&html), structure(&plain_html));
        assert!(tags == plain_tags, "{place}: {html}");
        for address in addresses {
            let is_known = ["data:text/csv;base64", "data:image/png;base64"].contains(&&*address);
            assert!(is_known || address.starts_with('#'), "{place}: {address}");
        }
        for (drawing, plain) in drawings.iter().zip(&plain_drawings) {
            assert!(structure(drawing).0 == structure(plain).0, "{place}: {drawing}");
        }
        assert!(skeleton(&markdown) == skeleton(&plain_markdown), "{place}: {markdown}");
        assert!(!markdown.contains("http://") && !markdown.contains("www."), "{place}: {markdown}");
    }
    assert!(are_shown > 30 && are_shown < texts.len(), "{are_shown} of {}", texts.len());
}

#[test]
fn any_number_in_a_finding_is_shown_or_refused() {
    let finding = finding();
    let strange = [json!(-1), json!(0), json!(1e18), json!(1.5), json!(null), json!("x")];
    let more = [json!(1e300), json!(-5e-324), json!(u64::MAX), json!(i64::MIN), json!([[]])];
    let numbers = places(&finding, &Value::is_number);
    assert!(numbers.len() > 50, "{numbers:?}");
    let mut are_shown = 0;
    for place in &numbers {
        for value in strange.iter().chain(&more) {
            let changed = with(&finding, place, value.clone());
            let outcome = catch_unwind(|| shown(&changed));
            let outcome = outcome.unwrap_or_else(|_| panic!("{place} = {value}"));
            let Some((html, markdown, drawings)) = outcome else { continue };
            are_shown += 1;
            let all = [html, markdown].into_iter().chain(drawings);
            assert!(all.into_iter().all(|text| text.len() < 1 << 20), "{place} = {value}");
        }
    }
    assert!(are_shown > 100, "{are_shown}");
}

#[test]
fn lists_of_other_lengths_are_refused() {
    let finding = finding();
    for (place, reason) in [
        ("/tables/0/rows/1", "table `rows` has 1 cells in row 1, expected 2"),
        ("/tables/0/columns", "table `rows` has 2 cells in row 0, expected 1"),
        ("/figures/0/plot/curves/0/spread", "figure `curves` has a curve of 2 points"),
        ("/figures/1/plot/edges", "figure `histogram` has 2 intervals between 2 edges"),
        ("/figures/2/plot/series", "figure `bars` has a group of 2 bars for 1 series"),
        ("/figures/3/plot/rows", "figure `maps` has a panel that does not have 0 rows"),
        ("/figures/3/plot/panels/0/values/0", "figure `maps` has a panel that does not have"),
    ] {
        let mut shorter = finding.clone();
        shorter.pointer_mut(place).unwrap().as_array_mut().unwrap().pop();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("finding.json"), shorter.to_string()).unwrap();
        let error = read_finding(folder.path()).unwrap_err().to_string();
        assert!(error.contains(reason), "{place}: {error}");
    }
    for name in ["", "../../secret", "a b", "x/y", "\u{e9}"] {
        for place in ["/tables/0/name", "/figures/0/name"] {
            assert!(shown(&with(&finding, place, json!(name))).is_none(), "{name}");
        }
    }
}

#[test]
fn a_page_says_what_it_leaves_out() {
    let run = tempfile::tempdir().unwrap();
    for (name, content) in [("count", finding().to_string()), ("exactness", "{".into())] {
        let folder = run.path().join("reports").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("finding.json"), content).unwrap();
    }
    fs::create_dir(run.path().join("reports/empty")).unwrap();
    fs::write(run.path().join("reports/index.html"), "").unwrap();
    let page = Page::of_run(run.path(), descriptions()).unwrap();
    assert_eq!((page.findings.len(), page.left_out.len()), (1, 1));
    for text in [page.html().unwrap(), page.markdown().unwrap()] {
        assert!(text.contains("Left out: ") && text.contains("exactness/finding.json"), "{text}");
    }
}
