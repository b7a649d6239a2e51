//! Sums of products without rounding.

#[cfg(test)]
pub(crate) mod tests;

/// 32-bit limbs of a sum. Products of an `f64` and an `f32` lie between `2^-1223` and `2^1152`; the
/// remaining bits hold the carries of more products than memory can store.
const LIMBS: usize = 77;

/// Exponent of the lowest bit: the smallest `f64` times the smallest `f32`.
const LOWEST: i32 = -1074 - 149;

const LIMB: u32 = 32;
const LOW_BITS: i64 = 0xffff_ffff;

/// An unfinished sum: a fixed-point number that represents every product of two finite numbers. No
/// addition rounds, so the order of additions does not matter.
#[derive(Clone, Debug)]
pub(crate) struct ExactSum {
    /// From the lowest limb; limbs may exceed 32 bits until the next carry.
    limbs: [i64; LIMBS],
    /// Additions since the last carry.
    pending: u32,
}

/// A finished sum; its order is the numerical order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exact {
    /// The highest limb, the only signed one. The derived order compares it first.
    top: i64,
    below: [u32; LIMBS - 1],
}

impl ExactSum {
    pub(crate) fn new() -> Self {
        Self { limbs: [0; LIMBS], pending: 0 }
    }

    /// Adds a finite number.
    pub(crate) fn add(&mut self, number: f64) {
        self.add_product(number, 1.0);
    }

    /// Adds the product of two finite numbers.
    pub(crate) fn add_product(&mut self, a: f64, b: f32) {
        if a == 0.0 || b == 0.0 {
            return;
        }
        let (a_digits, a_exponent) = parts(a.to_bits(), 52, 0x7ff);
        let (b_digits, b_exponent) = parts(b.to_bits().into(), 23, 0xff);
        let position = (a_exponent + b_exponent) as u32; // in bits above the lowest
        let mut digits = (u128::from(a_digits) * u128::from(b_digits)) << (position % LIMB);
        let negative = a.is_sign_negative() != b.is_sign_negative();
        for limb in &mut self.limbs[(position / LIMB) as usize..] {
            if digits == 0 {
                break;
            }
            let part = (digits as i64) & LOW_BITS;
            *limb += if negative { -part } else { part };
            digits >>= LIMB;
        }
        self.pending += 1;
        if self.pending == 1 << 30 {
            self.carry();
        }
    }

    /// Propagates carries: every limb but the highest, which is signed, fits in 32 bits afterwards.
    fn carry(&mut self) {
        for limb in 1..LIMBS {
            let below = self.limbs[limb - 1];
            self.limbs[limb - 1] = below & LOW_BITS;
            self.limbs[limb] += below >> LIMB;
        }
        self.pending = 0;
    }

    pub(crate) fn finish(mut self) -> Exact {
        self.carry();
        let mut from_top = self.limbs.into_iter().rev();
        let top = from_top.next().unwrap_or_default();
        let mut below = [0; LIMBS - 1];
        below.iter_mut().zip(from_top).for_each(|(limb, carried)| *limb = carried as u32);
        Exact { top, below }
    }

    /// The `f64` nearest to the sum, with ties to even.
    fn round(mut self) -> f64 {
        self.carry();
        let is_negative = self.limbs[LIMBS - 1] < 0;
        if is_negative {
            self.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            self.carry();
        }
        let magnitude = magnitude(&self.limbs);
        if is_negative { -magnitude } else { magnitude }
    }
}

impl Exact {
    /// The nearest `f64`, with ties to even; infinite beyond the largest `f64`.
    pub(crate) fn value(&self) -> f64 {
        self.opened().round()
    }

    /// The `f64` nearest to the difference from another number.
    pub(crate) fn minus(&self, other: &Self) -> f64 {
        let (mut sum, other) = (self.opened(), other.opened());
        sum.limbs.iter_mut().zip(other.limbs).for_each(|(limb, other)| *limb -= other);
        sum.round()
    }

    fn opened(&self) -> ExactSum {
        let mut sum = ExactSum::new();
        let below = self.below.iter().map(|&limb| i64::from(limb));
        let from_top = std::iter::once(self.top).chain(below);
        sum.limbs.iter_mut().rev().zip(from_top).for_each(|(limb, finished)| *limb = finished);
        sum
    }
}

/// Significand of a floating-point number as an integer, and the exponent of its last bit above the
/// smallest exponent of the format. `fraction` is the number of stored bits; `exponents` masks the
/// exponent.
fn parts(bits: u64, fraction: u32, exponents: u64) -> (u64, i32) {
    let exponent = (bits >> fraction) & exponents;
    let digits = bits & ((1 << fraction) - 1);
    match exponent {
        0 => (digits, 0),
        _ => (digits | (1 << fraction), exponent as i32 - 1),
    }
}

/// The `f64` nearest to a non-negative number in carried limbs.
fn magnitude(limbs: &[i64; LIMBS]) -> f64 {
    let Some(top) = limbs.iter().rposition(|&limb| limb != 0) else { return 0.0 };
    // Four limbs hold at least 97 bits; lower limbs only decide ties.
    let first = top.saturating_sub(3);
    let digits = limbs[first..=top].iter().rev();
    let digits = digits.fold(0, |digits: u128, &limb| (digits << LIMB) | limb as u128);
    let sticky = limbs[..first].iter().any(|&limb| limb != 0);
    let exponent = first as i32 * LIMB as i32 + LOWEST;
    let highest = exponent + digits.ilog2() as i32;
    // Below 2^-1022 the last bit of an `f64` is 2^-1074.
    let dropped = (-1074 - exponent).max(0) as u32;
    if highest < -1022 && dropped > 0 {
        return rounded_shift(digits, dropped, sticky) as f64 * f64::from_bits(1);
    }
    let rounded = (digits | u128::from(sticky)) as f64;
    // Two multiplications, each by a power of two that an `f64` can represent.
    let half = exponent / 2;
    rounded * power_of_two(half) * power_of_two(exponent - half)
}

/// `digits / 2^dropped`, rounded to nearest with ties to even. `sticky` says whether a lower bit is
/// set.
fn rounded_shift(digits: u128, dropped: u32, sticky: bool) -> u64 {
    let quotient = digits.checked_shr(dropped).unwrap_or(0);
    let remainder = digits - quotient.checked_shl(dropped).unwrap_or(0);
    let half = 1_u128.checked_shl(dropped - 1).unwrap_or(u128::MAX);
    let up = remainder > half || (remainder == half && (sticky || quotient & 1 == 1));
    (quotient + u128::from(up)) as u64
}

/// `2^exponent` for the exponents of normal numbers, -1022 to 1023.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
