//! A browser without a window that shows pages.

use std::fs;
use std::process::Command;

use super::Workspace;

/// Browsers by the names of their commands.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The command of a browser: `TROPEX_TEST_BROWSER`, or the first one that is installed. Without a
/// browser, prints that the test is skipped and returns `None`.
pub(super) fn browser() -> Option<String> {
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

/// Opens a document with a page in place of `PAGE`. Returns the text that the document writes into
/// its element `seen`, and the lines of the browser's console.
pub(super) fn seen_in(
    browser: &str,
    workspace: &Workspace,
    document: &str,
    page: &str,
) -> (String, Vec<String>) {
    let path = workspace.path("document.html");
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    fs::write(&path, document.replace("PAGE", &quoted)).unwrap();
    let (shown, complaints) = shown_at(browser, workspace, &path.display().to_string());
    let after = shown.split_once("<pre id=\"seen\">").map(|(_, after)| after);
    let seen = after.and_then(|after| after.split_once("</pre>")).map(|(seen, _)| seen.to_owned());
    (seen.expect("the page was shown"), complaints)
}

/// Opens a file, or a part of it. Returns the document after it was opened, and the lines of the
/// browser's console.
pub(super) fn shown_at(browser: &str, workspace: &Workspace, file: &str) -> (String, Vec<String>) {
    let profile = format!("--user-data-dir={}", workspace.path("profile").display());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--timeout=3600000"])
        .args([&profile, "--window-size=1700,1000", "--dump-dom"])
        .arg(format!("file://{file}"))
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let complaints = log.lines().filter(|line| line.contains("CONSOLE")).map(String::from);
    (shown, complaints.collect())
}
