use std::ops::{ControlFlow, Range};

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::stages::{PullbackStage, stages};
use super::{Gauge, Read, ShiftScale, Shifts, SpillBuffer, TightPullback};
use crate::network::ValueId;
use crate::terms::{Classes, SelfCheck, Terms};
use crate::{ComputeTarget, Extractor, Network, Precision, capture};

mod calibrated;

/// A network with a residual block behind a maximum, a pooling and a skip connection from the input
/// to the logits.
#[derive(Module, Debug)]
struct BranchedNetwork {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    head: Linear,
    skip: Linear,
}

const SHAPE: [usize; 3] = [2, 4, 4];
const FEATURES: usize = 32;
const CLASSES: usize = 3;

impl BranchedNetwork {
    fn new(device: &Device) -> Self {
        device.seed(7);
        let conv = |from, to| Conv2dConfig::new([from, to], [3, 3]).init(device);
        Self {
            first: conv(2, 3),
            second: Conv2dConfig::new([3, 3], [1, 1]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            head: LinearConfig::new(3, CLASSES).init(device),
            skip: LinearConfig::new(FEATURES, CLASSES).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let [points, ..] = images.dims();
        let skipped = self.skip.forward(images.clone().reshape([points, FEATURES]));
        let hidden = relu(self.first.forward(images));
        let hidden = relu(self.second.forward(hidden.clone())) + hidden;
        let pooled = self.pool.forward(hidden).reshape([points, 3]);
        self.head.forward(pooled) + skipped
    }
}

fn network(precision: Precision) -> Network {
    let device = Device::flex();
    let network = capture(&BranchedNetwork::new(&device), SHAPE, BranchedNetwork::forward).unwrap();
    network.to_target(&ComputeTarget::new(&device, precision).unwrap())
}

fn points(count: usize, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count * FEATURES).map(|_| random.random_range(-2.0..2.0)).collect()
}

#[test]
fn a_stage_ends_where_the_next_maximum_begins() {
    let network = network(Precision::F32);
    let maxima: Vec<usize> = (0..network.nodes().len())
        .filter(|&node| network.nodes()[node].op().is_maximum())
        .collect();
    assert_eq!(maxima.len(), 3);
    let stages = stages(&network);
    assert_eq!(stages.len(), 4);
    let mut next = network.nodes().len();
    for (number, PullbackStage { nodes, end, values }) in stages.iter().enumerate() {
        assert_eq!(nodes.end, next, "stages follow each other");
        next = nodes.start;
        for node in nodes.clone() {
            let is_top = number > 0 && node + 1 == nodes.end;
            assert_eq!(network.nodes()[node].op().is_maximum(), is_top);
            assert!(values.contains(&ValueId::of_node(node)));
        }
        assert_eq!(end.index(), nodes.start, "the value before the first node");
    }
    assert_eq!(stages[3].end, ValueId::INPUT);
}

fn walk(
    extractor: &Extractor,
    all: &[f32],
    batch: usize,
    buffer: SpillBuffer,
) -> (Shifts, Vec<Terms>) {
    let count = all.len() / FEATURES;
    let spans: Vec<_> =
        (0..count).step_by(batch).map(|start| start..count.min(start + batch)).collect();
    let read: &Read<'_> = &|range| Ok(all[range.start * FEATURES..range.end * FEATURES].to_vec());
    let (spec, gauge) = (extractor.spec(), (Gauge::Tight, ShiftScale::FULL));
    let walk =
        TightPullback::new(&[spec], gauge, &spans, read, buffer, &|_| ControlFlow::Continue(()))
            .unwrap();
    let take = |span: &Range<usize>| walk.take(spec, walk.shifts(), span.start).unwrap();
    let terms = spans.iter().map(take).collect();
    (walk.shifts().clone(), terms)
}

#[test]
fn terms_do_not_depend_on_the_storage_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let all = points(20, 1);
    for precision in [Precision::F32, Precision::F64] {
        for classes in [Classes::Predicted, Classes::All] {
            let network = network(precision);
            let extractor = Extractor::new(&network, Gauge::Tight, classes).unwrap();
            let (expected, in_memory) = walk(&extractor, &all, 3, SpillBuffer::in_memory());
            for memory in [0, 1000, 5000, usize::MAX] {
                let buffer = SpillBuffer::new(memory, folder.path());
                let (shifts, terms) = walk(&extractor, &all, 3, buffer);
                assert_eq!(shifts.fingerprint(), expected.fingerprint());
                for (found, expected) in terms.iter().zip(&in_memory) {
                    assert!(found.rows().as_bytes() == expected.rows().as_bytes(), "{memory}");
                    assert_eq!(found.biases(), expected.biases());
                }
            }
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "files have no names");
}

#[test]
fn a_pullback_in_stages_gives_the_terms_of_a_single_pullback() {
    let all = points(20, 1);
    let network = network(Precision::F32);
    for classes in [Classes::Predicted, Classes::All, Classes::One(1)] {
        let extractor = Extractor::new(&network, Gauge::Tight, classes).unwrap();
        let (shifts, terms) = super::in_memory(extractor.spec(), &all).unwrap();
        let again = extractor.with_found_shifts(&shifts).unwrap().extract(&all).unwrap();
        assert!(again.rows().as_bytes() == terms.rows().as_bytes());
        assert_eq!(again.biases(), terms.biases());
    }
}

#[test]
fn no_shift_can_be_smaller() {
    let all = points(12, 1);
    let network = network(Precision::F64);
    for classes in [Classes::Predicted, Classes::All] {
        let shifts = Shifts::tight(&network, classes, &all).unwrap();
        let violated = |shifts: &Shifts| {
            let extractor = Extractor::with_shifts(&network, shifts, classes).unwrap();
            extractor.extract(&all).unwrap().violations().unwrap().points
        };
        assert_eq!(violated(&shifts), 0);
        let mut lowered = 0;
        for (value, shift) in shifts.values() {
            let numbers: Vec<f64> = shift.to_data().iter().collect();
            for (feature, &number) in numbers.iter().enumerate().filter(|(_, n)| **n > 1e-9) {
                let mut smaller = shifts.clone();
                let mut numbers = numbers.clone();
                numbers[feature] = number * (1.0 - 1e-6);
                smaller.set(value, numbers, &network).unwrap();
                assert!(violated(&smaller) > 0, "feature {feature} at {value:?}");
                lowered += 1;
            }
        }
        assert!(lowered > 20, "{lowered} shifts are positive");
    }
}

#[test]
fn violations_of_shifts_for_other_points_are_reported() {
    let network = network(Precision::F64);
    let shifts = Shifts::tight(&network, Classes::All, &points(500, 1)).unwrap();
    let extractor = Extractor::with_shifts(&network, &shifts, Classes::All).unwrap();
    let others = points(50, 2);
    let together = extractor.extract(&others).unwrap();
    let violations = together.violations().unwrap();
    let is_negative = |point: &usize| {
        let rows = (0..CLASSES).map(|class| together.positive(*point, class));
        let mut numbers = rows.chain([together.negative(*point)]).flat_map(|(row, _)| row);
        numbers.any(|number| number < -1e-9)
    };
    let negative = (0..50).filter(is_negative).count();
    assert!(negative > 0 && violations.points >= negative, "{negative} at the input");
    assert!(violations.points < 50, "{violations:?}");
    assert!(violations.largest > 1e-6 && violations.largest <= 1.0, "{violations:?}");
    let check = SelfCheck::of(&together, &others);
    assert_eq!(check.violations.as_ref(), Some(violations));
    assert_eq!(check.failures(Precision::F64), Vec::<String>::new());
    // The violations do not depend on the batch.
    let separate = others.chunks(FEATURES).map(|point| extractor.extract(point).unwrap());
    let separate = separate.map(|terms| SelfCheck::of(&terms, &others[..FEATURES]));
    let separate = separate.reduce(|a, b| a.merge(&b)).unwrap().violations.unwrap();
    assert_eq!(separate.points, violations.points);
    assert!((separate.largest - violations.largest).abs() < 1e-12);
}

#[test]
fn shifts_of_another_network_are_refused() {
    let network = network(Precision::F32);
    let device = Device::flex();
    let small = |inputs: Tensor<2>| inputs.clone() * 2.0;
    let linear: Linear = LinearConfig::new(3, 2).init(&device);
    let other = capture(&linear, [3], move |linear: &Linear, x| linear.forward(small(x))).unwrap();
    let shifts = Shifts::tight(&other, Classes::All, &[0.5; 6]).unwrap();
    let refused = Extractor::with_shifts(&network, &shifts, Classes::All);
    let error = refused.map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("values with shifts: found "), "{error}");
}
