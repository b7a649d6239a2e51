//! Every architecture of the zoo, untrained: capture, extraction and checks on small images.

use std::ops::ControlFlow;

use burn::module::Module;
use tropex::geometry::{Paths, Patterns, RegionSegment, Regions};
use tropex::train::zoo::{ARCHITECTURES, Architecture, Classifier};
use tropex::{Classes, Error, Extractor, Gauge, Network, Precision, SelfCheck, capture};

use crate::common::{device, difference, finest, largest, of_finest, target, tensor, values};

/// Odd extents, so that every pooling and stride drops a border.
const SHAPE: [usize; 3] = [1, 9, 9];
const FEATURES: usize = 81;
const POINTS: usize = 3;
const CLASSES: usize = 3;

/// The architectures with few parameters, which are extracted quickly. The wider ones have the same
/// layers.
fn narrow() -> impl Iterator<Item = Architecture> {
    ARCHITECTURES.iter().map(Architecture::from).filter(|architecture| {
        architecture.parameters(SHAPE, CLASSES, &device()).unwrap() < 600_000
    })
}

fn classifier(architecture: &Architecture) -> Classifier {
    architecture.init(SHAPE, CLASSES, &device(), 3).unwrap()
}

fn captured(classifier: &Classifier, precision: Precision) -> Network {
    let network = capture(classifier, SHAPE, Classifier::forward).unwrap();
    network.to_target(&target(precision).unwrap())
}

/// Pixels in [0, 1) that look random.
fn points() -> Vec<f32> {
    (0..POINTS * FEATURES).map(|index| (index as f32 * 0.618_034).fract()).collect()
}

/// The value of an affine function at a point, and the sum of the absolute values of its summands.
fn evaluate((coefficients, bias): &(Vec<f64>, f64), point: &[f32]) -> (f64, f64) {
    let products = coefficients.iter().zip(point).map(|(a, x)| a * f64::from(*x));
    let all = products.chain([*bias]);
    (all.clone().sum(), all.map(f64::abs).sum())
}

#[test]
fn every_architecture_is_extracted_and_reproduced_at_the_points() {
    for architecture in narrow() {
        let name = architecture.to_string();
        let classifier = classifier(&architecture);
        let network = captured(&classifier, finest());
        let trained = architecture.parameters(SHAPE, CLASSES, &device()).unwrap();
        // Batch norms have as many statistics as parameters, and the capture joins them with the
        // convolutions.
        let statistics = Module::num_params(&classifier) - trained;
        assert_eq!(network.parameters(), trained - statistics, "{name}");

        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All).unwrap();
        let points = points();
        let terms = extractor.extract(&points).unwrap();
        let failures = SelfCheck::of(&terms, &points).failures(finest());
        assert!(failures.is_empty(), "{name}: {failures:?}");

        let images = tensor(&points, [POINTS, SHAPE[0], SHAPE[1], SHAPE[2]], &device());
        let logits = values(classifier.forward(images));
        let points: Vec<_> = points.chunks(FEATURES).collect();
        let at_points = points.iter().enumerate().flat_map(|(point, at)| {
            (0..CLASSES).map(move |class| (point, class, at)).collect::<Vec<_>>()
        });
        let found: Vec<_> = at_points
            .map(|(point, class, at)| evaluate(&terms.linear(point, class), at).0)
            .collect();
        let error = difference(&found, &logits) / largest(&logits);
        assert!(error < 1e-4, "{name}: {error:.1e}");

        // At every point, its own term is maximal.
        for class in 0..CLASSES {
            let positive: Vec<_> = (0..POINTS).map(|point| terms.positive(point, class)).collect();
            assert_own_term_is_maximal(&positive, &points, &name);
        }
        let negative: Vec<_> = (0..POINTS).map(|point| terms.negative(point)).collect();
        assert_own_term_is_maximal(&negative, &points, &name);
    }
}

