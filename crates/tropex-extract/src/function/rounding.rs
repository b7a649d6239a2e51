//! Bounds on the rounding errors of products in floating-point numbers.
//!
//! A computed `a . x` of `n` entries differs from the exact value by at most `gamma(n, u) |a| .
//! |x|`, where `u` is the unit roundoff, and `|a| . |x| <= ||a||_2 ||x||_2`. The bound holds for
//! every order of summation, with or without fused operations (Higham, *Accuracy and Stability of
//! Numerical Algorithms*, section 3.1).

use burn::tensor::Device;
use tropex_kernels::is_cpu;

/// Unit roundoff of `f64`.
pub(super) const DOUBLE: f64 = f64::EPSILON / 2.0;

/// Unit roundoff of `f32`.
const SINGLE: f64 = f32::EPSILON as f64 / 2.0;

/// Factor by which a bound is enlarged, so that it holds despite the rounding in its own
/// computation.
pub(super) const OUTWARD: f64 = 1.0 + 1e-6;

/// `n u / (1 - n u)`; infinite for `n u >= 1/2`.
pub(super) fn gamma(n: usize, unit: f64) -> f64 {
    let sum = n as f64 * unit;
    if sum < 0.5 { sum / (1.0 - sum) } else { f64::INFINITY }
}

/// Rounding of products in `f32` on a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductRounding {
    /// Relative error of an operand before the multiplication.
    operand: f64,
    /// Unit roundoff of multiplications and additions.
    unit: f64,
}

impl ProductRounding {
    /// CPU backends compute in `f32`. GPUs may round operands to the 11 significand bits of TF32
    /// and may truncate sums.
    pub(super) fn of(device: &Device) -> Self {
        if is_cpu(device) {
            Self { operand: 0.0, unit: SINGLE }
        } else {
            Self { operand: 2_f64.powi(-11), unit: 2.0 * f64::from(f32::EPSILON) }
        }
    }

    /// Bound on the error of `a . x + c` relative to `||(a, c)|| ||(x, 1)||`, where `a` (with `n`
    /// entries) and `c` were rounded to `f32`.
    pub(super) fn relative(self, n: usize) -> f64 {
        let operands = self.operand * (2.0 + self.operand);
        SINGLE + operands + (1.0 + operands) * gamma(n + 2, self.unit)
    }

    /// Bound on the error from underflow, relative to `||(x, 1)||`.
    pub(super) fn absolute(n: usize) -> f64 {
        (n + 2) as f64 * 2_f64.powi(-120)
    }
}

/// `||(x, 1)||_2` of a point, rounded up.
pub(super) fn length(point: &[f32]) -> f64 {
    let squares = point.iter().map(|&x| f64::from(x) * f64::from(x));
    (1.0 + squares.sum::<f64>()).sqrt() * OUTWARD
}
