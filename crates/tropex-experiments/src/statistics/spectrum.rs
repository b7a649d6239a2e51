//! Singular values of a matrix.

use super::row_matrix::RowMatrix;

/// Singular values, largest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// The values.
    pub values: Vec<f64>,
}

impl Spectrum {
    /// Effective rank: the exponential of the entropy of the singular values divided by their sum
    /// (Roy and Vetterli, 2007). It is the number of values if all are equal, 1 if a single value
    /// is not zero, and 0 if all are zero.
    pub fn effective_rank(&self) -> f64 {
        let sum: f64 = self.values.iter().sum();
        if sum == 0.0 {
            return 0.0;
        }
        let shares = self.values.iter().map(|value| value / sum).filter(|share| *share > 0.0);
        (-shares.map(|share| share * share.ln()).sum::<f64>()).exp()
    }

    /// Number of the largest values whose squares make up a share of the sum of squares; 0 if all
    /// values are zero.
    pub fn rank_for(&self, share: f64) -> usize {
        let all: f64 = self.values.iter().map(|value| value * value).sum();
        if all == 0.0 {
            return 0;
        }
        let mut held = 0.0;
        let enough = self.values.iter().position(|value| {
            held += value * value;
            held >= share * all
        });
        enough.map_or(self.values.len(), |last| last + 1)
    }
}

/// Singular values of a matrix: the square roots of the eigenvalues of `M Mᵀ` or `Mᵀ M`, whichever
/// is smaller. Values below about 1e-8 of the largest are rounding errors.
pub fn singular_values(rows: RowMatrix<'_>) -> Spectrum {
    let (count, width) = (rows.len(), rows.width());
    let mut gram = if count <= width { outer(rows) } else { inner(rows) };
    let mut values: Vec<f64> = eigenvalues(&mut gram, count.min(width))
        .into_iter()
        .map(|eigenvalue| eigenvalue.max(0.0).sqrt())
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Spectrum { values }
}

/// `M Mᵀ`
fn outer(rows: RowMatrix<'_>) -> Vec<f64> {
    let size = rows.len();
    let mut gram = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let products = rows.row(i).iter().zip(rows.row(j));
            let sum: f64 = products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            (gram[i * size + j], gram[j * size + i]) = (sum, sum);
        }
    }
    gram
}

/// `Mᵀ M`
fn inner(rows: RowMatrix<'_>) -> Vec<f64> {
    let size = rows.width();
    let mut gram = vec![0.0; size * size];
    for row in 0..rows.len() {
        let row = rows.row(row);
        for (i, &a) in row.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            let sums = gram[i * size..][..size].iter_mut().zip(row);
            sums.for_each(|(sum, &b)| *sum += f64::from(a) * f64::from(b));
        }
    }
    gram
}

/// Eigenvalues of a symmetric matrix, by Householder reflections to tridiagonal form and the
/// implicit QL method.
fn eigenvalues(matrix: &mut [f64], size: usize) -> Vec<f64> {
    let (mut diagonal, mut beside) = tridiagonal(matrix, size);
    for first in 0..size {
        // Two or three steps are usual; 64 steps do not suffice only for numbers that are not
        // finite.
        for _ in 0..64 {
            let is_small = |at: usize| {
                let around: f64 = diagonal[at].abs() + diagonal[at + 1].abs();
                beside[at].abs() <= f64::EPSILON * around
            };
            let last = (first..size - 1).find(|&at| is_small(at)).unwrap_or(size - 1);
            if last == first {
                break;
            }
            rotate(&mut diagonal, &mut beside, first, last);
        }
    }
    diagonal
}

/// One implicit QL step with Wilkinson's shift on rows `first` to `last`.
fn rotate(diagonal: &mut [f64], beside: &mut [f64], first: usize, last: usize) {
    let half = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = half.hypot(1.0).copysign(half);
    let mut shifted = diagonal[last] - diagonal[first] + beside[first] / (half + root);
    let (mut sine, mut cosine, mut carried) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (off, below) = (sine * beside[at], cosine * beside[at]);
        let length = off.hypot(shifted);
        beside[at + 1] = length;
        if length == 0.0 {
            diagonal[at + 1] -= carried;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (off / length, shifted / length);
        let corner = diagonal[at + 1] - carried;
        let mixed = (diagonal[at] - corner) * sine + 2.0 * cosine * below;
        carried = sine * mixed;
        diagonal[at + 1] = corner + carried;
        shifted = cosine * mixed - below;
    }
    diagonal[first] -= carried;
    beside[first] = shifted;
    beside[last] = 0.0;
}

