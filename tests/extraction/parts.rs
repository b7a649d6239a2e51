//! Linear terms of more points than one thread takes at once.

use tropex::extract::LinearTerms;
use tropex::{Classes, ComputeTarget};

use super::{bias, coefficients};
use crate::common::module::Planned;
use crate::common::plan::Plan;
use crate::common::{device, finest, of_finest};

/// More points than all threads take in one round.
const POINTS: usize = 700;

/// Few enough points for a single part.
const FEW: usize = 9;

#[test]
fn linear_terms_do_not_depend_on_the_number_of_points() {
    for seed in 0..6 {
        let plan = Plan::grow(seed, 0);
        let module = Planned::new(&plan, &device());
        let network = module.capture(&plan.input).expect("plans can be captured");
        let target = ComputeTarget::new(&device(), finest()).expect("one that it has");
        let network = network.to_target(&target);
        let numbers = 0..POINTS * network.features();
        let points: Vec<f32> = numbers.map(|i| (i * 7919 % 1009) as f32 / 500.0 - 1.0).collect();
        for classes in [Classes::Predicted, Classes::All] {
            let all = network.linear_terms(&points, classes).expect("whole points");
            assert_eq!(all.len(), POINTS);
            assert_copied(&all);
            for (part, points) in points.chunks(FEW * network.features()).enumerate() {
                let few = network.linear_terms(points, classes).expect("whole points");
                let first = part * FEW;
                assert_eq!(few.predicted(), &all.predicted()[first..first + few.len()]);
                for class in 0..all.per_point() {
                    let rows = all.coefficients(class);
                    assert_eq!(&rows.shape()[..], [POINTS, network.features()]);
                    let rows: Vec<f64> = rows.iter().collect();
                    for point in 0..few.len() {
                        let (found, expected) =
                            (all.term(first + point, class), few.term(point, class));
                        assert!(coefficients(&found, &expected) < of_finest(1e-12), "seed {seed}");
                        assert!(bias(&found, &expected) < of_finest(1e-12), "seed {seed}");
                        let logits = [all.logit(first + point, class), few.logit(point, class)];
                        let allowed = of_finest(1e-11) * logits[1].abs().max(1.0);
                        assert!((logits[0] - logits[1]).abs() <= allowed, "seed {seed}");
                        let start = (first + point) * network.features();
                        assert_eq!(rows[start..][..network.features()], found.0[..]);
                    }
                }
            }
        }
    }
}

/// Compares the copy of all terms with the terms one by one.
fn assert_copied(terms: &LinearTerms) {
    let count = terms.len() * terms.per_point();
    let (mut rows, mut biases) = (vec![0.0_f64; count * terms.features()], vec![0.0_f64; count]);
    terms.copy_to(&mut rows, &mut biases).expect("arrays of their size");
    let rows = rows.chunks(terms.features()).zip(biases);
    for (term, copied) in rows.enumerate() {
        let (point, class) = (term / terms.per_point(), term % terms.per_point());
        let (coefficients, bias) = terms.term(point, class);
        assert_eq!(copied, (&coefficients[..], bias));
    }
    let error = terms.copy_to::<f32>(&mut [], &mut []).unwrap_err().to_string();
    assert!(error.starts_with("coefficients to write: found 0, expected "), "{error}");
}
