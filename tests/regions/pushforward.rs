//! Pushforwards of directions, and the gaps of units.

use tropex::geometry::PiecewiseNodes;
use tropex::{Classes, Network, Precision};

use super::{placed, random, wide};
use crate::capture::pieces::captured_clip;
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{difference, largest, values};

/// Number of directions per point.
const GROUPS: usize = 2;

fn directions(case: &Case) -> Vec<f64> {
    random(case.plan.seed, GROUPS * case.points.len())
}

pub(super) fn pushforward_is_adjoint_to_pullback(case: &Case, measured: &mut Measured) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let terms = case.terms(Precision::F64, Classes::All)?;
    let trace = network.replay(placed(&wide(&case.points), &network));
    let directions = directions(case);
    let pushed = values(network.pushforward(&trace, placed(&directions, &network)));
    let rows = directions.chunks_exact(network.features());
    for (row, (direction, pushed)) in rows.zip(pushed.chunks_exact(network.classes())).enumerate() {
        for (class, pushed) in pushed.iter().enumerate() {
            measured.compared += 1;
            let (coefficients, _) = terms.linear(row % case.count(), class);
            let products: Vec<f64> =
                coefficients.iter().zip(direction).map(|(a, v)| a * v).collect();
            let error = (products.iter().sum::<f64>() - pushed).abs();
            let scale = largest(&products).max(1e-2);
            measured.within("f64 against the linear term", error / scale, 1e-11)?;
        }
    }
    Ok(())
}

pub(super) fn all_gaps_of_the_chosen_pieces_are_non_negative(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    measured.compared += 1;
    inspect(&network, &wide(&case.points), &directions(case))
}

/// Checks that every gap is non-negative, that the output of every unit is its chosen feature, and
/// that logits and derivatives equal those of a replay and a pushforward.
fn inspect(network: &Network, points: &[f64], directions: &[f64]) -> Verdict {
    let nodes = PiecewiseNodes::of(network);
    let points = placed(points, network);
    let directions = placed(directions, network);
    let mut verdict = Ok(());
    let logits = network.inspect(points.clone(), directions.clone(), |seen| {
        let Some(rule) = nodes.at(seen.node) else { return };
        let numbers = rule.numbers(seen.piece);
        if rule.numbers(&rule.piece(&numbers, network.target())) != numbers {
            verdict = Err(format!("node {}: pieces change in a round trip", seen.node));
        }
        let inputs = values(seen.inputs[0].values.clone());
        let outputs = values(seen.output.values.clone());
        let width = inputs.len() / (outputs.len() / rule.units());
        let points = numbers.chunks_exact(rule.units()).zip(inputs.chunks_exact(width));
        for ((numbers, inputs), outputs) in points.zip(outputs.chunks_exact(rule.units())) {
            rule.visit_gaps(numbers, |gap| {
                let is_kept = gap.of(inputs) >= 0.0;
                let is_chosen = gap.above.is_none_or(|above| outputs[gap.unit] == inputs[above]);
                if !(is_kept && is_chosen) {
                    verdict = Err(format!("node {}: {gap:?}", seen.node));
                }
            });
        }
    });
    verdict?;
    let trace = network.replay(points);
    let (found, expected) = (values(logits.values), values(trace.logits()));
    if found != expected {
        return Err(format!("logits differ by {:e}", difference(&found, &expected)));
    }
    let pushed = values(network.pushforward(&trace, directions));
    if values(logits.derivatives) != pushed {
        return Err("derivatives differ from those of a pushforward".into());
    }
    Ok(())
}

/// Layers that are applied to every frame of a clip.
#[test]
fn gaps_of_layers_on_every_frame_are_non_negative() {
    let network = captured_clip();
    let points = random(1, 3 * network.features());
    inspect(&network, &points, &random(2, 6 * network.features())).unwrap();
    let nodes = PiecewiseNodes::of(&network);
    assert!(nodes.nodes().count() >= 3);
    assert_eq!(nodes.units(), network.units());
}
