//! ReLU and its leaky form.

use burn::tensor::{Tensor, activation};

use super::{Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::interval::Interval;
use crate::kernels;
use crate::rows::Rows;

/// `max(x, slope * x)` with `0 <= slope <= 1`; zero makes it a ReLU. A unit whose input is exactly
/// zero counts as inactive.
#[derive(Clone, Debug)]
pub struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    /// The activation with a slope between 0 and 1; other slopes are not convex and increasing.
    pub(crate) fn new(slope: f64) -> Option<Self> {
        (0.0..=1.0).contains(&slope).then_some(Self { slope })
    }

    pub(crate) fn slope(&self) -> f64 {
        self.slope
    }
}

impl PiecewiseLinear for LeakyRelu {
    fn name(&self) -> &'static str {
        if self.slope == 0.0 { "relu" } else { "leaky relu" }
    }

    fn detail(&self) -> String {
        if self.slope == 0.0 { String::new() } else { format!("slope {}", self.slope) }
    }

    fn is_maximum(&self) -> bool {
        true
    }

    fn place(&self, _: &Placement) -> Op {
        self.clone().into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let input = only(inputs);
        let output = match self.slope {
            0.0 => activation::relu(input),
            slope => activation::leaky_relu(input, slope),
        };
        // With a slope that is not negative the output has the sign of the input: no mask needed.
        (output.clone(), Piece::Sign(output))
    }

    fn pullback(&self, rows: Rows, piece: &Piece) -> Pulled {
        let Piece::Sign(sign) = piece else { return Pulled::one(rows) };
        let points = rows.points();
        Pulled::one(Rows::new(kernels::mask(rows, sign, self.slope), points))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval]
    }
}
