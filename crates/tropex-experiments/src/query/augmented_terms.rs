//! Extracted functions with additional terms: copies of every term moved over the image.
//!
//! The value of a moved term at an image is the value of the term at the image moved back with
//! zeros at its edge. Only images are moved, so winning terms are exact.

use crate::Error;
use crate::data::{EdgeFill, ShiftedImages, Split};
use crate::run::RunContext;

/// Classes of the test images if a copy of every term moved by each shift competes. Of equal
/// values the first shift wins.
pub(crate) fn classes_with_moved_terms(
    context: &RunContext<'_>,
    shifts: &[[i32; 2]],
) -> Result<Vec<usize>, Error> {
    let points = context.points(Split::Test);
    let mut best: Vec<(f64, usize)> = Vec::new();
    for shift in shifts {
        let back = [shift.map(i32::saturating_neg)];
        let moved = ShiftedImages::new(
            points.clone(),
            context.dataset().test.shape(),
            &back,
            EdgeFill::Zero,
        );
        let winners = context.assign(&moved)?;
        let found = winners.iter().map(|winner| (winner.positive_value, winner.class));
        if best.is_empty() {
            best = found.collect();
            continue;
        }
        for (best, found) in best.iter_mut().zip(found) {
            if found.0 > best.0 {
                *best = found;
            }
        }
    }
    Ok(best.into_iter().map(|(_, class)| class).collect())
}

/// Classes of the test images if every term is replaced by the sum of its moved copies. That sum is
/// proportional to the term at the mean of the images moved back.
pub(crate) fn classes_with_summed_terms(
    context: &RunContext<'_>,
    shifts: &[[i32; 2]],
) -> Result<Vec<usize>, Error> {
    let points = context.points(Split::Test);
    let back: Vec<_> = shifts.iter().map(|shift| shift.map(i32::saturating_neg)).collect();
    let moved =
        ShiftedImages::new(points.clone(), context.dataset().test.shape(), &back, EdgeFill::Zero);
    Ok(context.assign(&moved)?.into_iter().map(|winner| winner.class).collect())
}
