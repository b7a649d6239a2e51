//! What a network computes around points: which pieces, and which affine map.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::partition::{Affine, Region};
use super::plane::Plane;
use super::residue::{Modular, Residues};
use super::walk::BATCH;
use crate::Error;
use crate::layout::Layout;
use crate::pattern::Pattern;
use tropex_extract::Network;
use tropex_extract::network::Jet;

/// The region of every point of a plane: its pattern, and the logits around the point as functions
/// of plane coordinates; and the residues of their slopes for the probe. Corners are left to whoever
/// knows them.
pub(super) fn pieces(
    network: &Network,
    plane: &Plane,
    points: &[[f64; 2]],
) -> Result<(Vec<Region>, Vec<Residues>), Error> {
    let layout = Arc::new(Layout::of(network));
    let probe = Modular::probe(network, plane);
    let mut found = (Vec::with_capacity(points.len()), Vec::with_capacity(points.len()));
    for points in points.chunks(BATCH) {
        let (regions, residues) = batch(network, &layout, plane, probe.as_ref(), points)?;
        found.0.extend(regions);
        found.1.extend(residues);
    }
    Ok(found)
}

/// What goes through the network together.
#[derive(Clone)]
struct Carried {
    jet: Jet,
    /// Directions modulo a prime.
    residues: Option<Tensor<2>>,
}

fn batch(
    network: &Network,
    layout: &Arc<Layout>,
    plane: &Plane,
    probe: Option<&Modular>,
    points: &[[f64; 2]],
) -> Result<(Vec<Region>, Vec<Residues>), Error> {
    let count = points.len();
    let values = plane.tensor(points, network.target());
    let directions = plane.axes().iter().flat_map(|axis| axis.repeat(count)).collect::<Vec<_>>();
    let directions = TensorData::new(directions, [2 * count, network.features()]);
    let directions = network.target().tensor(directions);
    let mut numbers = vec![Vec::with_capacity(layout.units()); count];
    let start = Carried {
        jet: Jet { values, derivatives: directions },
        residues: probe.map(|probe| probe.start(count)),
    };
    let Carried { jet, residues } = network.forward(start, |index, node, inputs| {
        let residues: Option<Vec<_>> = inputs.iter().map(|input| input.residues.clone()).collect();
        let jets = inputs.into_iter().map(|input| (input.jet.values, input.jet.derivatives));
        let (values, derivatives) = jets.unzip();
        let (values, piece) = node.op().forward(values);
        if let Some(span) = layout.at(index) {
            let pieces = span.choice.numbers(&piece);
            let pieces = pieces.chunks_exact(span.choice.units());
            numbers.iter_mut().zip(pieces).for_each(|(numbers, pieces)| numbers.extend(pieces));
        }
        let residues = probe.zip(residues).map(|(probe, of)| probe.step(index, of, &piece));
        let derivatives = node.op().pushforward(derivatives, &piece);
        Carried { jet: Jet { values, derivatives }, residues }
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
    let regions = numbers.into_iter().enumerate().map(region).collect();
    let residues = probe.zip(residues).map(|(probe, slopes)| probe.finish(slopes, count));
    Ok((regions, residues.transpose()?.unwrap_or_else(|| vec![Residues::new(); count])))
}
