//! Imported weights, and weights that cannot be imported.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::{ARCHITECTURE, CONVOLUTIONAL, Workspace, files, write_tensors};

fn import(weights: &str) -> String {
    import_as(ARCHITECTURE, weights)
}

fn import_as(architecture: &str, weights: &str) -> String {
    format!(
        "import {architecture} --weights {weights} --dataset file:data.safetensors --out imported"
    )
}

pub(super) type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

fn read(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let owned = tensors
        .iter()
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), view.data().to_vec())));
    owned.collect()
}

/// A workspace with a run, and its changed weights in `w.safetensors`.
fn edited(edit: impl FnOnce(&mut Tensors)) -> Workspace {
    let workspace = Workspace::with_run();
    edit_weights(&workspace, edit);
    workspace
}

pub(super) fn edit_weights(workspace: &Workspace, edit: impl FnOnce(&mut Tensors)) {
    let mut tensors = read(&workspace.path("run/model.safetensors"));
    edit(&mut tensors);
    let tensors = tensors
        .iter()
        .map(|(name, (shape, bytes))| (name.clone(), Dtype::F32, shape.clone(), bytes));
    write_tensors(&workspace.path("w.safetensors"), tensors);
}

fn refused(workspace: &Workspace, weights: &str, parts: &[&str]) {
    refused_as(workspace, ARCHITECTURE, weights, parts);
}

fn refused_as(workspace: &Workspace, architecture: &str, weights: &str, parts: &[&str]) {
    workspace.run(&import_as(architecture, weights)).failed(parts);
    assert!(!workspace.path("imported").exists(), "no folder is created");
}

#[test]
fn exported_weights_are_imported_unchanged() {
    let workspace = Workspace::new();
    let trained = workspace.run(&(super::train("run") + " --json")).json();
    let imported = workspace.run(&(import("run/model.safetensors") + " --json")).json();
    assert_eq!(imported["test_accuracy"], trained["epochs"][0]["test"]["accuracy"]);
    assert_eq!(imported["parameters"], trained["parameters"]);
    assert_eq!(
        read(&workspace.path("imported/model.safetensors")),
        read(&workspace.path("run/model.safetensors"))
    );
    workspace.run("extract imported").succeeded();
    workspace.run("evaluate imported").succeeded();
    workspace.run(&import("run/model.safetensors")).succeeded(); // again, into the same folder
}

#[test]
fn layer_numbers_of_an_import_may_have_gaps() {
    let workspace = edited(|tensors| {
        let gapped = std::mem::take(tensors).into_iter().map(|(name, tensor)| {
            let (layer, leaf) = name.strip_prefix("layers.").unwrap().split_once('.').unwrap();
            (format!("net.{}.{leaf}", 3 * layer.parse::<usize>().unwrap()), tensor)
        });
        *tensors = gapped.collect();
    });
    workspace.run(&import("w.safetensors")).succeeded();
    assert_eq!(
        read(&workspace.path("imported/model.safetensors")),
        read(&workspace.path("run/model.safetensors"))
    );
}

#[test]
fn tensors_of_other_shapes_are_refused() {
    type Edit = fn(&mut Tensors);
    let edits: [(Edit, &[&str]); 5] = [
        (|all| drop(all.remove("layers.1.bias")), &["no tensor `layers.1.bias`", "[200]"]),
        (|all| all.retain(|name, _| !name.starts_with("layers.3")), &["3 layers", "expected 4"]),
        (
            |all| all.get_mut("layers.0.weight").unwrap().0 = vec![64, 784],
            &["in the file: layers.0 [64, 784]; in the network: layers.0 [784, 64]", "--map"],
        ),
        (
            |all| {
                all.get_mut("layers.2.bias").unwrap().1[..4]
                    .copy_from_slice(&f32::NAN.to_le_bytes())
            },
            &["`layers.2.bias` holds NaN at 0", "finite"],
        ),
        (
            |all| drop(all.insert("layers.3.gamma".into(), (vec![1], vec![0; 4]))),
            &["`layers.3.gamma` has no place", "--map FROM="],
        ),
    ];
    for (edit, parts) in edits {
        refused(&edited(edit), "w.safetensors", parts);
    }
}

