//! The constants of a step of an optimizer.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

/// A step of gradient descent with momentum, which starts without a velocity:
/// `velocity <- momentum velocity + gradient + penalty value`, `value <- value - rate velocity`.
#[derive(Clone, Copy, Debug)]
pub struct MomentumStep {
    /// Learning rate.
    pub rate: f64,
    /// Share of the last velocity that remains.
    pub momentum: f64,
    /// Multiple of the value that is added to its gradient.
    pub penalty: f64,
}

/// A step of Adam (Kingma and Ba, 2015), whose moments start at zero. With
/// `g = gradient + penalty value`:
/// `mean <- decays[0] mean + (1 - decays[0]) g`,
/// `square <- decays[1] square + (1 - decays[1]) g^2`,
/// `value <- value - rate mean / (sqrt(square) / scale + epsilon)`.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Learning rate, divided by the bias correction of the mean.
    pub rate: f64,
    /// Decays of the mean and of the mean square.
    pub decays: [f64; 2],
    /// Root of the bias correction of the mean square.
    pub scale: f64,
    /// Number added to the root of the mean square.
    pub epsilon: f64,
    /// Multiple of the value that is added to its gradient.
    pub penalty: f64,
}

/// `Break` with value and velocity after a step, or `Continue` with those before it.
pub(crate) type MomentumStepped<const D: usize> =
    ControlFlow<(Tensor<D>, Tensor<D>), (Tensor<D>, Option<Tensor<D>>)>;

/// `Break` with value and moments after a step, or `Continue` with those before it.
pub(crate) type AdamStepped<const D: usize> =
    ControlFlow<(Tensor<D>, [Tensor<D>; 2]), (Tensor<D>, [Option<Tensor<D>>; 2])>;
