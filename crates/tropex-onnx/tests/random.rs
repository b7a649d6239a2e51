//! Random networks, with the outputs that onnxruntime gives at points, and the slopes that ONNX's
//! reference evaluator gives in double precision. The test needs the Python packages.

use std::path::{Path, PathBuf};

use burn::tensor::FloatDType;
use tropex_extract::extract::Extractor;
use tropex_extract::terms::{Classes, Terms};
use tropex_extract::{Gauge, Network};
use tropex_onnx::OnnxOptions;

use crate::capture::captured;
use crate::common::{Tensors, device, output_of, python};

/// Networks, unless `TROPEX_TEST_NETWORKS` is set.
const NETWORKS: usize = 150;

#[test]
fn random_networks_have_the_outputs_of_onnxruntime_and_slopes_of_the_reference() {
    let Some(python) = python("onnx, onnxruntime, safetensors") else { return };
    let count = std::env::var("TROPEX_TEST_NETWORKS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(NETWORKS);
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/random_graphs");
    let (script, count_text) = (Path::new(script), count.to_string());
    output_of(&python, [script, folder.path(), Path::new(&count_text)]);
    let models = models(folder.path());
    let mut slopes = 0;
    let mut failures = Vec::new();
    for path in &models {
        match check(path) {
            Ok(compared) => slopes += compared,
            Err(reason) => failures.push(format!("{}: {reason}", path.display())),
        }
    }
    println!("{} networks, {slopes} slopes", models.len());
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(models.len() > count * 9 / 10 && slopes > models.len());
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut models: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "onnx")).collect();
    models.sort();
    models
}

/// Compares the terms of a network with the expected outputs and slopes. Returns the number of
/// slopes.
fn check(path: &Path) -> Result<usize, String> {
    let expected = Tensors::read(&path.with_extension("safetensors"));
    let options = OnnxOptions::default().with_precision(FloatDType::F64);
    let model = options.open(path, &device()).map_err(|error| error.to_string())?;
    let network = captured(&model).map_err(|error| error.to_string())?;
    let (_, points) = expected.get("points");
    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All).unwrap();
    let terms = extractor.extract(&points).map_err(|error| error.to_string())?;
    let output = expected.get("output").1;
    let scale = output.iter().fold(1.0_f64, |scale, &number| scale.max(f64::from(number).abs()));
    outputs_agree(&terms, &network, &points, &output, scale)?;
    shifted_terms_are_not_negative(&terms, &network)?;
    slopes_agree(&terms, &network, &expected)
}

/// The value of every linear term at its point is the output there.
fn outputs_agree(
    terms: &Terms,
    network: &Network,
    points: &[f32],
    output: &[f32],
    scale: f64,
) -> Result<(), String> {
    for (index, point) in points.chunks(network.features()).enumerate() {
        for class in 0..network.classes() {
            let (row, bias) = terms.linear(index, class);
            let found = dot(&row, point.iter().map(|&number| number.into())) + bias;
            let expected = f64::from(output[index * network.classes() + class]);
            // This comparison fails for NaN.
            let is_close = (found - expected).abs() <= 1e-4 * scale;
            if !is_close {
                return Err(format!("point {index}, class {class}: {found}, not {expected}"));
            }
        }
    }
    Ok(())
}

/// The coefficients of both polynomials are not negative, up to rounding.
fn shifted_terms_are_not_negative(terms: &Terms, network: &Network) -> Result<(), String> {
    for index in 0..terms.len() {
        let (negative, _) = terms.negative(index);
        let largest = negative.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
        let mut rows = vec![negative.clone()];
        for class in 0..network.classes() {
            let (row, _) = terms.linear(index, class);
            rows.push(row.iter().zip(&negative).map(|(a, b)| a + b).collect());
        }
        if let Some(least) = rows.iter().flatten().find(|&&number| number < -1e-9 * largest) {
            return Err(format!("point {index}: coefficient {least} beside {largest}"));
        }
    }
    Ok(())
}

/// The slopes of the linear terms along the directions of the file are those of the file.
fn slopes_agree(terms: &Terms, network: &Network, expected: &Tensors) -> Result<usize, String> {
    let (directions, slopes) = (expected.doubles("directions"), expected.doubles("slopes"));
    let mut count = 0;
    for (index, direction) in directions.chunks(network.features()).enumerate() {
        for class in 0..network.classes() {
            let expected = slopes[index * network.classes() + class];
            if expected.is_nan() {
                continue;
            }
            let (row, _) = terms.linear(index, class);
            let found = dot(&row, direction.iter().copied());
            let is_close = (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
            if !is_close {
                return Err(format!("point {index}, class {class}: slope {found}, not {expected}"));
            }
            count += 1;
        }
    }
    Ok(count)
}

fn dot(row: &[f64], numbers: impl Iterator<Item = f64>) -> f64 {
    row.iter().zip(numbers).map(|(coefficient, number)| coefficient * number).sum()
}
