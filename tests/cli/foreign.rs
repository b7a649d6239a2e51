//! Runs, terms and findings that another person made and may have changed.

use std::fs;

use serde_json::{Value, json};

use super::{CommandOutcome, Workspace};

/// Numbers that replace a number of a file. The first two are always tried; the others if
/// `TROPEX_TEST_MUTATIONS` is `all`.
fn strange_numbers() -> Vec<Value> {
    let always = [json!(1_000_000_000_000_000_000_u64), json!(0)];
    let more = [json!(-1), json!(1e18), json!(1.5), json!(null), json!("x"), json!(u64::MAX)];
    let is_thorough = std::env::var("TROPEX_TEST_MUTATIONS").is_ok_and(|value| value == "all");
    always.into_iter().chain(more.into_iter().filter(|_| is_thorough)).collect()
}

/// JSON pointers to all numbers in a document.
fn numbers(value: &Value) -> Vec<String> {
    let inner = |name: String, value: &Value| {
        numbers(value).into_iter().map(move |pointer| format!("/{name}{pointer}"))
    };
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| inner(name.clone(), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, value)| inner(at.to_string(), value)).collect()
        }
        Value::Number(_) => vec![String::new()],
        _ => Vec::new(),
    }
}

/// True if the command succeeded; false if it failed with one line that names the run.
fn is_told(outcome: CommandOutcome, change: &str) -> bool {
    if outcome.code == Some(0) {
        return true;
    }
    assert!(!outcome.stderr.contains("out of memory"), "{change}: {}", outcome.stderr);
    outcome.failed(&["run"]);
    false
}

#[test]
fn any_number_in_config_or_manifest_is_used_or_refused() {
    let workspace = Workspace::with_images(30, 10);
    workspace.run(&super::train("run")).succeeded();
    workspace.run("extract run").succeeded();
    let (mut are_used, mut are_refused) = (0, 0);
    for file in ["run/config.json", "run/terms/train-worst-case/manifest.json"] {
        let path = workspace.path(file);
        let whole = fs::read(&path).unwrap();
        let document: Value = serde_json::from_slice(&whole).unwrap();
        for number in numbers(&document) {
            for value in strange_numbers() {
                let change = format!("{file}: {number} = {value}");
                let mut changed = document.clone();
                *changed.pointer_mut(&number).unwrap() = value;
                fs::write(&path, changed.to_string()).unwrap();
                let outcome = evaluate(&workspace);
                *if is_told(outcome, &change) { &mut are_used } else { &mut are_refused } += 1;
            }
        }
        fs::write(&path, whole).unwrap();
    }
    assert!(are_used > 20 && are_refused > 20, "{are_used} used, {are_refused} refused");
}

/// Runs `evaluate`, with limited memory where the system can limit it. A wrong size that is used
/// then fails.
fn evaluate(workspace: &Workspace) -> CommandOutcome {
    #[cfg(target_os = "linux")]
    if super::memory::is_limited() {
        return workspace.run_within(4, "evaluate run");
    }
    workspace.run("evaluate run")
}

#[test]
fn an_invalid_image_is_left_out_with_a_warning() {
    let workspace = Workspace::with_run();
    workspace.run("experiment coefficients run --points 20").succeeded();
    let path = workspace.path("run/reports/coefficients/finding.json");
    let mut finding: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let figures = finding["figures"].as_array_mut().unwrap();
    let pictures = figures.iter_mut().find(|figure| figure["plot"]["kind"] == "pictures");
    let script = "\"/><script>document.title=\"XSS\"</script><image href=\"x";
    pictures.unwrap()["plot"]["pictures"][0]["png"] = json!(script);
    fs::write(&path, finding.to_string()).unwrap();
    let said = workspace.run("experiment exactness run --points 20").succeeded();
    let line = said.lines().find(|line| line.starts_with("not shown")).unwrap();
    assert!(
        line.contains("coefficients/finding.json is damaged: a picture is no base64"),
        "{said}"
    );
    let page = fs::read_to_string(workspace.path("run/reports/index.html")).unwrap();
    assert!(page.matches("<script>").count() == 1 && page.contains("Left out: "), "{line}");
    // It is found again as soon as it is asked for.
    workspace.run("experiment coefficients run --points 20").succeeded();
    let page = fs::read_to_string(workspace.path("run/reports/index.html")).unwrap();
    assert!(page.contains("id=\"coefficients\"") && !page.contains("Left out: "));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let workspace = Workspace::with_run();
    workspace.run("experiment exactness run --points 5").succeeded();
    let path = workspace.path("run/reports/exactness/finding.json");
    let mut finding: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    finding["text"] = json!("\u{1b}]0;title\u{7}red");
    fs::write(&path, finding.to_string()).unwrap();
    let said = workspace.run("experiment exactness run --points 5").succeeded();
    assert!(said.contains("\u{fffd}]0;title\u{fffd}red"), "{said:?}");
    assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
}
