//! ReLU, leaky ReLU and PReLU.

use burn::tensor::{Tensor, TensorData, activation};
use tropex_kernels::{self as kernels, AffineRows, Constant, Slope};

use super::{ActivationRule, Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// `max(x, slope * x)` with `0 <= slope <= 1` and one slope for all units or one per unit. Slope 0
/// gives a ReLU. A unit with input 0 is inactive.
#[derive(Clone, Debug)]
pub struct LeakyRelu {
    slope: Slope,
}

impl LeakyRelu {
    /// `max(x, 0)`
    pub(crate) fn relu() -> Self {
        Self { slope: Slope::Uniform(0.0) }
    }

    /// The activation with a slope between 0 and 1; `None` for other slopes, which give no
    /// increasing convex function.
    pub(crate) fn new(slope: f64) -> Option<Self> {
        is_convex(slope).then_some(Self { slope: Slope::Uniform(slope) })
    }

    /// The activation with one slope per feature; `None` if a slope is not between 0 and 1.
    pub(crate) fn with_slopes(slopes: Vec<f64>, target: &ComputeTarget) -> Option<Self> {
        if !slopes.iter().all(|&slope| is_convex(slope)) {
            return None;
        }
        if slopes.iter().all(|slope| *slope == slopes[0]) {
            return Self::new(*slopes.first()?);
        }
        let features = slopes.len();
        let slopes = Constant::new(TensorData::new(slopes, [1, features]), target);
        Some(Self { slope: Slope::PerUnit(slopes) })
    }

    /// The slope of every unit when it is inactive, `[units]`.
    pub(crate) fn slopes(&self, units: usize) -> Vec<f64> {
        match &self.slope {
            Slope::Uniform(slope) => vec![*slope; units],
            Slope::PerUnit(slopes) => slopes.data().iter().collect(),
        }
    }

    /// The slope of inactive units, if all units have one slope.
    pub fn slope(&self) -> Option<f64> {
        match self.slope {
            Slope::Uniform(slope) => Some(slope),
            Slope::PerUnit(_) => None,
        }
    }
}

fn is_convex(slope: f64) -> bool {
    (0.0..=1.0).contains(&slope)
}

impl PiecewiseLinear for LeakyRelu {
    fn name(&self) -> &'static str {
        match self.slope {
            Slope::Uniform(0.0) => "relu",
            Slope::Uniform(_) => "leaky relu",
            Slope::PerUnit(_) => "prelu",
        }
    }

    fn detail(&self) -> String {
        match &self.slope {
            Slope::Uniform(0.0) => String::new(),
            Slope::Uniform(slope) => format!("slope {slope}"),
            Slope::PerUnit(slopes) => {
                let slopes = slopes.data().iter::<f64>();
                let (smallest, largest) = slopes
                    .fold((1.0_f64, 0.0_f64), |(smallest, largest), slope| {
                        (smallest.min(slope), largest.max(slope))
                    });
                format!("slopes {smallest:.3} to {largest:.3}")
            }
        }
    }

    fn constants(&self) -> Vec<&[u8]> {
        match &self.slope {
            Slope::Uniform(_) => Vec::new(),
            Slope::PerUnit(slopes) => vec![slopes.bytes()],
        }
    }

    fn is_maximum(&self) -> bool {
        true
    }

    fn activation_rule(&self, units: usize) -> Option<ActivationRule> {
        let bends = match &self.slope {
            Slope::Uniform(slope) => vec![*slope < 1.0; units],
            Slope::PerUnit(slopes) => slopes.data().iter().map(|slope: f64| slope < 1.0).collect(),
        };
        bends.contains(&true).then(|| ActivationRule::by_sign(bends))
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let slope = match &self.slope {
            Slope::Uniform(slope) => Slope::Uniform(*slope),
            Slope::PerUnit(slopes) => Slope::PerUnit(slopes.to_target(target)),
        };
        Self { slope }.into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        let slope = match &self.slope {
            Slope::Uniform(slope) => Slope::Uniform(change(*slope)),
            Slope::PerUnit(slopes) => Slope::PerUnit(slopes.map(change, target)),
        };
        Self { slope }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let input = only(inputs);
        let output = match &self.slope {
            Slope::Uniform(0.0) => activation::relu(input),
            Slope::Uniform(slope) => activation::leaky_relu(input, *slope),
            Slope::PerUnit(slopes) => {
                activation::relu(input.clone()) + input.clamp_max(0) * slopes.tensor()
            }
        };
        // The output has the sign of the input because slopes are not negative.
        (output.clone(), Piece::Sign(output))
    }

    fn active_mask(&self, _: &[Option<Tensor<2>>], piece: &Piece) -> Option<Tensor<2>> {
        match (self.slope(), piece) {
            (Some(0.0), Piece::Sign(sign)) => Some(sign.clone()),
            _ => None,
        }
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        (self.slope() != Some(0.0)).then(|| self.forward(inputs).0.square())
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2> {
        let directions = only(directions);
        let Piece::Sign(sign) = piece else { return directions };
        let [points, _] = sign.dims();
        kernels::mask(AffineRows::new(directions, points), sign, &self.slope).into_tensor()
    }

    fn pullback(&self, rows: AffineRows, piece: &Piece) -> PulledRows {
        let Piece::Sign(sign) = piece else { return PulledRows::one(rows) };
        PulledRows::one(kernels::mask(rows, sign, &self.slope))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval]
    }
}
