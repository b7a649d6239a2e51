//! Pages to explore linear regions.

use std::fs;

use serde::Deserialize;
use serde_json::Value;

use super::browser::{browser, seen_in};
use super::{Workspace, train};

/// Shows a page in a frame, touches it, and writes what it says into the document.
const TOUCH: &str = include_str!("explorer.html");

/// Largest size of a page in bytes.
const LARGEST: usize = 3_000_000;

/// The data that a page contains.
fn data_of(page: &str) -> Value {
    let (_, after) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(after.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn network_and_extracted_function_are_one_page() {
    let workspace = Workspace::with_terms();
    let command = "regions run --side-by-side --out both.html --margin -0.4 --json";
    let told = workspace.run(command).json();
    let page = fs::read_to_string(workspace.path("both.html")).unwrap();
    assert!(page.len() < LARGEST && page.contains("Made by TropEx"), "{}", page.len());
    let agreement = told["agreement"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&agreement), "{told}");
    assert!(page.contains(&format!("on {:.2}", 100.0 * agreement)), "{agreement}");
    let data = data_of(&page);
    let panels = data["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 2);
    for (panel, part) in panels.iter().zip(["network", "extracted"]) {
        let cells = &panel["cells"];
        assert!(cells["all"].as_u64() >= told[part]["regions"].as_u64(), "{told}");
        assert!(!cells["images"].as_array().unwrap().is_empty(), "{part}");
    }
    assert_eq!(data["points"].as_array().unwrap().len(), 3);
    // A file of somebody else is not replaced.
    fs::write(workspace.path("mine.html"), "my own page").unwrap();
    workspace
        .run("regions run --out mine.html --margin -0.49")
        .failed(&["mine.html", "not made by"]);
}

/// What the page says.
#[derive(Debug, Deserialize)]
struct Seen {
    panels: usize,
    about: Vec<String>,
    pixels: usize,
    zoomed: bool,
    frames: Vec<String>,
}

#[test]
fn pages_answer_to_the_pointer_and_the_slider() {
    let Some(browser) = browser() else { return };
    let workspace = Workspace::new();
    workspace.run(&(train("run") + " --checkpoints all")).succeeded();
    workspace.run("extract run").succeeded();
    let show = |page: &str| -> Seen {
        let page = fs::read_to_string(workspace.path(page)).unwrap();
        let (seen, complaints) = seen_in(&browser, &workspace, TOUCH, &page);
        assert!(complaints.is_empty(), "{complaints:?}");
        serde_json::from_str(&seen.replace("&gt;", ">").replace("&amp;", "&")).unwrap()
    };
    workspace.run("regions run --side-by-side --out both.html --margin -0.45").succeeded();
    let seen = show("both.html");
    assert_eq!((seen.panels, seen.frames.len()), (2, 0), "{seen:?}");
    for about in &seen.about {
        assert!(about.contains("of the window") && about.contains("logit = "), "{seen:?}");
    }
    assert!(seen.about[1].contains("of image "), "{seen:?}");
    assert!(seen.pixels > 1 && seen.zoomed, "{seen:?}");

    workspace.run("regions run --frames training.html --margin -0.45").succeeded();
    let seen = show("training.html");
    assert_eq!(seen.panels, 1, "{seen:?}");
    assert!(
        seen.frames[0].starts_with("epoch 0: ") && seen.frames[1].starts_with("epoch 1: "),
        "{seen:?}"
    );
}
