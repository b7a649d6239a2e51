//! One term of a table.

use burn::tensor::TensorData;

use super::TermTable;
use crate::exact::{Exact, ExactSum};

/// An affine function of points: the sum of a stored linear term and a stored negative term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term<'a> {
    coefficients: StoredRows<'a>,
    biases: [f64; 2],
}

/// The rows of a linear and a negative term in the format of their table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum StoredRows<'a> {
    Singles([&'a [f32]; 2]),
    Doubles([&'a [f64]; 2]),
}

/// Calls a generic function with the rows in their format.
macro_rules! for_rows {
    ($term:expr, $function:ident($($argument:expr),*)) => {
        match $term.coefficients {
            StoredRows::Singles(rows) => $function(rows, $($argument),*),
            StoredRows::Doubles(rows) => $function(rows, $($argument),*),
        }
    };
}

/// Partial sums per row, so that the compiler uses vector registers.
const LANES: usize = 8;

/// A floating-point format of stored coefficients.
trait Stored: Copy + Into<f64> {}

impl Stored for f32 {}
impl Stored for f64 {}

/// An affine function close to all terms of a store. Terms are compared by their differences from
/// it: the common part is much larger than the differences and does not change the maximum.
#[derive(Clone, Debug)]
pub struct ReferenceTerm {
    pub(crate) coefficients: Vec<f64>,
    pub(crate) bias: f64,
}

/// Bias and norms of the difference of a term and a reference, rounded to `f32`. The caller holds
/// the coefficients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReducedTerm {
    pub(crate) bias: f32,
    /// Euclidean norm of coefficients and bias.
    pub(crate) length: f64,
    /// Euclidean norm of the sums of absolute values, entry by entry, before rounding.
    pub(crate) size: f64,
    /// Largest of these sums.
    pub(crate) largest: f64,
}

impl TermTable {
    /// A positive term: the sum of a linear and a negative term.
    pub fn positive(&self, term: usize, slot: usize) -> Term<'_> {
        let row = term * self.per_point() + slot;
        self.sum_of((&self.linear_coefficients, row), term, number(&self.linear_bias, row))
    }

    /// A negative term; its linear part is zero.
    pub fn negative(&self, term: usize) -> Term<'_> {
        self.sum_of((&self.zero, 0), term, 0.0)
    }

    /// The mean of all negative terms.
    pub fn mean_negative(&self) -> ReferenceTerm {
        let count = self.len() as f64;
        let mut coefficients = vec![0.0; self.features()];
        let mut bias = 0.0;
        for term in 0..self.len() {
            let term = self.negative(term);
            for_rows!(term, add_negative(&mut coefficients));
            bias += term.biases[1];
        }
        coefficients.iter_mut().for_each(|sum| *sum /= count);
        ReferenceTerm { coefficients, bias: bias / count }
    }

    fn sum_of<'a>(
        &'a self,
        (linear, row): (&'a TensorData, usize),
        term: usize,
        bias: f64,
    ) -> Term<'a> {
        let features = self.features();
        let (first, second) = (row * features, term * features);
        let negative = &self.negative_coefficients;
        let coefficients = match (linear.as_slice::<f32>(), negative.as_slice::<f32>()) {
            (Ok(linear), Ok(negative)) => {
                StoredRows::Singles([&linear[first..][..features], &negative[second..][..features]])
            }
            _ => {
                let numbers = |data: &'a TensorData| data.as_slice::<f64>().unwrap_or(&[]);
                StoredRows::Doubles([
                    &numbers(linear)[first..][..features],
                    &numbers(negative)[second..][..features],
                ])
            }
        };
        Term { coefficients, biases: [bias, number(&self.negative_bias, term)] }
    }
}

fn number(data: &TensorData, index: usize) -> f64 {
    match data.as_slice::<f32>() {
        Ok(numbers) => numbers[index].into(),
        Err(_) => data.as_slice::<f64>().map_or(f64::NAN, |numbers| numbers[index]),
    }
}

