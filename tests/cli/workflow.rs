//! All commands in a row, from images to the extracted function.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};
use tropex::train::data::DATASETS;
use tropex::train::zoo::ARCHITECTURES;

use super::{ARCHITECTURE, CONVOLUTIONAL, Workspace, files, train};

#[test]
fn commands_work_one_after_another() {
    let workspace = Workspace::new();
    let said = workspace.run(&train("run")).succeeded();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].starts_with("fcn4 on 200 images of file:"), "{said}");
    assert!(lines[0].contains("data.safetensors, 1 epoch on "), "{said}");
    assert!(lines[1].starts_with("epoch   1  loss "), "{said}");
    assert!(lines[2].ends_with("after 1 epoch, weights in run/model.safetensors"), "{said}");
    let said = workspace.run("inspect run").succeeded();
    assert!(said.contains("input 1x8x8 (node 0), 3 classes"), "{said}");
    assert!(said.ends_with("224,283 parameters, 1,064 units with more than one linear piece\n"));
    let said = workspace.run("extract run").succeeded();
    assert!(said.contains("200 points x 64 coefficients, 0.1 MB in 1 shard\n"), "{said}");
    assert!(said.contains("100.00 % of 200 points checked"), "{said}");
    let said = workspace.run("evaluate run").succeeded();
    assert!(said.contains("60 test images") && said.contains("agreement"), "{said}");
}

#[test]
fn commands_work_on_convolutional_networks() {
    let workspace = Workspace::new();
    let train = format!("train {CONVOLUTIONAL} --dataset file:data.safetensors --out run");
    workspace.run(&format!("{train} --epochs 1 --limit 40")).succeeded();
    let extracted = workspace.run("extract run --json").json();
    assert_eq!(extracted["check"]["dominance"]["dominant"], 40);
    workspace.run("evaluate run").succeeded();
}

#[test]
fn an_inspection_lists_the_nodes_of_a_network() {
    let workspace = Workspace::new();
    let train = "train resnet20 --dataset file:data.safetensors --epochs 0 --out run";
    workspace.run(train).succeeded();
    let said = workspace.run("inspect run").succeeded();
    let nodes = said.lines().filter(|line| line.starts_with('│')).skip(1);
    let cells = |line: &str| line.split(['│', '┆']).map(str::trim).map(str::to_owned).collect();
    let nodes: Vec<Vec<String>> = nodes.map(cells).collect();
    let row = |node: usize| nodes[node - 1][1..8].join("|");
    let first = "features.1.Residual.first.conv + norm";
    assert_eq!(row(3), format!("3||{first}|conv2d 3x3, padding 1x1|16x8x8|2,320|-"));
    assert_eq!(row(6), "6|5, 2||add|16x8x8|-|-");
    assert_eq!(row(7), "7|||relu|16x8x8|-|1,024");
    assert_eq!(row(51), "51||dense.0.linear|linear|3|195|-");
    let listed = workspace.run("inspect run --json").json();
    assert_eq!(listed["nodes"].as_array().unwrap().len(), nodes.len());
    assert_eq!((&listed["output"], &listed["nodes"][5]["inputs"]), (&json!(51), &json!([5, 2])));
}

#[test]
fn an_inspection_can_be_drawn() {
    let workspace = Workspace::with_run();
    let said = workspace.run("inspect run --dot").succeeded();
    assert!(said.starts_with("digraph network {\n") && said.ends_with("}\n"), "{said}");
    assert!(said.contains("label=\"linear\\ndense.0.linear\\n784\""), "{said}");
    workspace.run("inspect run --dot --json").misused(&["'--dot' cannot be used with '--json'"]);
}

#[test]
fn json_results_are_one_object() {
    let workspace = Workspace::new();
    let trained = workspace.run(&(train("run") + " --json")).json();
    assert_eq!(trained["architecture"], ARCHITECTURE);
    assert_eq!((&trained["run"], &trained["parameters"]), (&json!("run"), &json!(224_283)));
    let epochs = trained["epochs"].as_array().unwrap();
    assert_eq!((epochs.len(), &epochs[0]["epoch"]), (1, &json!(1)));
    let accuracy = epochs[0]["test"]["accuracy"].as_f64().unwrap();
    let inspected = workspace.run("inspect run --data-dir . --json").json();
    assert_eq!(inspected["input_shape"], json!([1, 8, 8]));
    let parameters = inspected["nodes"].as_array().unwrap().iter().map(|node| &node["parameters"]);
    assert_eq!(parameters.map(|count| count.as_u64().unwrap()).sum::<u64>(), 224_283);
    let extracted = workspace.run("extract run --json").json();
    assert_eq!((&extracted["points"], &extracted["shards"]), (&json!(200), &json!(1)));
    assert_eq!(extracted["check"]["dominance"]["dominant"], 200);
    let evaluated = workspace.run("evaluate run --json").json();
    assert_eq!(evaluated["points"], 60);
    let named = ["run", "gauge", "split"].map(|name| evaluated[name].clone());
    assert_eq!(named, [json!("run"), json!("worst-case"), json!("test")]);
    let taken = ["terms", "images"].map(|name| evaluated[name].clone());
    assert_eq!(taken, [json!({"count": 200, "of": 200}), json!({"count": 60, "of": 60})]);
    let said = workspace.run("evaluate run").succeeded();
    for part in ["run    ", "worst-case gauge, of 200 training images", "60 test images"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!((evaluated["network_accuracy"].as_f64().unwrap() - accuracy).abs() < 1e-9);
    for share in ["agreement", "accuracy", "straight"] {
        let value = evaluated[share].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&value), "{share} {value}");
    }
}

