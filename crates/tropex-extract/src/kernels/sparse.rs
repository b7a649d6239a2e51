//! Products of rows that are mostly zero, on the `flex` backend.
//!
//! A ReLU layer leaves few of its units active, and rows on their way back are zero at all others. A
//! product that reads only the weights of entries other than zero does a fraction of the work. Rows
//! of one point are zero at the same entries, so they are multiplied together: each weight is read
//! once for all of them.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Share of entries other than zero up to which skipping pays. Dense products use every weight that
/// they read for many rows, and are faster beyond it.
const SPARSE: f64 = 0.35;

/// Rows that are looked at to tell how many zeros there are.
const SAMPLE: usize = 64;

/// Products of fewer multiplications are left to the backend.
const LEAST: usize = 1 << 20;

/// Rows that are multiplied together: as many as registers hold sums of.
const TOGETHER: usize = 4;

/// Bytes of the weights that are read again and again, about what a core's own cache holds.
const CACHE: usize = 400 << 10;

/// Points that a task takes at most.
const TASK: usize = 256;

/// A number that vectors are made of.
pub(super) trait Number: super::flex::Float {
    /// Adds the products of one bundle of rows with some columns of the weights.
    fn add_products<S: Simd>(
        simd: S,
        bundle: &Bundle<'_, Self>,
        weights: &Weights<'_, Self>,
        sums: &mut [&mut [Self]],
    );
}

/// Columns of a matrix of weights.
pub(super) struct Weights<'a, F> {
    all: &'a [F],
    /// Columns of the matrix.
    width: usize,
    columns: Range<usize>,
}

impl<F> Weights<'_, F> {
    /// Some of the columns, counted from the first of these, of one row.
    fn row(&self, row: u32, columns: Range<usize>) -> &[F] {
        let start = row as usize * self.width + self.columns.start;
        &self.all[start + columns.start..start + columns.end]
    }
}

/// Rows of a point, as their entries other than zero.
pub(super) struct Bundle<'a, F> {
    /// Where at least one of the rows is not zero.
    entries: &'a [u32],
    /// What the rows have there, entry by entry.
    values: &'a [F],
}

macro_rules! number {
    ($float:ty, $vector:ident, $lanes:ident, $splat:ident, $mul_add:ident, $read:ident, $write:ident) => {
        impl Number for $float {
            #[inline(always)]
            fn add_products<S: Simd>(
                simd: S,
                bundle: &Bundle<'_, Self>,
                weights: &Weights<'_, Self>,
                sums: &mut [&mut [Self]],
            ) {
                /// Rows and vectors whose sums are kept in registers.
                #[inline(always)]
                fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(
                    simd: S,
                    bundle: &Bundle<'_, $float>,
                    weights: &Weights<'_, $float>,
                    sums: &mut [&mut [$float]],
                    start: usize,
                ) -> usize {
                    let columns = weights.columns.len();
                    let step = VECTORS * S::$lanes;
                    let mut start = start;
                    while start + step <= columns {
                        let mut block = [[simd.$splat(0.0); VECTORS]; ROWS];
                        for (&entry, values) in
                            bundle.entries.iter().zip(bundle.values.chunks_exact(ROWS))
                        {
                            let row = S::$read(weights.row(entry, start..start + step)).0;
                            for (sums, &value) in block.iter_mut().zip(values) {
                                let value = simd.$splat(value);
                                for (sum, &weight) in sums.iter_mut().zip(row) {
                                    *sum = simd.$mul_add(value, weight, *sum);
                                }
                            }
                        }
                        for (target, sums) in sums.iter_mut().zip(block) {
                            let target = S::$write(&mut target[start..start + step]).0;
                            target.copy_from_slice(&sums);
                        }
                        start += step;
                    }
                    start
                }

                #[inline(always)]
                fn all<S: Simd, const ROWS: usize, const VECTORS: usize>(
                    simd: S,
                    bundle: &Bundle<'_, $float>,
                    weights: &Weights<'_, $float>,
                    sums: &mut [&mut [$float]],
                ) {
                    let done = block::<S, ROWS, VECTORS>(simd, bundle, weights, sums, 0);
                    let done = block::<S, ROWS, 1>(simd, bundle, weights, sums, done);
                    let rest = done..weights.columns.len();
                    sums.iter_mut().for_each(|sums| sums[rest.clone()].fill(0.0));
                    for (&entry, values) in
                        bundle.entries.iter().zip(bundle.values.chunks_exact(ROWS))
                    {
                        let row = weights.row(entry, rest.clone());
                        for (sums, &value) in sums.iter_mut().zip(values) {
                            let sums = sums[rest.clone()].iter_mut();
                            sums.zip(row).for_each(|(sum, &weight)| *sum += value * weight);
                        }
                    }
                }

                match sums.len() {
                    1 => all::<S, 1, 8>(simd, bundle, weights, sums),
                    2 => all::<S, 2, 5>(simd, bundle, weights, sums),
                    3 => all::<S, 3, 4>(simd, bundle, weights, sums),
                    _ => all::<S, TOGETHER, 3>(simd, bundle, weights, sums),
                }
            }
        }
    };
}

number!(f32, f32s, F32_LANES, splat_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s);
number!(f64, f64s, F64_LANES, splat_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s);

