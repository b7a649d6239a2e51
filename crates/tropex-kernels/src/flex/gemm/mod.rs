//! Rows times a packed matrix, on the `flex` backend.
//!
//! As in BLIS, a micro-kernel multiplies a tile of MR = [`MAX_ROWS`] rows with a panel of NR =
//! [`PANEL_VECTORS`] vectors of columns and keeps the sums in registers. Unlike in BLIS, the packed
//! tile leaves out features at which all of its rows are zero. Many features are zero: few units of
//! a ReLU layer are active, rows that are pulled back are zero at the other units, and images are
//! often empty at their borders. The rows of one point are zero at equal features, and points are
//! clustered by the features at which they are zero.

mod cluster;
mod tile;

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::simd::{
    Interleaved, MAX_ROWS, PANEL_VECTORS, PackedMatrix, SimdFloat, for_float, row_blocks, threads,
    with_scratch, with_simd, zeros,
};
use cluster::{NonzeroPatterns, cluster_by_sparsity};
use tile::{PackedTile, PanelColumns, RowTile};

/// Rows per task, approximately. With more rows, clusters are more similar, and a panel of weights
/// is used more often while it is in the cache.
const ROWS_PER_TASK: usize = 256;

/// `rows . weights + bias`.
///
/// # Shapes
/// - rows: `[groups * points, inputs]`, group by group
/// - weights: `[inputs, outputs]`
/// - bias: `[1, outputs]`
/// - output: `[groups * points, outputs]`
pub(in crate::flex) fn product(
    rows: &FlexTensor,
    points: usize,
    weights: &PackedMatrix,
    bias: Option<&FlexTensor>,
) -> FlexTensor {
    for_float!(rows.dtype(), product_in(rows, points, weights, bias))
}

fn product_in<F: SimdFloat>(
    rows: &FlexTensor,
    points: usize,
    weights: &PackedMatrix,
    bias: Option<&FlexTensor>,
) -> FlexTensor {
    let [count, inputs] = [rows.layout().shape()[0], rows.layout().shape()[1]];
    let (values, bias) = (GemmRows::Rows(rows.storage::<F>()), bias.map(FlexTensor::storage::<F>));
    GemmOperands { values, points, groups: count / points.max(1), inputs, weights, bias }.product()
}

/// `rows . weights` for interleaved rows.
pub(in crate::flex) fn product_of_interleaved(
    rows: &Interleaved,
    weights: &PackedMatrix,
) -> FlexTensor {
    let rows = rows.in_planes([rows.features(), 1]);
    for_float!(rows.dtype(), product_of_interleaved_in(&rows, weights))
}

fn product_of_interleaved_in<F: SimdFloat>(
    rows: &Interleaved,
    weights: &PackedMatrix,
) -> FlexTensor {
    let (points, groups, inputs) = (rows.points(), rows.groups(), rows.features());
    let values: GemmRows<'_, F> = GemmRows::Interleaved(rows);
    GemmOperands { values, points, groups, inputs, weights, bias: None }.product()
}

/// The rows of a product, in one of two layouts.
enum GemmRows<'a, F> {
    /// `[groups * points, inputs]`, group by group.
    Rows(&'a [F]),
    Interleaved(&'a Interleaved),
}

/// The operands of a product.
struct GemmOperands<'a, F> {
    values: GemmRows<'a, F>,
    points: usize,
    groups: usize,
    inputs: usize,
    weights: &'a PackedMatrix,
    bias: Option<&'a [F]>,
}

impl<'a, F: SimdFloat> GemmOperands<'a, F> {
    fn product(&self) -> FlexTensor {
        let (count, outputs) = (self.groups * self.points, self.weights.outputs());
        let mut product = zeros::<F>([count, outputs]);
        if count * outputs > 0 {
            let tasks = self.tasks(product.storage_mut::<F>());
            tasks.into_par_iter().for_each(|task| task.run());
        }
        product
    }

    /// Divides the product into tasks: by points, and also by columns if there are too few points
    /// for all threads.
    fn tasks<'t>(&'t self, product: &'t mut [F]) -> Vec<GemmTask<'t, F>> {
        let (threads, groups) = (threads(), self.groups);
        let parts = threads * (self.points * groups).div_ceil(threads * ROWS_PER_TASK);
        let points = self.points.div_ceil(parts).next_multiple_of(MAX_ROWS).min(self.points);
        let parts = self.points.div_ceil(points);
        let columns = threads.div_ceil(parts).min(self.weights.len());
        let panels = |part: usize| part * self.weights.len() / columns;
        let mut tasks: Vec<_> = (0..parts * columns)
            .map(|task| {
                let (part, column) = (task / columns, task % columns);
                let points = part * points..self.points.min((part + 1) * points);
                let panels = panels(column)..panels(column + 1);
                GemmTask { operands: self, points, panels, rows: Vec::new() }
            })
            .collect();
        for (row, mut rest) in product.chunks_exact_mut(self.weights.outputs()).enumerate() {
            let part = row % self.points / points;
            for task in &mut tasks[part * columns..][..columns] {
                let width = self.weights.columns(task.panels.clone()).len();
                let (mine, others) = rest.split_at_mut(width);
                task.rows.push(mine);
                rest = others;
            }
        }
        tasks
    }
}

