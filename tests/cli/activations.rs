//! Experiments on regions, compared with a network of plain loops.

use std::collections::HashSet;
use std::fs;

use safetensors::SafeTensors;
use tropex::experiments::data::{ImagePoints, RANGES, RandomPoints};
use tropex::experiments::pipeline;
use tropex::experiments::query::rays::{RayProbe, Rays, position};
use tropex::extract::PointSource;
use tropex::train::data::Images;
use tropex::train::run::Run;

use super::brute_force::{moved_value, terms, winner};
use super::experiments::values;
use super::{Workspace, images, labels, train};
use crate::common::device;

/// Number of values of an image.
const FEATURES: usize = 64;

/// Number of rays that are compared with bisection.
const RAYS: usize = 5;

/// Number of positions before a change of class at which the class is compared.
const LOOKS: u32 = 50;

/// A fully connected network.
struct Plain {
    /// Weights, one row a unit, and biases, layer by layer.
    layers: Vec<(Vec<f64>, Vec<f64>)>,
}

/// Which units are active, layer by layer.
type Bits = Vec<Vec<bool>>;

impl Plain {
    fn of_run(workspace: &Workspace) -> Self {
        let bytes = fs::read(workspace.path("run/model.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let numbers = |name: &str| -> Option<Vec<f64>> {
            let bytes = tensors.tensor(name).ok()?.data();
            let number = |bytes: &[u8]| f64::from(f32::from_le_bytes(bytes.try_into().unwrap()));
            Some(bytes.chunks(4).map(number).collect())
        };
        let layer = |index: usize| {
            Some((
                numbers(&format!("layers.{index}.weight"))?,
                numbers(&format!("layers.{index}.bias"))?,
            ))
        };
        let layers: Vec<_> = (0..).map_while(layer).collect();
        assert_eq!(layers.len(), 4);
        Self { layers }
    }

    /// The active units and the class at a point.
    fn at(&self, point: &[f64]) -> (Bits, usize) {
        let (mut bits, mut values) = (Vec::new(), point.to_vec());
        for (index, (weights, biases)) in self.layers.iter().enumerate() {
            let rows = weights.chunks_exact(values.len()).zip(biases);
            let unit = |(row, bias): (&[f64], &f64)| {
                bias + row.iter().zip(&values).map(|(weight, value)| weight * value).sum::<f64>()
            };
            values = rows.map(unit).collect();
            if index + 1 < self.layers.len() {
                bits.push(values.iter().map(|value| *value > 0.0).collect());
                values.iter_mut().for_each(|value| *value = value.max(0.0));
            }
        }
        let first_best = |best, class| if values[class] > values[best] { class } else { best };
        (bits, (0..values.len()).fold(0, first_best))
    }

    fn bits(&self, points: &[f64]) -> Vec<Bits> {
        points.chunks_exact(FEATURES).map(|point| self.at(point).0).collect()
    }
}

/// Pixels as the network reads them.
fn read(pixels: &[u8]) -> Vec<f64> {
    pixels.iter().map(|&byte| f64::from(f32::from(byte) / 255.0)).collect()
}

/// A workspace with a run. Some training images occur twice. Some test images equal training
/// images, and some differ from one in one pixel.
fn place_with_copies() -> (Workspace, [Vec<u8>; 2]) {
    let workspace = Workspace::new();
    let train_images = [images(99, 1), images(51, 1)].concat();
    let mut near = images(30, 1);
    near.chunks_mut(FEATURES).for_each(|image| image[20] ^= 1);
    let test_images = [images(30, 1), near, images(30, 2)].concat();
    let splits = [("train", &train_images), ("test", &test_images)];
    let splits =
        splits.map(|(split, images)| (split, images.clone(), labels(images.len() / FEATURES)));
    workspace.write_splits("data.safetensors", &splits);
    workspace.run(&train("run")).succeeded();
    (workspace, [train_images, test_images])
}

/// The numbers of a table of a report, row by row, without the fields that are not numbers.
fn rows(workspace: &Workspace, table: &str) -> Vec<Vec<f64>> {
    let text = fs::read_to_string(workspace.path(&format!("run/reports/{table}.csv"))).unwrap();
    let row = |line: &str| line.split(',').filter_map(|field| field.parse().ok()).collect();
    text.lines().skip(1).map(row).collect()
}

#[test]
fn regions_are_counted_as_by_plain_loops() {
    let (workspace, pixels) = place_with_copies();
    let plain = Plain::of_run(&workspace);
    let [train, test] = pixels.map(|pixels| plain.bits(&read(&pixels)));
    let distinct = |bits: &[&Bits]| bits.iter().collect::<HashSet<_>>().len() as f64;
    let [of_train, of_test]: [Vec<&Bits>; 2] = [train.iter().collect(), test.iter().collect()];
    let known = test.iter().filter(|bits| train.contains(bits)).count();
    assert!((30..90).contains(&known), "copies are known, others are not: {known}");
    let found = values(&workspace.experiment("count run"));
    assert_eq!(found["different regions, training"], distinct(&of_train));
    assert_eq!(found["different regions, test"], distinct(&of_test));
    assert_eq!(found["different regions, both"], distinct(&[of_train, of_test].concat()));
    assert_eq!(found["test images in new regions"], (90 - known) as f64 / 90.0);
    assert_eq!(rows(&workspace, "count/shared")[0][0], known as f64);
}

/// Mean, smallest and largest of some shares.
fn summary(shares: &[f64]) -> [f64; 3] {
    let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [shares.iter().sum::<f64>() / shares.len() as f64, least, most]
}

#[test]
fn similarity_of_units_equals_that_of_plain_loops() {
    let workspace = Workspace::with_run();
    let plain = Plain::of_run(&workspace);
    workspace.experiment("patterns run");
    let [train, test] = [images(200, 1), images(60, 2)].map(|pixels| plain.bits(&read(&pixels)));
    let told = workspace.run("assign run --json").json();
    let assigned = told["assignments"].as_array().unwrap();
    let number = |of: &serde_json::Value| of.as_u64().unwrap() as usize;
    for (name, partner) in [("positive", "best"), ("negative", "negative")] {
        // Shares of equal units of each layer; the last entry is over all layers.
        let mut shares: Vec<Vec<(bool, f64)>> = vec![Vec::new(); 4];
        for (image, own) in test.iter().enumerate() {
            let of = &assigned[image];
            let agrees = of["best"][0]["class"] == of["network"];
            let other = match partner {
                "best" => number(&of["best"][0]["training_image"]),
                _ => number(&of["negative"]),
            };
            let pairs = own.iter().zip(&train[other]);
            let layers = pairs.map(|(own, other)| {
                let equal = own.iter().zip(other).filter(|(a, b)| a == b).count();
                (equal, own.len())
            });
            let layers: Vec<_> = layers.collect();
            let whole = layers.iter().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            for (shares, (equal, units)) in shares.iter_mut().zip(layers.iter().chain([&whole])) {
                shares.push((agrees, *equal as f64 / *units as f64));
            }
        }
        let found = rows(&workspace, &format!("patterns/{name}"));
        assert_eq!(found.len(), shares.len());
        for (found, shares) in found.iter().zip(&shares) {
            let of = |chosen: &dyn Fn(bool) -> bool| -> Vec<f64> {
                let chosen = shares.iter().filter(|(agrees, _)| chosen(*agrees));
                chosen.map(|(_, share)| *share).collect()
            };
            let sets = [of(&|_| true), of(&|agrees| agrees), of(&|agrees| !agrees)];
            let expected = sets.iter().filter(|set| !set.is_empty()).flat_map(|set| summary(set));
            let expected: Vec<f64> = expected.collect();
            assert_eq!(found.len(), 1 + expected.len(), "units, then shares");
            for (found, expected) in found[1..].iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{name}: {found} {expected}");
            }
        }
    }
}

