//! Linear terms of more points than one thread takes at once.

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