impl Term<'_> {
    /// Sum of the absolute values of all summands of the value at a point; bounds on rounding are
    /// relative to it.
    pub(crate) fn size_at(&self, point: &[f32]) -> f64 {
        for_rows!(self, size_of(point)) + self.biases.iter().map(|bias| bias.abs()).sum::<f64>()
    }

    /// Value of the term at a point, computed without rounding.
    pub(crate) fn exactly(&self, point: &[f32]) -> Exact {
        let mut sum = ExactSum::new();
        self.biases.into_iter().for_each(|bias| sum.add(bias));
        for_rows!(self, add_to(&mut sum, point));
        sum.finish()
    }

    /// Value of the term minus the value of the reference at a point, computed in `f64`.
    pub(crate) fn above(&self, reference: &ReferenceTerm, point: &[f32]) -> f64 {
        for_rows!(self, value_above(&reference.coefficients, point)) + self.bias_above(reference)
    }

    /// Writes the coefficients of the difference from a reference, divided by a power of two and
    /// rounded to `f32`.
    pub(crate) fn reduce(
        &self,
        reference: &ReferenceTerm,
        divisor: f64,
        into: &mut [f32],
    ) -> ReducedTerm {
        let factor = 1.0 / divisor;
        let [linear, negative] = self.biases;
        let bias = (self.bias_above(reference) * factor) as f32;
        let size = (linear.abs() + negative.abs() + reference.bias.abs()) * factor;
        let start = ReducedTerm {
            bias,
            length: f64::from(bias) * f64::from(bias),
            size: size * size,
            largest: size,
        };
        let squares = for_rows!(self, reduce(&reference.coefficients, factor, into, start));
        ReducedTerm { length: squares.length.sqrt(), size: squares.size.sqrt(), ..squares }
    }

    /// Restricts the term to a plane. The point with plane coordinates `(u, v)` is `u * frame[0] +
    /// v * frame[1] + frame[2]`.
    ///
    /// Returns the coefficients of `u` and `v` and the bias, first of the linear part, then of the
    /// negative part minus the reference.
    pub fn on_plane(&self, reference: &ReferenceTerm, frame: [&[f64]; 3]) -> [[f64; 3]; 2] {
        let mut parts = for_rows!(self, along(&reference.coefficients, frame));
        parts[0][2] += self.biases[0];
        parts[1][2] += self.biases[1] - reference.bias;
        parts
    }

    fn bias_above(&self, reference: &ReferenceTerm) -> f64 {
        self.biases[0] + self.biases[1] - reference.bias
    }
}

fn size_of<F: Stored>(rows: [&[F]; 2], point: &[f32]) -> f64 {
    let products = rows
        .into_iter()
        .flat_map(|row| row.iter().zip(point))
        .map(|(&a, &x)| a.into() * f64::from(x));
    products.map(f64::abs).sum()
}

fn add_to<F: Stored>(rows: [&[F]; 2], sum: &mut ExactSum, point: &[f32]) {
    for row in rows {
        row.iter().zip(point).for_each(|(&number, &x)| sum.add_product(number.into(), x));
    }
}

fn value_above<F: Stored>([linear, negative]: [&[F]; 2], reference: &[f64], point: &[f32]) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = linear.chunks(LANES).zip(negative.chunks(LANES));
    for ((linear, negative), (reference, point)) in
        chunks.zip(reference.chunks(LANES).zip(point.chunks(LANES)))
    {
        let pairs = linear.iter().zip(negative).zip(reference.iter().zip(point));
        for (lane, ((&linear, &negative), (reference, &x))) in lanes.iter_mut().zip(pairs) {
            *lane += (linear.into() + negative.into() - reference) * f64::from(x);
        }
    }
    lanes.iter().sum()
}

fn along<F: Stored>(
    [linear, negative]: [&[F]; 2],
    reference: &[f64],
    frame: [&[f64]; 3],
) -> [[f64; 3]; 2] {
    let mut parts = [[0.0; 3]; 2];
    let [right, up, origin] = frame.map(|direction| direction.iter());
    let terms = linear.iter().zip(negative).zip(reference);
    for (((&linear, &negative), reference), ((right, up), origin)) in
        terms.zip(right.zip(up).zip(origin))
    {
        let numbers = [linear.into(), negative.into() - reference];
        for (part, number) in parts.iter_mut().zip(numbers) {
            part[0] += number * right;
            part[1] += number * up;
            part[2] += number * origin;
        }
    }
    parts
}

fn add_negative<F: Stored>([_, negative]: [&[F]; 2], sums: &mut [f64]) {
    sums.iter_mut().zip(negative).for_each(|(sum, &number)| *sum += number.into());
}

/// Adds squares to the squared norms in `start` and writes the coefficients.
fn reduce<F: Stored>(
    [linear, negative]: [&[F]; 2],
    reference: &[f64],
    factor: f64,
    into: &mut [f32],
    start: ReducedTerm,
) -> ReducedTerm {
    let (mut lengths, mut sizes, mut largest) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let chunks = linear.chunks(LANES).zip(negative.chunks(LANES));
    for ((linear, negative), (reference, into)) in
        chunks.zip(reference.chunks(LANES).zip(into.chunks_mut(LANES)))
    {
        let terms = linear.iter().zip(negative).zip(reference.iter().zip(into)).enumerate();
        for (lane, ((&linear, &negative), (reference, entry))) in terms {
            let (linear, negative): (f64, f64) = (linear.into(), negative.into());
            *entry = ((linear + negative - reference) * factor) as f32;
            let size = (linear.abs() + negative.abs() + reference.abs()) * factor;
            lengths[lane] += f64::from(*entry) * f64::from(*entry);
            sizes[lane] += size * size;
            largest[lane] = if size > largest[lane] { size } else { largest[lane] };
        }
    }
    ReducedTerm {
        length: lengths.iter().fold(start.length, |sum, lane| sum + lane),
        size: sizes.iter().fold(start.size, |sum, lane| sum + lane),
        largest: largest.into_iter().fold(start.largest, f64::max),
        ..start
    }
}
