//! Similarity of the rows of two matrices, pair by pair.

use super::row_matrix::RowMatrix;

/// Measures of chosen pairs of rows `a_i`, `b_i` of two matrices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairMeasures {
    /// Angle between the two rows of every pair, in degrees.
    pub angle: Vec<f64>,
    /// Euclidean distance of the two rows.
    pub distance: Vec<f64>,
    /// Distance of the two rows after the mean of the chosen rows of its matrix was subtracted from
    /// each, as published.
    pub centred_distance: Vec<f64>,
    /// Correlation of the entries of the two rows, per pair.
    pub point_correlation: Vec<f64>,
    /// Correlation across the chosen pairs, per entry, as published.
    pub coefficient_correlation: Vec<f64>,
}

impl PairMeasures {
    /// Measures the pairs of rows with these indices.
    pub fn of(a: RowMatrix<'_>, b: RowMatrix<'_>, chosen: &[usize]) -> Self {
        let means = [a, b].map(|rows| column_means(rows, chosen));
        let difference: Vec<f64> = means[0].iter().zip(&means[1]).map(|(a, b)| a - b).collect();
        let mut columns = vec![Products::default(); a.width()];
        let mut measures = Self::default();
        for &index in chosen {
            let (mut plain, mut raw, mut centred) = (Products::default(), 0.0, 0.0);
            let pairs = a.row(index).iter().zip(b.row(index)).map(|(&a, &b)| (a.into(), b.into()));
            let own = [a, b].map(|rows| mean(rows.row(index)));
            let mut around = Products::default();
            for (column, (a, b)) in pairs.enumerate() {
                let (a, b): (f64, f64) = (a, b);
                plain.add(a, b);
                around.add(a - own[0], b - own[1]);
                raw += (a - b).powi(2);
                centred += (a - b - difference[column]).powi(2);
                columns[column].add(a - means[0][column], b - means[1][column]);
            }
            measures.angle.push(plain.angle(a.row(index), b.row(index)).to_degrees());
            measures.distance.push(raw.sqrt());
            measures.centred_distance.push(centred.sqrt());
            measures.point_correlation.push(around.cosine());
        }
        measures.coefficient_correlation = columns.iter().map(Products::cosine).collect();
        measures
    }
}

/// Sums of products of pairs of numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Products {
    aa: f64,
    ab: f64,
    bb: f64,
}

impl Products {
    fn add(&mut self, a: f64, b: f64) {
        self.aa += a * a;
        self.ab += a * b;
        self.bb += b * b;
    }

    /// Angle in radians between two rows, from the lengths of the sum and the difference of their
    /// directions. Unlike the cosine, these are accurate for small angles.
    fn angle(&self, a: &[f32], b: &[f32]) -> f64 {
        let (mut apart, mut along) = (0.0, 0.0);
        for (&a, &b) in a.iter().zip(b) {
            let (a, b) = (f64::from(a) / self.aa.sqrt(), f64::from(b) / self.bb.sqrt());
            apart += (a - b).powi(2);
            along += (a + b).powi(2);
        }
        2.0 * apart.sqrt().atan2(along.sqrt())
    }

    /// Cosine of the angle between the two rows; if their means were subtracted, this is the
    /// correlation. NaN if a row is zero.
    fn cosine(&self) -> f64 {
        self.ab / (self.aa.sqrt() * self.bb.sqrt())
    }
}

/// Mean of a row. If all entries are equal, the mean is exactly this entry, so that the centred row
/// is exactly zero.
fn mean(row: &[f32]) -> f64 {
    let mean = row.iter().map(|&value| f64::from(value)).sum::<f64>() / row.len() as f64;
    let least = row.iter().copied().fold(f32::INFINITY, f32::min);
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    between(mean, least, most)
}

fn between(mean: f64, least: f32, most: f32) -> f64 {
    mean.max(least.into()).min(most.into())
}

