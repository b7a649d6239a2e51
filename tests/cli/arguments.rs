//! Invalid commands, flags, names and numbers.

use std::fs;

use super::{ARCHITECTURE, Workspace, train};

#[test]
fn unknown_commands_and_flags_are_usage_errors() {
    let workspace = Workspace::new();
    workspace.run("").misused(&["Usage: tropex", "Commands:"]);
    workspace.run("extrakt run").misused(&["unrecognized subcommand 'extrakt'"]);
    workspace.run("extract").misused(&["<RUN>"]);
    workspace.run("extract run --frobnicate").misused(&["unexpected argument '--frobnicate'"]);
    workspace.run("extract run --split dev").misused(&["'dev'", "train, test"]);
    workspace.run("extract run --classes some").misused(&["'some'", "predicted, all"]);
    workspace.run("extract run --gauge loose").misused(&["'loose'"]);
    workspace.run("extract run --precision f16").misused(&["'f16'", "f32, f64"]);
    workspace.run("train fcn4 --out run").misused(&["--dataset"]);
    workspace.run("import fcn4 --dataset embedded --out run").misused(&["--weights"]);
}

#[test]
fn numbers_out_of_range_are_usage_errors_that_name_the_flag() {
    let workspace = Workspace::new();
    for flag in ["--limit", "--batch", "--shard-megabytes"] {
        for number in ["0", "x", "1.5", "99999999999999999999999"] {
            workspace.run(&format!("extract run {flag} {number}")).misused(&[flag, number]);
        }
        let expected = "expected a whole number of 1 or more";
        for number in ["0", "-1", "x", "1.5"] {
            workspace
                .run(&format!("extract run {flag} {number}"))
                .misused(&[flag, number, expected]);
        }
    }
    let expected = "expected a whole number of 0 or more";
    workspace
        .run("train fcn4 --dataset embedded --out run --epochs -1")
        .misused(&["'-1'", expected]);
    for size in ["4", "GB", "-1GB", "4parsecs"] {
        workspace.run(&format!("extract run --memory={size}")).misused(&["--memory", size, "4GB"]);
    }
    workspace.run("evaluate run --limit 0").misused(&["--limit", "0"]);
    let train = "train fcn4 --dataset file:data.safetensors --out run";
    for (flag, numbers) in [
        ("--epochs", ["-1", "x", "2.5"]),
        ("--seed", ["-1", "x", "18446744073709551616"]),
        ("--limit", ["0", "-1", "x"]),
        ("--batch-size", ["0", "-1", "x"]),
        ("--early-stop", ["0", "-1", "x"]),
        ("--learning-rate", ["nan", "0", "inf"]),
        ("--l2", ["-0.1", "nan", "inf"]),
        ("--momentum", ["1", "-0.1", "nan"]),
        ("--learning-rate-steps", ["5", "5:nan", "-1:0.1"]),
        ("--checkpoints", ["first", "1,,2", "-1"]),
    ] {
        for number in numbers {
            workspace.run(&format!("{train} {flag}={number}")).misused(&[flag, number]);
        }
    }
    assert!(!workspace.path("run").exists(), "no folder is created");
}

#[test]
fn contradicting_settings_are_refused() {
    let workspace = Workspace::new();
    let failed = |flags: &str, parts: &[&str]| workspace.run(&(train("run") + flags)).failed(parts);
    failed(" --optimizer adam --momentum 0.5", &["--momentum needs --optimizer sgd"]);
    failed(" --checkpoints 0,7", &["checkpoint after epoch 7", "at most 1"]);
    assert!(!workspace.path("run").exists(), "no folder is created");
    let failed = |flags: &str, parts: &[&str]| {
        workspace.run(&format!("extract run {flags}")).failed(parts);
    };
    failed("--split test --shifts-of train", &["--shifts-of needs --gauge tight or calibrated"]);
    failed("--gauge tight --shifts-of train", &["--shifts-of train names the images extracted"]);
}

#[test]
fn unknown_names_list_the_known_ones() {
    let workspace = Workspace::new();
    let failed = |arguments: &str, parts: &[&str]| {
        workspace.run(&format!("{arguments} --out run")).failed(parts);
    };
    failed("train fcn5 --dataset embedded", &["unknown architecture `fcn5` (did you mean", "fcn4"]);
    failed("train minst --dataset x", &["unknown architecture `minst`; `tropex list` names all"]);
    failed("train embedded --dataset fcn4", &["fcn4 is an architecture, not a dataset"]);
    let expected = ["unknown dataset `minst` (did you mean mnist?)", "cifar10", "file:PATH"];
    failed("train fcn4 --dataset minst", &expected);
    failed("train fcn4 --dataset data.safetensors", &["did you mean file:data.safetensors?"]);
    failed(
        "train fcn4 --dataset embedded --device gpu",
        &["unknown device `gpu`", "expected one of"],
    );
    failed("train fcn4 --dataset embedded --device flex:0", &["unknown device `flex:0`"]);
    failed("import fcn5 --dataset embedded --weights w.pt", &["unknown architecture `fcn5`"]);
    assert!(!workspace.path("run").exists(), "no folder is created");
}

#[test]
fn bounds_of_unknown_networks_are_refused() {
    let workspace = Workspace::new();
    workspace.run("bounds runs/nope").failed(&["no run in runs/nope: there is no such folder"]);
    let expected = ["unknown architecture `fcn5` (did you mean", "no folder `fcn5`"];
    workspace.run("bounds fcn5").failed(&expected);
    let large = "bounds fcn4 --shape 18446744073709551615,2,2";
    workspace.run(large).failed(&["images of 18446744073709551615x2x2, expected at most"]);
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_this_build_lacks_is_refused_with_its_feature() {
    let workspace = Workspace::new();
    let expected =
        ["device `cuda:1` is not part of this build", "build with the Cargo feature cuda"];
    workspace.run(&(train("run") + " --device cuda:1")).failed(&expected);
}

#[test]
fn help_fits_the_command() {
    let workspace = Workspace::new();
    for command in ["list", "train", "import", "inspect", "extract", "evaluate", "bounds"] {
        let said = workspace.run(&format!("{command} --help")).succeeded();
        assert!(said.contains(&format!("Usage: tropex {command}")), "{said}");
        let options = said.split("Options:").nth(1).unwrap();
        let position = |flag: &str| options.find(flag).unwrap();
        let last = options.rfind("      --").unwrap();
        assert!(position("--json") >= last, "global options come last in {said}");
    }
    let version = workspace.run("--version").succeeded();
    assert_eq!(version, format!("tropex {}\n", env!("CARGO_PKG_VERSION")));
    assert!(workspace.run("help train").succeeded().contains("ARCHITECTURE"), "{ARCHITECTURE}");
}

#[test]
fn every_command_has_a_manual_page_and_completions() {
    let workspace = Workspace::new();
    let pages = workspace.run("man pages --json").json();
    let pages: Vec<_> =
        pages["pages"].as_array().unwrap().iter().flat_map(|p| p.as_str()).collect();
    for command in ["train", "extract", "man"] {
        let page = format!("tropex-{command}.1");
        assert!(pages.contains(&page.as_str()), "{pages:?}");
        let text = fs::read_to_string(workspace.path("pages").join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains("Examples:"), "{text}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = workspace.run(&format!("completions {shell}")).succeeded();
        assert!(script.contains("shuffle-labels"), "{shell}: {script}");
    }
    fs::write(workspace.path("file"), "").unwrap();
    workspace.run("man file/pages").failed(&["cannot make the folder file/pages"]);
}
