//! Convolutions and transposed convolutions.

mod correlation;
mod stencils;

use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{self as kernels, AffineRows, Constant, RowsAndOffset};

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;
use correlation::Correlation;

pub use correlation::ChannelPlanes;
pub use correlation::ConvSpec;
pub(crate) use correlation::Spatial;

/// A convolution over two axes. A convolution over one axis has planes of height 1.
pub type Conv2d = Conv<2, 4>;

/// A convolution over three axes.
pub type Conv3d = Conv<3, 5>;

/// Whether an operation is a convolution or a transposed convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    /// A convolution, with weights `[outputs, inputs / groups, kernel..]`.
    Forward,
    /// A transposed convolution, with weights `[inputs, outputs / groups, kernel..]`.
    Transposed,
}

/// A convolution or transposed convolution over `S` axes. Its weights have `D = S + 2` axes.
#[derive(Clone, Debug)]
pub struct Conv<const S: usize, const D: usize> {
    direction: Direction,
    correlation: Correlation<S, D>,
    /// One number per output channel.
    bias: Option<Constant<1>>,
}

impl<const S: usize, const D: usize> Conv<S, D>
where
    Tensor<D>: Spatial<S>,
{
    /// The operation for planes `[input, output]`.
    pub(crate) fn new(
        direction: Direction,
        spec: ConvSpec<S>,
        weight: TensorData,
        bias: Option<TensorData>,
        [input, output]: [ChannelPlanes<S>; 2],
        target: &ComputeTarget,
    ) -> Self {
        let planes = match direction {
            Direction::Forward => [input, output],
            Direction::Transposed => [output, input],
        };
        let bias = bias.map(|bias| Constant::new(bias, target));
        Self { direction, correlation: Correlation::new(spec, weight, planes, target), bias }
    }

    /// The weights: `[output channels, input channels / groups, kernel..]`, or `[input channels,
    /// output channels / groups, kernel..]` for a transposed convolution.
    pub fn weight(&self) -> &TensorData {
        self.correlation.weight.data()
    }

    /// The bias, `[output channels]`.
    pub fn bias(&self) -> Option<&TensorData> {
        self.bias.as_ref().map(Constant::data)
    }

    /// Stride, padding, dilation and groups.
    pub fn spec(&self) -> &ConvSpec<S> {
        &self.correlation.spec
    }

    /// Extent of the kernel along each axis, in cells.
    pub fn kernel(&self) -> [usize; S] {
        self.correlation.kernel()
    }

    /// Whether it is a transposed convolution.
    pub fn is_transposed(&self) -> bool {
        self.direction == Direction::Transposed
    }

    /// Number of window positions per channel.
    pub fn windows(&self) -> usize {
        self.correlation.small.cells()
    }

    /// Number of output channels.
    pub(crate) fn channels(&self) -> usize {
        self.planes()[1].channels
    }

    /// The weights, multiplied by one factor per output channel.
    pub(crate) fn scaled_weight(&self, factors: &[f64]) -> TensorData {
        let weight = self.weight();
        let shape = weight.shape();
        let (rows, columns) = (shape[0], shape[1]);
        let cells = shape[2..].iter().product::<usize>();
        let channel = |row: usize, column: usize| match self.direction {
            Direction::Forward => row,
            Direction::Transposed => row / (rows / self.correlation.spec.groups) * columns + column,
        };
        let scaled = weight.iter::<f64>().enumerate().map(|(index, weight)| {
            weight * factors[channel(index / cells / columns, index / cells % columns)]
        });
        TensorData::new(scaled.collect::<Vec<f64>>(), shape.clone())
    }

    /// The operation with other weights of equal shape.
    pub(crate) fn with_weight(&self, weight: TensorData, target: &ComputeTarget) -> Self {
        let correlation = self.correlation.with_weight(Constant::new(weight, target), target);
        Self { correlation, ..self.clone() }
    }

    /// The operation with another bias, `[output channels]`.
    pub(crate) fn with_bias(self, bias: TensorData, target: &ComputeTarget) -> Self {
        Self { bias: Some(Constant::new(bias, target)), ..self }
    }

    /// The planes `[input, output]`.
    pub fn planes(&self) -> [ChannelPlanes<S>; 2] {
        let Correlation { large, small, .. } = self.correlation;
        match self.direction {
            Direction::Forward => [large, small],
            Direction::Transposed => [small, large],
        }
    }

    /// Values at the output from values at the input, with or without the bias.
    fn push(&self, values: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let [points, _] = values.dims();
        let by_cells = match self.direction {
            Direction::Forward => {
                self.correlation.by_cells(Correlation::down_stencil, &values, points, bias.as_ref())
            }
            Direction::Transposed => {
                self.correlation.by_cells(Correlation::up_stencil, &values, points, bias.as_ref())
            }
        };
        let weight = self.correlation.weight.tensor();
        by_cells.unwrap_or_else(|| match self.direction {
            Direction::Forward => self.correlation.down(values, weight, bias),
            Direction::Transposed => self.correlation.up(values, weight, bias),
        })
    }

    /// Rows at the input from rows at the output, with the given weight.
    fn pull(&self, rows: Tensor<2>, weight: Tensor<D>) -> Tensor<2> {
        match self.direction {
            Direction::Forward => self.correlation.up(rows, weight, None),
            Direction::Transposed => self.correlation.down(rows, weight, None),
        }
    }

    /// Masked rows at the input and their offsets; `None` if the unmasked computation is faster.
    fn pull_masked(&self, rows: &AffineRows) -> Option<RowsAndOffset> {
        if !rows.can_be_masked() {
            return None;
        }
        let stencil = match self.direction {
            Direction::Forward => self.correlation.up_stencil(),
            Direction::Transposed => self.correlation.down_stencil(),
        };
        kernels::correlate_masked(rows, stencil?, self.bias.as_ref().map(Constant::tensor))
    }

    fn offset(&self, rows: Tensor<2>) -> Option<Tensor<2>> {
        let bias = self.bias.as_ref()?.tensor();
        let [_, ChannelPlanes { channels, .. }] = self.planes();
        let [count, features] = rows.dims();
        let sums = rows.reshape([count * channels, features / channels]).sum_dim(1);
        Some(kernels::matmul(sums.reshape([count, channels]), bias.reshape([channels, 1])))
    }
}

