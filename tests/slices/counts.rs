//! Networks whose regions can be counted in another way, and partitions that fail.

use std::ops::ControlFlow;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::{Device, Tensor};
use tropex::geometry::Error;
use tropex::geometry::slice::{Partition, Plane, Window, estimate_regions};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Network, Precision, capture};

use super::partition::Slice;
use super::{LIMIT, check_tiling, random};
use crate::common::properties::Measured;
use crate::common::{cancel_everywhere, device, target, tensor};

/// A fully-connected network with random weights.
#[derive(Module, Debug)]
struct Layers {
    layers: Vec<Linear>,
}

impl Layers {
    fn new(widths: &[usize], seed: u64, device: &Device) -> Self {
        let layer = |(index, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let seed = seed + 10 * index as u64;
            let scale = (2.0 / inputs as f64).sqrt();
            let weights = numbers(seed, inputs * outputs, 1.7 * scale);
            let biases = numbers(seed + 1, outputs, 0.5);
            Linear {
                weight: Param::from_tensor(tensor(&weights, [inputs, outputs], device)),
                bias: Some(Param::from_tensor(tensor(&biases, [outputs], device))),
            }
        };
        Self { layers: widths.windows(2).enumerate().map(layer).collect() }
    }

    fn run(&self, points: Tensor<2>, activation: fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        let (last, hidden) = self.layers.split_last().expect("there are layers");
        let value = hidden.iter().fold(points, |value, layer| activation(layer.forward(value)));
        last.forward(value)
    }

    fn relu(&self, points: Tensor<2>) -> Tensor<2> {
        self.run(points, relu)
    }

    fn leaky(&self, points: Tensor<2>) -> Tensor<2> {
        self.run(points, |value| leaky_relu(value, 0.1))
    }

    /// An affine function: all leaky ReLUs have slope 1.
    fn affine(&self, points: Tensor<2>) -> Tensor<2> {
        self.run(points, |value| leaky_relu(value, 1.0))
    }
}

fn numbers(seed: u64, count: usize, scale: f64) -> Vec<f32> {
    random(seed, count).into_iter().map(|number| (scale * number) as f32).collect()
}

fn captured(layers: &Layers, forward: fn(&Layers, Tensor<2>) -> Tensor<2>) -> Network {
    let features = layers.layers[0].weight.dims()[0];
    let network = capture(layers, [features], forward).unwrap();
    network.to_target(&target(Precision::F64).unwrap())
}

fn window() -> Window {
    Window::rectangle([-1.0, 1.0], [-1.0, 1.0]).unwrap()
}

fn sliced(network: Network) -> Slice {
    Slice::new(network, Plane::whole(), window()).unwrap()
}

/// The number of parts of a window under lines in general position is 1, plus the number of lines
/// that cross it, plus the number of crossings of two lines inside.
#[test]
fn one_layer_has_the_regions_of_its_line_arrangement() {
    for (seed, units) in [(1, 1), (2, 8), (3, 40), (4, 100)] {
        let layers = Layers::new(&[2, units, 3], seed, &device());
        let weights: Vec<f64> = layers.layers[0].weight.val().into_data().iter().collect();
        let biases = layers.layers[0].bias.as_ref().unwrap().val();
        let biases: Vec<f64> = biases.into_data().iter().collect();
        let lines: Vec<[f64; 3]> =
            (0..units).map(|unit| [weights[unit], weights[units + unit], biases[unit]]).collect();
        let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        let crosses = |[a, b, c]: &&[f64; 3]| {
            let side = |[x, y]: &[f64; 2]| a * x + b * y + c > 0.0;
            let first = side(&corners[0]);
            corners.iter().any(|corner| side(corner) != first)
        };
        let meet_inside = |[a, b, c]: [f64; 3], [d, e, f]: [f64; 3]| {
            let determinant = a * e - b * d;
            let (x, y) = ((b * f - c * e) / determinant, (c * d - a * f) / determinant);
            x.abs() < 1.0 && y.abs() < 1.0
        };
        let pairs = (0..units).flat_map(|one| (0..one).map(move |other| (one, other)));
        let meetings = pairs.filter(|&(one, other)| meet_inside(lines[one], lines[other])).count();
        let expected = 1 + lines.iter().filter(crosses).count() + meetings;
        let slice = sliced(captured(&layers, Layers::relu));
        assert_eq!(slice.partition.regions.len(), expected, "{units} units");
        check_tiling(&slice.partition, &slice.window).unwrap();
    }
}

