//! The page of a study in a browser, on a narrow and on a wide screen.

use std::fs;
use std::process::Command;

use serde::Deserialize;

use super::Workspace;

/// Shows a page in two frames of different widths and writes what is visible into the document.
const FRAMES: &str = include_str!("frames.html");

/// Browsers by the names of their commands.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

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

/// The command of a browser: `TROPEX_TEST_BROWSER`, or the first one that is installed. Without a
/// browser, prints that the test is skipped and returns `None`.
fn browser() -> Option<String> {
    let named = std::env::var("TROPEX_TEST_BROWSER").ok();
    let mut known = named.into_iter().chain(BROWSERS.map(String::from));
    let is_there = |browser: &String| {
        let output = Command::new(browser).arg("--version").output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = known.find(is_there);
    if found.is_none() {
        println!("skipped: there is no browser like {}", BROWSERS.join(", "));
    }
    found
}

/// Shows a page in frames. Returns the content of every frame, and the lines of the browser's
/// console.
fn show(browser: &str, workspace: &Workspace, page: &str) -> (Vec<Seen>, Vec<String>) {
    let path = workspace.path("frames.html");
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    fs::write(&path, FRAMES.replace("PAGE", &quoted)).unwrap();
    let profile = format!("--user-data-dir={}", workspace.path("profile").display());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--timeout=3600000"])
        .args([&profile, "--window-size=1700,1000", "--dump-dom"])
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let document = String::from_utf8(output.stdout).unwrap();
    let after = document.split_once("<pre id=\"seen\">").map(|(_, after)| after);
    let seen = after.and_then(|after| after.split_once("</pre>")).map(|(seen, _)| seen);
    let seen = seen.expect("the page was shown");
    let log = String::from_utf8_lossy(&output.stderr);
    let complaints = log.lines().filter(|line| line.contains("CONSOLE")).map(String::from);
    (serde_json::from_str(seen).unwrap(), complaints.collect())
}

#[test]
fn every_figure_of_a_study_fits_small_and_large_screens() {
    let Some(browser) = browser() else { return };
    let workspace = Workspace::new();
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    workspace.run("study study.toml --out done --jobs 2").succeeded();
    let page = fs::read_to_string(workspace.path("done/index.html")).unwrap();
    let figures = page.matches("<figure ").count();
    let (seen, complaints) = show(&browser, &workspace, &page);
    assert_eq!(seen.iter().map(|seen| seen.width).collect::<Vec<_>>(), [390, 1280]);
    for frame in &seen {
        assert!(frame.figures == figures && figures > 40, "{frame:?}");
        assert!(frame.faults.is_empty(), "{frame:?}");
    }
    assert!(complaints.is_empty(), "{complaints:?}");
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
