//! Searches that their callback cancels.

use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use tropex::geometry::{DistanceMethod, Error, Regions};
use tropex::{Precision, capture};

use super::random;
use crate::common::{cancel_everywhere, device, target};

#[test]
fn distances_and_polytopes_can_be_cancelled_at_every_report() {
    let layers = LinearConfig::new(4, 9).init(&device());
    let network = capture(&layers, [4], |layer: &Linear, points| relu(layer.forward(points)));
    let network = network.unwrap().to_target(&target(Precision::F64).unwrap());
    let regions = Regions::new(&network).unwrap().with_rows(2);
    let points = random(3, 8);
    for method in [DistanceMethod::Rows, DistanceMethod::Columns] {
        let regions = regions.clone().with_distance_method(method);
        let reports = cancel_everywhere(|cancel| {
            let found = regions.distances_with_progress(&points, cancel);
            assert!(matches!(found, Ok(_) | Err(Error::Cancelled)), "{found:?}");
            found.is_err()
        });
        assert!(reports >= 2, "one for every point: {reports}");
    }
    let reports = cancel_everywhere(|cancel| {
        let found = regions.polytope_with_progress(&points[..4], cancel);
        assert!(matches!(found, Ok(_) | Err(Error::Cancelled)));
        found.is_err()
    });
    assert!(reports >= 4, "one for two rows: {reports}");
}