#[test]
fn deep_networks_are_cut_exactly() {
    for (widths, forward) in [
        (&[2, 64, 64, 64, 64, 3][..], Layers::relu as fn(&Layers, Tensor<2>) -> Tensor<2>),
        (&[2, 16, 16, 2], Layers::leaky),
        (&[5, 24, 24, 24, 4], Layers::relu),
    ] {
        let network = captured(&Layers::new(widths, 5, &device()), forward);
        let points = numbers(6, 3 * widths[0], 1.0);
        let mut points = points.chunks_exact(widths[0]);
        let three = [points.next(), points.next(), points.next()].map(Option::unwrap);
        let plane = if widths[0] == 2 { Plane::whole() } else { Plane::through(three).unwrap() };
        let slice = Slice::new(network, plane, window()).unwrap();
        let mut measured = Measured::default();
        assert!(slice.partition.regions.len() > 100, "{widths:?}");
        check_tiling(&slice.partition, &slice.window).unwrap();
        slice.check_maps(&mut measured).unwrap();
        slice.check_patterns(&mut measured).unwrap();
        // Only a few different patterns have equal maps.
        let linear = slice.partition.linear_regions();
        assert!(linear <= slice.partition.regions.len(), "{widths:?}");
        assert!(2 * linear > slice.partition.regions.len(), "{widths:?}: {linear}");
    }
}

#[test]
fn convolutional_networks_are_cut_on_planes_through_images() {
    let shape = [1, 9, 9];
    let architecture = Architecture::find("vgg-narrow").unwrap();
    let classifier = architecture.init(shape, 3, &device(), 3).unwrap();
    let network = capture(&classifier, shape, Classifier::forward).unwrap();
    let network = network.to_target(&target(Precision::F64).unwrap());
    let images = numbers(7, 3 * 81, 1.0);
    let plane = Plane::through([&images[..81], &images[81..162], &images[162..]]).unwrap();
    let window = Window::rectangle([0.0, 0.4], [0.0, 0.4]).unwrap();
    let slice = Slice::new(network, plane, window).unwrap();
    assert!(slice.partition.regions.len() > 20);
    check_tiling(&slice.partition, &slice.window).unwrap();
    let mut measured = Measured::default();
    slice.check_maps(&mut measured).unwrap();
    slice.check_patterns(&mut measured).unwrap();
}

#[test]
fn units_with_one_piece_cut_nothing() {
    let layers = Layers::new(&[2, 30, 30, 3], 8, &device());
    let slice = sliced(captured(&layers, Layers::affine));
    assert_eq!(slice.partition.regions.len(), 1);
    assert_eq!(slice.partition.linear_regions(), 1);
    // The decision boundary still divides cells.
    assert!(slice.partition.cells.len() <= 3);
    check_tiling(&slice.partition, &slice.window).unwrap();
}

#[test]
fn units_without_effect_make_no_linear_regions() {
    let mut layers = Layers::new(&[2, 20, 3], 9, &device());
    let dead = tensor(&[0.0; 60], [20, 3], &device());
    layers.layers[1].weight = Param::from_tensor(dead);
    let slice = sliced(captured(&layers, Layers::relu));
    assert!(slice.partition.regions.len() > 20);
    assert_eq!(slice.partition.linear_regions(), 1);
}

#[test]
fn the_decision_boundary_is_where_the_two_largest_logits_are_equal() {
    let slice = sliced(captured(&Layers::new(&[2, 24, 24, 4], 10, &device()), Layers::relu));
    let partition = &slice.partition;
    assert!(!partition.boundary.is_empty());
    for edge in &partition.boundary {
        let [[a, b], [c, d]] = edge.map(|vertex| partition.vertices[vertex]);
        let middle = [(a + c) / 2.0, (b + d) / 2.0];
        let region = partition.region_at(middle);
        // Because of rounding, the middle of an edge may be outside of both regions.
        let Some(region) = region else { continue };
        let mut logits: Vec<_> =
            partition.regions[region].maps.iter().map(|map| map.at(middle)).collect();
        logits.sort_by(|one, other| other.total_cmp(one));
        assert!((logits[0] - logits[1]).abs() < 1e-10 * logits[0].abs().max(1.0), "{logits:?}");
    }
}

