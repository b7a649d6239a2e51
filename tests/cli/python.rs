//! Terms and findings, read by Python.

use std::fs;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;

use super::experiments::values;
use super::{Workspace, labels, train};
use crate::common::python::{output_of, python};

/// Largest relative difference of numbers that are computed in f64 from equal coefficients, in
/// another order.
const TOLERANCE: f64 = 1e-6;

/// A workspace with random images and labels, so that network and extracted function disagree, and
/// both make errors.
fn workspace() -> Workspace {
    let workspace = Workspace { folder: tempfile::tempdir().unwrap() };
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let splits = [("train", 60), ("test", 60)].map(|(split, count)| {
        let mut pixels = vec![0; count * 64];
        random.fill_bytes(&mut pixels);
        (split, pixels, labels(count))
    });
    workspace.write_splits("data.safetensors", &splits);
    workspace
}

#[test]
fn experiments_equal_numpy() {
    let Some(python) = python("numpy, safetensors.numpy") else { return };
    let workspace = workspace();
    for (run, seed) in [("run", 0), ("other", 1)] {
        workspace.run(&format!("{} --seed {seed}", train(run))).succeeded();
        workspace.run(&format!("extract {run} --split test")).succeeded();
    }
    let found = ["similarity run", "coefficients run", "implications run", "networks run other"]
        .map(|experiment| (experiment, values(&workspace.experiment(experiment))));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/statistics.py");
    let files = ["data.safetensors", "run", "other"].map(|name| workspace.path(name));
    let arguments = [script.into()].into_iter().chain(files);
    let expected: Value = serde_json::from_slice(&output_of(&python, arguments)).unwrap();
    for (experiment, found) in &found {
        let name = experiment.split_whitespace().next().unwrap();
        let expected = expected[name].as_object().unwrap();
        let expected = expected.iter().filter_map(|(name, value)| Some((name, value.as_f64()?)));
        let expected: Vec<_> = expected.collect();
        assert_eq!(found.len(), expected.len(), "{experiment}: {found:?} {expected:?}");
        for (name, expected) in expected {
            let difference = (found[name] - expected).abs();
            assert!(difference <= TOLERANCE * expected.abs().max(1.0), "{experiment}: {name}");
        }
    }
    let (similarity, implications) = (&found[0].1, &found[2].1);
    assert!(similarity.contains_key("angle, disagree"), "they agree everywhere: {similarity:?}");
    assert!(implications.contains_key("function right, network wrong"), "{implications:?}");
}

#[test]
fn the_example_draws_terms_and_a_finding() {
    let Some(python) = python("numpy, safetensors.numpy, matplotlib") else { return };
    let workspace = Workspace::with_terms();
    workspace.experiment("subset run");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/linear_terms.py");
    let (run, picture) = (workspace.path("run"), workspace.path("terms.png"));
    output_of(&python, [script.as_ref(), run.as_os_str(), picture.as_os_str()]);
    assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG"));
}