/// Diagonal and off-diagonal of a tridiagonal matrix with the eigenvalues of `matrix`. Column by
/// column, a reflection maps the entries below the diagonal to a single entry.
fn tridiagonal(matrix: &mut [f64], size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut beside = vec![0.0; size];
    let mut direction = vec![0.0; size];
    let mut product = vec![0.0; size];
    for column in 0..size.saturating_sub(1) {
        let below = column + 1..size;
        for row in below.clone() {
            direction[row] = matrix[row * size + column];
        }
        let vector = &mut direction[below.clone()];
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        beside[column] = -length.copysign(vector[0]);
        vector[0] -= beside[column];
        let squares: f64 = vector.iter().map(|x| x * x).sum();
        if squares == 0.0 {
            continue;
        }
        for row in below.clone() {
            let entries = &matrix[row * size..][below.clone()];
            let sum: f64 = entries.iter().zip(&direction[below.clone()]).map(|(m, v)| m * v).sum();
            product[row] = 2.0 * sum / squares;
        }
        let (v, p) = (&direction[below.clone()], &mut product[below.clone()]);
        let overlap = v.iter().zip(&*p).map(|(v, p)| v * p).sum::<f64>() / squares;
        p.iter_mut().zip(v).for_each(|(p, v)| *p -= overlap * v);
        for row in below.clone() {
            let (v, p) = (direction[row], product[row]);
            let entries = &mut matrix[row * size..][below.clone()];
            let others = direction[below.clone()].iter().zip(&product[below.clone()]);
            entries.iter_mut().zip(others).for_each(|(m, (dv, dp))| *m -= v * dp + p * dv);
        }
    }
    ((0..size).map(|at| matrix[at * size + at]).collect(), beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        let number = |index: usize| (index.wrapping_mul(2_654_435_761) >> 7) % 2000;
        (0..count).map(|index| number(index) as f32 / 1000.0 - 1.0).collect()
    }

    #[test]
    fn diagonal_matrices_have_their_entries_as_singular_values() {
        let values = [3.0, 0.0, 0.0, 0.0, -5.0, 0.0, 0.0, 0.0, 1.0];
        let found = singular_values(RowMatrix::new(&values, 3)).values;
        for (found, expected) in found.iter().zip([5.0, 3.0, 1.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    /// Sums of powers of eigenvalues are traces of powers of the matrix.
    #[test]
    fn powers_of_singular_values_add_up_to_traces() {
        for (rows, width) in [(1, 5), (7, 7), (12, 5), (5, 12), (40, 31)] {
            let values = numbers(rows * width);
            let matrix = RowMatrix::new(&values, width);
            let found = singular_values(matrix).values;
            assert_eq!(found.len(), rows.min(width));
            let squares: f64 = values.iter().map(|&v| f64::from(v).powi(2)).sum();
            assert!((found.iter().map(|v| v.powi(2)).sum::<f64>() - squares).abs() < 1e-9);
            let fourth: f64 = outer(matrix).iter().map(|entry| entry * entry).sum();
            let error = found.iter().map(|v| v.powi(4)).sum::<f64>() - fourth;
            assert!(error.abs() < 1e-9 * fourth, "{rows}x{width}: {error}");
            let sixth: f64 = trace_of_cube(&outer(matrix), rows);
            let error = found.iter().map(|v| v.powi(6)).sum::<f64>() - sixth;
            assert!(error.abs() < 1e-9 * sixth, "{rows}x{width}: {error}");
        }
    }

    fn trace_of_cube(gram: &[f64], size: usize) -> f64 {
        let entry = |i: usize, j: usize| gram[i * size + j];
        let mut sum = 0.0;
        for i in 0..size {
            for j in 0..size {
                sum += (0..size).map(|k| entry(i, j) * entry(j, k) * entry(k, i)).sum::<f64>();
            }
        }
        sum
    }

    #[test]
    fn ranks_count_significant_directions() {
        let equal = Spectrum { values: vec![2.0; 4] };
        assert!((equal.effective_rank() - 4.0).abs() < 1e-12);
        assert_eq!((equal.rank_for(0.5), equal.rank_for(1.0)), (2, 4));
        let one = Spectrum { values: vec![3.0, 0.0, 0.0] };
        assert!((one.effective_rank() - 1.0).abs() < 1e-12);
        assert_eq!(one.rank_for(0.99), 1);
        let none = singular_values(RowMatrix::new(&[0.0; 12], 3));
        assert_eq!((none.effective_rank(), none.rank_for(0.99)), (0.0, 0));
        // Rows that are multiples of each other.
        let found = singular_values(RowMatrix::new(&[1.0, 2.0, 2.0, 4.0, 3.0, 6.0], 2));
        assert!((found.effective_rank() - 1.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn ranks_do_not_depend_on_the_scale() {
        let values = numbers(12 * 5);
        let [effective, needed] = ranks(&values);
        for exponent in [-120, -30, -1, 1, 30, 120] {
            let scaled: Vec<f32> = values.iter().map(|v| v * 2_f32.powi(exponent)).collect();
            assert_eq!(ranks(&scaled), [effective, needed], "2^{exponent}");
        }
    }

    fn ranks(values: &[f32]) -> [f64; 2] {
        let spectrum = singular_values(RowMatrix::new(values, 5));
        [spectrum.effective_rank(), spectrum.rank_for(0.9) as f64]
    }
}
