//! Networks of torchvision with random weights at images of 3x224x224: the time of a capture, the
//! memory of an extraction, and linear terms compared with PyTorch's autograd in one run.
//!
//! ```text
//! TROPEX_BENCH_PYTHON=.../bin/python cargo bench --bench large_images -- resnet18 vgg16 googlenet
//! ```
//!
//! The Python needs `torch`, `torchvision`, `onnx` and `safetensors`. Each network runs in a
//! process of its own, so that its peak memory is its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use safetensors::SafeTensors;
use tropex::extract::ComputeTarget;
use tropex::onnx::OnnxOptions;
use tropex::{Classes, Extractor, Gauge, Network, Precision, onnx};

mod support;
use support::comparison::Comparison;
use support::peer::{Peer, python};
use support::{arguments, threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variable that names the network that a process measures.
const MEASURED: &str = "TROPEX_BENCH_MEASURED";

/// Number of images.
const POINTS: usize = 4;

/// Batch sizes of the linear terms that are tried.
const BATCHES: [usize; 3] = [1, 2, 4];

fn main() {
    let Some(python) = python() else {
        println!("TROPEX_BENCH_PYTHON names no Python: nothing to measure against");
        return;
    };
    if let Ok(name) = std::env::var(MEASURED) {
        return measure(&name, &python);
    }
    println!("device {}, {} threads, f32, {POINTS} images", support::device().0, threads());
    for name in arguments() {
        let this = std::env::current_exe().expect("the benchmark is a file");
        let ended = Command::new(this).env(MEASURED, name).status().expect("it can be started");
        assert!(ended.success(), "{ended}");
    }
}

fn measure(name: &str, python: &Path) {
    let (_, device) = support::device();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().display().to_string();
    let arguments = [name.into(), path, POINTS.to_string(), threads().to_string()];
    let (mut peer, greeting) = Peer::start(python, "pytorch/torchvision_terms.py", &arguments);
    println!("\n{name}, peer {greeting}");
    let model = folder.path().join("model.onnx");
    let (seconds, network) = timed(|| {
        let options = OnnxOptions::default();
        onnx::capture(&model, &options, &device).expect("the model is piecewise linear")
    });
    println!("  captured in {seconds:.1} s, {:.2} GiB at most", peak());
    let target = ComputeTarget::new(&device, Precision::F32).expect("the device has f32");
    let network = network.to_target(&target);
    let points = points(&folder.path().join("points.safetensors"));
    extract(&network, &points);
    Comparison { network: &network, points: &points, peer: &mut peer }.run(
        "predicted",
        Classes::Predicted,
        &BATCHES,
    );
}

/// Extracts linear and negative terms, image by image.
fn extract(network: &Network, points: &[f32]) {
    let (seconds, extractor) = timed(|| {
        Extractor::new(network, Gauge::WorstCase, Classes::Predicted).expect("finite shifts")
    });
    println!("  worst-case shifts in {seconds:.1} s, {:.2} GiB at most", peak());
    let (seconds, _) = timed(|| {
        for point in points.chunks(network.features()) {
            extractor.extract(point).expect("a whole point");
        }
    });
    let rate = POINTS as f64 / seconds;
    println!("  linear and negative terms: {rate:.2} points a second, {:.2} GiB at most", peak());
}

/// Peak memory of this process in GiB; 0 where the system does not tell it.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / f64::from(1 << 20)
}

fn points(file: &Path) -> Vec<f32> {
    let bytes = fs::read(file).expect("the script wrote it");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let points = tensors.tensor("points").expect("the script wrote it");
    points.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}
