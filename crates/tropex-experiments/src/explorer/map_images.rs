//! The affine maps of cells as images of their coefficients.

use tropex_extract::LinearTerms;
use tropex_extract::terms::TermTable;
use tropex_geometry::slice::{Partition, TermPartition, Winners};

use crate::query::RegionView;
use crate::render::CaptionedImage;

/// Largest difference between the slope of a linear term on the plane and that of its cell,
/// relative to the slope. Beyond it, rounding has moved the point into another region, and the cell
/// gets no image.
const TOLERANCE: f64 = 1e-3;

/// Images of the linear terms at points inside cells, with the places of the cells in `cells`.
pub(super) fn images_of_terms(
    terms: &LinearTerms,
    partition: &Partition,
    cells: &[usize],
    view: &RegionView,
) -> Vec<(usize, String)> {
    let of_cell = |(place, &cell): (usize, &usize)| {
        let found = &partition.cells[cell];
        (terms.predicted()[place] == found.class).then_some(())?;
        let (coefficients, _) = terms.term(place, 0);
        let expected = partition.regions[found.region].maps[found.class].slope;
        let size = expected[0].hypot(expected[1]);
        let is_equal = (0..2).all(|axis| {
            let products = coefficients.iter().zip(&view.plane.axes()[axis]);
            let slope: f64 = products.map(|(a, b)| a * b).sum();
            (slope - expected[axis]).abs() <= TOLERANCE * size.max(f64::MIN_POSITIVE)
        });
        is_equal.then(|| (place, image(view.shape(), &coefficients)))
    };
    cells.iter().enumerate().filter_map(of_cell).collect()
}

/// The differences of the winning terms on cells, summed up while the shards of a store are read:
/// linear term and negative term of the positive winner, less the other negative term.
pub(super) struct WinnerMaps {
    winners: Vec<Winners>,
    /// `[cells, features]`; empty until one of the cell's terms is read.
    sums: Vec<Vec<f64>>,
}

impl WinnerMaps {
    pub(super) fn new(found: &TermPartition, cells: &[usize]) -> Self {
        let winners_of = |&cell: &usize| found.winners[found.partition.cells[cell].region];
        Self {
            winners: cells.iter().map(winners_of).collect(),
            sums: vec![Vec::new(); cells.len()],
        }
    }

    /// Adds the terms of a shard.
    pub(super) fn add(&mut self, shard: &TermTable) {
        let local = |position: usize| {
            position.checked_sub(shard.first).filter(|&place| place < shard.len())
        };
        for (winners, sum) in self.winners.iter().zip(&mut self.sums) {
            let mut add = |coefficients: Vec<f64>, sign: f64| {
                sum.resize(coefficients.len(), 0.0);
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

    /// The images, with the places of their cells.
    pub(super) fn images(&self, shape: [usize; 3]) -> Vec<(usize, String)> {
        self.sums.iter().map(|sum| image(shape, sum)).enumerate().collect()
    }
}

/// Coefficients as a PNG file in base64, with the largest sum over channels in full colour.
fn image(shape: [usize; 3], coefficients: &[f64]) -> String {
    let area = shape[1] * shape[2];
    let of_pixel =
        |pixel: usize| coefficients.iter().skip(pixel).step_by(area.max(1)).sum::<f64>().abs();
    let largest = (0..area).map(of_pixel).fold(0.0, f64::max);
    CaptionedImage::of_coefficients(shape, coefficients, largest, Vec::new()).image.base64()
}
