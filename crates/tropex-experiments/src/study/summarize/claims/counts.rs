//! Whether the number of regions alone is a poor indicator of performance.

use super::super::cards::{are_apart, estimate};
use super::super::{FindingIndex, NetworkAndGauge};
use super::with_rule;
use crate::experiments::{coefficients, generalization};
use crate::report::{Claim, NumberId, ShareEstimate, Verdict};
use crate::study::by_seed::seed_range;

/// A network with the number of its regions and its accuracy.
struct CountedNetwork<'a> {
    name: &'a str,
    dataset: &'a str,
    has_all_different: bool,
    accuracy: ShareEstimate,
}

impl FindingIndex<'_> {
    pub(super) fn counts_against_coefficients(&self) -> Claim {
        let networks: Vec<_> = self.networks().filter_map(|row| self.counted(row)).collect();
        let all_different = networks.iter().all(|network| network.has_all_different);
        let apart = clearest_difference(&networks);
        let evidence = match (all_different, apart) {
            (false, _) => "The networks differ in the number of their regions".into(),
            (true, Some((a, b))) => format!(
                "Every network has as many regions as images, and the accuracies of {} and {}{} differ",
                a.name,
                b.name,
                if a.dataset == b.dataset { "" } else { ", which see different images," }
            ),
            (true, None) => {
                "Every network has as many regions as images, and no accuracies differ \
                by more than their intervals"
                    .into()
            }
        };
        let mut parts = vec![evidence];
        parts.extend(self.mind_the_training(&parts));
        Claim {
            question: "Is the number of regions alone a poor indicator of performance?",
            verdict: Verdict::of((all_different && apart.is_some()).then_some(true)),
            evidence: match networks.len() {
                0 => String::new(),
                1 => "One network alone cannot show it.".into(),
                _ => with_rule(
                    &parts.join("; "),
                    "it holds if all networks have equally many regions and some accuracies have \
                     95 % intervals that do not overlap",
                ),
            },
            lines: self.lines(true, |row| {
                let finding = self.finding(row, coefficients::ENTRY.name)?;
                let mean = |id: &NumberId| {
                    let ends = seed_range(finding, id).map_or_else(String::new, |[low, high]| {
                        format!(" (seeds: {low:.0} to {high:.0})")
                    });
                    Some(format!("{:.0}{ends}", finding.answer.number(id)?))
                };
                Some(format!(
                    "the coefficients of the terms have an effective rank of {}, and {} directions \
                     hold 99 % of them.",
                    mean(&coefficients::EFFECTIVE_RANK)?,
                    mean(&coefficients::DIRECTIONS)?
                ))
            }),
        }
    }

    fn counted<'a>(&'a self, row: &'a NetworkAndGauge<'_>) -> Option<CountedNetwork<'a>> {
        let [regions, images, new] = self.regions(row)?;
        let finding = self.finding(row, generalization::ENTRY.name)?;
        Some(CountedNetwork {
            name: row.network,
            dataset: &finding.runs[0].dataset,
            has_all_different: regions == images && new == 1.0,
            accuracy: estimate("", finding, &generalization::NETWORK_ACCURACY)?,
        })
    }
}

/// Two networks whose accuracies have intervals that do not overlap, on the same images if there are
/// such networks.
fn clearest_difference<'a>(
    networks: &'a [CountedNetwork<'a>],
) -> Option<(&'a CountedNetwork<'a>, &'a CountedNetwork<'a>)> {
    let with_later = |(at, a)| networks[at + 1..].iter().map(move |b| (a, b));
    let pairs = networks.iter().enumerate().flat_map(with_later);
    let apart = pairs.filter(|(a, b)| are_apart(a.accuracy.interval, b.accuracy.interval));
    apart.min_by_key(|(a, b)| a.dataset != b.dataset)
}
