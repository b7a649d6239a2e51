//! The answer of a report: whether extracted functions generalize like their networks, and which does
//! best.

use super::cards::{AGREEMENT_PLACE, are_apart, best_cards};
use crate::report::{HeadlineCard, ShareEstimate, count, percent};
use crate::unit::percent_range;

/// Verdict, agreements and ranking of the networks; empty without cards.
pub(super) fn answer(cards: &[HeadlineCard]) -> String {
    let mut best = best_cards(cards, AGREEMENT_PLACE);
    best.sort_by(|a, b| agreement(b).share.total_cmp(&agreement(a).share));
    let Some(first) = best.first() else { return String::new() };
    let ranking = best.get(1).map_or_else(String::new, |second| ranking(first, second));
    format!("{}{}{ranking}", verdict(cards), agreements(&best))
}

/// For which networks the extracted function generalizes like the network.
fn verdict(cards: &[HeadlineCard]) -> String {
    let [yes, no] = for_and_against(&solved_tasks(cards));
    let what = match (yes.as_slice(), no.as_slice()) {
        ([_, ..], []) => format!("generalize like the network for {}", joined_by_and(&yes)),
        ([], _) => format!("do not generalize as well as the network for {}", joined_by_or(&no)),
        _ => format!(
            "generalize like the network for {}, but not for {}",
            joined_by_and(&yes),
            joined_by_or(&no)
        ),
    };
    format!("The linear terms of the training images alone {what}. ")
}

/// Networks, and whether under some gauge the extracted function's accuracy is not below the 95 %
/// interval of the network's accuracy.
pub(super) fn solved_tasks(cards: &[HeadlineCard]) -> Vec<(&str, bool)> {
    let is_solved = |card: &HeadlineCard| {
        let [network, function, _] = &card.estimates;
        function.share >= network.interval[0]
    };
    let best = best_cards(cards, 1).into_iter();
    best.map(|card| (&*card.network, is_solved(card))).collect()
}

/// The networks that something holds for, and the others.
pub(super) fn for_and_against(holds: &[(&str, bool)]) -> [Vec<String>; 2] {
    [true, false].map(|wanted| {
        let names = holds.iter().filter(|(_, holds)| *holds == wanted);
        names.map(|(name, _)| (*name).to_owned()).collect()
    })
}

fn agreements(best: &[&HeadlineCard]) -> String {
    let conditions =
        |card: &HeadlineCard| format!("{} gauge, {} test images", card.gauge, count(card.images));
    let is_shared = best.iter().all(|card| conditions(card) == conditions(best[0]));
    let part = |card: &&HeadlineCard| {
        let ShareEstimate { share, interval, .. } = agreement(card);
        let range = percent_range(*interval);
        let own = if is_shared { String::new() } else { format!("; {}", conditions(card)) };
        format!("{} at {} ({range}{own})", card.network, percent(*share))
    };
    let shared = if is_shared { format!("{}; ", conditions(best[0])) } else { String::new() };
    let parts: Vec<_> = best.iter().map(part).collect();
    let parts = joined_by_and(&parts);
    format!("They choose the class of {parts} of the test images ({shared}95 % intervals).")
}

/// How sure it is that the network that agrees best is ahead of the next one.
fn ranking(first: &HeadlineCard, second: &HeadlineCard) -> String {
    let (a, b) = (agreement(first), agreement(second));
    let (first, second) = (&first.network, &second.network);
    let seeds_are_apart = a.seeds.zip(b.seeds).map(|(a, b)| are_apart(a, b));
    match (are_apart(a.interval, b.interval), seeds_are_apart) {
        (true, Some(true)) => {
            format!(
                " {first} is best: neither these intervals nor the ranges of the seeds overlap."
            )
        }
        (true, None) => format!(" {first} is best: these intervals do not overlap."),
        (true, Some(false)) => {
            format!(" {first} is best on average, but the seeds of {first} and {second} overlap.")
        }
        (false, Some(true)) => format!(
            " {first} is ahead of {second} with every seed, but not surely: their intervals overlap, \
             so other test images may change the order."
        ),
        (false, _) => {
            format!(" Whether {first} or {second} is best cannot be told: their intervals overlap.")
        }
    }
}

fn agreement(card: &HeadlineCard) -> &ShareEstimate {
    &card.estimates[AGREEMENT_PLACE]
}

/// Words with commas and a final "and".
pub(super) fn joined_by_and(parts: &[String]) -> String {
    joined(parts, "and")
}

/// Words with commas and a final "or".
pub(super) fn joined_by_or(parts: &[String]) -> String {
    joined(parts, "or")
}

fn joined(parts: &[String], word: &str) -> String {
    match parts {
        [rest @ .., last] if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(network: &str, function: f64, agreement: f64, seeds: Option<[f64; 2]>) -> HeadlineCard {
        let estimate = |share: f64| ShareEstimate {
            name: "",
            share,
            interval: [share - 0.02, share + 0.02],
            seeds,
        };
        HeadlineCard {
            network: network.into(),
            gauge: "tight".into(),
            trained_on: None,
            seeds: 1,
            terms: 10,
            images: 1000,
            estimates: [0.9, function, agreement].map(estimate),
        }
    }

    #[test]
    fn the_answer_says_who_generalizes_and_who_is_best() {
        assert_eq!(answer(&[]), "");
        let [a, b] = [card("a", 0.89, 0.95, None), card("b", 0.8, 0.85, None)];
        let both = answer(&[b.clone(), a.clone()]);
        for part in ["like the network for a, but not for b.", "a at 95.00 % (93.0 to 97.0) and b"]
        {
            assert!(both.contains(part), "{both}");
        }
        assert!(both.ends_with("a is best: these intervals do not overlap."), "{both}");
        assert!(answer(&[b]).contains("do not generalize as well as the network for b."));
    }

    #[test]
    fn the_order_is_told_only_if_it_is_sure() {
        let end = |of_b, seeds_of_b| {
            let a = card("a", 0.89, 0.95, Some([0.94, 0.96]));
            answer(&[a, card("b", 0.89, of_b, Some(seeds_of_b))])
        };
        assert!(end(0.8, [0.79, 0.81]).contains("neither these intervals nor"));
        assert!(end(0.8, [0.79, 0.95]).contains("the seeds of a and b overlap"));
        assert!(end(0.93, [0.92, 0.935]).contains("ahead of b with every seed, but not surely"));
        assert!(end(0.93, [0.92, 0.95]).contains("Whether a or b is best cannot be told"));
    }
}
