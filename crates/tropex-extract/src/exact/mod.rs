//! Sums of products without rounding.

#[cfg(test)]
pub(crate) mod tests;

/// 32-bit limbs of a sum. Products of an `f64` and an `f32` lie between `2^-1223`, the last bit of
/// the smallest, and `2^1152`; the rest is room for more of them than memory can hold.
const LIMBS: usize = 77;

/// Exponent of the last bit: that of the smallest `f64` times that of the smallest `f32`.
const LOWEST: i32 = -1074 - 149;

const LIMB: u32 = 32;
const LOW_BITS: i64 = 0xffff_ffff;

/// A sum in the making: a fixed-point number that is wide enough for every product of two finite
/// numbers, so that no addition rounds and their order does not matter.
#[derive(Clone, Debug)]
pub(crate) struct ExactSum {
    /// From the lowest; limbs may exceed 32 bits until they are carried over.
    limbs: [i64; LIMBS],
    /// Additions since limbs were carried over.
    pending: u32,
}

/// A finished sum. Its order is that of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exact {
    /// From the highest, which is the only one with a sign: the derived order compares in turn.
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

    /// Brings every limb but the highest, which keeps the sign, into 32 bits.
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

    /// The `f64` nearest to the sum, of two equally near ones the even one.
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
    /// The `f64` nearest to the number; infinite if it is larger than all of them.
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

/// Digits of a floating-point number as an integer, and the exponent of the last digit above the
/// format's smallest. `fraction` is the number of stored digits, `exponents` masks the exponent.
fn parts(bits: u64, fraction: u32, exponents: u64) -> (u64, i32) {
    let exponent = (bits >> fraction) & exponents;
    let digits = bits & ((1 << fraction) - 1);
    match exponent {
        0 => (digits, 0),
        _ => (digits | (1 << fraction), exponent as i32 - 1),
    }
}

/// The `f64` nearest to a number that is not negative, given in carried limbs.
fn magnitude(limbs: &[i64; LIMBS]) -> f64 {
    let Some(top) = limbs.iter().rposition(|&limb| limb != 0) else { return 0.0 };
    // Four limbs hold 97 digits or more; those below only tell on which side of a tie it is.
    let first = top.saturating_sub(3);
    let digits = limbs[first..=top].iter().rev();
    let digits = digits.fold(0, |digits: u128, &limb| (digits << LIMB) | limb as u128);
    let sticky = limbs[..first].iter().any(|&limb| limb != 0);
    let exponent = first as i32 * LIMB as i32 + LOWEST;
    let highest = exponent + digits.ilog2() as i32;
    // Below 2^-1022 the digits of an `f64` end at 2^-1074.
    let dropped = (-1074 - exponent).max(0) as u32;
    if highest < -1022 && dropped > 0 {
        return rounded_shift(digits, dropped, sticky) as f64 * f64::from_bits(1);
    }
    let rounded = (digits | u128::from(sticky)) as f64;
    // In two steps, each by a power of two that is an `f64`.
    let half = exponent / 2;
    rounded * power_of_two(half) * power_of_two(exponent - half)
}

/// `digits / 2^dropped`, rounded to the nearest, to even on ties. `sticky` tells of digits below.
fn rounded_shift(digits: u128, dropped: u32, sticky: bool) -> u64 {
    let kept = digits.checked_shr(dropped).unwrap_or(0);
    let rest = digits - kept.checked_shl(dropped).unwrap_or(0);
    let half = 1_u128.checked_shl(dropped - 1).unwrap_or(u128::MAX);
    let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
    (kept + u128::from(up)) as u64
}

/// `2^exponent` for exponents of ordinary numbers, -1022 to 1023.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
