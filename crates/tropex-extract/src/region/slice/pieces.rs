//! What a network computes around points: which pieces, and which affine map.

use burn::tensor::TensorData;
use sha2::{Digest, Sha256};

use super::partition::Affine;
use super::plane::Plane;
use super::walk::BATCH;
use crate::Network;
use crate::region::Boundaries;

/// For every point of a plane the logits around it, as functions of plane coordinates, and the
/// first 64 bits of the SHA-256 of its pattern: the numbers of all units' pieces, node by node, as
/// 32-bit integers.
pub(super) fn pieces(
    network: &Network,
    plane: &Plane,
    points: &[[f64; 2]],
) -> Vec<(Vec<Affine>, u64)> {
    let boundaries = Boundaries::of(network);
    points.chunks(BATCH).flat_map(|points| batch(network, &boundaries, plane, points)).collect()
}

fn batch(
    network: &Network,
    boundaries: &Boundaries,
    plane: &Plane,
    points: &[[f64; 2]],
) -> Vec<(Vec<Affine>, u64)> {
    let count = points.len();
    let values = plane.tensor(points, network.placement());
    let directions = plane.axes().iter().flat_map(|axis| axis.repeat(count)).collect::<Vec<_>>();
    let directions = TensorData::new(directions, [2 * count, network.features()]);
    let directions = network.placement().tensor(directions);
    let mut hashes = vec![Sha256::new(); count];
    let jet = network.inspect(values, directions, |inspected| {
        let Some(choice) = boundaries.at(inspected.node) else { return };
        let numbers = choice.numbers(inspected.piece);
        let numbers = numbers.chunks_exact(choice.units());
        for (hash, numbers) in hashes.iter_mut().zip(numbers) {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            hash.update(bytes);
        }
    });
    let classes = network.classes();
    let logits: Vec<f64> = jet.values.into_data().iter().collect();
    let slopes: Vec<f64> = jet.derivatives.into_data().iter().collect();
    let map = |index: usize, class: usize| {
        let [right, up] = [0, count].map(|group| slopes[(group + index) * classes + class]);
        let [u, v] = points[index];
        let bias = logits[index * classes + class] - right * u - up * v;
        Affine { slope: [right, up], bias }
    };
    let maps = |index| (0..classes).map(|class| map(index, class)).collect();
    let patterns = hashes.into_iter().map(|hash| {
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(8).fold(0, |bits, &byte| (bits << 8) | u64::from(byte))
    });
    (0..count).map(maps).zip(patterns).collect()
}
