//! The linear regions of random networks: patterns, paths, boundaries, polytopes.

mod boundary;
mod cancellation;
mod classes;
mod degenerate;
mod facets;
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
        pushforward_is_adjoint_to_pullback,
        all_gaps_of_the_chosen_pieces_are_non_negative;
    patterns:
        patterns_equal_plain_lists_of_pieces,
        the_batch_size_does_not_change_patterns;
    path:
        a_replay_in_the_middle_of_a_segment_finds_its_pattern,
        a_replay_at_any_position_finds_the_pattern_of_its_segment,
        bisection_finds_the_crossings,
        first_crossings_of_rays_equal_those_of_paths,
        paths_around_polygons_end_in_their_first_region;
    classes:
        the_class_changes_where_two_logits_are_equal_and_not_before;
    boundary:
        halfspaces_equal_the_gaps_of_units,
        no_ray_leaves_a_region_before_its_distance,
        distances_are_the_least_of_all_halfspaces;
    polytope:
        rays_leave_a_polytope_where_they_leave_the_region,
        a_polytope_contains_the_points_with_its_pattern,
        irredundant_sides_define_an_equal_polytope;
    facets:
        facets_are_a_least_set_of_sides_that_implies_the_others;
}

/// A tensor `[rows, features]` on the device and in the precision of a network.
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

/// Whether the replay of a point has a pattern. Units between two pieces with equal values are left
/// out, because rounding chooses their piece.
fn is_same(network: &Network, point: &[f64], pattern: &Pattern, replayed: &Pattern) -> bool {
    let facets = replayed.facets_to(pattern);
    if facets.is_empty() {
        return true;
    }
    let nodes = PiecewiseNodes::of(network);
    let point = placed(point, network);
    let (mut is_rounding, mut scale) = (true, 1.0_f64);
    network.inspect(point.clone(), point.zeros_like(), |seen| {
        scale = scale.max(largest(&values(seen.output.values.clone())));
        let Some(rule) = nodes.at(seen.node) else { return };
        let inputs = values(seen.inputs[0].values.clone());
        rule.visit_gaps(&rule.numbers(seen.piece), |gap| {
            let is_other = facets.contains(&Facet::new(seen.node, gap));
            is_rounding &= !is_other || gap.of(&inputs) <= 1e-13 * scale;
        });
    });
    is_rounding
}