/// With one term there is one winner, and one image that can be drawn.
#[test]
fn random_images_are_drawn_from_those_with_terms() {
    let workspace = Workspace::with_run();
    workspace.run("extract run --limit 1").succeeded();
    workspace.experiment("patterns run");
    assert_eq!(rows(&workspace, "patterns/random"), rows(&workspace, "patterns/positive"));
}

#[test]
fn terms_and_network_at_random_points_equal_plain_loops() {
    let workspace = Workspace::with_terms();
    let (plain, terms) =
        (Plain::of_run(&workspace), terms(&workspace, "run/terms/train-worst-case"));
    let found = values(&workspace.experiment("generalization run --set random_points=40 --seed 9"));
    for [low, high] in RANGES {
        let points = RandomPoints::new(40, FEATURES, [low, high], 9).read(0..40);
        let points: Vec<f64> = points.into_iter().map(f64::from).collect();
        let agrees = |point: &&[f64]| {
            let class = winner(&terms, |term| moved_value(term, [0, 0], point)).class;
            class == plain.at(point).1
        };
        let agreeing = points.chunks(FEATURES).filter(agrees).count();
        let name = format!("agreement, random in [{low}, {high}]");
        assert_eq!(found[&name], agreeing as f64 / 40.0, "{name}");
    }
}

