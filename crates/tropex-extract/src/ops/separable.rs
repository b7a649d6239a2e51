//! Separable affine maps along the axes of a plane.

use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{AffineRows, Constant, matmul};

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// `R X C` for every plane `X` of shape `[height, width]`. Average pooling, interpolation, sums and
/// means along an axis, and products with a matrix on the left have this form.
#[derive(Clone, Debug)]
pub struct Separable {
    name: &'static str,
    detail: String,
    /// `[planes, height, width]`
    input: [usize; 3],
    /// `R` transposed, `[height, out_height]`; `None` for the identity.
    down: Option<Constant<2>>,
    /// `C`, `[width, out_width]`; `None` for the identity.
    across: Option<Constant<2>>,
}

/// The weight of every input cell in every output cell along one axis: `weights[output][input]`.
pub(crate) type AxisWeights = Vec<Vec<f64>>;

impl Separable {
    /// The operation on planes `[planes, height, width]` with weights along both axes.
    pub(crate) fn new(
        name: &'static str,
        detail: String,
        input: [usize; 3],
        [down, across]: [Option<AxisWeights>; 2],
        target: &ComputeTarget,
    ) -> Self {
        let constant = |weights: AxisWeights| Constant::new(transposed(&weights), target);
        Self { name, detail, input, down: down.map(constant), across: across.map(constant) }
    }

    /// Shape of the output, `[planes, out_height, out_width]`.
    fn output(&self) -> [usize; 3] {
        let [planes, height, width] = self.input;
        let outputs = |weight: &Option<Constant<2>>, same| {
            weight.as_ref().map_or(same, |weight| weight.data().shape()[1])
        };
        [planes, outputs(&self.down, height), outputs(&self.across, width)]
    }

    /// Values at the output from values at the input; `f` is applied to the weights.
    fn push(&self, mut values: Tensor<2>, f: impl Fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        let [planes, height, width] = self.input;
        let [_, _, out_width] = self.output();
        if let Some(weight) = &self.across {
            values = along(values, [planes * height, width, 1], f(weight.tensor()));
        }
        if let Some(weight) = &self.down {
            values = along(values, [planes, height, out_width], f(weight.tensor()));
        }
        values
    }

    /// Rows before the vertical map from rows at the output.
    fn pull_down(&self, rows: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        let [planes, height, width] = self.output();
        along(rows, [planes, height, width], weight.transpose())
    }

    fn pull_across(&self, rows: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        let [planes, _, width] = self.output();
        along(rows, [planes * self.input[1], width, 1], weight.transpose())
    }

    fn pull(&self, rows: Tensor<2>) -> Tensor<2> {
        let rows = match &self.down {
            None => rows,
            Some(weight) => self.pull_down(rows, weight.tensor()),
        };
        match &self.across {
            None => rows,
            Some(weight) => self.pull_across(rows, weight.tensor()),
        }
    }
}

/// Multiplies the middle axis of values `[count, outer, length, inner]` by a weight `[length,
/// outputs]`.
fn along(values: Tensor<2>, [outer, length, inner]: [usize; 3], weight: Tensor<2>) -> Tensor<2> {
    let [count, _] = values.dims();
    let [_, outputs] = weight.dims();
    let features = outer * outputs * inner;
    if inner == 1 {
        let product = matmul(values.reshape([count * outer, length]), weight);
        return product.reshape([count, features]);
    }
    let planes = values.reshape([count * outer, length, inner]);
    matmul(weight.transpose().unsqueeze::<3>(), planes).reshape([count, features])
}

fn transposed(weights: &AxisWeights) -> TensorData {
    let (outputs, inputs) = (weights.len(), weights.first().map_or(0, Vec::len));
    let values = (0..inputs).flat_map(|i| weights.iter().map(move |row| row[i]));
    TensorData::new(values.collect::<Vec<f64>>(), [inputs, outputs])
}

impl PiecewiseLinear for Separable {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn constants(&self) -> Vec<&[u8]> {
        self.down.iter().chain(&self.across).map(Constant::bytes).collect()
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let move_weights =
            |weight: &Option<Constant<2>>| weight.as_ref().map(|w| w.to_target(target));
        Self { down: move_weights(&self.down), across: move_weights(&self.across), ..self.clone() }
            .into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        let map =
            |weight: &Option<Constant<2>>| weight.as_ref().map(|weight| weight.map(change, target));
        Self { down: map(&self.down), across: map(&self.across), ..self.clone() }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        (self.push(only(inputs), |weight| weight), Piece::Affine)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        Some(self.push(only(inputs).square(), |weight| weight.square()))
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.forward(directions).0
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        PulledRows::one(rows.map(|rows| self.pull(rows)))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let interval = match &self.down {
            None => interval,
            Some(weight) => interval.through(weight.tensor(), |rows, w| self.pull_down(rows, w)),
        };
        vec![match &self.across {
            None => interval,
            Some(weight) => interval.through(weight.tensor(), |rows, w| self.pull_across(rows, w)),
        }]
    }
}
