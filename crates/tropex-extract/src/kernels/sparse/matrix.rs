//! Rows with many zeros times a matrix.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::sums::{Number, Part, Weights};
use super::{TOGETHER, is_worth_it, panel, together, with_simd};

/// Points that a task takes at most.
const TASK: usize = 256;

/// `rows . weights`, if the rows have zeros enough: rows `[groups * points, inputs]`, group by group,
/// and weights `[inputs, outputs]`, which are asked for only then.
pub(in crate::kernels) fn product(
    rows: &FlexTensor,
    points: usize,
    outputs: usize,
    weights: impl FnOnce() -> FlexTensor,
) -> Option<FlexTensor> {
    match rows.dtype() {
        DType::F64 => product_in::<f64>(rows, points, outputs, weights),
        _ => product_in::<f32>(rows, points, outputs, weights),
    }
}

fn product_in<F: Number>(
    rows: &FlexTensor,
    points: usize,
    outputs: usize,
    weights: impl FnOnce() -> FlexTensor,
) -> Option<FlexTensor> {
    let [count, inputs] = [rows.layout().shape()[0], rows.layout().shape()[1]];
    let values = rows.storage::<F>();
    if !is_worth_it(values, count / points, count * inputs * outputs) {
        return None;
    }
    let weights = weights();
    let mut product = FlexTensor::zeros(Shape::from(vec![count, outputs]), rows.dtype());
    let factors = Factors { values, points, inputs, outputs, weights: weights.storage::<F>() };
    factors.multiply(product.storage_mut::<F>());
    Some(product)
}

struct Factors<'a, F> {
    /// `[groups * points, inputs]`
    values: &'a [F],
    points: usize,
    inputs: usize,
    outputs: usize,
    /// `[inputs, outputs]`
    weights: &'a [F],
}

impl<F: Number> Factors<'_, F> {
    /// Writes the product `[groups * points, outputs]`.
    fn multiply(&self, product: &mut [F]) {
        let points = self.points.div_ceil(rayon::current_num_threads()).clamp(1, TASK);
        let groups = product.chunks_exact_mut(self.points * self.outputs);
        let mut groups: Vec<_> =
            groups.map(|group| group.chunks_mut(points * self.outputs)).collect();
        let tasks = (0..self.points.div_ceil(points)).map(|task| {
            let rows = groups.iter_mut().map(|group| group.next().expect("a part for every task"));
            Task { factors: self, first: task * points, rows: rows.collect() }
        });
        let tasks: Vec<_> = tasks.collect();
        tasks.into_par_iter().for_each(with_simd);
    }
}

/// The rows of some points.
struct Task<'a, F> {
    factors: &'a Factors<'a, F>,
    /// The first point.
    first: usize,
    /// A part of every group of the product.
    rows: Vec<&'a mut [F]>,
}

impl<F: Number> WithSimd for Task<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { factors, first, mut rows } = self;
        let &Factors { inputs, outputs, weights, .. } = factors;
        let points = rows[0].len() / outputs;
        for groups in together(rows.len()) {
            let entries = Entries::of(factors, first..first + points, groups.clone());
            let rows = &mut rows[groups];
            let panel = panel::<F>(inputs);
            for start in (0..outputs).step_by(panel) {
                let columns = start..outputs.min(start + panel);
                let weights = Weights { all: weights, width: outputs, columns: columns.clone() };
                let mut targets: Vec<_> =
                    rows.iter_mut().map(|rows| rows.chunks_exact_mut(outputs)).collect();
                for point in 0..points {
                    let mut sums: [&mut [F]; TOGETHER] = Default::default();
                    for (sums, rows) in sums.iter_mut().zip(&mut targets) {
                        let row = rows.next().expect("a row for every point");
                        *sums = &mut row[columns.clone()];
                    }
                    let sums = &mut sums[..targets.len()];
                    F::sum(simd, &[entries.part(point)], &weights, sums);
                }
            }
        }
    }
}

/// The entries other than zero of some points' rows.
struct Entries<F> {
    entries: Vec<u32>,
    values: Vec<F>,
    /// Where the entries of a point end.
    ends: Vec<usize>,
    groups: usize,
}

impl<F: Number> Entries<F> {
    fn of(factors: &Factors<'_, F>, points: Range<usize>, groups: Range<usize>) -> Self {
        let (entries, values) = (Vec::new(), Vec::new());
        let mut found = Self { entries, values, ends: Vec::new(), groups: groups.len() };
        for point in points {
            let row = |group: usize| {
                let row = group * factors.points + point;
                &factors.values[row * factors.inputs..][..factors.inputs]
            };
            let rows: Vec<&[F]> = groups.clone().map(row).collect();
            for entry in 0..factors.inputs {
                if rows.iter().any(|row| row[entry] != F::ZERO) {
                    found.entries.push(entry as u32);
                    found.values.extend(rows.iter().map(|row| row[entry]));
                }
            }
            found.ends.push(found.entries.len());
        }
        found
    }

    fn part(&self, point: usize) -> Part<'_, F> {
        let start = if point == 0 { 0 } else { self.ends[point - 1] };
        let span = start..self.ends[point];
        let values = span.start * self.groups..span.end * self.groups;
        Part { entries: &self.entries[span], values: &self.values[values], first: 0 }
    }
}