impl<const S: usize, const D: usize> PiecewiseLinear for Conv<S, D>
where
    Tensor<D>: Spatial<S>,
    Op: From<Self>,
    Self: super::piecewise_linear::Sealed,
{
    fn name(&self) -> &'static str {
        match (self.direction, S) {
            (Direction::Forward, 2) => "conv2d",
            (Direction::Forward, _) => "conv3d",
            (Direction::Transposed, 2) => "transposed conv2d",
            (Direction::Transposed, _) => "transposed conv3d",
        }
    }

    fn detail(&self) -> String {
        let ConvSpec { stride, padding, dilation, groups } = &self.correlation.spec;
        let mut detail = super::window(&self.correlation.kernel(), stride, padding, dilation);
        if *groups != 1 {
            detail += &format!(", {groups} groups");
        }
        detail
    }

    fn parameters(&self) -> usize {
        self.correlation.weight.len() + self.bias.as_ref().map_or(0, Constant::len)
    }

    fn constants(&self) -> Vec<&[u8]> {
        let bias = self.bias.iter().map(Constant::bytes);
        std::iter::once(self.correlation.weight.bytes()).chain(bias).collect()
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let weight = self.correlation.weight.to_target(target);
        let bias = self.bias.as_ref().map(|bias| bias.to_target(target));
        let correlation = self.correlation.with_weight(weight, target);
        Self { direction: self.direction, correlation, bias }.into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        let weight = self.correlation.weight.map(change, target);
        let bias = self.bias.as_ref().map(|bias| bias.map(change, target));
        let correlation = self.correlation.with_weight(weight, target);
        Self { direction: self.direction, correlation, bias }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        (self.push(only(inputs), self.bias.as_ref().map(Constant::tensor)), Piece::Affine)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let (values, weight) = (only(inputs).square(), self.correlation.weight.tensor().square());
        let bias = self.bias.as_ref().map(|bias| bias.tensor().square());
        Some(match self.direction {
            Direction::Forward => self.correlation.down(values, weight, bias),
            Direction::Transposed => self.correlation.up(values, weight, bias),
        })
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.push(only(directions), None)
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        let points = rows.points();
        if let Some((rows, offset)) = self.pull_masked(&rows) {
            return PulledRows { rows: vec![rows], offset };
        }
        let rows = rows.into_tensor();
        let offset = self.offset(rows.clone());
        let by_cells = match self.direction {
            Direction::Forward => {
                self.correlation.by_cells(Correlation::up_stencil, &rows, points, None)
            }
            Direction::Transposed => {
                self.correlation.by_cells(Correlation::down_stencil, &rows, points, None)
            }
        };
        let pulled = by_cells.unwrap_or_else(|| self.pull(rows, self.correlation.weight.tensor()));
        PulledRows { rows: vec![AffineRows::new(pulled, points)], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let pull = |rows, weight| self.pull(rows, weight);
        vec![interval.through(self.correlation.weight.tensor(), pull)]
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests;
