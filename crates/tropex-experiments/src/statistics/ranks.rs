//! Median and quantiles.

/// The median; NaN without numbers. Reorders the numbers.
pub fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let (middle, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

/// Quantiles with linear interpolation between ranks; NaN without numbers. Numbers may be infinite.
pub fn quantiles<const N: usize>(values: &[f64], shares: [f64; N]) -> [f64; N] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    shares.map(|share| {
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let place = share.clamp(0.0, 1.0) * last as f64;
        let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        let part = place.fract();
        if part == 0.0 { below } else { below * (1.0 - part) + above * part }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_ranks() {
        let values = [4.0, f64::INFINITY, 0.0, 1.0, 2.0];
        assert_eq!(quantiles(&values, [0.0, 0.25, 0.5, 0.625]), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(quantiles(&values, [0.75, 0.8, 1.0]), [4.0, f64::INFINITY, f64::INFINITY]);
        assert_eq!(quantiles(&[f64::INFINITY; 2], [0.5]), [f64::INFINITY]);
        assert!(quantiles(&[], [0.5])[0].is_nan());
        let values = [5.0, -1.0, 3.0, 4.0];
        assert_eq!(quantiles(&values, [0.5])[0], median(&mut values.clone()));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [5.0, -1.0, 3.0]), 3.0);
        assert_eq!(median(&mut [5.0, -1.0, 3.0, 4.0]), 3.5);
        assert_eq!(median(&mut [2.0]), 2.0);
        assert!(median(&mut []).is_nan());
    }
}