#[test]
fn files_without_weights_are_refused() {
    let workspace = Workspace::with_run();
    let whole = fs::read(workspace.path("run/model.safetensors")).unwrap();
    fs::write(workspace.path("cut.safetensors"), &whole[..whole.len() / 2]).unwrap();
    fs::write(workspace.path("noise.safetensors"), vec![0x9c; 4096]).unwrap();
    fs::write(workspace.path("empty.safetensors"), "").unwrap();
    fs::write(workspace.path("noise.pt"), vec![0x9c; 4096]).unwrap();
    fs::write(workspace.path("empty.pt"), "").unwrap();
    fs::write(workspace.path("w.onnx"), "").unwrap();
    fs::create_dir(workspace.path("folder.safetensors")).unwrap();
    fs::write(workspace.path("keras.h5"), b"\x89HDF\r\n\x1a\nand more").unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 17\n";
    fs::write(workspace.path("lfs.pt"), pointer).unwrap();
    refused(&workspace, "cut.safetensors", &["cut.safetensors is not a readable weights file"]);
    for file in ["noise.safetensors", "noise.pt"] {
        refused(&workspace, file, &[file, "is not a known kind of file", "safetensors file"]);
    }
    for file in ["empty.safetensors", "empty.pt", "w.onnx"] {
        refused(&workspace, file, &[file, "is empty, expected a state dict"]);
    }
    refused(&workspace, "keras.h5", &["keras.h5 is an HDF5 file"]);
    refused(&workspace, "lfs.pt", &["lfs.pt", "Git LFS pointer", "git lfs pull"]);
    refused(&workspace, "none.safetensors", &["cannot read weights none.safetensors"]);
    refused(&workspace, "none.pt", &["cannot read weights none.pt"]);
    refused(&workspace, "folder.safetensors", &["cannot read weights folder.safetensors"]);
    refused(&workspace, "data.safetensors", &["data.safetensors"]);
}

/// Changes every number of a tensor; `number` gets the index and the number.
fn change(all: &mut Tensors, name: &str, number: impl Fn(usize, f32) -> f32) {
    let bytes = &mut all.get_mut(name).unwrap().1;
    for (index, value) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
        *value = number(index, f32::from_le_bytes(*value)).to_le_bytes();
    }
}

