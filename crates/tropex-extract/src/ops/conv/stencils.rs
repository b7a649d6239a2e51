//! Convolutions by the stencil kernels of `tropex-kernels`.

use burn::tensor::Tensor;
use tropex_kernels::{self as kernels, SparsityPattern, Stencil};

use super::correlation::{ChannelPlanes, Correlation, Spatial};

impl<const S: usize, const D: usize> Correlation<S, D>
where
    Tensor<D>: Spatial<S>,
{
    /// Like [`Self::down`] or [`Self::up`] with the weight of the correlation, for planes `[groups *
    /// points, features]` and the stencil of the direction; `None` if Burn's convolution is faster.
    pub(super) fn by_cells(
        &self,
        stencil: impl Fn(&Self) -> Option<&Stencil>,
        planes: &Tensor<2>,
        points: usize,
        bias: Option<&Tensor<1>>,
    ) -> Option<Tensor<2>> {
        let is_in_memory = kernels::is_in_memory(planes);
        let stencil = is_in_memory.then(|| stencil(self)).flatten()?;
        kernels::correlate(planes, points, stencil, bias)
    }

    /// The correlation as a stencil, if it has one group.
    pub(super) fn down_stencil(&self) -> Option<&Stencil> {
        let make = || self.stencil([&self.large, &self.small], |tap_order| tap_order, [2, 1, 0]);
        (self.spec.groups == 1).then(|| kernels::get_or_init(&self.stencils.down, make))
    }

    /// The transpose of the correlation as a stencil, if it has one group.
    pub(super) fn up_stencil(&self) -> Option<&Stencil> {
        let transposed = |[small, kernel, large]: [u32; 3]| [large, kernel, small];
        let make = || self.stencil([&self.small, &self.large], transposed, [2, 0, 1]);
        (self.spec.groups == 1).then(|| kernels::get_or_init(&self.stencils.up, make))
    }

    /// The stencil between planes, from the order of the entries of a [tap](Self::taps) and of the
    /// axes of the [weights](Self::weights).
    fn stencil(
        &self,
        [from, to]: [&ChannelPlanes<S>; 2],
        tap_order: impl Fn([u32; 3]) -> [u32; 3],
        order: [isize; 3],
    ) -> Stencil {
        let taps = self.taps().map(tap_order).collect();
        let pattern = SparsityPattern::new([to.cells(), from.cells()], taps);
        Stencil::new(pattern, [from.channels, to.channels], self.weights(order))
    }

    /// All taps: a cell of the small planes, a cell of the kernel, and the cell of the large planes
    /// that they multiply.
    fn taps(&self) -> impl Iterator<Item = [u32; 3]> {
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

    /// The weights `[outputs, inputs, kernel]` with permuted axes, as a matrix whose columns are
    /// the last axis.
    fn weights(&self, order: [isize; 3]) -> Tensor<2> {
        let weight = self.weight.tensor();
        let shape = weight.dims();
        let kernel = shape[2..].iter().product();
        let weight: Tensor<3> = weight.reshape([shape[0], shape[1], kernel]).permute(order);
        let [first, second, columns] = weight.dims();
        weight.reshape([first * second, columns])
    }
}

/// The coordinates of a cell along each axis.
fn coordinates<const S: usize>(cell: usize, extent: [usize; S]) -> [usize; S] {
    let mut rest = cell;
    let mut at = [0; S];
    for axis in (0..S).rev() {
        at[axis] = rest % extent[axis];
        rest /= extent[axis];
    }
    at
}
