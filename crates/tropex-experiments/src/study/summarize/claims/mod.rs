//! The claims of the paper: a verdict, the numbers behind it, and the rule that decides it.

mod counts;
mod diverse_terms;
mod few_regions;
mod regions;
#[cfg(test)]
mod tests;

use super::answer::{for_and_against, joined_by_and, joined_by_or};
use super::{FindingIndex, NetworkAndGauge};
use crate::report::{Claim, HeadlineCard};

impl FindingIndex<'_> {
    /// The claims of the paper. A claim without lines was not measured.
    pub(super) fn claims(&self, cards: &[HeadlineCard]) -> Vec<Claim> {
        vec![
            self.different_regions(),
            self.few_regions(cards),
            self.dense_against_convolutional(),
            self.counts_against_coefficients(),
        ]
    }

    /// A reminder beside a comparison of networks, if they were trained on different numbers of
    /// images.
    fn mind_the_training(&self, parts: &[String]) -> Option<String> {
        let is_fair = parts.is_empty() || self.caution().is_empty();
        (!is_fair).then(|| "some networks were trained on more images than others".to_owned())
    }

    /// A line per network, and per gauge unless `once` says that the gauge makes no difference.
    fn lines(
        &self,
        once: bool,
        line: impl Fn(&NetworkAndGauge<'_>) -> Option<String>,
    ) -> Vec<String> {
        let named = |row: &NetworkAndGauge<'_>, name: String| {
            line(row).map(|line| format!("{name}: {line}"))
        };
        match once {
            true => self.networks().filter_map(|row| named(row, row.network.to_owned())).collect(),
            false => {
                let rows = self.rows.iter();
                let name = |row: &NetworkAndGauge<'_>| format!("{}, {}", row.network, row.gauge);
                rows.filter_map(|row| named(row, name(row))).collect()
            }
        }
    }
}

/// The networks that a claim holds for, and those that it does not hold for; empty without networks.
fn where_it_holds(holds: &[(&str, bool)]) -> String {
    let [yes, no] = for_and_against(holds);
    match (yes.as_slice(), no.as_slice()) {
        ([], []) => String::new(),
        (_, []) => format!("It holds for {}", joined_by_and(&yes)),
        ([], _) => format!("It does not hold for {}", joined_by_or(&no)),
        _ => format!("It holds for {}, not for {}", joined_by_and(&yes), joined_by_or(&no)),
    }
}

/// Numbers and the rule of a verdict; empty without numbers.
fn with_rule(numbers: &str, rule: &str) -> String {
    if numbers.is_empty() { String::new() } else { format!("{numbers}. Rule: {rule}.") }
}