fn numbers(all: &Tensors, name: &str) -> Vec<f32> {
    all[name].1.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

/// Weights that compute on normalised images what the weights of the run compute on raw images.
fn for_normalised_images(mean: f32, std: f32) -> Workspace {
    edited(|all| {
        let weights = numbers(all, "layers.0.weight");
        let inputs = all["layers.0.weight"].0[1];
        let sum = |row: usize| weights[row * inputs..(row + 1) * inputs].iter().sum::<f32>();
        change(all, "layers.0.bias", |row, bias| bias + mean * sum(row));
        change(all, "layers.0.weight", |_, weight| weight * std);
    })
}

#[test]
fn normalisation_is_an_operation_of_the_network() {
    // Raw images are close to zero for this network, so all of them have almost equal logits.
    let workspace = for_normalised_images(0.25, 0.01);
    let trained =
        workspace.run(&import("run/model.safetensors").replace("imported", "raw --json")).json();
    let plain = import("w.safetensors").replace("imported", "plain");
    let told = workspace.run(&(plain.clone() + " --json")).warned(&["near chance", "--mean"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["test_accuracy"].as_f64() < trained["test_accuracy"].as_f64());
    let warning = told["warnings"][0].as_str().unwrap();
    assert!(warning.contains("near chance (33.33 %)") && warning.contains("--mean"), "{warning}");
    workspace.run(&plain).warned(&[warning]);

    let told = import("w.safetensors") + " --mean 0.25 --std 0.01";
    let imported = workspace.run(&(told.clone() + " --json")).json();
    assert_eq!(imported["test_accuracy"], trained["test_accuracy"]);
    let losses = [&imported, &trained].map(|run| run["test_loss"].as_f64().unwrap());
    assert!((losses[0] - losses[1]).abs() < 1e-4, "{losses:?}");
    assert_eq!(imported["warnings"], serde_json::json!([]));

    // Terms are functions of the raw images: the first operation subtracts and divides.
    let inspected = workspace.run("inspect imported --json").json();
    let raw = workspace.run("inspect raw --json").json();
    let nodes = |run: &serde_json::Value| run["nodes"].as_array().unwrap().len();
    assert!(nodes(&inspected) > nodes(&raw), "{inspected}");
    assert_eq!(inspected["units"], raw["units"]);
    workspace.run("extract imported").succeeded();
    let evaluated = workspace.run("evaluate imported --json").json();
    workspace.run("extract raw").succeeded();
    assert_eq!(evaluated["agreement"], workspace.run("evaluate raw --json").json()["agreement"]);
    workspace.run("bounds imported").succeeded();

    workspace.run(&(told.clone() + ",0.5")).failed(&["2 numbers for the std of 1 channels"]);
    workspace.run(&(told.replace("0.25", "0.5"))).failed(&["normalisation.mean"]);
    workspace.run(&told.replace("--std 0.01", "--std 0")).misused(&["--std", "above 0"]);
    workspace.run(&told).succeeded();
}

#[test]
fn named_layers_are_matched_or_mapped() {
    let rename = |all: &mut Tensors, names: [&str; 4]| {
        let renamed = std::mem::take(all).into_iter().map(|(name, tensor)| {
            let (layer, leaf) = name.strip_prefix("layers.").unwrap().split_once('.').unwrap();
            (format!("module.{}.{leaf}", names[layer.parse::<usize>().unwrap()]), tensor)
        });
        *all = renamed.collect();
    };
    let workspace = edited(|all| {
        rename(all, ["fc1", "fc2", "fc3", "fc4"]);
        all.insert("criterion.weight".into(), (vec![3], vec![0; 12]));
    });
    let parts =
        ["5 layers with parameters, expected 4", "in the file: criterion [3]", "--map FROM="];
    refused(&workspace, "w.safetensors", &parts);
    let said = workspace.run(&(import("w.safetensors") + " --map criterion=")).succeeded();
    assert!(said.contains("module.fc1 = layers.0, module.fc2 = layers.1"), "{said}");
    assert!(
        read(&workspace.path("imported/model.safetensors"))
            == read(&workspace.path("run/model.safetensors"))
    );
    workspace.run(&(import("w.safetensors") + " --map criterion")).misused(&["FROM=TO"]);
}

/// A workspace with weights of a network of ten layers. The weights grow by a factor in every
/// layer.
fn enlarged(factor: f32) -> Workspace {
    let workspace = Workspace::new();
    let train = format!("train {CONVOLUTIONAL} --dataset file:data.safetensors --out run");
    workspace.run(&format!("{train} --epochs 0")).succeeded();
    edit_weights(&workspace, |tensors| {
        for (_, (_, bytes)) in tensors.iter_mut().filter(|(name, _)| name.ends_with("weight")) {
            let large = |value: &[u8]| f32::from_le_bytes(value.try_into().unwrap()) * factor;
            *bytes = bytes.chunks(4).flat_map(|value| large(value).to_le_bytes()).collect();
        }
    });
    workspace
}

#[test]
fn weights_with_infinite_outputs_are_refused() {
    for factor in [1e5, 1e8] {
        let parts = ["w.safetensors", "outputs that are not finite"];
        refused_as(&enlarged(factor), CONVOLUTIONAL, "w.safetensors", &parts);
    }
}

#[test]
fn terms_beyond_the_range_of_f32_are_refused() {
    let workspace = enlarged(1000.0);
    workspace.run(&import_as(CONVOLUTIONAL, "w.safetensors")).ended(); // warns: near chance
    workspace.run("extract imported").failed(&["overflows f32", "choose a higher precision"]);
    assert!(files(&workspace.path("imported/terms")).is_empty());
    workspace.run("extract imported --precision f64 --limit 50").succeeded();
    workspace.run("evaluate imported").succeeded();
}
