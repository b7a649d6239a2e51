//! Max pooling.

use std::sync::{Arc, OnceLock};

use burn::tensor::module::max_pool2d_with_indices;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{self as kernels, AffineRows, PoolingWindows};

use super::{ActivationRule, Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// Window, stride and padding of a max pooling.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MaxPool2dSpec {
    /// Extent of a window, `[rows, columns]`.
    pub kernel: [usize; 2],
    /// Distance between windows, in cells.
    pub stride: [usize; 2],
    /// Cells of minus infinity around the plane, `(begin, end)` per axis.
    pub padding: [(usize, usize); 2],
    /// Distance between the cells of a window.
    pub dilation: [usize; 2],
    /// Whether a last window that exceeds the plane is included.
    pub ceil_mode: bool,
}

/// The maximum of every window; the first cell in scan order wins a tie.
#[derive(Clone, Debug)]
pub struct MaxPool2d {
    name: &'static str,
    spec: MaxPool2dSpec,
    input: [usize; 3],
    output: [usize; 3],
    /// Built on first use; `None` if a window has no cells.
    windows: Arc<OnceLock<Option<PoolingWindows>>>,
}

impl MaxPool2d {
    /// The pooling from `input` to `output`, both `[channels, height, width]`.
    pub(crate) fn new(spec: MaxPool2dSpec, input: [usize; 3], output: [usize; 3]) -> Self {
        Self { name: "max pool", spec, input, output, windows: Arc::default() }
    }

    /// The maximum over the middle axis of values `[outer, length, inner]`: a window covers the
    /// whole height of a plane and one column.
    pub(crate) fn over_axis(input: [usize; 3]) -> Self {
        let [outer, length, inner] = input;
        let spec = MaxPool2dSpec {
            kernel: [length, 1],
            stride: [length, 1],
            padding: [(0, 0); 2],
            dilation: [1, 1],
            ceil_mode: false,
        };
        let output = [outer, 1, inner];
        Self { name: "maximum", spec, input, output, windows: Arc::default() }
    }

    /// Window, stride, padding and dilation.
    pub fn spec(&self) -> &MaxPool2dSpec {
        &self.spec
    }

    fn options(&self) -> MaxPoolOptions<2> {
        MaxPoolOptions::new(self.spec.kernel)
            .with_stride(self.spec.stride)
            .with_padding_pairs(self.spec.padding)
            .with_dilation(self.spec.dilation)
            .with_ceil_mode(self.spec.ceil_mode)
    }

    /// The cells of a plane in every window, in scan order.
    fn windows(&self) -> Vec<Vec<usize>> {
        let [_, _, width] = self.input;
        let [_, out_height, out_width] = self.output;
        let window = |row, column| {
            let rows = (0..self.spec.kernel[0]).filter_map(move |down| self.cell(0, row, down));
            let columns = move |row: usize| {
                let columns =
                    (0..self.spec.kernel[1]).filter_map(move |right| self.cell(1, column, right));
                columns.map(move |column| row * width + column)
            };
            rows.flat_map(columns).collect()
        };
        let positions =
            (0..out_height).flat_map(|row| (0..out_width).map(move |column| (row, column)));
        positions.map(|(row, column)| window(row, column)).collect()
    }

    /// Whether two windows may share a cell.
    fn overlap(&self) -> bool {
        let MaxPool2dSpec { kernel, stride, dilation, .. } = &self.spec;
        (0..2).any(|axis| dilation[axis] * (kernel[axis] - 1) >= stride[axis])
    }

    /// The input cell along one axis for an output cell and a window offset, if it is inside the
    /// plane.
    fn cell(&self, axis: usize, output: usize, offset: usize) -> Option<usize> {
        let position = output * self.spec.stride[axis] + offset * self.spec.dilation[axis];
        let cell = position.checked_sub(self.spec.padding[axis].0)?;
        (cell < self.input[axis + 1]).then_some(cell)
    }

    /// Adds the entry of each window to all its cells: an upper bound, because only one cell of a
    /// window wins.
    fn spread(&self, rows: Tensor<2>) -> Tensor<2> {
        let [channels, height, width] = self.input;
        let [count, _] = rows.dims();
        let (device, dtype) = (rows.device(), rows.dtype());
        let source: Vec<f64> = rows.into_data().iter().collect();
        let windows = self.windows();
        let mut spread = vec![0.0; count * channels * height * width];
        let planes = spread.chunks_exact_mut(height * width);
        for (plane, values) in planes.zip(source.chunks_exact(windows.len())) {
            for (window, value) in windows.iter().zip(values) {
                window.iter().for_each(|&cell| plane[cell] += value);
            }
        }
        let features = spread.len() / count;
        let data = TensorData::new(spread, [count, features]).convert_dtype(dtype);
        Tensor::from_data(data, (&device, dtype))
    }
}

impl PiecewiseLinear for MaxPool2d {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        let MaxPool2dSpec { kernel, stride, padding, dilation, ceil_mode } = &self.spec;
        if self.name == "maximum" {
            return format!("of {}", kernel[0]);
        }
        let mut detail = super::window(kernel, stride, padding, dilation);
        if *ceil_mode {
            detail += ", rounded up";
        }
        detail
    }

    fn is_maximum(&self) -> bool {
        true
    }

    fn activation_rule(&self, _: usize) -> Option<ActivationRule> {
        let [channels, height, width] = self.input;
        let windows = self.windows();
        let chooses = windows.iter().any(|window| window.len() > 1);
        chooses.then(|| ActivationRule::by_largest([channels, height * width], windows))
    }

    fn to_target(&self, _: &ComputeTarget) -> Op {
        self.clone().into()
    }

    fn map_constants(&self, _: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        self.to_target(target)
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let input = only(inputs);
        let [points, _] = input.dims();
        let [channels, height, width] = self.input;
        let windows = kernels::get_or_init(&self.windows, || PoolingWindows::new(&self.windows()));
        let by_windows = windows.as_ref().and_then(|it| kernels::largest(&input, channels, it));
        if let Some((output, winner)) = by_windows {
            return (output, Piece::Winner(winner));
        }
        let planes = input.reshape([points, channels, height, width]);
        let (output, winner) = max_pool2d_with_indices(planes, self.options());
        let cells = self.output[1] * self.output[2];
        (
            output.reshape([points, channels * cells]),
            Piece::Winner(winner.reshape([points, channels, cells])),
        )
    }

    fn active_mask(&self, masks: &[Option<Tensor<2>>], piece: &Piece) -> Option<Tensor<2>> {
        let (Some(mask), Piece::Winner(winner)) = (masks.first()?, piece) else { return None };
        Some(kernels::pick(mask.clone(), winner, self.input[1] * self.input[2]))
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2> {
        let directions = only(directions);
        let Piece::Winner(winner) = piece else { return directions };
        kernels::pick(directions, winner, self.input[1] * self.input[2])
    }

    fn pullback(&self, rows: AffineRows, piece: &Piece) -> PulledRows {
        let Piece::Winner(winner) = piece else { return PulledRows::one(rows) };
        let cells = self.input[1] * self.input[2];
        PulledRows::one(kernels::scatter(rows, winner, cells, self.overlap()))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval.map(|rows| self.spread(rows))]
    }
}
