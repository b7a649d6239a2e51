//! Convolutions of planes that are mostly zero, by way of kernels that skip the zeros.

use std::sync::OnceLock;

use burn::tensor::Tensor;

use super::correlation::{Correlation, Spatial};
use crate::kernels::{self, Neighbours, Panels};

/// What the kernels want to know, found out when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Skipping {
    down: OnceLock<Way>,
    up: OnceLock<Way>,
}

/// A correlation or its transpose, cell by cell.
#[derive(Debug)]
struct Way {
    neighbours: Neighbours,
    /// `[kernel * inputs, outputs]`
    weights: Panels,
}

impl<const S: usize, const D: usize> Correlation<S, D>
where
    Tensor<D>: Spatial<S>,
{
    /// As [`Self::down`] with its own weight, of planes `[groups * points, features]` with zeros
    /// enough.
    pub(super) fn down_skipping(
        &self,
        planes: &Tensor<2>,
        points: usize,
        bias: Option<&Tensor<1>>,
    ) -> Option<Tensor<2>> {
        let channels = [self.large.channels, self.small.channels];
        let make = || {
            let triples = self.meetings().collect();
            Way {
                neighbours: Neighbours::new(self.small.cells(), self.large.cells(), triples),
                weights: self.weights([2, 1, 0]),
            }
        };
        self.skip(&self.skipping.down, make, planes, points, channels, bias)
    }

    /// As [`Self::up`] with its own weight.
    pub(super) fn up_skipping(
        &self,
        planes: &Tensor<2>,
        points: usize,
        bias: Option<&Tensor<1>>,
    ) -> Option<Tensor<2>> {
        let channels = [self.small.channels, self.large.channels];
        let make = || {
            let triples = self.meetings().map(|[small, kernel, large]| [large, kernel, small]);
            Way {
                neighbours: Neighbours::new(
                    self.large.cells(),
                    self.small.cells(),
                    triples.collect(),
                ),
                weights: self.weights([2, 0, 1]),
            }
        };
        self.skip(&self.skipping.up, make, planes, points, channels, bias)
    }

    fn skip(
        &self,
        way: &OnceLock<Way>,
        make: impl FnOnce() -> Way,
        planes: &Tensor<2>,
        points: usize,
        channels: [usize; 2],
        bias: Option<&Tensor<1>>,
    ) -> Option<Tensor<2>> {
        if self.spec.groups != 1 || !kernels::can_skip(planes) {
            return None;
        }
        let Way { neighbours, weights } = way.get_or_init(make);
        kernels::correlate(planes, points, neighbours, channels, bias, weights)
    }

    /// Every cell of the small planes with every cell of the kernel and the cell of the large planes
    /// that it lies on there.
    fn meetings(&self) -> impl Iterator<Item = [u32; 3]> {
        let (small, kernel, large) = (self.small.extent, self.kernel(), self.large.extent);
        let cells = |extent: [usize; S]| 0..extent.iter().product::<usize>();
        cells(small).flat_map(move |window| {
            cells(kernel).filter_map(move |tap| {
                let (at, within) = (coordinates(window, small), coordinates(tap, kernel));
                let mut cell = 0;
                for axis in 0..S {
                    let start = at[axis] * self.spec.stride[axis];
                    let reached = start + within[axis] * self.spec.dilation[axis];
                    let inside = reached.checked_sub(self.spec.padding[axis].0)?;
                    if inside >= large[axis] {
                        return None;
                    }
                    cell = cell * large[axis] + inside;
                }
                Some([window as u32, tap as u32, cell as u32])
            })
        })
    }

    /// The weights `[outputs, inputs, kernel]`, their axes in another order, as a matrix with the last
    /// of them as columns.
    fn weights(&self, order: [isize; 3]) -> Panels {
        let weight = self.weight.tensor();
        let shape = weight.dims();
        let kernel = shape[2..].iter().product();
        let weight: Tensor<3> = weight.reshape([shape[0], shape[1], kernel]).permute(order);
        let [first, second, columns] = weight.dims();
        Panels::of(weight.reshape([first * second, columns]))
    }
}

/// Where a cell lies along each axis.
fn coordinates<const S: usize>(cell: usize, extent: [usize; S]) -> [usize; S] {
    let mut rest = cell;
    let mut at = [0; S];
    for axis in (0..S).rev() {
        at[axis] = rest % extent[axis];
        rest /= extent[axis];
    }
    at
}