#[test]
fn partitions_are_reproducible() {
    let layers = Layers::new(&[2, 24, 24, 3], 11, &device());
    let [one, other] = [(); 2].map(|()| sliced(captured(&layers, Layers::relu)).partition);
    assert_eq!(one, other);
}

#[test]
fn partitions_that_cannot_be_computed_are_errors() {
    let network = captured(&Layers::new(&[2, 40, 3], 12, &device()), Layers::relu);
    let too_many = Partition::of_network(&network, &Plane::whole(), &window(), 30);
    let error = too_many.unwrap_err().to_string();
    assert!(error.contains("more than 30 polygons"), "{error}");
    let network = captured(&Layers::new(&[5, 4, 3], 12, &device()), Layers::relu);
    let foreign = Partition::of_network(&network, &Plane::whole(), &window(), LIMIT);
    let error = foreign.unwrap_err().to_string();
    assert_eq!(error, "values of the points of a plane: found 2, expected 5");
    let far = Window::rectangle([0.0, 1e300], [0.0, 1e-290]).unwrap();
    let mut layers = Layers::new(&[2, 4, 4, 4, 3], 12, &device());
    for layer in &mut layers.layers {
        let [inputs, outputs] = layer.weight.dims();
        let large = vec![1e4; inputs * outputs];
        layer.weight = Param::from_tensor(tensor(&large, [inputs, outputs], &device()));
    }
    let network = captured(&layers, Layers::relu);
    let endless = Partition::of_network(&network, &Plane::whole(), &far, LIMIT);
    let error = endless.unwrap_err().to_string();
    assert!(error.contains("not finite"), "{error}");
}

/// Ten strips with ten maps: logit 1 has nine kinks with distances of `at`. `zeroth` and `first`
/// are a slope and an offset that are added to the two logits. They must not change the counts.
fn strips(at: f64, scale: f64, zeroth: [f64; 2], first: [f64; 2]) -> Partition {
    let joints = 9;
    let units = joints + 2;
    // The last two units are always active. They add slopes and offsets to the logits.
    let bias = |unit: usize| if unit < joints { -((unit + 1) as f64 * at) } else { 1.0 };
    let biases: Vec<f32> = (0..units).map(|unit| (scale * bias(unit)) as f32).collect();
    let weight = |unit: usize| if unit <= joints { 1.0 } else { 0.0 };
    let weights: Vec<f32> = (0..2 * units)
        .map(|index| if index < units { weight(index) as f32 } else { 0.0 })
        .collect();
    let sign = |unit: usize| if unit.is_multiple_of(2) { -1e-2 } else { 1e-2 };
    let out = |unit: usize| match unit {
        unit if unit < joints => [0.0, sign(unit)],
        unit if unit == joints => [zeroth[0], first[0]],
        _ => [zeroth[1], first[1]],
    };
    let outputs: Vec<f32> = (0..units).flat_map(out).map(|number| number as f32).collect();
    let mut layers = Layers::new(&[2, units, 2], 1, &device());
    let param =
        |numbers: &[f32], shape: [usize; 2]| Param::from_tensor(tensor(numbers, shape, &device()));
    layers.layers[0].weight = param(&weights, [2, units]);
    layers.layers[0].bias = Some(Param::from_tensor(tensor(&biases, [units], &device())));
    layers.layers[1].weight = param(&outputs, [units, 2]);
    layers.layers[1].bias = Some(Param::from_tensor(tensor(&[0.0; 2], [2], &device())));
    let side = 10.0 * at * scale;
    let window = Window::rectangle([0.0, side], [0.0, side]).unwrap();
    Slice::new(captured(&layers, Layers::relu), Plane::whole(), window).unwrap().partition
}

#[test]
fn large_slopes_and_offsets_do_not_hide_linear_regions() {
    let nothing = [0.0; 2];
    for (what, at, zeroth, first) in [
        ("nothing", 0.1, nothing, nothing),
        ("a steep logit beside it", 0.1, [1e8, 0.0], nothing),
        ("a large logit beside it", 0.1, [0.0, 1e8], nothing),
        ("a steep slope of its own", 0.1, nothing, [1e8, 0.0]),
        ("a large offset of its own", 0.1, nothing, [0.0, 1e8]),
        ("narrow strips", 1e-5, [0.0, 1e3], nothing),
        ("narrow strips and a steep logit", 1e-5, [1e30, 0.0], nothing),
    ] {
        let found = strips(at, 1.0, zeroth, first);
        assert_eq!((found.regions.len(), found.linear_regions()), (10, 10), "{what}");
    }
}