/// `rows . weights`, if the rows have zeros enough: rows `[groups * points, inputs]`, group by group,
/// and weights `[inputs, outputs]`, which are asked for only then.
pub(super) fn product(
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
    if count * inputs * outputs < LEAST || share_of_entries(values, inputs) > SPARSE {
        return None;
    }
    let weights = weights();
    let mut product = FlexTensor::zeros(Shape::from(vec![count, outputs]), rows.dtype());
    let product_of = Product { values, points, inputs, outputs, weights: weights.storage::<F>() };
    product_of.fill(product.storage_mut::<F>());
    Some(product)
}

/// Share of entries other than zero in a sample of the rows.
fn share_of_entries<F: Number>(values: &[F], inputs: usize) -> f64 {
    let rows = values.len() / inputs;
    let sample = values.chunks_exact(inputs).step_by(rows.div_ceil(SAMPLE));
    let (mut entries, mut all) = (0, 0);
    for row in sample {
        entries += row.iter().filter(|&&value| value != F::ZERO).count();
        all += inputs;
    }
    entries as f64 / all as f64
}

struct Product<'a, F> {
    /// `[groups * points, inputs]`
    values: &'a [F],
    points: usize,
    inputs: usize,
    outputs: usize,
    /// `[inputs, outputs]`
    weights: &'a [F],
}

impl<F: Number> Product<'_, F> {
    /// Writes the product `[groups * points, outputs]`.
    fn fill(&self, product: &mut [F]) {
        let points = self.points.div_ceil(rayon::current_num_threads()).clamp(1, TASK);
        let groups = product.chunks_exact_mut(self.points * self.outputs);
        let mut groups: Vec<_> =
            groups.map(|group| group.chunks_mut(points * self.outputs)).collect();
        let tasks = (0..self.points.div_ceil(points)).map(|task| {
            let rows = groups.iter_mut().map(|group| group.next().expect("a part for every task"));
            (task * points, rows.collect::<Vec<_>>())
        });
        let tasks: Vec<_> = tasks.collect();
        tasks
            .into_par_iter()
            .for_each(|(first, rows)| with_simd(Task { product: self, first, rows }));
    }

    /// Columns whose weights stay in the cache, a multiple of any block.
    fn panel(&self) -> usize {
        let fitting = CACHE / size_of::<F>() / self.inputs;
        (fitting / 128 * 128).max(128)
    }
}

/// The rows of some points.
struct Task<'a, F> {
    product: &'a Product<'a, F>,
    /// The first point.
    first: usize,
    /// A part of every group of the product.
    rows: Vec<&'a mut [F]>,
}

impl<F: Number> WithSimd for Task<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { product, first, mut rows } = self;
        let outputs = product.outputs;
        let points = rows[0].len() / outputs;
        for groups in groups(rows.len()) {
            let entries = Entries::of(product, first..first + points, groups.clone());
            for start in (0..outputs).step_by(product.panel()) {
                let columns = start..outputs.min(start + product.panel());
                let weights =
                    Weights { all: product.weights, width: outputs, columns: columns.clone() };
                let mut targets: Vec<_> = rows[groups.clone()]
                    .iter_mut()
                    .map(|rows| rows.chunks_exact_mut(outputs))
                    .collect();
                for point in 0..points {
                    let mut sums: [&mut [F]; TOGETHER] = Default::default();
                    for (sums, rows) in sums.iter_mut().zip(&mut targets) {
                        let row = rows.next().expect("a row for every point");
                        *sums = &mut row[columns.clone()];
                    }
                    F::add_products(
                        simd,
                        &entries.bundle(point),
                        &weights,
                        &mut sums[..groups.len()],
                    );
                }
            }
        }
    }
}

/// Groups by as many as are multiplied together.
fn groups(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(TOGETHER).map(move |start| start..count.min(start + TOGETHER))
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
    fn of(product: &Product<'_, F>, points: Range<usize>, groups: Range<usize>) -> Self {
        let mut found = Self {
            entries: Vec::new(),
            values: Vec::new(),
            ends: Vec::new(),
            groups: groups.len(),
        };
        for point in points {
            let row = |group: usize| {
                &product.values[(group * product.points + point) * product.inputs..]
                    [..product.inputs]
            };
            for entry in 0..product.inputs {
                if groups.clone().any(|group| row(group)[entry] != F::ZERO) {
                    found.entries.push(entry as u32);
                    found.values.extend(groups.clone().map(|group| row(group)[entry]));
                }
            }
            found.ends.push(found.entries.len());
        }
        found
    }

    fn bundle(&self, point: usize) -> Bundle<'_, F> {
        let start = if point == 0 { 0 } else { self.ends[point - 1] };
        let span = start..self.ends[point];
        let values = span.start * self.groups..span.end * self.groups;
        Bundle { entries: &self.entries[span], values: &self.values[values] }
    }
}

/// Runs with the widest vectors of the machine.
fn with_simd<T>(work: impl WithSimd<Output = T>) -> T {
    // Pulp knows AVX2 by this name alone unless it is built with a feature that nobody here asks for.
    #[cfg(target_arch = "x86_64")]
    if let (Arch::Scalar, Some(simd)) = (Arch::new(), pulp::x86::V3::try_new()) {
        return Simd::vectorize(simd, work);
    }
    Arch::new().dispatch(work)
}
