//! Cards and claims of a page: texts that templates insert.

use serde::Serialize;

use crate::report::summary::{Claim, HeadlineCard, ShareEstimate, Verdict};
use crate::unit::{count, percent};

/// Headline numbers of a network and a gauge.
#[derive(Serialize)]
pub(super) struct Card {
    network: String,
    gauge: String,
    about: String,
    numbers: Vec<CardNumber>,
}

/// A number of a card with its uncertainty.
#[derive(Serialize)]
struct CardNumber {
    name: &'static str,
    value: String,
    uncertainty: String,
}

/// A claim of the paper.
#[derive(Serialize)]
pub(super) struct ClaimEntry {
    question: &'static str,
    /// Stem of the style of the verdict.
    style: Verdict,
    verdict: &'static str,
    evidence: String,
    lines: Vec<String>,
}

impl Card {
    pub(super) fn of(card: &HeadlineCard) -> Self {
        let [terms, images] = [card.terms, card.images].map(count);
        Self {
            network: card.network.clone(),
            gauge: card.gauge.clone(),
            about: format!("{terms} terms, {images} test images"),
            numbers: card.estimates.iter().map(CardNumber::of).collect(),
        }
    }
}

impl CardNumber {
    fn of(estimate: &ShareEstimate) -> Self {
        let ends = |[low, high]: [f64; 2]| {
            let [low, high] = [low, high].map(|end| format!("{:.1}", 100.0 * end));
            format!("{low} to {high}")
        };
        let seeds = estimate.seeds.map(|seeds| format!("; seeds: {}", ends(seeds)));
        Self {
            name: estimate.name,
            value: unbroken(&percent(estimate.share)),
            uncertainty: format!("{}{}", ends(estimate.interval), seeds.unwrap_or_default()),
        }
    }
}

impl ClaimEntry {
    pub(super) fn of(claim: &Claim) -> Self {
        Self {
            question: claim.question,
            style: claim.verdict,
            verdict: claim.verdict.words(),
            evidence: unbroken(&claim.evidence),
            lines: claim.lines.iter().map(|line| unbroken(line)).collect(),
        }
    }
}

/// A text that does not break between a number and its percent sign.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}
