//! What a network computes around points: which pieces, and which affine map.

use std::sync::Arc;

use burn::tensor::TensorData;

use super::partition::{Affine, Region};
use super::plane::Plane;
use super::walk::BATCH;
use crate::Network;
use crate::region::layout::Layout;
use crate::region::pattern::Pattern;

/// The region of every point of a plane: its pattern, and the logits around the point as functions
/// of plane coordinates. Corners are left to whoever knows them.
pub(super) fn pieces(network: &Network, plane: &Plane, points: &[[f64; 2]]) -> Vec<Region> {
    let layout = Arc::new(Layout::of(network));
    points.chunks(BATCH).flat_map(|points| batch(network, &layout, plane, points)).collect()
}

fn batch(
    network: &Network,
    layout: &Arc<Layout>,
    plane: &Plane,
    points: &[[f64; 2]],
) -> Vec<Region> {
    let count = points.len();
    let values = plane.tensor(points, network.placement());
    let directions = plane.axes().iter().flat_map(|axis| axis.repeat(count)).collect::<Vec<_>>();
    let directions = TensorData::new(directions, [2 * count, network.features()]);
    let directions = network.placement().tensor(directions);
    let mut numbers = vec![Vec::with_capacity(layout.units()); count];
    let jet = network.inspect(values, directions, |inspected| {
        let Some(span) = layout.at(inspected.node) else { return };
        let pieces = span.choice.numbers(inspected.piece);
        let pieces = pieces.chunks_exact(span.choice.units());
        numbers.iter_mut().zip(pieces).for_each(|(numbers, pieces)| numbers.extend(pieces));
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
    let region = |(index, numbers): (usize, Vec<u32>)| Region {
        corners: Vec::new(),
        maps: (0..classes).map(|class| map(index, class)).collect(),
        id: Pattern::new(layout, &numbers).id(),
    };
    numbers.into_iter().enumerate().map(region).collect()
}
