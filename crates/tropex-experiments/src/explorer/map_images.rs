//! The affine maps of cells as images of their coefficients.

use std::collections::BTreeMap;

use tropex_extract::{LinearTerms, TermStore};
use tropex_geometry::slice::{Partition, TermPartition};

use crate::Error;
use crate::query::RegionView;
use crate::render::CaptionedImage;

/// Largest difference between the slope of a linear term on the plane and that of its cell, relative
/// to the slope. Beyond it, rounding has moved the point into another region, and the cell gets no
/// image.
const TOLERANCE: f64 = 1e-3;

/// Images of the linear terms at points inside cells, `[cells]`.
pub(super) fn images_of_terms(
    terms: &LinearTerms,
    partition: &Partition,
    cells: &[usize],
    view: &RegionView,
    shape: [usize; 3],
) -> Vec<(usize, String)> {
    let of_cell = |(point, &cell): (usize, &usize)| {
        let found = &partition.cells[cell];
        (terms.predicted()[point] == found.class).then_some(())?;
        let (coefficients, _) = terms.term(point, 0);
        let expected = partition.regions[found.region].maps[found.class].slope;
        let size = expected[0].hypot(expected[1]);
        let is_equal = (0..2).all(|axis| {
            let products = coefficients.iter().zip(&view.plane.axes()[axis]);
            let slope: f64 = products.map(|(a, b)| a * b).sum();
            (slope - expected[axis]).abs() <= TOLERANCE * size.max(f64::MIN_POSITIVE)
        });
        is_equal.then(|| (cell, image(shape, &coefficients)))
    };
    cells.iter().enumerate().filter_map(of_cell).collect()
}

/// Images of the differences of the winning terms on cells. Reads the store once.
pub(super) fn images_of_winners(
    store: &TermStore,
    found: &TermPartition,
    cells: &[usize],
    shape: [usize; 3],
) -> Result<Vec<(usize, String)>, Error> {
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    // Sums of linear term and negative term of the positive winner, less the other negative term.
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for shard in store.shards() {
        let shard = shard?;
        let local = |position: usize| {
            position.checked_sub(shard.first).filter(|&place| place < shard.len())
        };
        for &cell in cells {
            let winners = found.winners[found.partition.cells[cell].region];
            let mut add = |coefficients: Vec<f64>, sign: f64| {
                let sum = sums.entry(cell).or_insert_with(|| vec![0.0; coefficients.len()]);
                sum.iter_mut().zip(coefficients).for_each(|(sum, value)| *sum += sign * value);
            };
            if let Some(point) = local(winners.positive) {
                add(shard.linear_term(point, winners.class).0, 1.0);
            }
            if winners.positive == winners.negative {
                continue; // the negative terms cancel
            }
            if let Some(point) = local(winners.positive) {
                add(shard.negative_term(point).0, 1.0);
            }
            if let Some(point) = local(winners.negative) {
                add(shard.negative_term(point).0, -1.0);
            }
        }
    }
    Ok(sums.into_iter().map(|(cell, sum)| (cell, image(shape, &sum))).collect())
}

/// Coefficients as a PNG file in base64, with the largest sum over channels in full colour.
fn image(shape: [usize; 3], coefficients: &[f64]) -> String {
    let area = shape[1] * shape[2];
    let of_pixel =
        |pixel: usize| coefficients.iter().skip(pixel).step_by(area.max(1)).sum::<f64>().abs();
    let largest = (0..area).map(of_pixel).fold(0.0, f64::max);
    CaptionedImage::of_coefficients(shape, coefficients, largest, Vec::new()).image.base64()
}
