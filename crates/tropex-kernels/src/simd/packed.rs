//! Weight matrices packed into panels, in the order in which micro-kernels read them.

use std::ops::Range;

use burn::tensor::{Element, Tensor, TensorData};
use rayon::prelude::*;

use super::tensor::for_float;
use super::vector::lanes;

/// A matrix `[inputs, outputs]` packed into panels of columns, as in BLIS. A panel is stored row by
/// row, so that the numbers of one input lie together, and a whole panel fits into the cache of a
/// core.
#[derive(Clone, Debug)]
pub(crate) struct PackedMatrix {
    data: TensorData,
    extents: [usize; 2],
    panels: Vec<PanelSpan>,
}

/// The memory layout of a matrix.
#[derive(Clone, Copy)]
struct MatrixLayout {
    /// Numbers of inputs and outputs.
    extents: [usize; 2],
    /// Distances between neighbouring inputs and neighbouring outputs, in numbers.
    strides: [usize; 2],
}

impl MatrixLayout {
    /// The layout of a matrix `[inputs, outputs]`.
    fn of(weight: &Tensor<2>) -> Self {
        let extents @ [_, outputs] = weight.dims();
        Self { extents, strides: [outputs, 1] }
    }
}

/// The place of a panel in the packed numbers.
#[derive(Clone, Debug)]
struct PanelSpan {
    columns: Range<usize>,
    /// Length of a row: the columns, then zeros.
    width: usize,
    /// Position of the first number.
    start: usize,
}

/// A panel: some columns of a matrix.
pub(crate) struct WeightPanel<'a, F> {
    /// The column numbers.
    pub(crate) columns: Range<usize>,
    /// Length of a row: the columns, then zeros.
    pub(crate) width: usize,
    /// `[inputs, width]`
    pub(crate) weights: &'a [F],
}

impl<F> WeightPanel<'_, F> {
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &[F] {
        &self.weights[row * self.width..][..self.width]
    }
}

/// SIMD vectors in a row of a panel made by [`PackedMatrix::new`] (NR of BLIS, in vectors).
pub(crate) const PANEL_VECTORS: usize = 2;

/// Columns of a wide panel.
const WIDE_COLUMNS: usize = 64;

impl PackedMatrix {
    /// Packs a matrix `[inputs, outputs]` into panels of [`PANEL_VECTORS`] vectors. The last panel
    /// is filled up with zeros.
    pub(crate) fn new(weight: Tensor<2>) -> Self {
        let layout = MatrixLayout::of(&weight);
        Self::in_vectors(weight, layout)
    }

    /// Packs the transpose of a matrix `[outputs, inputs]` like [`PackedMatrix::new`].
    pub(crate) fn transposed(weight: Tensor<2>) -> Self {
        let [outputs, inputs] = weight.dims();
        let layout = MatrixLayout { extents: [inputs, outputs], strides: [1, inputs] };
        Self::in_vectors(weight, layout)
    }

    fn in_vectors(weight: Tensor<2>, layout: MatrixLayout) -> Self {
        let width = PANEL_VECTORS * for_float!(weight.dtype(), lanes());
        let count = layout.extents[1].div_ceil(width);
        Self::in_panels(weight, layout, count, |panel| panel * width, |_| width)
    }

    /// Packs a matrix into panels of [`WIDE_COLUMNS`] columns, which kernels read tile by tile.
    pub(crate) fn wide(weight: Tensor<2>) -> Self {
        let layout @ MatrixLayout { extents: [_, outputs], .. } = MatrixLayout::of(&weight);
        let count = outputs.div_ceil(WIDE_COLUMNS);
        Self::in_panels(weight, layout, count, |panel| panel * WIDE_COLUMNS, |columns| columns)
    }

    /// Packs a matrix into panels of at most `most` columns, whose widths differ by at most one.
    pub(crate) fn narrow(weight: Tensor<2>, most: usize) -> Self {
        let layout @ MatrixLayout { extents: [_, outputs], .. } = MatrixLayout::of(&weight);
        let count = outputs.div_ceil(most);
        let first = |panel: usize| panel * outputs / count;
        Self::in_panels(weight, layout, count, first, |columns| columns)
    }

    /// Packs a matrix into `count` panels. `first` gives the first column of a panel, and `width`
    /// the length of a row with a number of columns.
    fn in_panels(
        weight: Tensor<2>,
        layout: MatrixLayout,
        count: usize,
        first: impl Fn(usize) -> usize,
        width: impl Fn(usize) -> usize,
    ) -> Self {
        let extents @ [inputs, outputs] = layout.extents;
        let mut start = 0;
        let span = |panel| {
            let columns = first(panel)..first(panel + 1).min(outputs);
            let width = width(columns.len());
            let span = PanelSpan { columns, width, start };
            start += inputs * width;
            span
        };
        let panels: Vec<_> = (0..count).map(span).collect();
        let data = weight.into_data();
        let data = match data.as_slice::<f64>() {
            Ok(weights) => pack(weights, layout, &panels),
            Err(_) => pack(data.as_slice::<f32>().unwrap_or(&[]), layout, &panels),
        };
        Self { data, extents, panels }
    }

    /// Number of panels.
    pub(crate) fn len(&self) -> usize {
        self.panels.len()
    }

    /// Number of columns of all panels.
    pub(crate) fn outputs(&self) -> usize {
        self.extents[1]
    }

    /// The columns of some panels, at least one.
    pub(crate) fn columns(&self, panels: Range<usize>) -> Range<usize> {
        self.panels[panels.start].columns.start..self.panels[panels.end - 1].columns.end
    }

    /// All panels. Empty if `F` is not the type of the weights.
    pub(crate) fn all<F: Element>(&self) -> impl Iterator<Item = WeightPanel<'_, F>> {
        self.some(0..self.len())
    }

    /// Some panels. Empty if `F` is not the type of the weights.
    pub(crate) fn some<F: Element>(
        &self,
        panels: Range<usize>,
    ) -> impl Iterator<Item = WeightPanel<'_, F>> {
        let weights = self.data.as_slice::<F>().unwrap_or(&[]);
        self.panels[panels].iter().filter_map(|PanelSpan { columns, width, start }| {
            let weights = weights.get(*start..start + self.extents[0] * width)?;
            Some(WeightPanel { columns: columns.clone(), width: *width, weights })
        })
    }
}

fn pack<F: Element>(weights: &[F], layout: MatrixLayout, panels: &[PanelSpan]) -> TensorData {
    let [inputs, _] = layout.extents;
    let count = panels.iter().map(|panel| inputs * panel.width).sum();
    let mut packed = vec![F::from_elem(0); count];
    let mut rest = &mut packed[..];
    let mut parts = Vec::with_capacity(panels.len());
    for panel in panels {
        let part;
        (part, rest) = rest.split_at_mut(inputs * panel.width);
        parts.push((panel, part));
    }
    parts.into_par_iter().for_each(|(PanelSpan { columns, width, .. }, part)| {
        for (input, row) in part.chunks_exact_mut(*width).enumerate() {
            let from = input * layout.strides[0];
            for (to, column) in row.iter_mut().zip(columns.clone()) {
                *to = weights[from + column * layout.strides[1]];
            }
        }
    });
    TensorData::new(packed, [count])
}
