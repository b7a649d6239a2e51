//! The page of a study in a browser, on a narrow and on a wide screen.

use std::fs;

use serde::Deserialize;

use super::Workspace;
use super::browser::{browser, seen_in, shown_at};

/// Shows a page in two frames of different widths and writes what is visible into the document.
const FRAMES: &str = include_str!("frames.html");

const STUDY: &str = r#"
title = "A page"
seeds = [0, 1]
gauges = ["worst-case", "tight"]

[[network]]
name = "full"
architecture = "fcn4"
dataset = "file:data.safetensors"
training = { epochs = 1, batch_size = 32, checkpoints = "all" }
terms = 40
shuffled-labels = true

[experiments]
names = ["all"]
points = 20
epochs = "all"
parameters = { random-labels = { random_points = 20 } }
"#;

/// Damage to a page, one for each check: a wide element, an empty drawing, a text outside of its
/// drawing, and an invalid path.
const DAMAGE: &str = r#"<div style="width: 2000px">wide</div>
<figure><figcaption>A</figcaption><svg viewBox="0 0 480 100" width="480" height="100"></svg></figure>
<figure><figcaption>B</figcaption><svg viewBox="0 0 480 300" width="480" height="300">
<rect width="9" height="9"/><text x="470" y="20">beyond</text></svg></figure>
<figure><figcaption>C</figcaption><svg viewBox="0 0 480 100" width="480" height="100">
<path d="M 1 NaN L 5 7"/><rect width="9" height="9"/></svg></figure>
</main>"#;

/// What a browser shows of a page in a frame: its width, its figures, and the faults of figures.
#[derive(Debug, Deserialize)]
struct Seen {
    width: u32,
    figures: usize,
    /// Height of the page as it opens.
    height: u32,
    /// Number of words that are visible as the page opens.
    words: usize,
    /// Lower edge of the first figure.
    first_figure: u32,
    faults: Vec<String>,
}

/// Shows a page in frames. Returns the content of every frame, and the lines of the browser's
/// console.
fn show(browser: &str, workspace: &Workspace, page: &str) -> (Vec<Seen>, Vec<String>) {
    let (seen, complaints) = seen_in(browser, workspace, FRAMES, page);
    (serde_json::from_str(&seen).unwrap(), complaints)
}

/// A link to a section, or to a finding in it, opens what it leads to, and nothing else.
fn links_open_sections_without_a_script(browser: &str, workspace: &Workspace, page: &str) {
    let (before, rest) = page.split_once("<script>").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    let path = workspace.path("plain.html");
    fs::write(&path, format!("{before}{after}")).unwrap();
    for (name, opened) in [("exactness", 1), ("exactness-2", 2), ("words", 1)] {
        let place = format!("{}#{name}", path.display());
        let (shown, _) = shown_at(browser, workspace, &place);
        assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
        assert_eq!(shown.matches("open=\"\"").count(), opened, "{name}");
    }
}

#[test]
fn every_figure_of_a_study_fits_small_and_large_screens() {
    let Some(browser) = browser() else { return };
    let workspace = Workspace::new();
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    workspace.run("study study.toml --out done --jobs 2").succeeded();
    let page = fs::read_to_string(workspace.path("done/index.html")).unwrap();
    let figures = page.matches("<figure>").count();
    let (seen, complaints) = show(&browser, &workspace, &page);
    assert_eq!(seen.iter().map(|seen| seen.width).collect::<Vec<_>>(), [390, 1280]);
    for frame in &seen {
        assert!(frame.figures == figures && figures > 40, "{frame:?}");
        assert!(frame.faults.is_empty(), "{frame:?}");
    }
    assert!(complaints.is_empty(), "{complaints:?}");
    links_open_sections_without_a_script(&browser, &workspace, &page);
    let on_desk = &seen[1];
    assert!(on_desk.height < 15_000 && on_desk.words < 6_000, "{on_desk:?}");
    assert!(on_desk.first_figure < 800, "{on_desk:?}");

    let (seen, complaints) = show(&browser, &workspace, &page.replace("</main>", DAMAGE));
    for frame in &seen {
        let faults = frame.faults.join("; ");
        for part in ["A: nothing is drawn", "B: the text beyond leaves it", " wide"] {
            assert!(faults.contains(part), "{part} is not in {frame:?}");
        }
    }
    assert!(complaints.iter().any(|complaint| complaint.contains("NaN")), "{complaints:?}");
}
