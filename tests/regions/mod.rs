//! The geometry of the linear regions of random networks: directions, crossings, boundaries.

mod classes;
mod degenerate;
mod path;
mod patterns;
mod pushforward;

use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::Network;

use crate::common::properties::properties;

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
}

/// Numbers `[rows, features]` of a network's own precision, on its device.
fn placed(values: &[f64], network: &Network) -> Tensor<2> {
    let dtype = network.placement().precision().dtype();
    let shape = [values.len() / network.features(), network.features()];
    let data = TensorData::new(values.to_vec(), shape).convert_dtype(dtype);
    Tensor::from_data(data, (network.placement().device(), dtype))
}

/// Numbers between -1 and 1.
fn random(seed: u64, count: usize) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}
