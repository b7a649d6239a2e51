//! Work that has a result for every point, and its division into parts.

use std::ops::Range;

use tropex_extract::job::PartNumber;

use crate::Error;

/// Work with a result for every point that depends on no other point, so that parts can share it.
pub trait PointwiseWork {
    /// A name for files: with the terms and the settings of a run, it decides the results.
    fn name(&self) -> String;

    /// Number of points.
    fn points(&self) -> usize;

    /// Number of points per batch. Parts are cut between batches, because results may depend on
    /// their batch by rounding.
    fn batch(&self) -> usize;

    /// The results of a range of points as bytes. The range begins with a batch.
    ///
    /// # Errors
    /// Errors of extracting and evaluating; [`Error::Cancelled`].
    fn compute(&self, range: Range<usize>) -> Result<Vec<u8>, Error>;
}

/// The points of a part. The numbers of batches of two parts differ by at most 1.
pub(crate) fn range_of(part: PartNumber, work: &dyn PointwiseWork) -> Range<usize> {
    let (points, batch) = (work.points(), work.batch().max(1));
    let end = |parts: usize| (points.div_ceil(batch) * parts / part.of() * batch).min(points);
    end(part.number() - 1)..end(part.number())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Counted {
        points: usize,
        batch: usize,
    }

    impl PointwiseWork for Counted {
        fn name(&self) -> String {
            "counted".into()
        }

        fn points(&self) -> usize {
            self.points
        }

        fn batch(&self) -> usize {
            self.batch
        }

        fn compute(&self, _: Range<usize>) -> Result<Vec<u8>, Error> {
            Ok(Vec::new())
        }
    }

    proptest! {
        #[test]
        fn parts_hold_every_point_once_and_begin_with_a_batch(
            points in 0..300_usize,
            batch in 1..40_usize,
            parts in 1..12_usize,
        ) {
            let work = Counted { points, batch };
            let ranges: Vec<_> = PartNumber::all(parts).map(|part| range_of(part, &work)).collect();
            prop_assert!(ranges.iter().cloned().flatten().eq(0..points));
            let starts = ranges.iter().filter(|range| !range.is_empty()).map(|range| range.start);
            prop_assert!(starts.into_iter().all(|start| start % batch == 0));
        }
    }
}
