//! Several devices on the command line.

use serde_json::Value;

use super::{Workspace, files};
use crate::common::device_name;

/// The tested device, two times.
fn twice() -> String {
    format!("{0},{0}", device_name())
}

#[test]
fn terms_extracted_on_two_devices_are_those_of_one() {
    let workspace = Workspace::with_run();
    for gauge in ["worst-case", "tight", "calibrated"] {
        let extract = format!("extract run --batch 7 --gauge {gauge} --json");
        let told = |device: String| {
            let mut told = workspace.run(&format!("{extract} --device {device}")).json();
            told["seconds"] = Value::Null;
            told
        };
        let folder = workspace.path(&format!("run/terms/train-{gauge}"));
        let (alone, expected) = (told(device_name()), files(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(told(twice()), alone);
        assert!(files(&folder) == expected, "{gauge}");
        assert_eq!(alone["devices"].as_array().unwrap().len(), 1, "listed once: {alone}");
    }
}

#[test]
fn commands_on_many_images_share_them_among_devices() {
    let workspace = Workspace::with_terms();
    for command in ["evaluate run", "assign run --top 2"] {
        let told = |device: String| {
            let mut told = workspace.run(&format!("{command} --json --device {device}")).json();
            told["seconds"] = Value::Null;
            told
        };
        assert_eq!(told(twice()), told(device_name()), "{command}");
    }
    workspace.run(&format!("experiment exactness run --device {}", twice())).succeeded();
}

#[test]
fn unknown_devices_are_refused() {
    let (workspace, device) = (Workspace::with_run(), device_name());
    let extract = |devices: &str| workspace.run(&format!("extract run --device {devices}"));
    let list = format!("{device},abacus");
    extract(&list).failed(&["unknown device `abacus`, expected one of", &device]);
    for list in [format!("{device},"), format!(",{device}"), format!("{device},,{device}")] {
        extract(&list).failed(&[&format!("`{list}` lacks a device before or after a comma")]);
    }
    assert!(!workspace.path("run/terms").exists(), "no folder is created");
}

#[test]
fn commands_for_one_device_refuse_several() {
    let workspace = Workspace::with_run();
    for command in [
        "train fcn4 --dataset file:data.safetensors --epochs 1 --out new",
        "import fcn4 --dataset file:data.safetensors --weights run/model.safetensors --out new",
        "inspect run",
        "precision run",
        "regions run --through 0,1,2 --out regions.svg",
        "bounds run",
    ] {
        let refused = workspace.run(&format!("{command} --device {}", twice()));
        refused.failed(&["names several devices, and this command uses only one"]);
    }
    assert!(!workspace.path("new").exists() && !workspace.path("regions.svg").exists());
}
