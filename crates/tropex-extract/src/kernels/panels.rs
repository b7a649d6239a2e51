//! Weights in the order in which kernels read them.

use std::ops::Range;

use burn::tensor::{DType, Element, Tensor, TensorData};

use super::simd::lanes;

/// A matrix `[inputs, outputs]` in panels of some columns, one after the other, each row by row: what
/// one row gives to a few columns lies together, and a panel stays in a core's own cache.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    data: TensorData,
    extents: [usize; 2],
    panels: Vec<Place>,
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
        let lanes = match weight.dtype() {
            DType::F64 => lanes::<f64>(),
            _ => lanes::<f32>(),
        };
        let [_, outputs] = weight.dims();
        let width = PANEL * lanes;
        Self::new(weight, outputs.div_ceil(width), |panel| panel * width, |_| width)
    }

    /// Panels of many columns, which are worked on in blocks.
    pub(super) fn wide(weight: Tensor<2>) -> Self {
        let [_, outputs] = weight.dims();
        Self::new(weight, outputs.div_ceil(WIDE), |panel| panel * WIDE, |columns| columns)
    }

    /// Panels of at most so many columns, and all of nearly as many.
    pub(super) fn narrow(weight: Tensor<2>, most: usize) -> Self {
        let [_, outputs] = weight.dims();
        let count = outputs.div_ceil(most);
        Self::new(weight, count, |panel| panel * outputs / count, |columns| columns)
    }

    /// So many panels, by their first column and how wide they are for so many columns.
    fn new(
        weight: Tensor<2>,
        count: usize,
        first: impl Fn(usize) -> usize,
        width: impl Fn(usize) -> usize,
    ) -> Self {
        let extents @ [inputs, outputs] = weight.dims();
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
            Ok(weights) => packed(weights, outputs, &panels),
            Err(_) => packed(data.as_slice::<f32>().unwrap_or(&[]), outputs, &panels),
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

fn packed<F: Element>(weights: &[F], outputs: usize, panels: &[Place]) -> TensorData {
    let mut packed = Vec::with_capacity(weights.len());
    for Place { columns, width, .. } in panels {
        for row in weights.chunks_exact(outputs.max(1)) {
            packed.extend_from_slice(&row[columns.clone()]);
            packed.resize(packed.len() + width - columns.len(), F::from_elem(0));
        }
    }
    let count = packed.len();
    TensorData::new(packed, [count])
}
