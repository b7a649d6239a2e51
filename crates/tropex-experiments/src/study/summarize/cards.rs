//! The card of every network and gauge, and what all cards say.

use super::{FindingIndex, NetworkAndGauge};
use crate::experiments::generalization::{ACCURACY, AGREEMENT, ENTRY, NETWORK_ACCURACY};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Finding, HeadlineCard, NumberId, ShareEstimate, Unit, count, percent};
use crate::statistics::wilson_interval;
use crate::study::average_seeds::seed_range;

/// Names of the numbers of a card, in their order.
const NAMES: [&str; 3] = ["network's accuracy", "extracted function's accuracy", "agreement"];

/// Place of the agreement among the numbers of a card.
const AGREEMENT_PLACE: usize = 2;

impl FindingIndex<'_> {
    /// A card for every network and gauge whose generalization was measured.
    pub(super) fn cards(&self) -> Vec<HeadlineCard> {
        self.rows.iter().filter_map(|row| self.card(row)).collect()
    }

    fn card(&self, row: &NetworkAndGauge<'_>) -> Option<HeadlineCard> {
        let finding = self.finding(row, ENTRY.name)?;
        let run = finding.runs.first()?;
        let ids = [&NETWORK_ACCURACY, &ACCURACY, &AGREEMENT];
        let estimates = NAMES.into_iter().zip(ids);
        let estimates = estimates.map(|(name, id)| estimate(name, finding, id));
        Some(HeadlineCard {
            network: run.folder.clone(),
            gauge: run.gauge.clone(),
            terms: run.terms,
            images: run.points,
            estimates: estimates.collect::<Option<_>>()?,
        })
    }
}

/// A number of a finding with its uncertainty.
pub(super) fn estimate(
    name: &'static str,
    finding: &Finding,
    id: &NumberId,
) -> Option<ShareEstimate> {
    let share = finding.answer.number(id)?;
    let interval = wilson_interval(share, finding.runs.first()?.points);
    Some(ShareEstimate { name, share, interval, seeds: seed_range(finding, id) })
}

/// For every network its agreement under the gauge that agrees best; empty without cards.
pub(super) fn answer(cards: &[HeadlineCard]) -> String {
    let mut best: Vec<&HeadlineCard> = Vec::new();
    for card in cards {
        match best.iter_mut().find(|other| other.network == card.network) {
            Some(other) if agreement(other) < agreement(card) => *other = card,
            Some(_) => {}
            None => best.push(card),
        }
    }
    best.sort_by(|a, b| agreement(b).total_cmp(&agreement(a)));
    let Some(first) = best.first() else { return String::new() };
    let conditions =
        |card: &HeadlineCard| format!("{} gauge, {} test images", card.gauge, count(card.images));
    let is_shared = best.iter().all(|card| conditions(card) == conditions(first));
    let part = |card: &&HeadlineCard| {
        let ShareEstimate { share, interval: [low, high], .. } = card.estimates[AGREEMENT_PLACE];
        let [low, high] = [low, high].map(|end| format!("{:.1}", 100.0 * end));
        let own = if is_shared { String::new() } else { format!("; {}", conditions(card)) };
        format!("{} at {} ({low} to {high}{own})", card.network, percent(share))
    };
    let shared = if is_shared { format!("{}; ", conditions(first)) } else { String::new() };
    format!(
        "The linear terms of the training images alone choose the class of {} of the test images \
         ({shared}95 % intervals).",
        joined_by_and(&best.iter().map(part).collect::<Vec<_>>())
    )
}

/// Words with commas and a final "and".
fn joined_by_and(parts: &[String]) -> String {
    match parts {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

fn agreement(card: &HeadlineCard) -> f64 {
    card.estimates[AGREEMENT_PLACE].share
}

/// The numbers of all cards side by side; `None` without cards.
pub(super) fn figure(cards: &[HeadlineCard]) -> Option<Figure> {
    let group = |card: &HeadlineCard| {
        let intervals = card.estimates.iter().map(|estimate| Some(estimate.interval)).collect();
        let shares = card.estimates.iter().map(|estimate| estimate.share);
        BarGroup::new(&format!("{}, {}", card.network, card.gauge), shares)
            .with_intervals(intervals)
    };
    let bars = BarChart {
        x: PlotAxis::linear("network and gauge", Unit::Text),
        y: PlotAxis::linear("share of test images", Unit::Share),
        series: NAMES.map(str::to_owned).into(),
        groups: cards.iter().map(group).collect(),
    };
    let title = "Extracted function and network on test images, with 95 % intervals";
    (!cards.is_empty()).then(|| Figure::new("headline", title, Plot::Bars(bars)))
}
