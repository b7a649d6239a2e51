//! Numbers by their rank.

/// The middle number, or the mean of the two in the middle; NaN without numbers. Reorders them.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_numbers_lie_on_either_side() {
        assert_eq!(median(&mut [5.0, -1.0, 3.0]), 3.0);
        assert_eq!(median(&mut [5.0, -1.0, 3.0, 4.0]), 3.5);
        assert_eq!(median(&mut [2.0]), 2.0);
        assert!(median(&mut []).is_nan());
    }
}