#[test]
fn function_and_network_agree_at_training_points() {
    let workspace = Workspace::with_run();
    workspace.run("extract run --precision f64 --classes all").succeeded();
    let evaluated = workspace.run("evaluate run --split train --limit 50 --json").json();
    assert_eq!(evaluated["points"], 50);
    assert_eq!((&evaluated["agreement"], &evaluated["straight"]), (&json!(1.0), &json!(1.0)));
}

#[test]
fn quiet_commands_print_only_their_result() {
    let workspace = Workspace::new();
    for _ in 0..2 {
        let said = workspace.run(&(train("run") + " --quiet")).succeeded();
        assert_eq!(said.lines().count(), 1, "{said}");
        let said = workspace.run("-q extract run").succeeded();
        assert!(said.starts_with("terms "), "{said}");
    }
}

#[test]
fn repeated_commands_report_that_nothing_is_to_do() {
    let workspace = Workspace::with_terms();
    let before = files(&workspace.path("run"));
    for command in [&train("run"), "extract run"] {
        let said = workspace.run(command).succeeded();
        assert!(said.contains("; nothing to do\n"), "{command}: {said}");
        assert!(files(&workspace.path("run")) == before, "{command}");
        let Value::Object(_) = workspace.run(&format!("{command} --json")).json() else {
            panic!("{command} --json prints no object");
        };
    }
}

#[test]
fn runs_and_their_images_may_be_in_other_folders() {
    let workspace = Workspace::with_run();
    let elsewhere = Workspace::new();
    let run = workspace.path("run").display().to_string();
    elsewhere.run(&format!("extract {run}")).succeeded();
    std::fs::create_dir(workspace.path("moved")).unwrap();
    std::fs::rename(workspace.path("data.safetensors"), workspace.path("moved/data.safetensors"))
        .unwrap();
    workspace.run("evaluate run").failed(&["cannot read", "data.safetensors", "No such file"]);
    workspace.run("evaluate run --data-dir moved").succeeded();
}

#[test]
fn limits_and_batch_sizes_are_respected() {
    let workspace = Workspace::with_run();
    let extracted = workspace.run("extract run --limit 30 --batch 7 --check 0 --json").json();
    assert_eq!(
        (&extracted["points"], &extracted["check"]["dominance"]),
        (&json!(30), &json!(null))
    );
    let extracted = workspace.run("extract run --split test --limit 1000 --json").json();
    assert_eq!(extracted["points"], 60);
    assert_eq!(extracted["folder"], "run/terms/test-worst-case");
    workspace.run(&(train("short") + " --limit 20")).succeeded();
    let extracted = workspace.run("extract short --json").json();
    assert_eq!(extracted["points"], 20, "the images that the network was trained on");
}

#[test]
fn list_names_everything() {
    let workspace = Workspace::new();
    let said = workspace.run("list").succeeded();
    let listed = workspace.run("list --json").json();
    let names = |kind: &str| {
        let entries = listed[kind].as_array().unwrap().iter();
        entries.map(|entry| entry["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(names("architectures").iter().eq(ARCHITECTURES.iter().map(|entry| entry.name)));
    let datasets = DATASETS.iter().map(|entry| entry.name).chain(["file:PATH"]);
    assert!(names("datasets").iter().eq(datasets));
    assert_eq!(listed["devices"], json!(tropex::device::names()));
    let devices = tropex::device::names();
    let architectures = names("architectures").into_iter().map(|name| {
        let plain = name.strip_suffix("-leaky").map(|plain| format!("{plain}[-leaky]"));
        plain.unwrap_or(name)
    });
    for name in architectures.chain(names("datasets")).chain(devices) {
        let entry = |end: &str| said.contains(&format!("  {name}{end}"));
        assert!(entry(" ") || entry("[-leaky] ") || entry("\n"), "{name} is not in {said}");
    }
}

#[test]
fn a_closed_standard_output_is_not_an_error() {
    let workspace = Workspace::new();
    for arguments in ["list", "list --json", "--help"] {
        let mut command = workspace.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments}");
    }
}
