//! Hashes of rounded terms.

use sha2::{Digest, Sha256};

/// SHA-256 of a rounded term; zeros for a term of zeros.
pub(super) type TermKey = [u8; 32];

/// The key of a term. Terms are equal if their coefficients and their bias are, after rounding to
/// `decimals` decimals of the power of two above the largest coefficient, and above the bias.
pub(super) fn term_key(decimals: u8, coefficients: &[f64], bias: f64) -> TermKey {
    let largest = coefficients.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let scales = [exponent(largest), exponent(bias)];
    if scales == [None, None] {
        return TermKey::default();
    }
    let mut hash = Sha256::new();
    let parts = [coefficients, &[bias]];
    for (values, scale) in parts.into_iter().zip(scales) {
        hash.update(scale.unwrap_or(i32::MIN).to_le_bytes());
        for &value in values {
            hash.update(rounded(decimals, value, scale.unwrap_or(0)).to_le_bytes());
        }
    }
    hash.finalize().into()
}

/// `value / 2^scale` in units of the last decimal: at most 10^15, since `|value| <= 2^scale`.
fn rounded(decimals: u8, value: f64, scale: i32) -> i64 {
    // In two steps, since 2^scale may lie beyond the range of f64.
    let half = scale / 2;
    let share = value / 2_f64.powi(half) / 2_f64.powi(scale - half);
    (share * 10_f64.powi(decimals.into())).round() as i64
}

/// The exponent of the least power of two above the absolute value of a number; `None` for zero.
fn exponent(number: f64) -> Option<i32> {
    if number == 0.0 {
        return None;
    }
    let bits = number.abs().to_bits();
    match (bits >> 52) as i32 {
        0 => Some(64 - bits.leading_zeros() as i32 - 1074),
        biased => Some(biased - 1022),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(coefficients: &[f64], bias: f64) -> TermKey {
        term_key(4, coefficients, bias)
    }

    #[test]
    fn terms_are_equal_up_to_rounding() {
        assert_eq!(key(&[0.9, -1e-9], 0.7), key(&[0.900_000_1, 1e-9], 0.700_000_1));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.901, 0.0], 0.7));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.9, 0.0], 0.701));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.0, 0.9], 0.7));
        // Coefficients and bias are scaled separately.
        assert_ne!(key(&[1e8], 0.3), key(&[1e8], 0.4));
        assert_ne!(key(&[1e-8], 1e8), key(&[2e-8], 1e8));
        assert_ne!(key(&[1e30], 0.0), key(&[2e30], 0.0));
        assert_eq!(key(&[0.0, -0.0], 0.0), TermKey::default());
        assert_ne!(key(&[0.0, 0.0], 1e-300), TermKey::default());
    }

    #[test]
    fn exponents_are_those_of_the_next_power_of_two() {
        for (number, expected) in [
            (1.0, 1),
            (0.999, 0),
            (-0.5, 0),
            (4095.0, 12),
            (f64::MAX, 1024),
            (f64::MIN_POSITIVE, -1021),
            (f64::from_bits(1), -1073),
        ] {
            assert_eq!(exponent(number), Some(expected), "{number}");
        }
    }

    proptest! {
        /// Powers of two scale numbers exactly, so equal terms stay equal and different ones
        /// different.
        #[test]
        fn equality_does_not_depend_on_the_scale(
            terms in prop::collection::vec(
                (prop::array::uniform3(-3.0..3.0_f64), -3.0..3.0_f64),
                2..6,
            ),
            small in -1e-5..1e-5_f64,
            by in -300..300_i32,
            bias_by in -300..300_i32,
        ) {
            let mut terms = terms;
            let (nearby, bias) = terms[0];
            terms.push((nearby.map(|value| value + small), bias + small));
            let keys = |by: i32, bias_by: i32| -> Vec<TermKey> {
                let scaled = |(coefficients, bias): &([f64; 3], f64)| {
                    let coefficients = coefficients.map(|value| value * 2_f64.powi(by));
                    key(&coefficients, bias * 2_f64.powi(bias_by))
                };
                terms.iter().map(scaled).collect()
            };
            let equal = |keys: &[TermKey]| -> Vec<bool> {
                keys.iter().flat_map(|a| keys.iter().map(move |b| a == b)).collect()
            };
            prop_assert_eq!(equal(&keys(0, 0)), equal(&keys(by, bias_by)));
        }
    }
}
