//! The table of `tropex precision`: the errors of terms in every format.

use super::Workspace;
use super::weights::edit_weights;

#[test]
fn the_precision_of_every_gauge_and_format_is_measured() {
    let workspace = Workspace::with_run();
    let told = workspace.run("precision run --limit 20 --json").json();
    let extractions = told[0]["extractions"].as_array().unwrap();
    let ways: Vec<_> = extractions
        .iter()
        .map(|extraction| (extraction["gauge"].as_str(), extraction["precision"].as_str()))
        .collect();
    let gauges = ["worst-case", "tight", "calibrated"];
    let expected = gauges.map(|gauge| ["f32", "f64"].map(|format| (Some(gauge), Some(format))));
    assert_eq!(ways, expected.as_flattened());
    let mut largest = Vec::new();
    for extraction in extractions {
        let check = &extraction["check"];
        assert_eq!(check["dominance"]["checked"], 20, "{extraction}");
        assert_eq!(check["dominance"]["dominant"], 20, "{extraction}");
        let relative =
            check["value_error"].as_f64().unwrap() / check["largest_logit"].as_f64().unwrap();
        let allowed = if extraction["precision"] == "f64" { 1e-11 } else { 1e-4 };
        assert!(relative < allowed, "{extraction}");
        largest.push(check["largest_coefficient"].as_f64().unwrap());
    }
    assert!(largest[1] > largest[3] && largest[3] >= largest[5], "{largest:?}");
    assert!(!workspace.path("run/terms").exists(), "no terms are left");
}

#[test]
fn the_table_has_a_row_for_every_gauge_and_format() {
    let workspace = Workspace::with_run();
    let said = workspace.run("precision run run --limit 5").succeeded();
    let rows = said.lines().filter(|line| line.starts_with("│ run ") && line.contains(" f"));
    assert_eq!(rows.filter(|line| line.contains("100.00 %")).count(), 12, "{said}");
}

#[test]
fn missing_runs_are_refused() {
    let workspace = Workspace::with_run();
    workspace.run("precision run other").failed(&["other"]);
}

#[test]
fn zero_logits_have_no_error() {
    let workspace = Workspace::with_run();
    edit_weights(&workspace, |tensors| {
        tensors.values_mut().for_each(|(_, bytes)| bytes.fill(0));
    });
    workspace
        .run("import fcn4 --weights w.safetensors --dataset file:data.safetensors --out zero")
        .ended();
    let said = workspace.run("precision zero --limit 5").succeeded();
    assert!(
        !said.contains("NaN") && said.contains(" 0.0e0 ") && said.contains(" fails "),
        "{said}"
    );
    let told = workspace.run("precision zero --limit 5 --json").json();
    for extraction in told[0]["extractions"].as_array().unwrap() {
        assert_eq!(extraction["relative_value_error"], 0.0, "{extraction}");
        assert_eq!(extraction["fails"].as_array().unwrap().len(), 0, "{extraction}");
    }
}
