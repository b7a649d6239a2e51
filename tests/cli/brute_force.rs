//! Experiments, computed again term by term from the files of the store.

use tropex::TermStore;

use super::experiments::values;
use super::{Workspace, images, labels, train};

/// Height and width of the images, which have one channel.
const SIDE: i32 = 8;

/// A positive and a linear term, with its class.
pub(super) struct BruteForceTerm {
    pub(super) class: usize,
    positive: Vec<f64>,
    bias: f64,
    linear: Vec<f64>,
}

/// The terms of a store, in order.
pub(super) fn terms(workspace: &Workspace, folder: &str) -> Vec<BruteForceTerm> {
    let store = TermStore::open(&workspace.path(folder)).unwrap();
    let mut terms = Vec::new();
    for shard in store.shards() {
        let shard = shard.unwrap();
        let linear: Vec<f64> = shard.linear_coefficients.iter().collect();
        let negative: Vec<f64> = shard.negative_coefficients.iter().collect();
        let biases = shard.linear_bias.iter::<f64>().zip(shard.negative_bias.iter::<f64>());
        let features = linear.len() / shard.len();
        for (point, (bias, negative_bias)) in biases.enumerate() {
            let span = point * features..(point + 1) * features;
            let (linear, negative) = (&linear[span.clone()], &negative[span]);
            terms.push(BruteForceTerm {
                class: shard.predicted[point] as usize,
                positive: linear.iter().zip(negative).map(|(a, b)| a + b).collect(),
                bias: bias + negative_bias,
                linear: linear.to_vec(),
            });
        }
    }
    terms
}

/// Images with a dark edge, so that moved terms lose few coefficients. Test images are training
/// images moved by one pixel, so that moved terms win.
fn framed(count: usize, seed: usize) -> Vec<u8> {
    let (mut pixels, frame) = (images(count, seed), seed + 1..seed + 5);
    for (index, pixel) in pixels.iter_mut().enumerate() {
        if [index / 8 % 8, index % 8].iter().any(|position| !frame.contains(position)) {
            *pixel = 0;
        }
    }
    pixels
}

/// A workspace with a run on images with a dark edge, and its terms. With shuffled labels, the
/// classes of the network change with every move.
fn framed_place() -> Workspace {
    let workspace = Workspace::new();
    let splits = [("train", 200, 1), ("test", 60, 2)];
    let splits = splits.map(|(split, count, seed)| (split, framed(count, seed), labels(count)));
    workspace.write_splits("data.safetensors", &splits);
    let train = train("run").replace("--epochs 1", "--epochs 5 --shuffle-labels 1");
    workspace.run(&train).succeeded();
    workspace.run("extract run").succeeded();
    workspace
}

/// The test images as the network reads them.
fn test_images() -> Vec<Vec<f64>> {
    let values: Vec<f64> =
        framed(60, 2).into_iter().map(|byte| f64::from(f32::from(byte) / 255.0)).collect();
    values.chunks(64).map(<[f64]>::to_vec).collect()
}

/// The value of a term with moved coefficients, zeros beyond the edge.
pub(super) fn moved_value(term: &BruteForceTerm, [down, right]: [i32; 2], image: &[f64]) -> f64 {
    let mut value = term.bias;
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (to_row, to_column) = (row + down, column + right);
            if (0..SIDE).contains(&to_row) && (0..SIDE).contains(&to_column) {
                let coefficient = term.positive[(row * SIDE + column) as usize];
                value += coefficient * image[(to_row * SIDE + to_column) as usize];
            }
        }
    }
    value
}

/// The first term with the largest value.
pub(super) fn winner(
    terms: &[BruteForceTerm],
    value: impl Fn(&BruteForceTerm) -> f64,
) -> &BruteForceTerm {
    let values = terms.iter().map(value);
    let best = values.enumerate().fold((0, f64::NEG_INFINITY), |best, (index, value)| {
        if value > best.1 { (index, value) } else { best }
    });
    &terms[best.0]
}

/// The classes of the test images by the network.
fn network(workspace: &Workspace) -> Vec<usize> {
    let told = workspace.run("assign run --json").json();
    let images = told["assignments"].as_array().unwrap().iter();
    images.map(|image| image["network"].as_u64().unwrap() as usize).collect()
}

/// Classes of the test images by moved terms. Every term is moved by all pairs of the given pixels;
/// the value of a term is the largest one of its moved values, or their sum.
fn moved_classes(terms: &[BruteForceTerm], pixels: &[i32], sum: bool) -> Vec<usize> {
    let row = |&down: &i32| pixels.iter().map(move |&right| [down, right]);
    let shifts: Vec<_> = pixels.iter().flat_map(row).collect();
    let class = |image: Vec<f64>| {
        let value = |term: &BruteForceTerm| {
            let values = shifts.iter().map(|shift| moved_value(term, *shift, &image));
            if sum { values.sum() } else { values.fold(f64::NEG_INFINITY, f64::max) }
        };
        winner(terms, value).class
    };
    test_images().into_iter().map(class).collect()
}

#[test]
fn shifted_terms_equal_terms_shifted_one_by_one() {
    let workspace = framed_place();
    let (terms, network) = (terms(&workspace, "run/terms/train-worst-case"), network(&workspace));
    let agreement = |classes: &[usize]| {
        classes.iter().zip(&network).filter(|(class, network)| class == network).count() as f64
            / 60.0
    };
    let all: Vec<i32> = (-2..=2).collect();
    let [alone, some, largest, sums] =
        [(&[0][..], false), (&[-2, 0, 2], false), (&all, false), (&all, true)]
            .map(|(pixels, sum)| moved_classes(&terms, pixels, sum));
    for changed in [&largest, &sums] {
        assert_ne!(*changed, alone, "moved terms change a class");
    }
    let moved = values(&workspace.experiment("shifted-terms run --set shifts=[-2,0,2]"));
    assert_eq!(moved["agreement of the terms alone"], agreement(&alone));
    assert_eq!(moved["agreement"], agreement(&some));
    let slid = values(&workspace.experiment("slide run --set distances=[2]"));
    assert_eq!(slid["agreement, maximum, 2"], agreement(&largest));
    assert_eq!(slid["agreement, sum, 2"], agreement(&sums));
}

#[test]
fn linear_terms_are_compared_with_those_of_the_winners() {
    let workspace = framed_place();
    workspace.run("extract run --split test").succeeded();
    let terms_of = |split: &str| terms(&workspace, &format!("run/terms/{split}-worst-case"));
    let (train, test) = (terms_of("train"), terms_of("test"));
    let (mut angles, mut distances) = (0.0, 0.0);
    for (image, own) in test_images().iter().zip(&test) {
        let winning = winner(&train, |term| moved_value(term, [0, 0], image));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (a, b) = (&own.linear, &winning.linear);
        angles += (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).min(1.0).acos().to_degrees() / 60.0;
        distances += a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / 60.0;
    }
    let found = values(&workspace.experiment("similarity run"));
    assert!((found["angle"] - angles).abs() < 1e-3, "{} {angles}", found["angle"]);
    assert!((found["distance"] - distances).abs() < 1e-5, "{} {distances}", found["distance"]);
    assert!(angles > 1.0, "terms of different points differ");
}
