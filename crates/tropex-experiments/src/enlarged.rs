//! Extracted functions with more terms than were extracted: every term also moved over the image.
//!
//! A term moved by a shift is worth at an image what the term is worth at the image moved back with
//! zeros at its edge. So nothing but images is moved, and winners are as exact as ever.

use crate::shift::{Fill, Shifted};
use crate::{Error, Split, Subject};

/// Classes of the test images where every term is also there moved by every one of some shifts. Of
/// equal terms the first shift wins.
pub(crate) fn with_moved_terms(
    subject: &Subject<'_>,
    shifts: &[[i32; 2]],
) -> Result<Vec<usize>, Error> {
    let points = subject.points(Split::Test);
    let mut best: Vec<(f64, usize)> = Vec::new();
    for shift in shifts {
        let back = [shift.map(i32::saturating_neg)];
        let moved = Shifted::new(points.clone(), subject.dataset().test.shape(), &back, Fill::Zero);
        let winners = subject.assign(&moved)?;
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

/// Classes of the test images where every term is replaced by the sum of its moved copies, which is
/// worth as many times the term at the mean of the images moved back.
pub(crate) fn with_summed_terms(
    subject: &Subject<'_>,
    shifts: &[[i32; 2]],
) -> Result<Vec<usize>, Error> {
    let points = subject.points(Split::Test);
    let back: Vec<_> = shifts.iter().map(|shift| shift.map(i32::saturating_neg)).collect();
    let moved = Shifted::new(points.clone(), subject.dataset().test.shape(), &back, Fill::Zero);
    Ok(subject.assign(&moved)?.into_iter().map(|winner| winner.class).collect())
}