#[test]
fn the_scale_of_logits_and_inputs_does_not_change_counts() {
    for exponent in [-60, -20, 20, 60] {
        let power = f64::powi(2.0, exponent);
        // The offset of the last unit grows with the scale.
        let inputs = strips(0.125, power, [0.0; 2], [0.0; 2]);
        assert_eq!(
            (inputs.regions.len(), inputs.linear_regions()),
            (10, 10),
            "inputs 2^{exponent}"
        );
        let logits = strips(0.125, 1.0, [power, power], [0.0; 2]);
        assert_eq!(
            (logits.regions.len(), logits.linear_regions()),
            (10, 10),
            "logits 2^{exponent}"
        );
    }
    let layers = Layers::new(&[2, 24, 24, 3], 13, &device());
    let counts = |exponent: i32, layer: usize| {
        let mut layers = layers.clone();
        let power = f64::powi(2.0, exponent) as f32;
        let last = &mut layers.layers[layer];
        last.weight = Param::from_tensor(last.weight.val().mul_scalar(power));
        last.bias = last.bias.take().map(|bias| Param::from_tensor(bias.val().mul_scalar(power)));
        let found = sliced(captured(&layers, Layers::relu)).partition;
        [found.regions.len(), found.linear_regions(), found.cells.len(), found.boundary.len()]
    };
    for exponent in [-40, 40] {
        assert_eq!(counts(exponent, 2), counts(0, 2), "logits 2^{exponent}");
    }
}

#[test]
fn units_that_cancel_make_no_linear_regions() {
    // Every hidden unit occurs twice, with opposite weights to the logits.
    let units = 20;
    let mut layers = Layers::new(&[2, 2 * units, 3], 14, &device());
    let twice = |numbers: Vec<f32>| [numbers.clone(), numbers].concat();
    let rows = numbers(15, 2 * units, 1.0);
    let weights = rows.chunks(units).flat_map(|row| twice(row.to_vec())).collect::<Vec<_>>();
    let outputs = numbers(16, 3 * units, 1.0);
    let opposite = outputs.iter().map(|number| -number);
    let outputs: Vec<f32> = outputs.iter().copied().chain(opposite).collect();
    let biases = twice(numbers(17, units, 0.5));
    let device = device();
    layers.layers[0].weight = Param::from_tensor(tensor(&weights, [2, 2 * units], &device));
    layers.layers[0].bias = Some(Param::from_tensor(tensor(&biases, [2 * units], &device)));
    layers.layers[1].weight = Param::from_tensor(tensor(&outputs, [2 * units, 3], &device));
    let slice = sliced(captured(&layers, Layers::relu));
    assert!(slice.partition.regions.len() > 20);
    assert_eq!(slice.partition.linear_regions(), 1);
}

#[test]
fn the_estimated_number_of_regions_is_at_least_half_of_the_exact_one() {
    for (seed, units) in [(2, 8), (3, 40), (4, 100)] {
        let network = captured(&Layers::new(&[2, units, 3], seed, &device()), Layers::relu);
        let expected =
            estimate_regions(&network, &Plane::whole(), &window(), &|| ControlFlow::Continue(()))
                .unwrap();
        let found = sliced(network).partition.regions.len();
        // The estimate misses crossings of lines that end in one step of the border.
        assert!(expected <= found && 2 * expected > found, "{units} units: {expected} of {found}");
    }
}

#[test]
fn a_partition_can_be_cancelled_at_every_report() {
    let network = captured(&Layers::new(&[2, 12, 6, 3], 5, &device()), Layers::relu);
    let reports = cancel_everywhere(|cancel| {
        let found = Partition::of_network_with_progress(
            &network,
            &Plane::whole(),
            &window(),
            LIMIT,
            cancel,
        );
        assert!(matches!(found, Ok(_) | Err(Error::Cancelled)));
        found.is_err()
    });
    assert!(reports > 18, "one for every unit that is cut, and more: {reports}");
}
