//! The geometry of the linear regions of random networks: directions, crossings, boundaries.

mod boundary;
mod classes;
mod degenerate;
mod path;
mod patterns;
mod polytope;
mod pushforward;

use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::Network;
use tropex::geometry::{Facet, Pattern, PiecewiseNodes};

use crate::common::properties::properties;
use crate::common::{largest, values};

properties! {
    pushforward:
        pushing_a_direction_forward_is_adjoint_to_pulling_rows_back,
        every_unit_has_the_piece_that_no_gap_speaks_against;
    patterns:
        patterns_are_what_a_list_of_pieces_says,
        batches_of_any_size_have_the_same_patterns;
    path:
        every_stretch_has_the_pattern_of_a_replay,
        no_position_has_another_pattern_than_its_stretch,
        crossings_are_where_bisection_finds_them,
        rays_first_cross_what_paths_cross_first,
        polygons_are_closed;
    classes:
        classes_change_where_logits_meet_and_not_before;
    boundary:
        sides_are_the_gaps_of_units_and_change_like_them,
        no_ray_leaves_a_region_nearer_than_its_distance;
    polytope:
        polytopes_end_where_rays_leave_the_region,
        polytopes_hold_the_points_of_the_same_pattern,
        essential_sides_make_the_same_polytope;
}

/// Numbers `[rows, features]` of a network's own precision, on its device.
fn placed(values: &[f64], network: &Network) -> Tensor<2> {
    let dtype = network.target().precision().dtype();
    let shape = [values.len() / network.features(), network.features()];
    let data = TensorData::new(values.to_vec(), shape).convert_dtype(dtype);
    Tensor::from_data(data, (network.target().device(), dtype))
}

/// Numbers between -1 and 1.
fn random(seed: u64, count: usize) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// Whether a replay of a point found a pattern, but for units whose pieces are equal there and
/// everywhere around, so that rounding takes them to either side.
fn is_same(network: &Network, point: &[f64], pattern: &Pattern, replayed: &Pattern) -> bool {
    let facets = replayed.facets_to(pattern);
    if facets.is_empty() {
        return true;
    }
    let boundaries = PiecewiseNodes::of(network);
    let point = placed(point, network);
    let (mut is_rounding, mut scale) = (true, 1.0_f64);
    network.inspect(point.clone(), point.zeros_like(), |seen| {
        scale = scale.max(largest(&values(seen.output.values.clone())));
        let Some(choice) = boundaries.at(seen.node) else { return };
        let inputs = values(seen.inputs[0].values.clone());
        choice.visit_gaps(&choice.numbers(seen.piece), |gap| {
            let is_other = facets.contains(&Facet::new(seen.node, gap));
            is_rounding &= !is_other || gap.of(&inputs) <= 1e-13 * scale;
        });
    });
    is_rounding
}