/// Mean of every column over chosen rows; exactly the entry of the column if all its entries are
/// equal.
fn column_means(rows: RowMatrix<'_>, chosen: &[usize]) -> Vec<f64> {
    let mut columns = vec![(0.0, f32::INFINITY, f32::NEG_INFINITY); rows.width()];
    for &index in chosen {
        for ((sum, least, most), &value) in columns.iter_mut().zip(rows.row(index)) {
            *sum += f64::from(value);
            (*least, *most) = (least.min(value), most.max(value));
        }
    }
    let mean = |(sum, least, most)| between(sum / chosen.len() as f64, least, most);
    columns.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f32; 6] = [1.0, 0.0, 0.0, 2.0, -1.0, 1.0];
    const B: [f32; 6] = [0.0, 3.0, 0.0, 2.0, 1.0, -1.0];

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn figures_are_those_of_the_definitions() {
        let measures = PairMeasures::of(RowMatrix::new(&A, 2), RowMatrix::new(&B, 2), &[0, 1, 2]);
        close(&measures.angle, &[90.0, 0.0, 180.0]);
        close(&measures.distance, &[10_f64.sqrt(), 0.0, 8_f64.sqrt()]);
        // Means: (0, 1) and (1/3, 4/3), so that 1/3 is added to every difference.
        let third = 1.0 / 3.0;
        let centred = [[1.0, -3.0], [0.0, 0.0], [-2.0, 2.0]]
            .map(|[x, y]: [f64; 2]| ((x + third).powi(2) + (y + third).powi(2)).sqrt());
        close(&measures.centred_distance, &centred);
        close(&measures.point_correlation, &[-1.0, 1.0, -1.0]);
        let correlation = |a: [f64; 3], b: [f64; 3]| {
            let centre = |v: [f64; 3]| v.map(|x| x - v.iter().sum::<f64>() / 3.0);
            let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>();
            let (a, b) = (centre(a), centre(b));
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let expected = [
            correlation([1.0, 0.0, -1.0], [0.0, 0.0, 1.0]),
            correlation([0.0, 2.0, 1.0], [3.0, 2.0, -1.0]),
        ];
        close(&measures.coefficient_correlation, &expected);
    }

    #[test]
    fn measures_of_chosen_pairs_do_not_depend_on_other_pairs() {
        let (a, b) = (RowMatrix::new(&A, 2), RowMatrix::new(&B, 2));
        let chosen = PairMeasures::of(a, b, &[0, 2]);
        let alone = PairMeasures::of(
            RowMatrix::new(&[1.0, 0.0, -1.0, 1.0], 2),
            RowMatrix::new(&[0.0, 3.0, 1.0, -1.0], 2),
            &[0, 1],
        );
        assert_eq!(chosen, alone);
    }

    #[test]
    fn equal_numbers_have_no_correlation_and_zeros_no_angle() {
        // In floating-point numbers, 0.1 + 0.1 + 0.1 differs from 3 * 0.1.
        let a = [0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0];
        let b = [0.1, 0.2, 0.3, 0.1, 0.2, 0.4, 0.1, 0.2, 0.5];
        let (a, b) = (RowMatrix::new(&a, 3), RowMatrix::new(&b, 3));
        let measures = PairMeasures::of(a, b, &[0, 1, 2]);
        let is_nan = |values: &[f64]| values.iter().map(|v| v.is_nan()).collect::<Vec<_>>();
        assert_eq!(is_nan(&measures.point_correlation), [true, true, false]);
        assert_eq!(is_nan(&measures.angle), [false, true, false]);
        assert_eq!(is_nan(&measures.coefficient_correlation), [true, true, false]);
        assert_eq!((a.zeros(), b.zeros()), (1, 0));
    }

    #[test]
    fn angles_and_correlations_do_not_depend_on_the_scale() {
        let scaled = |exponent: i32| B.map(|value| value * 2_f32.powi(exponent));
        let measures =
            |b: &[f32]| PairMeasures::of(RowMatrix::new(&A, 2), RowMatrix::new(b, 2), &[0, 1, 2]);
        let of = measures(&B);
        for exponent in [-100, -1, 1, 100] {
            let found = measures(&scaled(exponent));
            assert_eq!(
                (found.angle, found.point_correlation),
                (of.angle.clone(), of.point_correlation.clone())
            );
            assert_eq!(found.coefficient_correlation, of.coefficient_correlation);
        }
    }

    #[test]
    fn no_pairs_have_no_measures() {
        let none = PairMeasures::of(RowMatrix::new(&A, 2), RowMatrix::new(&B, 2), &[]);
        assert!(none.angle.is_empty());
        assert!(none.coefficient_correlation.iter().all(|value| value.is_nan()));
    }
}
