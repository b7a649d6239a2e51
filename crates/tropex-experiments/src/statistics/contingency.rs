//! Contingency of two statements.

use super::shares::share;

/// Counts of the cases in which two statements are true or false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contingency {
    /// `counts[first][second]`, with 0 for false and 1 for true.
    counts: [[usize; 2]; 2],
}

impl Contingency {
    /// Counts the cases of two statements.
    pub fn of(cases: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = [[0; 2]; 2];
        for (first, second) in cases {
            counts[usize::from(first)][usize::from(second)] += 1;
        }
        Self { counts }
    }

    /// Number of cases with these truth values.
    pub fn count(&self, first: bool, second: bool) -> usize {
        self.counts[usize::from(first)][usize::from(second)]
    }

    /// Number of all cases.
    pub fn all(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// P(first, second): share of the cases with these truth values.
    pub fn joint(&self, first: bool, second: bool) -> f64 {
        share(self.count(first, second), self.all())
    }

    /// P(second | first); NaN if `first` never occurs.
    pub fn second_given_first(&self, second: bool, first: bool) -> f64 {
        let cases = self.count(first, false) + self.count(first, true);
        share(self.count(first, second), cases)
    }

    /// P(first | second); NaN if `second` never occurs.
    pub fn first_given_second(&self, first: bool, second: bool) -> f64 {
        let cases = self.count(false, second) + self.count(true, second);
        share(self.count(first, second), cases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditional_frequencies_add_up_to_one_and_follow_bayes() {
        let cases = [(true, true), (true, false), (true, true), (false, true), (false, false)];
        let table = Contingency::of(cases);
        assert_eq!((table.count(true, true), table.count(false, true), table.all()), (2, 1, 5));
        for given in [false, true] {
            let sum = |conditional: &dyn Fn(bool) -> f64| conditional(false) + conditional(true);
            assert!((sum(&|second| table.second_given_first(second, given)) - 1.0).abs() < 1e-15);
            assert!((sum(&|first| table.first_given_second(first, given)) - 1.0).abs() < 1e-15);
            let first = table.joint(true, false) + table.joint(true, true);
            let joint = table.second_given_first(given, true) * first;
            assert!((joint - table.joint(true, given)).abs() < 1e-15);
        }
        assert_eq!(table.second_given_first(true, true), 2.0 / 3.0);
        assert_eq!(table.first_given_second(false, true), 1.0 / 3.0);
    }

    #[test]
    fn a_condition_that_never_holds_gives_no_frequency() {
        let table = Contingency::of([(true, true)]);
        assert!(table.second_given_first(true, false).is_nan());
        assert!(Contingency::default().joint(true, true).is_nan());
    }
}
