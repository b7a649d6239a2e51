//! Experiments, worked out again term by term from the files that others read.

use tropex::TermStore;

use super::experiments::values;
use super::{Place, images};

/// Extent of the images, which have one channel.
const SIDE: i32 = 8;

/// A positive and a linear term, and the class that they stand for.
struct Term {
    class: usize,
    positive: Vec<f64>,
    bias: f64,
    linear: Vec<f64>,
}

/// The terms of a store, in order.
fn terms(place: &Place, folder: &str) -> Vec<Term> {
    let store = TermStore::open(&place.path(folder)).unwrap();
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
            terms.push(Term {
                class: shard.predicted[point] as usize,
                positive: linear.iter().zip(negative).map(|(a, b)| a + b).collect(),
                bias: bias + negative_bias,
                linear: linear.to_vec(),
            });
        }
    }
    terms
}

/// The test images as the network reads them.
fn test_images() -> Vec<Vec<f64>> {
    let values: Vec<f64> =
        images(60, 2).into_iter().map(|byte| f64::from(f32::from(byte) / 255.0)).collect();
    values.chunks(64).map(<[f64]>::to_vec).collect()
}

/// The value of a term whose coefficients are moved, with zeros at the edge.
fn moved_value(term: &Term, [down, right]: [i32; 2], image: &[f64]) -> f64 {
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

/// The first term that is worth most.
fn winner(terms: &[Term], value: impl Fn(&Term) -> f64) -> &Term {
    let values = terms.iter().map(value);
    let best = values.enumerate().fold((0, f64::NEG_INFINITY), |best, (index, value)| {
        if value > best.1 { (index, value) } else { best }
    });
    &terms[best.0]
}

/// Share of the test images at which the network says what `class` does.
fn agreement(place: &Place, class: impl Fn(&[f64]) -> usize) -> f64 {
    let told = place.run("assign run --json").json();
    let network = told["assignments"].as_array().unwrap().iter().map(|image| &image["network"]);
    let images = test_images();
    let same = images
        .iter()
        .zip(network)
        .filter(|(image, network)| network.as_u64().unwrap() as usize == class(image));
    same.count() as f64 / 60.0
}

#[test]
fn moved_terms_are_moved_one_by_one() {
    let place = Place::with_terms();
    let terms = terms(&place, "run/terms/train-worst-case");
    let shifts = (-2..=2).flat_map(|down| (-2..=2).map(move |right| [down, right]));
    let shifts: Vec<_> = shifts.collect();
    let class = |image: &[f64], sum: bool| {
        let value = |term: &Term| {
            let values = shifts.iter().map(|shift| moved_value(term, *shift, image));
            if sum { values.sum() } else { values.fold(f64::NEG_INFINITY, f64::max) }
        };
        winner(&terms, value).class
    };
    let largest = agreement(&place, |image| class(image, false));
    let sums = agreement(&place, |image| class(image, true));
    let moved = place.experiment("shifted-terms run --set shifts=[-2,-1,0,1,2]");
    assert_eq!(values(&moved)["agreement"], largest);
    let slid = values(&place.experiment("slide run --set distances=[2]"));
    assert_eq!(slid["agreement, maximum, 2"], largest);
    assert_eq!(slid["agreement, sum, 2"], sums);
    let alone = values(&moved)["agreement of the terms alone"];
    assert!(largest != alone || sums != alone, "no term that moves changes anything");
}

#[test]
fn linear_terms_are_compared_with_those_of_the_winners() {
    let place = Place::with_terms();
    place.run("extract run --split test").succeeded();
    let terms_of = |split: &str| terms(&place, &format!("run/terms/{split}-worst-case"));
    let (train, test) = (terms_of("train"), terms_of("test"));
    let (mut angles, mut distances) = (0.0, 0.0);
    for (image, own) in test_images().iter().zip(&test) {
        let winning = winner(&train, |term| moved_value(term, [0, 0], image));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (a, b) = (&own.linear, &winning.linear);
        angles += (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).min(1.0).acos().to_degrees() / 60.0;
        distances += a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / 60.0;
    }
    let found = values(&place.experiment("similarity run"));
    assert!((found["angle"] - angles).abs() < 1e-3, "{} {angles}", found["angle"]);
    assert!((found["distance"] - distances).abs() < 1e-5, "{} {distances}", found["distance"]);
    assert!(angles > 1.0, "terms of different points differ");
}
