//! ReLU and its leaky forms.

use burn::tensor::{Tensor, TensorData, activation};

use super::{Choice, Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::constant::Constant;
use crate::interval::Interval;
use crate::kernels::{self, Slope};
use crate::rows::Rows;

/// `max(x, slope * x)` with `0 <= slope <= 1`, one slope for all units or one for each; a slope of
/// zero makes it a ReLU. A unit whose input is exactly zero counts as inactive.
#[derive(Clone, Debug)]
pub struct LeakyRelu {
    slope: Slope,
}

impl LeakyRelu {
    /// `max(x, 0)`
    pub(crate) fn relu() -> Self {
        Self { slope: Slope::One(0.0) }
    }

    /// The activation with a slope between 0 and 1; other slopes are not convex and increasing.
    pub(crate) fn new(slope: f64) -> Option<Self> {
        is_convex(slope).then_some(Self { slope: Slope::One(slope) })
    }

    /// The activation with a slope for every feature, all between 0 and 1.
    pub(crate) fn with_slopes(slopes: Vec<f64>, placement: &Placement) -> Option<Self> {
        if !slopes.iter().all(|&slope| is_convex(slope)) {
            return None;
        }
        if slopes.iter().all(|slope| *slope == slopes[0]) {
            return Self::new(*slopes.first()?);
        }
        let features = slopes.len();
        let slopes = Constant::new(TensorData::new(slopes, [1, features]), placement);
        Some(Self { slope: Slope::Each(slopes) })
    }

    /// The slope of every inactive unit.
    pub(crate) fn slopes(&self, units: usize) -> Vec<f64> {
        match &self.slope {
            Slope::One(slope) => vec![*slope; units],
            Slope::Each(slopes) => slopes.data().iter().collect(),
        }
    }

    /// The slope of inactive units, if it is one for all.
    pub(crate) fn slope(&self) -> Option<f64> {
        match self.slope {
            Slope::One(slope) => Some(slope),
            Slope::Each(_) => None,
        }
    }
}

fn is_convex(slope: f64) -> bool {
    (0.0..=1.0).contains(&slope)
}

impl PiecewiseLinear for LeakyRelu {
    fn name(&self) -> &'static str {
        match self.slope {
            Slope::One(0.0) => "relu",
            Slope::One(_) => "leaky relu",
            Slope::Each(_) => "prelu",
        }
    }

    fn detail(&self) -> String {
        match &self.slope {
            Slope::One(0.0) => String::new(),
            Slope::One(slope) => format!("slope {slope}"),
            Slope::Each(slopes) => {
                let slopes = slopes.data().iter::<f64>();
                let (least, most) = slopes.fold((1.0_f64, 0.0_f64), |(least, most), slope| {
                    (least.min(slope), most.max(slope))
                });
                format!("slopes {least:.3} to {most:.3}")
            }
        }
    }

    fn constants(&self) -> Vec<&[u8]> {
        match &self.slope {
            Slope::One(_) => Vec::new(),
            Slope::Each(slopes) => vec![slopes.bytes()],
        }
    }

    fn is_maximum(&self) -> bool {
        true
    }

    fn choice(&self, units: usize) -> Option<Choice> {
        let bends = match &self.slope {
            Slope::One(slope) => vec![*slope < 1.0; units],
            Slope::Each(slopes) => slopes.data().iter().map(|slope: f64| slope < 1.0).collect(),
        };
        bends.contains(&true).then(|| Choice::by_sign(bends))
    }

    fn place(&self, placement: &Placement) -> Op {
        let slope = match &self.slope {
            Slope::One(slope) => Slope::One(*slope),
            Slope::Each(slopes) => Slope::Each(slopes.place(placement)),
        };
        Self { slope }.into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, placement: &Placement) -> Op {
        let slope = match &self.slope {
            Slope::One(slope) => Slope::One(change(*slope)),
            Slope::Each(slopes) => Slope::Each(slopes.map(change, placement)),
        };
        Self { slope }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let input = only(inputs);
        let output = match &self.slope {
            Slope::One(0.0) => activation::relu(input),
            Slope::One(slope) => activation::leaky_relu(input, *slope),
            Slope::Each(slopes) => {
                activation::relu(input.clone()) + input.clamp_max(0) * slopes.tensor()
            }
        };
        // With a slope that is not negative the output has the sign of the input: no mask needed.
        (output.clone(), Piece::Sign(output))
    }

    fn gate(&self, _: &[Option<Tensor<2>>], piece: &Piece) -> Option<Tensor<2>> {
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
        kernels::mask(Rows::new(directions, points), sign, &self.slope).into_tensor()
    }

    fn pullback(&self, rows: Rows, piece: &Piece) -> Pulled {
        let Piece::Sign(sign) = piece else { return Pulled::one(rows) };
        Pulled::one(kernels::mask(rows, sign, &self.slope))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval]
    }
}
