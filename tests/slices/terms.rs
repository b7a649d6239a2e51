//! Partitions of planes by extracted functions.

use std::ops::ControlFlow;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use tempfile::TempDir;
use tropex::extract::job::ExtractOptions;
use tropex::extract::points::SlicePoints;
use tropex::geometry::Error;
use tropex::geometry::slice::{Plane, TermPartition, Window};
use tropex::{
    Classes, ExtractedFunction, Extractor, Gauge, Network, Precision, TermStore, capture,
};

use super::{LIMIT, check_tiling, random};
use crate::common::{cancel_everywhere, device, target, tensor};

const CLASSES: usize = 3;

#[derive(Module, Debug)]
struct SliceModel {
    layers: [Linear; 3],
}

impl SliceModel {
    fn new(features: usize, device: &Device) -> Self {
        let linear = |inputs: usize, outputs: usize, seed: u64| {
            let scale = 2.0 / (inputs as f64).sqrt();
            let weights = singles(seed, inputs * outputs, scale);
            let biases = singles(seed + 1, outputs, 0.5);
            Linear {
                weight: Param::from_tensor(tensor(&weights, [inputs, outputs], device)),
                bias: Some(Param::from_tensor(tensor(&biases, [outputs], device))),
            }
        };
        Self { layers: [linear(features, 20, 1), linear(20, 20, 3), linear(20, CLASSES, 5)] }
    }

    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let [first, second, last] = &self.layers;
        last.forward(relu(second.forward(relu(first.forward(points)))))
    }
}

fn singles(seed: u64, count: usize, scale: f64) -> Vec<f32> {
    random(seed, count).into_iter().map(|number| (scale * number) as f32).collect()
}

/// A network, points, and their terms on disk.
struct Extracted {
    network: Network,
    points: Vec<f32>,
    store: TermStore,
    _folder: TempDir,
}

impl Extracted {
    fn new(features: usize, count: usize, gauge: Gauge, classes: Classes, p: Precision) -> Self {
        let network =
            capture(&SliceModel::new(features, &device()), [features], SliceModel::forward);
        let network = network.unwrap().to_target(&target(p).unwrap());
        let (points, labels) = (singles(9, count * features, 1.0), vec![0; count]);
        let source = SlicePoints::new(&points, features, &labels).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let extractor = Extractor::new(&network, gauge, classes).unwrap();
        let options = ExtractOptions { shard_bytes: 4000, ..ExtractOptions::default() };
        let store = TermStore::extract(folder.path(), &extractor, &source, &options, &|_| {
            ControlFlow::Continue(())
        });
        Self { network, points, store: store.unwrap(), _folder: folder }
    }

    fn sliced(&self, plane: &Plane, window: &Window) -> TermPartition {
        let found = TermPartition::new(&self.store, plane, window, LIMIT).unwrap();
        check_tiling(&found.partition, window).unwrap();
        assert_eq!(found.winners.len(), found.partition.regions.len());
        found
    }
}

fn square() -> Window {
    Window::rectangle([-1.0, 1.0], [-1.0, 1.0]).unwrap()
}

/// A grid of points that f32 represents exactly, without symmetries.
fn grid() -> Vec<f32> {
    let at = |step: u16| f32::from(step) / 32.0 - 0.98;
    (0..62).flat_map(|row| (0..62).flat_map(move |column| [at(row), at(column)])).collect()
}

