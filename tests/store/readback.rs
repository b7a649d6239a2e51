//! Shards read by Python.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tropex::{Classes, Precision, TermStore};

use super::{Cloud, Fixture};
use crate::common::finest;
use crate::common::python::{output_of, python};

/// Prints type, shape, first and last number of every tensor in every shard of a folder.
const SCRIPT: &str = r#"
import json, pathlib, sys
from safetensors.numpy import load_file
shards = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors")):
    shards[path.name] = {
        name: [str(t.dtype), list(t.shape), float(t.flat[0]), float(t.flat[-1])]
        for name, t in load_file(path).items()
    }
print(json.dumps(shards))
"#;

#[test]
fn python_reads_the_same_numbers() {
    let Some(python) = python("numpy, safetensors.numpy") else { return };
    for (precision, classes) in [(Precision::F32, Classes::Predicted), (finest(), Classes::All)] {
        let fixture = Fixture::with(Cloud::new(50, 1), precision, classes, 20);
        let store = fixture.extract().unwrap();
        assert_eq!(read_with(&python, &fixture.folder()), expected(&store));
    }
}

fn read_with(python: &str, folder: &Path) -> Value {
    let script = folder.join("read.py");
    fs::write(&script, SCRIPT).unwrap();
    serde_json::from_slice(&output_of(python, [&script, folder])).unwrap()
}

fn expected(store: &TermStore) -> Value {
    let float = match store.manifest().terms.precision {
        Precision::F32 => "float32",
        Precision::F64 => "float64",
    };
    let mut shards = serde_json::Map::new();
    for (shard, entry) in store.shards().zip(&store.manifest().shards) {
        let shard = shard.unwrap();
        let integers = |values: &[i64]| {
            json!(["int64", [values.len()], values[0] as f64, values[values.len() - 1] as f64])
        };
        let floats = |data: &burn::tensor::TensorData| {
            let values: Vec<f64> = data.iter().collect();
            json!([float, data.shape().to_vec(), values[0], values[values.len() - 1]])
        };
        let tensors = json!({
            "index": integers(&shard.index),
            "label": integers(&shard.label),
            "predicted": integers(&shard.predicted),
            "linear.coefficients": floats(&shard.linear_coefficients),
            "linear.bias": floats(&shard.linear_bias),
            "negative.coefficients": floats(&shard.negative_coefficients),
            "negative.bias": floats(&shard.negative_bias),
        });
        shards.insert(entry.file.clone(), tensors);
    }
    Value::Object(shards)
}
