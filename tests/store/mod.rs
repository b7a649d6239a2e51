//! Terms on disk, and the extracted function.

mod calibrated; // the calibrated gauge
mod contents; // the contents of a store
mod damage; // damaged files
mod devices; // several devices
mod function; // the extracted function against loops over all terms
mod interruption; // interrupted extractions
mod parts; // stores that parts extract together
mod ranking; // the best terms at a point
mod readback; // shards read by other programs
mod tight; // the tight gauge

use std::cell::RefCell;
use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use tempfile::TempDir;
use tropex::extract::job::{ExtractOptions, Progress};
use tropex::{
    Classes, ComputeTarget, Error, Extractor, Gauge, PointSource, Precision, TermStore, capture,
};

use crate::common::{device, tensor};

const FEATURES: usize = 6;
const CLASSES: usize = 3;

/// A small classifier. Its weights are equal on all devices.
#[derive(Module, Debug)]
struct Tiny {
    hidden: Linear,
    logits: Linear,
}

impl Tiny {
    fn new(device: &Device) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut linear = |inputs: usize, outputs: usize| Linear {
            weight: Param::from_tensor(tensor(
                &numbers(&mut random, inputs * outputs, -1.0..1.0),
                [inputs, outputs],
                device,
            )),
            bias: Some(Param::from_tensor(tensor(
                &numbers(&mut random, outputs, -0.5..0.5),
                [outputs],
                device,
            ))),
        };
        Self { hidden: linear(FEATURES, 9), logits: linear(9, CLASSES) }
    }

    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        self.logits.forward(relu(self.hidden.forward(points)))
    }
}

fn numbers(random: &mut ChaCha8Rng, count: usize, range: Range<f32>) -> Vec<f32> {
    let width = range.end - range.start;
    (0..count).map(|_| range.start + width * (random.next_u32() as f32 / u32::MAX as f32)).collect()
}

/// Random points with labels. Counts the points that are read.
struct Cloud {
    points: Vec<f32>,
    read: AtomicUsize,
}

impl Cloud {
    fn new(count: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        Self::of(numbers(&mut random, count * FEATURES, -2.0..2.0))
    }

    fn of(points: Vec<f32>) -> Self {
        Self { points, read: AtomicUsize::new(0) }
    }

    /// Number of points that were read since the last call.
    fn take_read(&self) -> usize {
        self.read.swap(0, Ordering::Relaxed)
    }
}

impl PointSource for Cloud {
    fn len(&self) -> usize {
        self.points.len() / FEATURES
    }

    fn features(&self) -> usize {
        FEATURES
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.read.fetch_add(range.len(), Ordering::Relaxed);
        self.points[range.start * FEATURES..range.end * FEATURES].to_vec()
    }

    fn label(&self, point: usize) -> usize {
        point % CLASSES
    }

    fn fingerprint(&self) -> String {
        format!("{} {:?}", self.len(), self.points.iter().sum::<f32>())
    }
}

fn extractor(precision: Precision, classes: Classes) -> Extractor {
    let device = device();
    let network = capture(&Tiny::new(&device), [FEATURES], Tiny::forward).unwrap();
    let target = ComputeTarget::new(&device, precision).unwrap();
    Extractor::new(&network.to_target(&target), Gauge::WorstCase, classes).unwrap()
}

/// An extraction in a folder of its own.
struct Fixture {
    parent: TempDir,
    extractor: Extractor,
    cloud: Cloud,
    options: ExtractOptions,
}

impl Fixture {
    /// A store of 70 points, 20 a shard, with one linear term a point in f32.
    fn new() -> Self {
        Self::with(Cloud::new(70, 1), Precision::F32, Classes::Predicted, 20)
    }

    fn with(cloud: Cloud, precision: Precision, classes: Classes, shard_points: usize) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let extractor = extractor(precision, classes);
        let mut fixture = Self { parent, extractor, cloud, options: ExtractOptions::default() };
        fixture.options.shard_bytes = fixture.bytes_of(shard_points);
        fixture
    }

    fn bytes_of(&self, points: usize) -> usize {
        let precision = self.extractor.network().target().precision();
        points * (self.extractor.per_point() + 1) * FEATURES * precision.bytes()
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("terms")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn extract(&self) -> Result<TermStore, Error> {
        self.extract_watched(&|_| ControlFlow::Continue(()))
    }

    fn extract_watched(
        &self,
        progress: &dyn Fn(Progress) -> ControlFlow<()>,
    ) -> Result<TermStore, Error> {
        TermStore::extract(&self.folder(), &self.extractor, &self.cloud, &self.options, progress)
    }

    /// All progress reports of an extraction, in order.
    fn extract_and_note(&self) -> Vec<Progress> {
        let noted = RefCell::new(Vec::new());
        let note = |progress| {
            noted.borrow_mut().push(progress);
            ControlFlow::Continue(())
        };
        self.extract_watched(&note).unwrap();
        noted.into_inner()
    }

    /// Changes the manifest on disk.
    fn edit_manifest(&self, edit: impl FnOnce(&mut Value)) {
        let path = self.file("manifest.json");
        let mut manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut manifest);
        fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
    }
}

/// Names and contents of the files in a folder, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}
