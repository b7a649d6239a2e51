//! The card of every network and gauge, and what all cards say.

use super::{FindingIndex, NetworkAndGauge};
use crate::experiments::generalization::{ACCURACY, AGREEMENT, ENTRY, NETWORK_ACCURACY};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Finding, HeadlineCard, NumberId, ShareEstimate, Unit};
use crate::statistics::wilson_interval;
use crate::study::by_seed::seed_range;

/// Names of the numbers of a card, in their order.
const NAMES: [&str; 3] = ["network's accuracy", "extracted function's accuracy", "agreement"];

/// Place of the agreement among the numbers of a card.
pub(super) const AGREEMENT_PLACE: usize = 2;

impl FindingIndex<'_> {
    /// A card for every network and gauge whose generalization was measured.
    pub(super) fn cards(&self) -> Vec<HeadlineCard> {
        self.rows.iter().filter_map(|row| self.card(row)).collect()
    }

    fn card(&self, row: &NetworkAndGauge<'_>) -> Option<HeadlineCard> {
        let finding = self.finding(row, ENTRY.name)?;
        let run = finding.runs.first()?;
        let ids = [&NETWORK_ACCURACY, &ACCURACY, &AGREEMENT];
        let [network, function, agreement] =
            [0, 1, 2].map(|at| estimate(NAMES[at], finding, ids[at]));
        Some(HeadlineCard {
            network: run.folder.clone(),
            gauge: run.gauge.clone(),
            trained_on: run.trained_on.map(|images| images.count),
            seeds: run.averaged_seeds.len().max(1),
            terms: run.terms,
            images: run.points,
            estimates: [network?, function?, agreement?],
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

/// For every network its card with the largest of the numbers at a place.
pub(super) fn best_cards(cards: &[HeadlineCard], place: usize) -> Vec<&HeadlineCard> {
    let share = |card: &HeadlineCard| card.estimates[place].share;
    let mut best: Vec<&HeadlineCard> = Vec::new();
    for card in cards {
        match best.iter_mut().find(|other| other.network == card.network) {
            Some(other) if share(other) < share(card) => *other = card,
            Some(_) => {}
            None => best.push(card),
        }
    }
    best
}

/// Whether two intervals do not overlap.
pub(super) fn are_apart(a: [f64; 2], b: [f64; 2]) -> bool {
    a[0] > b[1] || a[1] < b[0]
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
