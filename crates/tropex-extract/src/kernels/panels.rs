//! Weights in the order in which kernels read them.

use std::ops::Range;

use burn::tensor::{Element, Tensor, TensorData};
use rayon::prelude::*;

use super::flex::for_float;
use super::simd::lanes;

/// A matrix `[inputs, outputs]` in panels of some columns, one after the other, each row by row: what
/// one row gives to a few columns lies together, and a panel stays in a core's own cache.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    data: TensorData,
    extents: [usize; 2],
    panels: Vec<Place>,
}

/// How the numbers of a matrix lie.
#[derive(Clone, Copy)]
struct Order {
    /// Inputs and outputs.
    extents: [usize; 2],
    /// From an input to the next, and from an output to the next.
    steps: [usize; 2],
}

impl Order {
    /// Of `[inputs, outputs]`.
    fn of(weight: &Tensor<2>) -> Self {
        let extents @ [_, outputs] = weight.dims();
        Self { extents, steps: [outputs, 1] }
    }
}

/// Where a panel is.
#[derive(Clone, Debug)]
struct Place {
    columns: Range<usize>,
    /// Numbers of a row: the columns, and zeros behind them.
    width: usize,
    /// Numbers before it.
    start: usize,
}

/// Some columns of a matrix.
pub(super) struct Panel<'a, F> {
    /// Which columns.
    pub(super) columns: Range<usize>,
    /// Numbers of a row: the columns, and zeros behind them.
    pub(super) width: usize,
    /// `[inputs, width]`
    pub(super) weights: &'a [F],
}

impl<F> Panel<'_, F> {
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[F] {
        &self.weights[row * self.width..][..self.width]
    }
}

/// Vectors in a row of a [vector panel](Panels::of_vectors).
pub(super) const PANEL: usize = 2;

/// Columns of a wide panel.
const WIDE: usize = 64;

impl Panels {
    /// Panels of some [vectors](PANEL), the last filled up with zeros.
    pub(crate) fn of_vectors(weight: Tensor<2>) -> Self {
        let order = Order::of(&weight);
        Self::in_vectors(weight, order)
    }

    /// The same of the transpose of a matrix `[outputs, inputs]`.
    pub(crate) fn of_transposed(weight: Tensor<2>) -> Self {
        let [outputs, inputs] = weight.dims();
        Self::in_vectors(weight, Order { extents: [inputs, outputs], steps: [1, inputs] })
    }

    fn in_vectors(weight: Tensor<2>, order: Order) -> Self {
        let width = PANEL * for_float!(weight.dtype(), lanes());
        let count = order.extents[1].div_ceil(width);
        Self::new(weight, order, count, |panel| panel * width, |_| width)
    }

    /// Panels of many columns, which are worked on in blocks.
    pub(super) fn wide(weight: Tensor<2>) -> Self {
        let order @ Order { extents: [_, outputs], .. } = Order::of(&weight);
        Self::new(weight, order, outputs.div_ceil(WIDE), |panel| panel * WIDE, |columns| columns)
    }

    /// Panels of at most so many columns, and all of nearly as many.
    pub(super) fn narrow(weight: Tensor<2>, most: usize) -> Self {
        let order @ Order { extents: [_, outputs], .. } = Order::of(&weight);
        let count = outputs.div_ceil(most);
        Self::new(weight, order, count, |panel| panel * outputs / count, |columns| columns)
    }

    /// So many panels, by their first column and how wide they are for so many columns.
    fn new(
        weight: Tensor<2>,
        order: Order,
        count: usize,
        first: impl Fn(usize) -> usize,
        width: impl Fn(usize) -> usize,
    ) -> Self {
        let extents @ [inputs, outputs] = order.extents;
        let mut start = 0;
        let place = |panel| {
            let columns = first(panel)..first(panel + 1).min(outputs);
            let width = width(columns.len());
            let place = Place { columns, width, start };
            start += inputs * width;
            place
        };
        let panels: Vec<_> = (0..count).map(place).collect();
        let data = weight.into_data();
        let data = match data.as_slice::<f64>() {
            Ok(weights) => packed(weights, order, &panels),
            Err(_) => packed(data.as_slice::<f32>().unwrap_or(&[]), order, &panels),
        };
        Self { data, extents, panels }
    }

    /// Number of panels.
    pub(super) fn len(&self) -> usize {
        self.panels.len()
    }

    /// Columns of all panels.
    pub(super) fn outputs(&self) -> usize {
        self.extents[1]
    }

    /// The columns of some panels, at least one.
    pub(super) fn columns(&self, panels: Range<usize>) -> Range<usize> {
        self.panels[panels.start].columns.start..self.panels[panels.end - 1].columns.end
    }

    /// All panels, if `F` is the type of the weights.
    pub(super) fn all<F: Element>(&self) -> impl Iterator<Item = Panel<'_, F>> {
        self.some(0..self.len())
    }

    /// Some panels, if `F` is the type of the weights.
    pub(super) fn some<F: Element>(
        &self,
        panels: Range<usize>,
    ) -> impl Iterator<Item = Panel<'_, F>> {
        let weights = self.data.as_slice::<F>().unwrap_or(&[]);
        self.panels[panels].iter().filter_map(|Place { columns, width, start }| {
            let weights = weights.get(*start..start + self.extents[0] * width)?;
            Some(Panel { columns: columns.clone(), width: *width, weights })
        })
    }
}

fn packed<F: Element>(weights: &[F], order: Order, panels: &[Place]) -> TensorData {
    let [inputs, _] = order.extents;
    let count = panels.iter().map(|panel| inputs * panel.width).sum();
    let mut packed = vec![F::from_elem(0); count];
    let mut rest = &mut packed[..];
    let mut parts = Vec::with_capacity(panels.len());
    for panel in panels {
        let part;
        (part, rest) = rest.split_at_mut(inputs * panel.width);
        parts.push((panel, part));
    }
    parts.into_par_iter().for_each(|(Place { columns, width, .. }, part)| {
        for (input, row) in part.chunks_exact_mut(*width).enumerate() {
            let from = input * order.steps[0];
            for (to, column) in row.iter_mut().zip(columns.clone()) {
                *to = weights[from + column * order.steps[1]];
            }
        }
    });
    TensorData::new(packed, [count])
}
