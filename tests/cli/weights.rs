//! Imported weights, and those that cannot be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::{ARCHITECTURE, CONVOLUTIONAL, Place, files, write_tensors};

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

/// A place with a run, and its weights in `w.safetensors` after a change.
fn edited(edit: impl FnOnce(&mut Tensors)) -> Place {
    let place = Place::with_run();
    edit_weights(&place, edit);
    place
}

pub(super) fn edit_weights(place: &Place, edit: impl FnOnce(&mut Tensors)) {
    let mut tensors = read(&place.path("run/model.safetensors"));
    edit(&mut tensors);
    let tensors = tensors
        .iter()
        .map(|(name, (shape, bytes))| (name.clone(), Dtype::F32, shape.clone(), bytes));
    write_tensors(&place.path("w.safetensors"), tensors);
}

fn refused(place: &Place, weights: &str, parts: &[&str]) {
    refused_as(place, ARCHITECTURE, weights, parts);
}

fn refused_as(place: &Place, architecture: &str, weights: &str, parts: &[&str]) {
    place.run(&import_as(architecture, weights)).failed(parts);
    assert!(!place.path("imported").exists(), "nothing is begun");
}

#[test]
fn a_runs_own_weights_come_back_the_same() {
    let place = Place::new();
    let trained = place.run(&(super::train("run") + " --json")).json();
    let imported = place.run(&(import("run/model.safetensors") + " --json")).json();
    assert_eq!(imported["test_accuracy"], trained["epochs"][0]["test"]["accuracy"]);
    assert_eq!(imported["parameters"], trained["parameters"]);
    assert_eq!(
        read(&place.path("imported/model.safetensors")),
        read(&place.path("run/model.safetensors"))
    );
    place.run("extract imported").succeeded();
    place.run("evaluate imported").succeeded();
    place.run(&import("run/model.safetensors")).succeeded(); // again, into the same folder
}

#[test]
fn layers_numbered_with_gaps_are_those_of_an_import() {
    let place = edited(|tensors| {
        let gapped = std::mem::take(tensors).into_iter().map(|(name, tensor)| {
            let (layer, leaf) = name.strip_prefix("layers.").unwrap().split_once('.').unwrap();
            (format!("net.{}.{leaf}", 3 * layer.parse::<usize>().unwrap()), tensor)
        });
        *tensors = gapped.collect();
    });
    place.run(&import("w.safetensors")).succeeded();
    assert_eq!(
        read(&place.path("imported/model.safetensors")),
        read(&place.path("run/model.safetensors"))
    );
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    type Edit = fn(&mut Tensors);
    let edits: [(Edit, &[&str]); 5] = [
        (|all| drop(all.remove("layers.1.bias")), &["no tensor `layers.1.bias`", "[200]"]),
        (|all| all.retain(|name, _| !name.starts_with("layers.3")), &["3 layers", "expected 4"]),
        (
            |all| all.get_mut("layers.0.weight").unwrap().0 = vec![64, 784],
            &["`layers.0.weight` has shape [64, 784], expected [784, 64]"],
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
            &["`layers.3.gamma` has no place"],
        ),
    ];
    for (edit, parts) in edits {
        refused(&edited(edit), "w.safetensors", parts);
    }
}

#[test]
fn files_that_hold_no_weights_are_named() {
    let place = Place::with_run();
    let whole = fs::read(place.path("run/model.safetensors")).unwrap();
    fs::write(place.path("cut.safetensors"), &whole[..whole.len() / 2]).unwrap();
    fs::write(place.path("noise.safetensors"), vec![0x9c; 4096]).unwrap();
    fs::write(place.path("empty.safetensors"), "").unwrap();
    fs::write(place.path("noise.pt"), vec![0x9c; 4096]).unwrap();
    fs::write(place.path("empty.pt"), "").unwrap();
    fs::write(place.path("w.onnx"), "").unwrap();
    fs::create_dir(place.path("folder.safetensors")).unwrap();
    for file in
        ["cut.safetensors", "noise.safetensors", "empty.safetensors", "noise.pt", "empty.pt"]
    {
        refused(&place, file, &[file, "is not a readable weights file"]);
    }
    refused(&place, "none.safetensors", &["cannot read weights none.safetensors"]);
    refused(&place, "none.pt", &["cannot read weights none.pt"]);
    refused(&place, "folder.safetensors", &["cannot read weights folder.safetensors"]);
    refused(&place, "w.onnx", &["w.onnx: unknown kind of weights file", ".safetensors"]);
    refused(&place, "data.safetensors", &["data.safetensors"]);
}

/// A place with weights of a network of ten layers, larger by a factor in every layer.
fn enlarged(factor: f32) -> Place {
    let place = Place::new();
    let train = format!("train {CONVOLUTIONAL} --dataset file:data.safetensors --out run");
    place.run(&format!("{train} --epochs 0")).succeeded();
    edit_weights(&place, |tensors| {
        for (_, (_, bytes)) in tensors.iter_mut().filter(|(name, _)| name.ends_with("weight")) {
            let large = |value: &[u8]| f32::from_le_bytes(value.try_into().unwrap()) * factor;
            *bytes = bytes.chunks(4).flat_map(|value| large(value).to_le_bytes()).collect();
        }
    });
    place
}

#[test]
fn weights_that_give_no_finite_outputs_are_refused() {
    for factor in [1e5, 1e8] {
        let parts = ["w.safetensors", "outputs that are not finite"];
        refused_as(&enlarged(factor), CONVOLUTIONAL, "w.safetensors", &parts);
    }
}

#[test]
fn terms_beyond_the_range_of_singles_are_told_and_not_stored() {
    let place = enlarged(1000.0);
    place.run(&import_as(CONVOLUTIONAL, "w.safetensors")).succeeded();
    place.run("extract imported").failed(&["overflows F32", "choose a higher precision"]);
    assert!(files(&place.path("imported/terms")).is_empty());
    place.run("extract imported --precision f64 --limit 50").succeeded();
    place.run("evaluate imported").succeeded();
}
