//! Confidence intervals of shares.

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % confidence interval of a share that was measured on `count` independent cases, after
/// Wilson (1927): the shares `p` with `|share - p| <= z sqrt(p (1 - p) / count)`. Unlike the
/// interval `share +- z sqrt(share (1 - share) / count)` it is sensible for shares near 0 and 1.
///
/// `[0, 1]` without cases.
pub fn wilson_interval(share: f64, count: usize) -> [f64; 2] {
    if count == 0 || !share.is_finite() {
        return [0.0, 1.0];
    }
    [lower_end(share, count), 1.0 - lower_end(1.0 - share, count)]
}

/// The lower end: the smaller root of `(1 + s) p^2 - (2 share + s) p + share^2` with
/// `s = z^2 / count`, from the product of both roots, which cancels no digits.
fn lower_end(share: f64, count: usize) -> f64 {
    let n = count as f64;
    let square = Z * Z / n;
    let half = Z * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    share * share / (share + square / 2.0 + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_solve_the_equation_of_wilson() {
        for (share, count) in [(0.5, 10), (0.9, 200), (0.01, 1000), (0.0, 50), (1.0, 50)] {
            let [low, high] = wilson_interval(share, count);
            assert!(low <= share && share <= high, "{low} {share} {high}");
            for end in [low, high] {
                let distance = Z * (end * (1.0 - end) / count as f64).sqrt();
                let is_boundary = end == 0.0 || end == 1.0;
                assert!(is_boundary || ((share - end).abs() - distance).abs() < 1e-12, "{end}");
            }
        }
    }

    #[test]
    fn known_intervals() {
        // 81 of 263: a common example, 0.2553 to 0.3662.
        let [low, high] = wilson_interval(81.0 / 263.0, 263);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        assert_eq!(wilson_interval(f64::NAN, 3), [0.0, 1.0]);
        assert_eq!(wilson_interval(0.5, 0), [0.0, 1.0]);
    }
}
