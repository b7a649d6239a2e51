//! Terms compared with the module: its forward, and Burn's autodiff.

use tropex::{Classes, Precision};
use tropex_extract::network::{OutputActivation, ValueId};

use crate::common::networks::Case;
use crate::common::plan::Ending;
use crate::common::properties::{Measured, Verdict};
use crate::common::{difference, largest, of_modules, values};

pub(super) fn replay_computes_the_logits_of_the_module(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let module = values(case.module.logits(case.input(&case.device)));
    let scale = largest(&module).max(1.0);
    let found = case.replayed(Precision::F32)?;
    measured.within("f32 against module", difference(&found, &module) / scale, of_modules(1e-5))?;
    let reference: Vec<f64> = case.reference.iter().flat_map(|at| at.logits.clone()).collect();
    let found = case.replayed(Precision::F64)?;
    measured.within("f64 against reference", difference(&found, &reference) / scale, 1e-12)?;
    measured.compared += 1;
    let expected: &[OutputActivation] = match case.plan.ending {
        Ending::Logits => &[],
        Ending::Softmax => &[OutputActivation::Softmax],
        Ending::LogSoftmax => &[OutputActivation::LogSoftmax],
    };
    let dropped = case.network()?.output_activations();
    if dropped == expected { Ok(()) } else { Err(format!("dropped {dropped:?}")) }
}

pub(super) fn a_network_is_the_composition_of_two_parts(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let points = network.tensor(&case.points).map_err(|error| error.to_string())?;
    let expected = values(network.replay(points.clone()).logits());
    let scale = largest(&expected).max(1.0);
    for node in 0..network.nodes().len() {
        let value = ValueId::of_node(node);
        measured.compared += 1;
        // A branch beside the value has no such part.
        let Some(rest) = network.between(value, network.output()) else {
            measured.left_out += 1;
            continue;
        };
        let first = network.until(value).replay(points.clone()).logits();
        let found = values(rest.replay(first).logits());
        measured.within("of the logits", difference(&found, &expected) / scale, 1e-12)?;
    }
    Ok(())
}

pub(super) fn linear_terms_are_the_jacobian_of_burns_autodiff(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let terms = case.terms(Precision::F32, Classes::All)?;
    for (class, jacobian) in case.jacobians().iter().enumerate() {
        for point in 0..case.count() {
            measured.compared += 1;
            if !case.is_clear(point, Precision::F32) || case.reference[point].on_kink {
                measured.left_out += 1;
                continue;
            }
            let features = case.plan.features();
            let expected = &jacobian[point * features..][..features];
            let (found, _) = terms.linear(point, class);
            let error = difference(&found, expected) / largest(expected).max(1e-2);
            measured.within("f32 against autodiff", error, of_modules(1e-4))?;
        }
    }
    Ok(())
}