#[test]
fn winners_on_a_grid_equal_those_of_exact_arithmetic() {
    for (gauge, classes, precision, tolerance) in [
        (Gauge::WorstCase, Classes::Predicted, Precision::F64, 1e-9),
        (Gauge::Tight, Classes::Predicted, Precision::F64, 1e-9),
        (Gauge::Tight, Classes::All, Precision::F64, 1e-9),
        (Gauge::Tight, Classes::Predicted, Precision::F32, 1e-9),
    ] {
        let extracted = Extracted::new(2, 200, gauge, classes, precision);
        let found = extracted.sliced(&Plane::whole(), &square());
        assert!(found.partition.regions.len() >= found.positive_terms.max(found.negative_terms));
        let function = ExtractedFunction::new(&extracted.store, &device()).unwrap();
        let grid = grid();
        let assigned = function.assign(&grid, &|_| ControlFlow::Continue(())).unwrap();
        let mut between = 0;
        for (point, expected) in grid.chunks_exact(2).zip(assigned) {
            let at = [f64::from(point[0]), f64::from(point[1])];
            let Some(region) = found.partition.region_at(at) else {
                between += 1;
                continue;
            };
            let (winners, map) = (found.winners[region], found.partition.regions[region].maps[0]);
            let what = format!("{gauge:?} {classes:?} {precision:?} at {at:?}");
            // Classes and values are compared, not terms, because points of one region have equal
            // terms.
            assert_eq!(winners.class, expected.class, "{what}");
            assert!((map.at(at) - expected.value).abs() < tolerance * 1e2, "{what}");
        }
        assert!(between < 5, "{between} points of the grid are on edges");
    }
}

#[test]
fn the_extracted_function_equals_the_network_at_its_points() {
    for gauge in [Gauge::WorstCase, Gauge::Tight] {
        let extracted = Extracted::new(2, 150, gauge, Classes::Predicted, Precision::F64);
        let found = extracted.sliced(&Plane::whole(), &square());
        let logits = extracted.network.logits(&extracted.points).unwrap();
        let points = extracted.points.chunks_exact(2);
        for (point, logits) in points.zip(logits.chunks_exact(CLASSES)) {
            let at = [f64::from(point[0]), f64::from(point[1])];
            let Some(region) = found.partition.region_at(at) else { continue };
            let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(logits[found.winners[region].class], most);
            let value = found.partition.regions[region].maps[0].at(at);
            assert!((value - most).abs() < 1e-9, "{value} {most}");
        }
    }
}

#[test]
fn planes_through_points_of_higher_dimension_are_sliced() {
    let extracted = Extracted::new(7, 60, Gauge::Tight, Classes::Predicted, Precision::F64);
    let points: Vec<_> = extracted.points.chunks_exact(7).take(3).collect();
    let plane = Plane::through([points[0], points[1], points[2]]).unwrap();
    let corners: Vec<_> = points.iter().map(|point| plane.coordinates(point).unwrap()).collect();
    let window = Window::around(&corners, 0.3).unwrap();
    let found = extracted.sliced(&plane, &window);
    let logits = extracted.network.logits(&extracted.points[..21]).unwrap();
    for (at, logits) in corners.into_iter().zip(logits.chunks_exact(CLASSES)) {
        let region = found.partition.region_at(at).unwrap();
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((found.partition.regions[region].maps[0].at(at) - most).abs() < 1e-9);
    }
}

#[test]
fn partitions_that_cannot_be_computed_are_errors() {
    let extracted = Extracted::new(7, 40, Gauge::WorstCase, Classes::Predicted, Precision::F32);
    let error = TermPartition::new(&extracted.store, &Plane::whole(), &square(), LIMIT);
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "values of the points of a plane: found 2, expected 7");
    let extracted = Extracted::new(2, 100, Gauge::WorstCase, Classes::Predicted, Precision::F32);
    let error = TermPartition::new(&extracted.store, &Plane::whole(), &square(), 3);
    assert!(error.unwrap_err().to_string().contains("more than 3 polygons"));
}

#[test]
fn a_partition_can_be_cancelled_at_every_report() {
    let extracted = Extracted::new(2, 20, Gauge::WorstCase, Classes::Predicted, Precision::F32);
    let (store, plane) = (&extracted.store, Plane::whole());
    let reports = cancel_everywhere(|cancel| {
        let found = TermPartition::with_progress(store, &plane, &square(), LIMIT, cancel);
        assert!(matches!(found, Ok(_) | Err(Error::Cancelled)));
        found.is_err()
    });
    assert!(reports >= 3 * 20 - 2, "every term is read and compared twice: {reports}");
}
