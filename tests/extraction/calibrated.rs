//! The calibrated gauge on random networks.

use tropex::{Classes, Extractor, Gauge};

use super::maxima::dominance_gap;
use crate::common::networks::Case;
use crate::common::precisions;
use crate::common::properties::{Measured, Verdict};

pub(super) fn no_calibrated_term_exceeds_a_points_own(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    for precision in precisions() {
        measured.compared += 1;
        let network = case.placed(precision)?;
        let extractor = Extractor::new(&network, Gauge::Calibrated, Classes::Predicted);
        let terms = extractor.and_then(|extractor| extractor.extract(&case.points));
        let terms = terms.map_err(|error| error.to_string())?;
        let gap = dominance_gap(case, &terms, 0) / precision.epsilon();
        measured.within("dominance gap in eps", gap, 64.0)?;
    }
    Ok(())
}
