//! Whether the regions of the training images solve the task.

use super::super::FindingIndex;
use super::super::answer::solved_tasks;
use super::{where_it_holds, with_rule};
use crate::experiments::generalization;
use crate::report::{Claim, HeadlineCard, Unit, Verdict};
use crate::study::by_seed::difference_range;

impl FindingIndex<'_> {
    pub(super) fn few_regions(&self, cards: &[HeadlineCard]) -> Claim {
        let solved = solved_tasks(cards);
        Claim {
            question: "Can the few regions of the data solve the task?",
            verdict: Verdict::of(solved.iter().map(|(_, is_solved)| *is_solved)),
            evidence: with_rule(
                &where_it_holds(&solved),
                "a network solves the task with them if under some gauge the extracted function's \
                 accuracy is not below the 95 % interval of the network's accuracy; the paper claims \
                 it for simple tasks only",
            ),
            lines: self.lines(false, |row| {
                let finding = self.finding(row, generalization::ENTRY.name)?;
                let [network, function] =
                    [&generalization::NETWORK_ACCURACY, &generalization::ACCURACY];
                let number = |id| finding.answer.number(id);
                let seeds = difference_range((finding, network), (finding, function));
                let seeds = seeds.map_or_else(String::new, |seeds| {
                    format!(" (seeds: {})", Unit::Share.format_change_range(seeds))
                });
                Some(format!(
                    "the extracted function's accuracy differs from the network's by {}{seeds}.",
                    Unit::Share.format_change(number(function)? - number(network)?)
                ))
            }),
        }
    }
}
