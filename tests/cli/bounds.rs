//! Bounds on the number of linear regions.

use std::fs;

use serde_json::{Value, json};

use super::{CONVOLUTIONAL, CommandOutcome, Workspace};

/// Runs `bounds` with a time limit that is never reached.
fn patient(workspace: &Workspace, arguments: &str) -> CommandOutcome {
    workspace.run(&format!("bounds {arguments} --time-limit 1000000"))
}

fn bound<'a>(said: &'a Value, name: &str, kind: &str) -> &'a Value {
    let bounds = said["bounds"].as_array().unwrap().iter();
    let mut bounds = bounds.filter(|bound| bound["name"] == name && bound["kind"] == kind);
    bounds.next().unwrap_or_else(|| panic!("no {kind} bound {name} in {said}"))
}

#[test]
fn bounds_of_an_architecture_name_the_best_and_say_why_others_are_missing() {
    let workspace = Workspace::new();
    let said = patient(&workspace, "fcn4").succeeded();
    for part in [
        "fcn4: 784 inputs, 1,064 units that bend\nlayers: dense 784, dense 200, dense 80\n",
        "│ upper ┆ Serra 2018, Thm 1 ",
        "┆    321 ┆ 320.30 ┆",
        "dense, n_l >= 3p, p = 26 ",
        "best lower bound  1.02e236 (Zaslavsky 1975, layer 1)\n",
        "best upper bound  1.98e320 (Serra 2018, Thm 1)\n",
        "  Raghu 2017, Thm 1         widths differ\n",
        "  Serra 2018, Thm 1, ranks  no trained weights\n",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    let widest = said.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns\n{said}");
    // The inputs are the values of an image, however the images are named.
    let exact = |arguments: &str| {
        let said = patient(&workspace, &format!("{arguments} --json")).json();
        bound(&said, "Serra 2018, Thm 1", "upper")["value"].clone()
    };
    let fcn4 = exact("fcn4");
    assert_eq!(fcn4, exact("--widths 784,784,200,80,10"));
    assert_eq!(fcn4, exact("fcn4 --dataset fashion-mnist"));
    assert_eq!(fcn4, exact("--layers D784,D200,D80 --shape 1,28,28"));
    assert_ne!(fcn4, exact("fcn4 --shape 1,8,8"));
    assert_eq!(exact("fcn4 --shape 1,8,8"), exact("fcn4 --dataset file:data.safetensors"));
}

#[test]
fn json_has_every_digit() {
    let said = patient(&Workspace::new(), "--widths 32,16,16,16,16,10 --json").json();
    assert_eq!((&said["inputs"], &said["units"]), (&json!(32), &json!(64)));
    let serra = bound(&said, "Serra 2018, Thm 1", "upper");
    assert_eq!((&serra["value"], &serra["digits"]), (&json!("3309193634222227461"), &json!(19)));
    assert!((serra["log10"].as_f64().unwrap() - 18.519_722).abs() < 1e-6, "{serra}");
    assert!(serra["source"].as_str().unwrap().contains("ICML 2018, Theorem 1"), "{serra}");
    assert_eq!(said["best_upper"], json!({"name": "Serra 2018, Thm 1", "kind": "upper"}));
    let exact = bound(&said, "Zaslavsky 1975", "exact");
    assert_eq!((&exact["value"], &exact["reason"]), (&Value::Null, &json!("4 layers")));
    assert_eq!(bound(&said, "Serra 2018, Thm 6", "lower")["p"], 5);
}

#[test]
fn convolutions_on_the_command_line() {
    let workspace = Workspace::new();
    let said = patient(&workspace, "--layers C32k1x3 --shape 1,1,28 --json").json();
    let exact = bound(&said, "Xiong 2020, one layer", "exact");
    assert_eq!(exact["value"], "37124879308586709735689339460001051725024533604961");
    assert_eq!(
        (&said["best_lower"], &said["best_upper"]["kind"]),
        (&said["best_upper"], &json!("exact"))
    );
    let said = patient(&workspace, "--layers C4,P,C8k2s1p1,D5 --dataset mnist").succeeded();
    assert!(said.starts_with("C4,P,C8k2p1,D5: 784 inputs"), "{said}");
    assert!(said.contains("layers: conv 4x26x26, max of 4 676, conv 8x14x14, dense 5\n"), "{said}");
    // Batch norm is part of the layer before it.
    let said = patient(&workspace, "--layers C4,BN,A,D5,BN --dataset mnist").succeeded();
    assert!(said.contains("layers: conv 4x26x26, average pool + linear 5\n"), "{said}");
    let said = patient(&workspace, "googlenet-narrow --shape 3,8,8").succeeded();
    assert!(said.starts_with("googlenet-narrow: 192 inputs"), "{said}");
    assert!(said.contains("belongs to a branch"), "{said}");
}

#[test]
fn bounds_of_a_run_use_its_weights() {
    let workspace = Workspace::new();
    let train = format!("train {CONVOLUTIONAL} --dataset file:data.safetensors --epochs 0");
    workspace.run(&format!("{train} --out run")).succeeded();
    let said = patient(&workspace, "run --json").json();
    let trained = bound(&said, "Serra 2018, Thm 1, ranks", "trained-upper");
    // The rank of every layer is the smaller one of its numbers of inputs and outputs.
    assert_eq!(trained["ranks"], json!([64, 256, 256, 256, 256, 256, 256, 256, 128]));
    assert!(
        patient(&workspace, "run")
            .succeeded()
            .contains("ranks of the weights, layer by layer: 64, 256")
    );
    // If a folder has the name of an architecture, `./` tells them apart.
    fs::rename(workspace.path("run"), workspace.path("fcn4")).unwrap();
    assert_eq!(patient(&workspace, "fcn4 --json").json()["inputs"], 784);
    assert_eq!(patient(&workspace, "./fcn4 --json").json()["inputs"], 64);
    workspace.run("bounds ./fcn4 --shape 1,8,8").failed(&["a run has its own images", "--shape"]);
}

#[test]
fn bounds_beyond_the_time_limit_are_left_out() {
    let said = Workspace::new().run("bounds --widths 50,60,60,2 --time-limit 0").succeeded();
    assert!(said.contains("Serra 2018, Thm 1         not finished within 0 s"), "{said}");
    assert!(said.contains("best upper bound  1.33e36 (all patterns)"), "{said}");
}

#[test]
fn invalid_networks_are_refused_in_one_line() {
    let workspace = Workspace::new();
    workspace.run("bounds fcn5").failed(&[
        "unknown architecture `fcn5`",
        "fcn4",
        "no folder `fcn5`",
    ]);
    fs::create_dir(workspace.path("empty")).unwrap();
    workspace.run("bounds empty").failed(&["empty"]);
    workspace.run("bounds vgg --shape 1,4,4").failed(&["images of 1x4x4 are too small for vgg"]);
    workspace.run("bounds fcn4 --dataset minst").failed(&["unknown dataset `minst`"]);
    workspace.run("bounds --widths 99999999999,5,2").failed(&["99999999999", "at most 20000000"]);
    workspace.run("bounds --widths 5,99999999999,2").failed(&["99999999999", "at most 20000000"]);
    workspace.run("bounds --layers C4,C4k30 --shape 1,9,9").failed(&[
        "layer 2 (`C4k30`)",
        "windows of 30x30",
        "at most 7x7",
    ]);
    workspace.run("bounds --layers D4,P --shape 1,9,9").misused(&["layer 2 (`P`)", "flattened"]);
    workspace.run("bounds").misused(&["ARCHITECTURE|RUN"]);
    workspace.run("bounds --widths 784").misused(&["--widths", "at least two numbers"]);
    workspace.run("bounds --widths 784,0,10").misused(&["--widths", "`0` is not a whole number"]);
    workspace.run("bounds --widths 784,x,10").misused(&["--widths", "`x` is not a whole number"]);
    workspace.run("bounds --widths 4,4,2 fcn4").misused(&["cannot be used with"]);
    workspace.run("bounds --widths 4,4,2 --shape 1,2,2").misused(&["cannot be used with"]);
    workspace.run("bounds --layers D4").misused(&["--shape"]);
    workspace
        .run("bounds --layers C4z --shape 1,9,9")
        .misused(&["layer 1 (`C4z`): expected C and"]);
    workspace.run("bounds fcn4 --shape 28,28").misused(&["--shape", "channels, height, width"]);
    workspace.run("bounds fcn4 --time-limit -1").misused(&["-1"]);
    workspace.run("bounds fcn4 --time-limit=nan").misused(&["--time-limit", "number of seconds"]);
}
