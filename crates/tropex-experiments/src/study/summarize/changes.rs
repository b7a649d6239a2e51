//! What changes from one gauge to another.

use super::{FindingIndex, HEADLINES, Headline, NetworkAndGauge};
use crate::report::{GaugeChange, GaugeChanges};
use crate::study::by_seed::difference_range;

impl FindingIndex<'_> {
    /// The changes of all headline numbers from the first gauge to the last; `None` for one gauge.
    pub(super) fn changes(&self) -> Option<GaugeChanges> {
        let (from, to) = (self.rows.first()?.gauge, self.rows.last()?.gauge);
        let changes = self.networks().flat_map(|row| {
            let numbers = HEADLINES.iter().filter(|headline| headline.depends_on_gauge);
            numbers.filter_map(|headline| self.change(row.network, [from, to], headline))
        });
        let changes: Vec<_> = changes.collect();
        (from != to && !changes.is_empty()).then(|| GaugeChanges {
            from: from.into(),
            to: to.into(),
            changes,
        })
    }

    fn change(&self, network: &str, gauges: [&str; 2], headline: &Headline) -> Option<GaugeChange> {
        let number = &headline.number;
        let finding =
            |gauge| self.finding(&NetworkAndGauge { network, gauge }, headline.experiment);
        let [from, to] = gauges.map(finding);
        let (from, to) = (from?, to?);
        Some(GaugeChange {
            network: network.to_owned(),
            number: headline.heading,
            unit: number.unit(),
            change: to.answer.number(number)? - from.answer.number(number)?,
            seeds: difference_range((from, number), (to, number)),
        })
    }
}
