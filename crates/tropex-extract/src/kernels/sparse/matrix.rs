//! Rows with many zeros times a matrix.

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::entries::{Entries, Grouped};
use super::sums::sum;
use super::{TOGETHER, is_worth_it, together};
use crate::kernels::Panels;
use crate::kernels::simd::{Number, with_simd};

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
    if !is_worth_it(values, count / points, outputs, count * inputs * outputs) {
        return None;
    }
    let weights = weights();
    let mut product = FlexTensor::zeros(Shape::from(vec![count, outputs]), rows.dtype());
    let rows = Grouped { values, points, features: inputs };
    let factors = Factors { rows, outputs, weights };
    factors.multiply(product.storage_mut::<F>());
    Some(product)
}

struct Factors<'a, F> {
    rows: Grouped<'a, F>,
    outputs: usize,
    weights: &'a Panels,
}

impl<F: Number> Factors<'_, F> {
    /// Writes the product `[groups * points, outputs]`.
    fn multiply(&self, product: &mut [F]) {
        let all = self.rows.points;
        let points = all.div_ceil(rayon::current_num_threads()).clamp(1, TASK);
        let groups = product.chunks_exact_mut(all * self.outputs);
        let mut groups: Vec<_> =
            groups.map(|group| group.chunks_mut(points * self.outputs)).collect();
        let tasks = (0..all.div_ceil(points)).map(|task| {
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
            let rows = &mut rows[groups.clone()];
            let entries = Entries::of_points(&factors.rows, first..first + points, groups);
            for panel in weights.all::<F>() {
                let mut targets: Vec<_> =
                    rows.iter_mut().map(|rows| rows.chunks_exact_mut(outputs)).collect();
                for point in 0..points {
                    let mut sums: [&mut [F]; TOGETHER] = Default::default();
                    for (sums, rows) in sums.iter_mut().zip(&mut targets) {
                        let row = rows.next().expect("a row for every point");
                        *sums = &mut row[panel.columns.clone()];
                    }
                    let sums = &mut sums[..targets.len()];
                    sum(simd, &[entries.of_point(point)], &panel, sums);
                }
            }
        }
    }
}
