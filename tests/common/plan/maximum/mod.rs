//! Steps on one value with several pieces.

mod draw;
pub(crate) mod layer;
pub(crate) mod loops;

use super::affine::replaced;
use super::{Shape, Window};

#[derive(Clone, Debug)]
pub(crate) enum Maximum {
    Relu,
    /// The slope may be above 1 or below 0.
    LeakyRelu {
        slope: f64,
    },
    /// One slope for all channels, or one a channel.
    PRelu {
        slopes: Vec<f64>,
    },
    Abs,
    /// A clamp with two bounds or with one.
    Clamp {
        least: Option<f64>,
        most: Option<f64>,
    },
    Relu6,
    HardTanh {
        least: f64,
        most: f64,
    },
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    /// `x - lambda` above `lambda`, `x + lambda` below `-lambda`, 0 between.
    SoftShrink {
        lambda: f64,
    },
    /// The value where it is above a number, and the number elsewhere.
    Threshold(f64),
    Masked(Masked),
    /// Largest or smallest value along an axis, whose extent becomes 1.
    OverAxis {
        axis: usize,
        extremum: Extremum,
    },
    Pool(MaxPool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extremum {
    Greatest,
    Least,
}

/// Continuous functions written with a mask.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Masked {
    /// A number where the value is below it.
    FillBelow(f64),
    /// A number where the value is above it.
    FillAbove(f64),
    /// A multiple of the value where the value is below zero.
    ScaleBelow(f64),
    /// Zeros where the value is not above zero.
    ZerosBelow,
    /// The value where it is above zero, written into zeros.
    OntoZeros,
    /// The value times its sign.
    SignTimes,
}

#[derive(Clone, Debug)]
pub(crate) struct MaxPool {
    pub(crate) window: Window,
}

impl Maximum {
    pub(super) fn output(&self, input: &[usize]) -> Shape {
        match self {
            Self::Pool(pool) => [vec![input[0]], pool.window.counts(&input[1..])].concat(),
            Self::OverAxis { axis, .. } => replaced(input, *axis, 1),
            _ => input.to_vec(),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu { slope } => match slope {
                ..0.0 => "leaky relu below 0",
                0.0..=1.0 => "leaky relu",
                _ => "leaky relu above 1",
            },
            Self::PRelu { .. } => "prelu",
            Self::Abs => "abs",
            Self::Clamp { least: Some(_), most: Some(_) } => "clamp",
            Self::Clamp { most: None, .. } => "clamp min",
            Self::Clamp { least: None, .. } => "clamp max",
            Self::Relu6 => "relu6",
            Self::HardTanh { .. } => "hard tanh",
            Self::HardSigmoid { .. } => "hard sigmoid",
            Self::SoftShrink { .. } => "soft shrink",
            Self::Threshold(_) => "threshold",
            Self::Masked(masked) => match masked {
                Masked::FillBelow(_) => "mask fill below",
                Masked::FillAbove(_) => "mask fill above",
                Masked::ScaleBelow(_) => "mask where scaled",
                Masked::ZerosBelow => "mask where zero",
                Masked::OntoZeros => "mask where onto zeros",
                Masked::SignTimes => "sign times",
            },
            Self::OverAxis { extremum: Extremum::Greatest, .. } => "max over an axis",
            Self::OverAxis { extremum: Extremum::Least, .. } => "min over an axis",
            Self::Pool(pool) if pool.window.axes() == 1 => "max pool1d",
            Self::Pool(_) => "max pool2d",
        }
    }
}

impl MaxPool {
    /// Whether there is a window, and every window holds a cell that is not padding.
    pub(crate) fn fits(&self, extents: &[usize]) -> bool {
        let window = &self.window;
        let holds_some = |axis: usize, index: usize| {
            (0..window.kernel[axis])
                .any(|offset| window.cell(axis, index, offset, extents[axis]).is_some())
        };
        window.fits(extents)
            && window
                .counts(extents)
                .into_iter()
                .enumerate()
                .all(|(axis, count)| (0..count).all(|index| holds_some(axis, index)))
    }
}
