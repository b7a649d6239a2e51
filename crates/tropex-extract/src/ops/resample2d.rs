//! Averages over windows of a plane.

use burn::tensor::{Tensor, TensorData};

use super::{Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::constant::Constant;
use crate::interval::Interval;
use crate::rows::Rows;

/// `R X C` for every plane `X` `[height, width]`, with non-negative `R` `[out_height, height]` and
/// `C` `[width, out_width]`: the form that average and adaptive average pooling share.
#[derive(Clone, Debug)]
pub struct Resample2d {
    name: &'static str,
    detail: String,
    /// `[height, out_height]`
    down: Constant<2>,
    /// `[width, out_width]`
    across: Constant<2>,
    channels: usize,
}

/// The share of every input cell in every output cell along one axis: `weights[output][input]`.
pub(crate) type AxisWeights = Vec<Vec<f64>>;

impl Resample2d {
    /// The operation from its weights along the two axes, which must not be negative.
    pub(crate) fn new(
        name: &'static str,
        detail: String,
        channels: usize,
        weights: [AxisWeights; 2],
        placement: &Placement,
    ) -> Self {
        let [down, across] = weights.map(|weights| Constant::new(transposed(&weights), placement));
        Self { name, detail, down, across, channels }
    }

    /// Output rows first: `X -> ((X C)^T R^T)^T`, two products with planes side by side.
    fn apply(&self, values: Tensor<2>, down: Tensor<2>, across: Tensor<2>) -> Tensor<2> {
        let [count, _] = values.dims();
        let planes = count * self.channels;
        let ([height, out_height], [width, out_width]) = (down.dims(), across.dims());
        let narrowed = values.reshape([planes * height, width]).matmul(across);
        let turned = narrowed.reshape([planes, height, out_width]).swap_dims(1, 2);
        let resampled = turned.reshape([planes * out_width, height]).matmul(down);
        let back = resampled.reshape([planes, out_width, out_height]).swap_dims(1, 2);
        back.reshape([count, self.channels * out_height * out_width])
    }

    fn pull(&self, rows: Tensor<2>) -> Tensor<2> {
        self.apply(rows, self.down.tensor().transpose(), self.across.tensor().transpose())
    }
}

fn transposed(weights: &AxisWeights) -> TensorData {
    let (outputs, inputs) = (weights.len(), weights[0].len());
    let values = (0..inputs).flat_map(|i| weights.iter().map(move |row| row[i]));
    TensorData::new(values.collect::<Vec<f64>>(), [inputs, outputs])
}

impl PiecewiseLinear for Resample2d {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn constants(&self) -> Vec<&[u8]> {
        vec![self.down.bytes(), self.across.bytes()]
    }

    fn place(&self, placement: &Placement) -> Op {
        let (down, across) = (self.down.place(placement), self.across.place(placement));
        Self { down, across, ..self.clone() }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let output = self.apply(only(inputs), self.down.tensor(), self.across.tensor());
        (output, Piece::Affine)
    }

    fn pullback(&self, rows: Rows, _: &Piece) -> Pulled {
        Pulled::one(rows.map(|rows| self.pull(rows)))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval.map(|rows| self.pull(rows))]
    }
}
