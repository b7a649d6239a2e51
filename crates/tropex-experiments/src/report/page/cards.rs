//! The cards of a page, and the table of their numbers.

use serde::Serialize;

use crate::report::summary::{HeadlineCard, ShareEstimate};
use crate::report::table::{Table, TableCell};
use crate::unit::{Unit, count, percent, percent_range, unbroken};

/// Headline numbers of a network.
#[derive(Serialize)]
pub(super) struct NetworkCard {
    network: String,
    about: String,
    /// The network's accuracy, which no gauge changes.
    accuracy: CardNumber,
    gauges: Vec<CardRow>,
}

/// Headline numbers of a network under a gauge.
#[derive(Serialize)]
struct CardRow {
    gauge: String,
    numbers: [CardNumber; 2],
}

/// A number of a card with its uncertainty.
#[derive(Serialize)]
struct CardNumber {
    name: &'static str,
    value: String,
    interval: String,
    /// Smallest and largest of the seeds; empty for one seed.
    seeds: String,
}

/// The cards of all networks.
pub(super) fn network_cards(cards: &[HeadlineCard]) -> Vec<NetworkCard> {
    let mut networks: Vec<NetworkCard> = Vec::new();
    for card in cards {
        match networks.iter_mut().find(|other| other.network == card.network) {
            Some(network) => network.gauges.push(CardRow::of(card)),
            None => networks.push(NetworkCard::of(card)),
        }
    }
    networks
}

impl NetworkCard {
    fn of(card: &HeadlineCard) -> Self {
        let [terms, images] = [card.terms, card.images].map(count);
        let trained = card.trained_on.map(|images| format!("trained on {} images", count(images)));
        let seeds = (card.seeds > 1).then(|| format!("{} seeds", card.seeds));
        let tested = format!("{terms} terms, {images} test images; 95 % intervals");
        let parts: Vec<_> = trained.into_iter().chain(seeds).chain([tested]).collect();
        Self {
            network: card.network.clone(),
            about: unbroken(&parts.join(", ")),
            accuracy: CardNumber::of(&card.estimates[0]),
            gauges: vec![CardRow::of(card)],
        }
    }
}

impl CardRow {
    fn of(card: &HeadlineCard) -> Self {
        let [_, function, agreement] = &card.estimates;
        Self { gauge: card.gauge.clone(), numbers: [function, agreement].map(CardNumber::of) }
    }
}

impl CardNumber {
    fn of(estimate: &ShareEstimate) -> Self {
        Self {
            name: estimate.name,
            value: unbroken(&percent(estimate.share)),
            interval: percent_range(estimate.interval),
            seeds: estimate.seeds.map(percent_range).unwrap_or_default(),
        }
    }
}

/// The numbers of all cards: a row per network and gauge, with the ends of all intervals.
pub(super) fn card_table(cards: &[HeadlineCard]) -> Table {
    let names = cards.first().map(|card| card.estimates.each_ref().map(|number| number.name));
    let ends = ["", ", low", ", high", ", smallest of seeds", ", largest of seeds"];
    let numbers = names.into_iter().flatten();
    let numbers = numbers.flat_map(|name| ends.map(|end| format!("{name}{end}")));
    let numbers: Vec<_> = numbers.collect();
    let fixed = [
        ("network", Unit::Text),
        ("gauge", Unit::Text),
        ("training images", Unit::Count),
        ("seeds", Unit::Count),
        ("terms", Unit::Count),
        ("test images", Unit::Count),
    ];
    let numbers = numbers.iter().map(|name| (&**name, Unit::Share));
    let columns: Vec<_> = fixed.into_iter().chain(numbers).collect();
    let mut table = Table::new("headline", "", &columns);
    for card in cards {
        let mut row = vec![card.network.clone().into(), card.gauge.clone().into()];
        row.push(TableCell::from(card.trained_on.map(|images| images as f64)));
        row.extend([card.seeds, card.terms, card.images].map(TableCell::from));
        for ShareEstimate { share, interval, seeds, .. } in &card.estimates {
            let seeds = seeds.map_or([None; 2], |ends| ends.map(Some));
            row.push((*share).into());
            row.extend(interval.map(TableCell::from).into_iter().chain(seeds.map(TableCell::from)));
        }
        table.push(row);
    }
    table
}
