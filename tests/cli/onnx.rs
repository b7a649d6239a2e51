//! ONNX files as runs. The models, and the outputs of onnxruntime, are in
//! `crates/tropex-onnx/tests/models`.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::{CommandOutcome, Workspace, write_tensors};

fn model(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/tropex-onnx/tests/models").join(file)
}

/// The shape and the numbers of a tensor in a file.
fn tensor(path: &Path, name: &str) -> (Vec<usize>, Vec<f64>) {
    let bytes = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor(name).unwrap_or_else(|_| panic!("{name} in {}", path.display()));
    let data = view.data();
    let numbers = match view.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into()).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        _ => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
    };
    (view.shape().to_vec(), numbers)
}

fn largest(logits: &[f64]) -> usize {
    (1..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

/// A workspace with a model and a dataset of its points. The labels are the classes by onnxruntime.
pub(super) struct Case {
    pub(super) workspace: Workspace,
    points: Vec<f64>,
    features: usize,
    logits: Vec<Vec<f64>>,
}

impl Case {
    pub(super) fn new(name: &str, kind: &str) -> Self {
        Self::changed(name, kind, &|shape, points| (shape, points))
    }

    /// A case with changed points in its dataset.
    fn changed(
        name: &str,
        kind: &str,
        change: &dyn Fn(Vec<usize>, Vec<f64>) -> (Vec<usize>, Vec<f64>),
    ) -> Self {
        let expected = model("expected.safetensors");
        let (shape, points) = tensor(&expected, &format!("{name}.points"));
        let (output, logits) = tensor(&expected, &format!("{name}.output"));
        let logits: Vec<Vec<f64>> = logits.chunks(output[1]).map(<[f64]>::to_vec).collect();
        let labels: Vec<u8> =
            logits.iter().flat_map(|logits| (largest(logits) as i64).to_le_bytes()).collect();
        let features = points.len() / shape[0];
        let (changed, values) = change(shape.clone(), points.clone());
        let values: Vec<u8> = values.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect();
        let workspace = Workspace::new();
        let tensors = ["train", "test"].into_iter().flat_map(|split| {
            [
                (format!("{split}.{kind}"), Dtype::F32, changed.clone(), &values),
                (format!("{split}.labels"), Dtype::I64, vec![shape[0]], &labels),
            ]
        });
        write_tensors(&workspace.path("points.safetensors"), tensors);
        fs::copy(model(&format!("{name}.onnx")), workspace.path("m.onnx")).unwrap();
        Self { workspace, points, features, logits }
    }

    fn import(&self, options: &str) {
        let command =
            format!("import m.onnx --dataset file:points.safetensors --out run {options}");
        let imported = self.workspace.run(&(command + " --json")).ended();
        let imported: serde_json::Value = serde_json::from_str(&imported).unwrap();
        assert_eq!(imported["test_accuracy"], 1.0, "{imported}");
    }

    /// Asserts that the linear terms of the run give the logits of onnxruntime.
    fn has_its_terms(&self, tolerance: f64) {
        self.workspace.run("extract run --precision f64").ended();
        let shard = self.workspace.path("run/terms/train-worst-case/shard-00000.safetensors");
        let (_, index) = tensor(&shard, "index");
        let (_, coefficients) = tensor(&shard, "linear.coefficients");
        let (_, bias) = tensor(&shard, "linear.bias");
        let rows = coefficients.chunks(self.features).zip(bias).zip(index);
        for ((row, bias), index) in rows {
            let point = &self.points[index as usize * self.features..][..self.features];
            let value: f64 = row.iter().zip(point).map(|(a, x)| a * x).sum::<f64>() + bias;
            let logits = &self.logits[index as usize];
            let expected = logits[largest(logits)];
            assert!((value - expected).abs() < tolerance, "{value}, {expected}");
        }
    }
}

#[test]
fn files_of_every_kind_become_runs_with_their_terms() {
    for (name, tolerance) in [
        ("mlp", 1e-5),
        ("double", 1e-5),
        ("half", 2e-2),
        ("labels", 1e-5),
        ("baked", 1e-5),
        ("listed", 1e-5),
        ("channels_last", 1e-5),
    ] {
        let case = Case::new(name, "points");
        case.import("");
        case.has_its_terms(tolerance);
    }
}

#[test]
fn external_weights_are_copied_into_the_run() {
    let case = Case::new("external", "points");
    fs::copy(model("external.data"), case.workspace.path("external.data")).unwrap();
    case.import("");
    fs::remove_file(case.workspace.path("external.data")).unwrap();
    fs::remove_file(case.workspace.path("m.onnx")).unwrap();
    case.has_its_terms(1e-5);
}

#[test]
fn every_command_works_on_an_imported_model() {
    let case = Case::new("mlp", "points");
    case.import("");
    for command in [
        "inspect run",
        "extract run --gauge tight",
        "extract run --gauge calibrated",
        "evaluate run --gauge calibrated",
        "assign run --gauge tight",
        "precision run",
        "region run --of 0,1 --to 2 --facets",
        "bounds run",
        "regions run --through 0,1,2 --out plane.svg",
        "experiment all run --points 5",
    ] {
        case.workspace.run(command).ended();
    }
    let evaluated = case.workspace.run("evaluate run --gauge tight --json").json();
    assert_eq!(evaluated["agreement"], 1.0);
}

#[test]
fn a_study_takes_models_beside_architectures() {
    let case = Case::new("mlp", "points");
    let study = r#"
        title = "T"
        seeds = [0, 1]
        [[network]]
        name = "imported"
        model = { file = "m.onnx" }
        dataset = "file:points.safetensors"
        [[network]]
        name = "trained"
        architecture = "fcn4"
        dataset = "file:data.safetensors"
        training = { epochs = 1 }
        terms = 20
        [experiments]
        names = ["exactness", "generalization"]
        points = 5
    "#;
    fs::write(case.workspace.path("mine.toml"), study).unwrap();
    case.workspace.run("study mine.toml --out done").ended();
    let runs = fs::read_dir(case.workspace.path("done/runs")).unwrap();
    let mut runs: Vec<_> =
        runs.map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
    runs.sort();
    assert_eq!(runs, ["imported", "trained-seed0", "trained-seed1"]);
    case.workspace.run("study mine.toml --out done").ended();
    for (from, to, expected) in [
        (
            "model = { file",
            "architecture = \"fcn4\"\nmodel = { file",
            "an architecture and a model",
        ),
        ("model = { file = \"m.onnx\" }", "", "an architecture, layers or a model"),
        ("\"m.onnx\" }", "\"m.onnx\" }\ntraining = { epochs = 1 }", "imported, not trained"),
        ("m.onnx", "none.onnx", "none.onnx"),
    ] {
        fs::write(case.workspace.path("other.toml"), study.replacen(from, to, 1)).unwrap();
        case.workspace.run("study other.toml --out other").failed(&[expected]);
    }
}

#[test]
fn points_are_normalised_before_the_model() {
    let raw = |shape, points: Vec<f64>| (shape, points.iter().map(|x| x * 2.0 + 0.5).collect());
    let case = Case::changed("mlp", "points", &raw);
    case.import("--mean 0.5 --std 2");
    let raw = Case { points: case.points.iter().map(|x| x * 2.0 + 0.5).collect(), ..case };
    raw.has_its_terms(1e-4);
}

#[test]
fn images_and_models_can_have_different_layouts() {
    // The channels are last in the file and in the model: no order changes.
    let case = Case::new("channels_last", "images");
    case.import("--layout nhwc");
    case.has_its_terms(1e-5);
    // The channels are first in the file and last in the model.
    let first = |shape: Vec<usize>, points: Vec<f64>| {
        let (count, area, channels) = (shape[0], shape[1] * shape[2], shape[3]);
        let at = |index: usize| {
            let (image, rest) = (index / (area * channels), index % (area * channels));
            points[image * area * channels + rest % area * channels + rest / area]
        };
        (vec![count, channels, shape[1], shape[2]], (0..points.len()).map(at).collect())
    };
    let moved = Case::changed("channels_last", "images", &first);
    let refused = "import m.onnx --dataset file:points.safetensors --out run";
    let refused = moved.workspace.run(refused);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("m.onnx: its points are 4x4x2"), "{}", refused.stderr);
    assert!(refused.stderr.contains("is its layout nhwc?"), "{}", refused.stderr);
    moved.import("--layout nhwc");
    let (_, points) = first(vec![5, 4, 4, 2], moved.points.clone());
    Case { points, ..moved }.has_its_terms(1e-5);
    // The channels are last in the file and first in the model.
    let last = |shape: Vec<usize>, points: Vec<f64>| {
        let (count, channels, area) = (shape[0], shape[1], shape[2] * shape[3]);
        let at = |index: usize| {
            let (image, rest) = (index / (area * channels), index % (area * channels));
            points[image * area * channels + rest % channels * area + rest / channels]
        };
        (vec![count, shape[2], shape[3], channels], (0..points.len()).map(at).collect())
    };
    let moved = Case::changed("listed", "images", &last);
    moved.import("--layout nhwc");
    moved.has_its_terms(1e-5);
}

#[test]
fn invalid_imports_are_refused_in_one_line() {
    let case = Case::new("mlp", "points");
    let workspace = &case.workspace;
    for name in ["two_outputs", "refused", "mixing"] {
        fs::copy(model(&format!("{name}.onnx")), workspace.path(&format!("{name}.onnx"))).unwrap();
    }
    let import = |source: &str, rest: &str| {
        workspace.run(&format!("import {source} --dataset file:points.safetensors --out no {rest}"))
    };
    // A warning about classes without images may precede the error.
    let refused = |outcome: CommandOutcome, part: &str| {
        let last = outcome.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: ") && last.contains(part), "{}", outcome.stderr);
        assert_eq!(outcome.code, Some(1), "{}", outcome.command);
    };
    import("none.onnx", "").failed(&["none.onnx"]);
    import("refused.onnx", "").failed(&["not piecewise linear"]);
    import("two_outputs.onnx", "").failed(&["output"]);
    import("m.onnx", "--output none").failed(&["none"]);
    import("m.onnx", "--weights w.pt").failed(&["leave out --weights"]);
    import("fcn4", "").misused(&["--weights <FILE>"]);
    import("fcn4", "--output y --weights w.pt").failed(&["--output chooses the output of an ONNX"]);
    let mean = import("m.onnx", "--mean 0.1,0.2");
    refused(mean, "2 numbers for the mean of 1 channels");
    workspace
        .run("import m.onnx --dataset file:data.safetensors --out no")
        .failed(&["its points are 4, but the images of the dataset are 1x8x8"]);
    assert!(!workspace.path("no").exists(), "no folder is created");
    workspace.run("train onnx --dataset file:data.safetensors --out no").failed(&["imported"]);
    workspace.run("train m.onnx --dataset file:data.safetensors --out no").failed(&["imported"]);
    case.import("");
    workspace.run("train fcn4 --dataset file:data.safetensors --out run").failed(&["run holds"]);
    let file = workspace.path("run/model.onnx");
    let mut bytes = fs::read(&file).unwrap();
    bytes.push(0);
    fs::write(&file, bytes).unwrap();
    workspace.run("extract run").failed(&["model.onnx does not match its checksum"]);
}
