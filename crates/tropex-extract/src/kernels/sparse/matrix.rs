//! Rows with many zeros times a matrix.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::sums::{Number, Part};
use super::{TOGETHER, is_worth_it, together, with_simd};
use crate::kernels::Panels;

/// Points that a task takes at most.
const TASK: usize = 256;

/// `rows . weights`, if the rows have zeros enough: rows `[groups * points, inputs]`, group by group,
/// and weights `[inputs, outputs]`, whose panels are asked for only then.
pub(in crate::kernels) fn product<'w>(
    rows: &FlexTensor,
    points: usize,
    outputs: usize,
    weights: impl FnOnce() -> &'w Panels,
) -> Option<FlexTensor> {
    match rows.dtype() {
        DType::F64 => product_in::<f64>(rows, points, outputs, weights),
        _ => product_in::<f32>(rows, points, outputs, weights),
    }
}

fn product_in<'w, F: Number>(
    rows: &FlexTensor,
    points: usize,
    outputs: usize,
    weights: impl FnOnce() -> &'w Panels,
) -> Option<FlexTensor> {
    let [count, inputs] = [rows.layout().shape()[0], rows.layout().shape()[1]];
    let values = rows.storage::<F>();
    if !is_worth_it(values, count / points, count * inputs * outputs) {
        return None;
    }
    let weights = weights();
    let mut product = FlexTensor::zeros(Shape::from(vec![count, outputs]), rows.dtype());
    let factors = Factors { values, points, inputs, outputs, weights };
    factors.multiply(product.storage_mut::<F>());
    Some(product)
}

struct Factors<'a, F> {
    /// `[groups * points, inputs]`
    values: &'a [F],
    points: usize,
    inputs: usize,
    outputs: usize,
    weights: &'a Panels,
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
        let &Factors { outputs, weights, .. } = factors;
        let points = rows[0].len() / outputs;
        for groups in together(rows.len()) {
            let entries = Entries::of(factors, first..first + points, groups.clone());
            let rows = &mut rows[groups];
            for panel in weights.all::<F>() {
                let columns = panel.start..panel.start + panel.width;
                let mut targets: Vec<_> =
                    rows.iter_mut().map(|rows| rows.chunks_exact_mut(outputs)).collect();
                for point in 0..points {
                    let mut sums: [&mut [F]; TOGETHER] = Default::default();
                    for (sums, rows) in sums.iter_mut().zip(&mut targets) {
                        let row = rows.next().expect("a row for every point");
                        *sums = &mut row[columns.clone()];
                    }
                    let sums = &mut sums[..targets.len()];
                    F::sum(simd, &[entries.part(point)], &panel, sums);
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
        let (inputs, count) = (factors.inputs, groups.len());
        let (entries, values) = (Vec::new(), Vec::new());
        let mut found = Self { entries, values, ends: Vec::new(), groups: count };
        let mut end = 0;
        for point in points {
            let row = |group: usize| {
                let row = group * factors.points + point;
                &factors.values[row * inputs..][..inputs]
            };
            let rows: Vec<&[F]> = groups.clone().map(row).collect();
            found.entries.resize(end + inputs, 0);
            found.values.resize((end + inputs) * count, F::ZERO);
            // Written always and kept only if it is one: a branch would be mispredicted.
            for entry in 0..inputs {
                found.entries[end] = entry as u32;
                let mut is_entry = false;
                for (value, row) in found.values[end * count..][..count].iter_mut().zip(&rows) {
                    *value = row[entry];
                    is_entry |= row[entry] != F::ZERO;
                }
                end += usize::from(is_entry);
            }
            found.ends.push(end);
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
