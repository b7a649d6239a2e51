//! How far products in floating-point numbers can be from the truth.
//!
//! The bounds hold for sums in any order, fused or not (Higham, *Accuracy and Stability of
//! Numerical Algorithms*, section 3.1): a computed `a . x` of `n` entries differs from the true one
//! by at most `gamma(n, u) |a| . |x|`, where `u` is the unit roundoff, and
//! `|a| . |x| <= ||a||_2 ||x||_2`.

use burn::tensor::Device;

use tropex_kernels::is_cpu;

/// Unit roundoff of `f64`.
pub(super) const DOUBLE: f64 = f64::EPSILON / 2.0;

/// Unit roundoff of `f32`.
const SINGLE: f64 = f32::EPSILON as f64 / 2.0;

/// What a bound is multiplied by, so that it still is one after it was computed with rounding.
pub(super) const OUTWARD: f64 = 1.0 + 1e-6;

/// `n u / (1 - n u)`, infinite where the theory says nothing.
pub(super) fn gamma(n: usize, unit: f64) -> f64 {
    let sum = n as f64 * unit;
    if sum < 0.5 { sum / (1.0 - sum) } else { f64::INFINITY }
}

/// How a device rounds in products of `f32`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductRounding {
    /// Relative error of an operand before it is multiplied.
    operand: f64,
    /// Unit roundoff of multiplications and additions.
    unit: f64,
}

impl ProductRounding {
    /// CPU backends compute in `f32` throughout. GPUs may round operands to the 11 digits of TF32
    /// and cut sums off instead of rounding them.
    pub(super) fn of(device: &Device) -> Self {
        if is_cpu(device) {
            Self { operand: 0.0, unit: SINGLE }
        } else {
            Self { operand: 2_f64.powi(-11), unit: 2.0 * f64::from(f32::EPSILON) }
        }
    }

    /// Bound on the error of `a . x + c` relative to `||(a, c)|| ||(x, 1)||`, where `a`, of `n`
    /// entries, and `c` were rounded to `f32` before.
    pub(super) fn relative(self, n: usize) -> f64 {
        let operands = self.operand * (2.0 + self.operand);
        SINGLE + operands + (1.0 + operands) * gamma(n + 2, self.unit)
    }

    /// What underflow adds to the error, relative to `||(x, 1)||`.
    pub(super) fn absolute(n: usize) -> f64 {
        (n + 2) as f64 * 2_f64.powi(-120)
    }
}

/// `||(x, 1)||_2` of a point, or a little more.
pub(super) fn length(point: &[f32]) -> f64 {
    let squares = point.iter().map(|&x| f64::from(x) * f64::from(x));
    (1.0 + squares.sum::<f64>()).sqrt() * OUTWARD
}
