//! Rows times a matrix, on the `flex` backend.
//!
//! A ReLU layer leaves few of its units active, rows on their way back are zero at all others, and
//! images are often empty at their borders. Six rows at a time are multiplied with a few columns, so
//! that their sums stay in registers, and a feature at which all six are zero is not even read. Rows
//! of one point are zero at the same features; points are put together with others that are zero at
//! nearly the same ones.

mod cluster;
mod tile;

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::simd::{
    Interleaved, MAX_ROWS, PANEL, PackedMatrix, SimdFloat, for_float, row_blocks, threads,
    with_scratch, with_simd, zeros,
};
use cluster::{Patterns, cluster_by_sparsity};
use tile::{Columns, Packed, Tile};

/// Rows that a task takes, about: the more there are, the more are alike, and the more often a panel
/// of weights is used while it is near.
const TASK: usize = 256;

/// `rows . weights + bias`: rows `[groups * points, inputs]`, group by group, and a bias for every
/// output.
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
    let (values, bias) = (Values::Rows(rows.storage::<F>()), bias.map(FlexTensor::storage::<F>));
    Factors { values, points, groups: count / points.max(1), inputs, weights, bias }.product()
}

/// `rows . weights`, of rows that lie side by side.
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
    let values: Values<'_, F> = Values::Interleaved(rows);
    Factors { values, points, groups, inputs, weights, bias: None }.product()
}

/// How rows are given.
enum Values<'a, F> {
    /// `[groups * points, inputs]`, group by group.
    Rows(&'a [F]),
    Interleaved(&'a Interleaved),
}

/// What is multiplied.
struct Factors<'a, F> {
    values: Values<'a, F>,
    points: usize,
    groups: usize,
    inputs: usize,
    weights: &'a PackedMatrix,
    bias: Option<&'a [F]>,
}

impl<'a, F: SimdFloat> Factors<'a, F> {
    fn product(&self) -> FlexTensor {
        let (count, outputs) = (self.groups * self.points, self.weights.outputs());
        let mut product = zeros::<F>([count, outputs]);
        if count * outputs > 0 {
            let tasks = self.tasks(product.storage_mut::<F>());
            tasks.into_par_iter().for_each(|task| task.run());
        }
        product
    }

    /// The work in parts: some points each, and some columns where points are too few for all threads.
    fn tasks<'t>(&'t self, product: &'t mut [F]) -> Vec<Task<'t, F>> {
        let (threads, groups) = (threads(), self.groups);
        let parts = threads * (self.points * groups).div_ceil(threads * TASK);
        let points = self.points.div_ceil(parts).next_multiple_of(MAX_ROWS).min(self.points);
        let parts = self.points.div_ceil(points);
        let columns = threads.div_ceil(parts).min(self.weights.len());
        let panels = |part: usize| part * self.weights.len() / columns;
        let mut tasks: Vec<_> = (0..parts * columns)
            .map(|task| {
                let (part, column) = (task / columns, task % columns);
                let points = part * points..self.points.min((part + 1) * points);
                let panels = panels(column)..panels(column + 1);
                Task { factors: self, points, panels, rows: Vec::new() }
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

/// Some points, of all groups, and some panels of weights.
struct Task<'a, F> {
    factors: &'a Factors<'a, F>,
    points: Range<usize>,
    panels: Range<usize>,
    /// Where the products go, group by group.
    rows: Vec<&'a mut [F]>,
}

impl<F: SimdFloat> Task<'_, F> {
    fn run(self) {
        let (inputs, groups) = (self.factors.inputs, self.factors.groups);
        let tiles = self.points.len().div_ceil(mates(groups)) * row_blocks(groups).count();
        // Of every entry, a number for every row and, as wide as one, where it is.
        with_scratch(tiles * inputs * (MAX_ROWS + 1), |space: &mut [F]| {
            let (values, entries) = space.split_at_mut(tiles * inputs * MAX_ROWS);
            let entries = &mut bytemuck::cast_slice_mut(entries)[..tiles * inputs];
            with_simd(InSpace { task: self, values, entries });
        });
    }
}

/// Points whose rows are multiplied together.
fn mates(groups: usize) -> usize {
    (MAX_ROWS / groups).max(1)
}

impl<F: SimdFloat> Factors<'_, F> {
    /// Rows of some points, those that are zero at nearly the same features together. All tiles of a
    /// point follow each other, and read the same weights.
    #[inline(always)]
    fn tiles_of_rows<'s>(
        &self,
        all: &[F],
        points: Range<usize>,
        mut values: &'s mut [F],
        mut entries: &'s mut [u32],
    ) -> Vec<Packed<'s, F>> {
        let row = |group: usize, point: usize| {
            &all[(group * self.points + point) * self.inputs..][..self.inputs]
        };
        let mut patterns = Patterns::new(points.len(), self.inputs);
        for group in 0..self.groups {
            for (at, point) in points.clone().enumerate() {
                patterns.add(at, row(group, point));
            }
        }
        let mut tiles = Vec::with_capacity(points.len() * self.groups);
        let mut union = vec![0; patterns.words()];
        let mates = mates(self.groups);
        for mates in cluster_by_sparsity(&patterns, mates).chunks(mates) {
            patterns.union(mates, &mut union);
            for groups in row_blocks(self.groups) {
                let mut tile = Tile::new(&union, values, entries);
                for &mate in mates {
                    for group in groups.clone() {
                        let (mate, slot) = (mate as usize, group * points.len() + mate as usize);
                        tile.add(row(group, points.start + mate), slot);
                    }
                }
                let packed;
                (packed, values, entries) = tile.pack();
                tiles.push(packed);
            }
        }
        tiles
    }

    /// The same of rows that lie side by side, point by point.
    #[inline(always)]
    fn tiles_of_interleaved<'s>(
        &self,
        rows: &Interleaved,
        points: Range<usize>,
        mut values: &'s mut [F],
        mut entries: &'s mut [u32],
    ) -> Vec<Packed<'s, F>> {
        let mut tiles = Vec::with_capacity(points.len() * self.groups);
        for (at, point) in points.clone().enumerate() {
            let (units, numbers) = rows.listed::<F>(point);
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

/// A task with room for what its rows have.
struct InSpace<'a, 's, F> {
    task: Task<'a, F>,
    values: &'s mut [F],
    entries: &'s mut [u32],
}

impl<F: SimdFloat> WithSimd for InSpace<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { task, values, entries } = self;
        let Task { factors, points, panels, mut rows } = task;
        let tiles = match factors.values {
            Values::Rows(all) => factors.tiles_of_rows(all, points, values, entries),
            Values::Interleaved(rows) => {
                factors.tiles_of_interleaved(rows, points, values, entries)
            }
        };
        let first = factors.weights.columns(panels.clone()).start;
        let mut spare = vec![F::ZERO; PANEL * F::lanes::<S>()];
        for panel in factors.weights.some::<F>(panels) {
            let span = panel.columns.start - first..panel.columns.end - first;
            let columns = Columns::new(simd, &panel, factors.bias, span);
            for tile in &tiles {
                columns.multiply(simd, tile, &mut rows, &mut spare);
            }
        }
    }
}