fn assert_own_term_is_maximal(terms: &[(Vec<f64>, f64)], points: &[&[f32]], name: &str) {
    for (own, at) in terms.iter().zip(points) {
        let (value, size) = evaluate(own, at);
        for (other, excess) in terms.iter().map(|term| evaluate(term, at).0 - value).enumerate() {
            assert!(
                excess <= of_finest(1e-12) * size,
                "{name}: term {other} exceeds by {excess:e}"
            );
        }
    }
}

/// Number of regions that are examined for every architecture.
const REGIONS: usize = 8;

#[test]
fn terms_of_all_classes_equal_those_of_single_classes() {
    for architecture in narrow() {
        // With ten classes, backends that can do it pull rows back side by side.
        let classes = 10;
        let classifier = architecture.init(SHAPE, classes, &device(), 3).unwrap();
        let network = captured(&classifier, finest());
        let points = points();
        let all = network.linear_terms(&points, Classes::All).unwrap();
        for class in 0..classes {
            let one = network.linear_terms(&points, Classes::One(class)).unwrap();
            for point in 0..all.len() {
                let ((found, bias), (expected, own)) = (all.term(point, class), one.term(point, 0));
                let size = largest(&expected);
                assert!(difference(&found, &expected) <= of_finest(1e-12) * size, "{architecture}");
                assert!(
                    (bias - own).abs() <= of_finest(1e-12) * (size + own.abs()),
                    "{architecture}"
                );
            }
        }
    }
}

#[test]
fn every_architecture_has_the_regions_that_its_replays_find() {
    for architecture in narrow() {
        let name = architecture.to_string();
        let network = captured(&classifier(&architecture), finest());
        let points: Vec<f64> = points().into_iter().map(f64::from).collect();
        let (from, other) = (&points[..FEATURES], &points[FEATURES..2 * FEATURES]);
        let direction: Vec<f64> = from.iter().zip(other).map(|(x, y)| y - x).collect();
        let mut seen = Vec::new();
        let visit = |_, stretch: &RegionSegment<'_>| {
            seen.push(((stretch.from + stretch.to) / 2.0, stretch.pattern().id()));
            if seen.len() < REGIONS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        Paths::new(&network).unwrap().visit(from, &direction, f64::INFINITY, visit).unwrap();
        assert_eq!(seen.len(), REGIONS, "{name}");
        let patterns = Patterns::new(&network);
        for (t, region) in seen {
            let middle: Vec<f64> = from.iter().zip(&direction).map(|(x, v)| x + t * v).collect();
            assert_eq!(patterns.ids(&middle).unwrap(), [region], "{name} at {t}");
        }
    }
}

#[test]
fn the_nearest_boundary_of_a_convolutional_network_is_where_a_ray_meets_it() {
    let network = captured(&classifier(&Architecture::find("vgg-narrow").unwrap()), finest());
    let points: Vec<f64> = points().into_iter().map(f64::from).collect();
    let found = Regions::new(&network).unwrap().distances(&points).unwrap();
    for (from, found) in points.chunks_exact(FEATURES).zip(found) {
        let nearest = found.l2.expect("there are boundaries");
        let way: Vec<f64> = nearest.point.iter().zip(from).map(|(to, x)| to - x).collect();
        let crossing = Paths::new(&network).unwrap().first_crossings(from, &way).unwrap().remove(0);
        let crossing = crossing.expect("the way leads to a boundary");
        assert!((crossing.at - 1.0).abs() < 1e-9, "{crossing:?}, {:?}", nearest.facet);
        // A cell may become active and win its pooling at the same crossing.
        assert!(crossing.facets.contains(&nearest.facet), "{crossing:?}, {:?}", nearest.facet);
    }
}

#[test]
fn shifts_beyond_f32_are_an_overflow_and_nothing_else() {
    let deep = Architecture::find("resnet56").unwrap();
    let network = captured(&classifier(&deep), Precision::F32);
    let error = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted).unwrap_err();
    let Error::Overflow { precision: Precision::F32, .. } = error else { panic!("{error}") };
}
