//! Random layers in a line: trained, captured, extracted, and imported again.

use std::fs;
use std::path::Path;

use burn::tensor::Tensor;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::train::data::{Dataset, Images};
use tropex::train::run::{Run, RunOutcome, RunRequest};
use tropex::train::training::TrainingConfig;
use tropex::train::zoo::{Architecture, Classifier, LayerList};
use tropex::{Classes, Extractor, Gauge, SelfCheck, capture};

use crate::common::{device, difference, finest, largest, of_modules, target, tensor, values};

/// Lines that are tried.
const LINES: u64 = 24;
const CLASSES: usize = 3;
const IMAGES: usize = 12;

/// Layers with the shape of the images that they read.
struct RandomLine {
    text: String,
    images: [usize; 3],
}

impl RandomLine {
    fn draw(random: &mut ChaCha8Rng) -> Self {
        let images = [1..3, 5..10, 5..10].map(|range| random.random_range(range));
        let mut items = Vec::new();
        let mut plane = [images[1], images[2]];
        for _ in 0..random.random_range(0..4) {
            let (item, after) = window(random, plane);
            let is_conv = item.starts_with('C');
            items.push(item);
            plane = after;
            let norm = is_conv && random.random_bool(0.5);
            push_extras(&mut items, norm, random);
        }
        if random.random_bool(0.2) {
            items.push("G".into());
        }
        for _ in 0..random.random_range(0..3) {
            items.push(format!("D{}", random.random_range(1..9)));
            let norm = random.random_bool(0.5);
            push_extras(&mut items, norm, random);
        }
        if items.is_empty() {
            items.push("D4".into());
        }
        let space = if random.random_bool(0.5) { " " } else { "" };
        Self { text: items.join(&format!(",{space}")), images }
    }

    fn dataset(&self, random: &mut ChaCha8Rng) -> Dataset {
        let count = IMAGES * self.images.iter().product::<usize>();
        let pixels = (0..count).map(|_| random.random_range(0..=255)).collect();
        let labels = (0..IMAGES as u32).map(|image| image % CLASSES as u32).collect();
        let images = Images::from_bytes(self.images, CLASSES, pixels, labels).unwrap();
        Dataset {
            name: "random".into(),
            train: images.clone(),
            test: images,
            class_names: Vec::new(),
            reading: None,
            warnings: Vec::new(),
        }
    }
}

/// A convolution or pooling that fits a plane, and the plane after it.
fn window(random: &mut ChaCha8Rng, plane: [usize; 2]) -> (String, [usize; 2]) {
    let name = ["C", "P", "A"][random.random_range(0..3)];
    let mut drawn = |low: usize, high: [usize; 2]| high.map(|high| random.random_range(low..=high));
    let kernel = drawn(1, plane.map(|extent| extent.min(4)));
    let stride = drawn(1, [2, 2]);
    let padding = drawn(0, kernel.map(|kernel| kernel / 2));
    let filters = if name == "C" { "3" } else { "" };
    let numbers = [('k', kernel), ('s', stride), ('p', padding)];
    let numbers = numbers.map(|(letter, [rows, columns])| format!("{letter}{rows}x{columns}"));
    let after =
        [0, 1].map(|axis| (plane[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1);
    (format!("{name}{filters}{}", numbers.concat()), after)
}

/// Adds batch norm if `norm`, and sometimes dropout.
fn push_extras(items: &mut Vec<String>, norm: bool, random: &mut ChaCha8Rng) {
    if norm {
        items.push("BN".into());
    }
    if random.random_bool(0.2) {
        items.push("DO0.25".into());
    }
}

/// The run of a line after a short training.
fn trained(folder: &Path, architecture: &Architecture, data: &Dataset) -> Run {
    let device = device();
    let request = RunRequest::new(architecture, data, &device, "tested");
    let config = TrainingConfig { epochs: 1, batch_size: 4, ..architecture.recipe() };
    match Run::train(folder, &request, &config, &mut ()).unwrap() {
        RunOutcome::Finished(run) => run,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn trained_lines_are_captured_exactly_and_imported_unchanged() {
    for seed in 0..LINES {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let line = RandomLine::draw(&mut random);
        let case = format!("{} on {:?}", line.text, line.images);
        let layers: LayerList = line.text.parse().unwrap_or_else(|error| panic!("{case}: {error}"));
        let written = layers.to_string();
        assert_eq!(written.parse::<LayerList>().unwrap(), layers, "{case}");

        let (folder, data) = (tempfile::tempdir().unwrap(), line.dataset(&mut random));
        let architecture = Architecture::from(layers);
        let run = trained(&folder.path().join("trained"), &architecture, &data);
        assert_eq!(run.config().architecture, written);
        let run = Run::open(run.path()).unwrap();
        let classifier = run.load_model(&device()).unwrap();
        assert_extracted(&classifier, &data, &case);

        let device = device();
        let request = RunRequest::new(&architecture, &data, &device, "tested");
        let (path, weights) = (folder.path().join("imported"), run.model_path());
        let (imported, _) = Run::import(&path, &request, &weights, &Default::default()).unwrap();
        let read = |run: &Run| fs::read(run.model_path()).unwrap();
        assert!(read(&imported) == read(&run), "{case}");
    }
}

/// Checks that the network has the logits of the classifier, and linear terms with these values.
fn assert_extracted(classifier: &Classifier, data: &Dataset, case: &str) {
    let shape @ [channels, height, width] = data.test.shape();
    let network = capture(classifier, shape, Classifier::forward).unwrap();
    let network = network.to_target(&target(finest()).unwrap());
    let points = data.test.read(0..IMAGES);
    let images: Tensor<4> = tensor(&points, [IMAGES, channels, height, width], &device());
    let logits = values(classifier.forward(images));
    let size = largest(&logits).max(1.0);
    let error = difference(&network.logits(&points).unwrap(), &logits) / size;
    assert!(error < of_modules(1e-4), "{case}: {error:.1e}");

    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All).unwrap();
    let terms = extractor.extract(&points).unwrap();
    let failures = SelfCheck::of(&terms, &points).failures(finest());
    assert!(failures.is_empty(), "{case}: {failures:?}");
    for (point, at) in points.chunks_exact(channels * height * width).enumerate() {
        for class in 0..CLASSES {
            let (coefficients, bias) = terms.linear(point, class);
            let products = coefficients.iter().zip(at).map(|(a, x)| a * f64::from(*x));
            let error = (products.sum::<f64>() + bias - logits[point * CLASSES + class]).abs();
            assert!(error < of_modules(1e-4) * size, "{case}: {error:.1e}");
        }
    }
}