/// The product of some points, in all groups, and some panels of weights.
struct GemmTask<'a, F> {
    operands: &'a GemmOperands<'a, F>,
    points: Range<usize>,
    panels: Range<usize>,
    /// The rows of the product, group by group.
    rows: Vec<&'a mut [F]>,
}

impl<F: SimdFloat> GemmTask<'_, F> {
    fn run(self) {
        let (inputs, groups) = (self.operands.inputs, self.operands.groups);
        let tiles = self.points.len().div_ceil(cluster_size(groups)) * row_blocks(groups).count();
        // An entry has a number for every row and a feature, which takes at most as much memory as
        // a number.
        with_scratch(tiles * inputs * (MAX_ROWS + 1), |space: &mut [F]| {
            let (values, entries) = space.split_at_mut(tiles * inputs * MAX_ROWS);
            let entries = &mut bytemuck::cast_slice_mut(entries)[..tiles * inputs];
            with_simd(GemmTaskInScratch { task: self, values, entries });
        });
    }
}

/// Number of points whose rows are multiplied together.
fn cluster_size(groups: usize) -> usize {
    (MAX_ROWS / groups).max(1)
}

impl<F: SimdFloat> GemmOperands<'_, F> {
    /// Packs the rows of some points into tiles, by clusters. The tiles of a cluster follow each
    /// other and read equal rows of the weights.
    #[inline(always)]
    fn tiles_of_rows<'s>(
        &self,
        all: &[F],
        points: Range<usize>,
        mut values: &'s mut [F],
        mut entries: &'s mut [u32],
    ) -> Vec<PackedTile<'s, F>> {
        let row = |group: usize, point: usize| {
            &all[(group * self.points + point) * self.inputs..][..self.inputs]
        };
        let mut patterns = NonzeroPatterns::new(points.len(), self.inputs);
        for group in 0..self.groups {
            for (at, point) in points.clone().enumerate() {
                patterns.add(at, row(group, point));
            }
        }
        let mut tiles = Vec::with_capacity(points.len() * self.groups);
        let mut union = vec![0; patterns.words()];
        let size = cluster_size(self.groups);
        for cluster in cluster_by_sparsity(&patterns, size).chunks(size) {
            patterns.union(cluster, &mut union);
            for groups in row_blocks(self.groups) {
                let mut tile = RowTile::new(&union, values, entries);
                for &point in cluster {
                    for group in groups.clone() {
                        let (point, slot) = (point as usize, group * points.len() + point as usize);
                        tile.add(row(group, points.start + point), slot);
                    }
                }
                let packed;
                (packed, values, entries) = tile.pack();
                tiles.push(packed);
            }
        }
        tiles
    }

    /// Packs the interleaved rows of some points into tiles, point by point.
    #[inline(always)]
    fn tiles_of_interleaved<'s>(
        &self,
        rows: &Interleaved,
        points: Range<usize>,
        mut values: &'s mut [F],
        mut entries: &'s mut [u32],
    ) -> Vec<PackedTile<'s, F>> {
        let mut tiles = Vec::with_capacity(points.len() * self.groups);
        for (at, point) in points.clone().enumerate() {
            let (units, numbers) = rows.entries_of::<F>(point);
            for groups in row_blocks(self.groups) {
                let packed;
                (packed, values, entries) = tile::pack_interleaved(
                    units,
                    numbers,
                    [at, points.len()],
                    groups,
                    values,
                    entries,
                );
                tiles.push(packed);
            }
        }
        tiles
    }
}

/// A task with scratch memory for its packed tiles.
struct GemmTaskInScratch<'a, 's, F> {
    task: GemmTask<'a, F>,
    values: &'s mut [F],
    entries: &'s mut [u32],
}

impl<F: SimdFloat> WithSimd for GemmTaskInScratch<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { task, values, entries } = self;
        let GemmTask { operands, points, panels, mut rows } = task;
        let tiles = match operands.values {
            GemmRows::Rows(all) => operands.tiles_of_rows(all, points, values, entries),
            GemmRows::Interleaved(rows) => {
                operands.tiles_of_interleaved(rows, points, values, entries)
            }
        };
        let first = operands.weights.columns(panels.clone()).start;
        let mut spare = vec![F::ZERO; PANEL_VECTORS * F::lanes::<S>()];
        for panel in operands.weights.some::<F>(panels) {
            let span = panel.columns.start - first..panel.columns.end - first;
            let columns = PanelColumns::new(simd, &panel, operands.bias, span);
            for tile in &tiles {
                columns.multiply(simd, tile, &mut rows, &mut spare);
            }
        }
    }
}
