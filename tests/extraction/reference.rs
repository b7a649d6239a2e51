//! The reference compared with the module, without the library.

use tropex::Precision;

use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{difference, largest, of_modules, values};

pub(super) fn the_reference_computes_the_logits_of_the_module(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let module = values(case.module.logits(case.input(&case.device)));
    let scale = largest(&module).max(1.0);
    for (at, logits) in case.reference.iter().zip(module.chunks_exact(case.plan.classes)) {
        measured.compared += 1;
        measured.within("f32 module", difference(&at.logits, logits) / scale, of_modules(1e-5))?;
    }
    Ok(())
}

pub(super) fn the_reference_has_the_jacobian_of_burns_autodiff(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let features = case.plan.features();
    for (class, jacobian) in case.jacobians().iter().enumerate() {
        for (point, gradient) in jacobian.chunks_exact(features).enumerate() {
            measured.compared += 1;
            let at = &case.reference[point];
            if !case.is_clear(point, Precision::F32) || at.on_kink {
                measured.left_out += 1;
                continue;
            }
            let expected = &at.linear[class].0;
            let error = difference(gradient, expected) / largest(expected).max(1e-2);
            measured.within("f32 autodiff", error, of_modules(1e-4))?;
        }
    }
    Ok(())
}
