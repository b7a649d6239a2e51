//! The pattern and the affine map of a network around points of a plane.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::modular_slopes::{ModularNetwork, Residues};
use super::plane::{Plane, batch_of};
use super::region::{PlaneAffine, SliceRegion};
use crate::pattern::layout::PatternLayout;
use crate::{Error, Pattern};
use tropex_extract::Network;
use tropex_extract::network::Jet;
use tropex_kernels::Cancelled;

/// The regions of points of a plane, without their corners: the pattern, and the logits around the
/// point as functions of plane coordinates. Also the residues of the slopes for the probe prime.
/// `report` receives the finished share.
pub(super) fn affine_maps(
    network: &Network,
    plane: &Plane,
    points: &[[f64; 2]],
    report: &dyn Fn(f64) -> ControlFlow<()>,
) -> Result<(Vec<SliceRegion>, Vec<Residues>), Error> {
    let layout = Arc::new(PatternLayout::of(network));
    let probe = ModularNetwork::probe(network, plane);
    let mut found = (Vec::with_capacity(points.len()), Vec::with_capacity(points.len()));
    for batch_points in points.chunks(batch_of(network)) {
        Cancelled::check(report(found.0.len() as f64 / points.len() as f64))?;
        let (regions, residues) = batch(network, &layout, plane, probe.as_ref(), batch_points)?;
        found.0.extend(regions);
        found.1.extend(residues);
    }
    Ok(found)
}

/// Values, derivatives and residues on their way through the network.
#[derive(Clone)]
struct PushedValues {
    jet: Jet,
    /// Derivatives modulo a prime.
    residues: Option<Tensor<2>>,
}

fn batch(
    network: &Network,
    layout: &Arc<PatternLayout>,
    plane: &Plane,
    probe: Option<&ModularNetwork>,
    points: &[[f64; 2]],
) -> Result<(Vec<SliceRegion>, Vec<Residues>), Error> {
    let count = points.len();
    let values = plane.tensor(points, network.target());
    let directions = plane.axes().iter().flat_map(|axis| axis.repeat(count)).collect::<Vec<_>>();
    let directions = TensorData::new(directions, [2 * count, network.features()]);
    let directions = network.target().tensor(directions);
    let mut numbers = vec![Vec::with_capacity(layout.units()); count];
    let start = PushedValues {
        jet: Jet { values, derivatives: directions },
        residues: probe.map(|probe| probe.start(count)),
    };
    let PushedValues { jet, residues } = network.forward(start, |index, node, inputs| {
        let residues: Option<Vec<_>> = inputs.iter().map(|input| input.residues.clone()).collect();
        let jets = inputs.into_iter().map(|input| (input.jet.values, input.jet.derivatives));
        let (values, derivatives) = jets.unzip();
        let (values, piece) = node.op().forward(values);
        if let Some(span) = layout.at(index) {
            let pieces = span.rule.numbers(&piece);
            let pieces = pieces.chunks_exact(span.rule.units());
            numbers.iter_mut().zip(pieces).for_each(|(numbers, pieces)| numbers.extend(pieces));
        }
        let residues = probe.zip(residues).map(|(probe, of)| probe.step(index, of, &piece));
        let derivatives = node.op().pushforward(derivatives, &piece);
        PushedValues { jet: Jet { values, derivatives }, residues }
    });
    let classes = network.classes();
    let logits: Vec<f64> = jet.values.into_data().iter().collect();
    let slopes: Vec<f64> = jet.derivatives.into_data().iter().collect();
    let map = |index: usize, class: usize| {
        let [right, up] = [0, count].map(|group| slopes[(group + index) * classes + class]);
        let [u, v] = points[index];
        let bias = logits[index * classes + class] - right * u - up * v;
        PlaneAffine { slope: [right, up], bias }
    };
    let region = |(index, numbers): (usize, Vec<u32>)| SliceRegion {
        corners: Vec::new(),
        maps: (0..classes).map(|class| map(index, class)).collect(),
        id: Pattern::new(layout, &numbers).id(),
    };
    let regions = numbers.into_iter().enumerate().map(region).collect();
    let residues = probe.zip(residues).map(|(probe, slopes)| probe.finish(slopes, count));
    Ok((regions, residues.transpose()?.unwrap_or_else(|| vec![Residues::new(); count])))
}