#[test]
fn the_grid_finds_every_change_of_a_unit_in_its_step() {
    let workspace = Workspace::with_run();
    let found = values(
        &workspace
            .experiment("boundary run --set points=20 --set nearest_points=5 --set class_points=5"),
    );
    assert_eq!(found["grid is right, units"], 1.0);
    let units = rows(&workspace, "boundary/grid-units");
    assert_eq!(units.len(), 6, "training and test images, and four ranges");
    for row in units {
        // The columns: number, in its step, beyond the grid, never; late, missed, early.
        assert_eq!(row[0], row[1] + row[2] + row[3]);
        assert_eq!((row[0], &row[4..]), (20.0, &[0.0; 3][..]));
    }
    for row in rows(&workspace, "boundary/nearest") {
        assert_eq!(row[0], 5.0);
        assert!(
            row[row.len() - 1] >= 1.0 - 1e-9,
            "no ray is shorter than the shortest way: {row:?}"
        );
    }
}

#[test]
fn changes_are_where_bisection_of_plain_loops_finds_them() {
    let workspace = Workspace::with_run();
    let plain = Plain::of_run(&workspace);
    let run = Run::open(&workspace.path("run")).unwrap();
    let watch = RayProbe::new(&pipeline::network(&run, &device()).unwrap()).unwrap();
    let test = Images::from_bytes([1, 8, 8], 3, images(RAYS, 2), vec![0; RAYS]).unwrap();
    let of_images = ImagePoints::new(&test, None);
    let random = RandomPoints::new(RAYS, FEATURES, RANGES[2], 3);
    for points in [&of_images as &dyn PointSource, &random] {
        let rays = Rays::from(points, 0..RAYS, 4);
        let at = |ray: usize, position: f64| plain.at(&rays.at(ray, position).collect::<Vec<_>>());
        let nearest = watch.nearest(&rays).unwrap();
        for (ray, change) in watch.units(&rays).unwrap().into_iter().enumerate() {
            let start = at(ray, 0.0).0;
            let step = change.step.expect("units change within the grid");
            let [mut low, mut high] = [step - 1, step].map(position);
            assert!(at(ray, low).0 == start && at(ray, high).0 != start, "ray {ray}");
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                *(if at(ray, middle).0 == start { &mut low } else { &mut high }) = middle;
            }
            let error = (change.at - low).abs();
            assert!(error < 1e-9 * change.at.max(1e-3), "ray {ray}: {change:?} {low}");
            assert!(nearest[ray] <= change.at * (1.0 + 1e-9), "ray {ray}: {change:?}");
        }
        let classes = watch.classes(&rays).unwrap();
        assert!(classes.iter().any(|change| change.at.is_finite()));
        for (ray, change) in classes.into_iter().enumerate() {
            let start = at(ray, 0.0).1;
            let before = change.at.min(1e5) * (1.0 - 1e-9);
            let steps = (0..=LOOKS).map(|step| before * f64::from(step) / f64::from(LOOKS));
            assert!(steps.into_iter().all(|position| at(ray, position).1 == start), "ray {ray}");
            if change.at.is_finite() {
                assert_ne!(at(ray, change.at * (1.0 + 1e-9)).1, start, "ray {ray}");
            }
        }
    }
}
