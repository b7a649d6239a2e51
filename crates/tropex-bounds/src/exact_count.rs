//! Numbers of linear regions: integers of any size, and their short forms.

use std::f64::consts::LOG10_2;

use num_bigint::BigUint;

/// Number of leading decimal digits that short forms use. They fit into 64 bits.
const LEADING: u64 = 18;

/// A number of linear regions, an exact integer of any size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExactCount(BigUint);

impl From<BigUint> for ExactCount {
    fn from(number: BigUint) -> Self {
        Self(number)
    }
}

impl ExactCount {
    /// The integer itself.
    pub fn number(&self) -> &BigUint {
        &self.0
    }

    /// All its decimal digits.
    pub fn decimal(&self) -> String {
        self.0.to_string()
    }

    /// Number of decimal digits.
    pub fn digits(&self) -> u64 {
        let (leading, dropped) = self.leading();
        dropped + leading.to_string().len() as u64
    }

    /// Logarithm to base 10; minus infinity for zero.
    pub fn log10(&self) -> f64 {
        let (leading, dropped) = self.leading();
        (leading as f64).log10() + dropped as f64
    }

    /// Three significant digits: `2.53e83`.
    pub fn scientific(&self) -> String {
        let (leading, dropped) = self.leading();
        let text = format!("{:.2e}", leading as f64);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{mantissa}e{}", exponent.parse::<u64>().unwrap_or(0) + dropped)
    }

    /// The number in full if it is short, else its first and last digits: `253012…889344`.
    pub fn shortened(&self) -> String {
        const ENDS: u32 = 6;
        let (leading, dropped) = self.leading();
        if dropped == 0 {
            let text = leading.to_string();
            if text.len() <= 2 * ENDS as usize + 1 {
                return text;
            }
        }
        let last = &self.0 % 10_u32.pow(ENDS);
        let (leading, width) = (leading.to_string(), ENDS as usize);
        format!("{}…{:0>width$}", &leading[..width], last.to_string())
    }

    /// The number divided by a power of ten and rounded down, with at most 20 digits, and the
    /// exponent of this power. Takes one division. Writing all digits takes quadratic time.
    fn leading(&self) -> (u64, u64) {
        let digits = (self.0.bits() as f64 * LOG10_2) as u64;
        let dropped = digits.saturating_sub(LEADING);
        let power = BigUint::from(10_u32).pow(u32::try_from(dropped).unwrap_or(u32::MAX));
        let quotient = &self.0 / power;
        (quotient.iter_u64_digits().next().unwrap_or(0), dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(base: u32, exponent: u32) -> BigUint {
        BigUint::from(base).pow(exponent)
    }

    #[test]
    fn the_number_of_digits_is_the_length_of_the_decimal_text() {
        let edges = (0..40).flat_map(|exponent| {
            let power = power(10, exponent);
            [&power - 1_u32, power.clone(), power + 1_u32]
        });
        let powers = (0..2_000).step_by(7).map(|exponent| power(2, exponent) - 1_u32);
        let nines = [500, 4_999].map(|exponent| power(10, exponent) - 1_u32);
        for number in edges.chain(powers).chain(nines) {
            let count = ExactCount::from(number.clone());
            let text = number.to_string();
            assert_eq!(count.digits(), text.len() as u64, "{text}");
            assert_eq!(count.decimal(), text);
            let shown = count.shortened();
            match shown.split_once('…') {
                None => assert_eq!(shown, text),
                Some((first, last)) => {
                    assert!(text.starts_with(first) && text.ends_with(last), "{shown} {text}");
                    assert_eq!((first.len(), last.len()), (6, 6));
                }
            }
        }
    }

    #[test]
    fn logarithms_and_scientific_forms_are_right_at_powers() {
        let exact = |exponent: u32| ExactCount::from(power(10, exponent));
        assert_eq!(
            [0, 1, 18, 19, 20, 3_000].map(|n| exact(n).log10()),
            [0., 1., 18., 19., 20., 3e3]
        );
        assert_eq!(exact(3_000).scientific(), "1.00e3000");
        assert_eq!(ExactCount::from(power(10, 40) - 1_u32).scientific(), "1.00e40");
        assert_eq!(ExactCount::from(power(2, 64)).scientific(), "1.84e19");
        assert_eq!(ExactCount::from(BigUint::from(7_u32)).scientific(), "7.00e0");
        let log2 = ExactCount::from(power(2, 100_000)).log10();
        assert!((log2 - 100_000.0 * LOG10_2).abs() < 1e-9, "{log2}");
    }
}
