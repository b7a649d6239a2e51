//! Whether all points fall into different regions.

use super::super::{FindingIndex, NetworkAndGauge};
use super::where_it_holds;
use crate::experiments::count;
use crate::report::{Claim, Unit, Verdict, percent};

impl FindingIndex<'_> {
    pub(super) fn different_regions(&self) -> Claim {
        let measured: Vec<_> =
            self.networks().filter_map(|row| Some((row.network, self.regions(row)?))).collect();
        let text = |[regions, images, new]: &[f64; 3]| {
            format!(
                "{} regions for {} training images, {} of the test images in new regions",
                Unit::Count.format(*regions),
                Unit::Count.format(*images),
                percent(*new)
            )
        };
        let evidence = match measured.as_slice() {
            [] => String::new(),
            [(_, numbers)] => text(numbers) + ".",
            [(_, first), others @ ..] if others.iter().all(|(_, numbers)| numbers == first) => {
                format!("Every network: {}.", text(first))
            }
            all => {
                let part =
                    |(name, numbers): &(&str, [f64; 3])| format!("{name}: {}", text(numbers));
                all.iter().map(part).collect::<Vec<_>>().join("; ") + "."
            }
        };
        let is_different = |[regions, images, new]: &[f64; 3]| regions == images && *new == 1.0;
        let holds = measured.iter().map(|(name, numbers)| (*name, is_different(numbers)));
        let holds: Vec<_> = holds.collect();
        let verdict = Verdict::of(holds.iter().map(|(_, holds)| *holds));
        Claim {
            question: "Do all points fall into different regions?",
            verdict,
            evidence: match verdict {
                Verdict::HoldsForSome => format!("{}. {evidence}", where_it_holds(&holds)),
                _ => evidence,
            },
            lines: self.lines(true, |row| {
                let different = self.number(row, &count::ENTRY, &count::TERMS_OF_TRAINING)?;
                Some(format!(
                    "the training images have {} different linear terms.",
                    Unit::Count.format(different)
                ))
            }),
        }
    }

    /// Regions of the training images, training images, share of test images in new regions.
    pub(super) fn regions(&self, row: &NetworkAndGauge<'_>) -> Option<[f64; 3]> {
        let value = |id| self.number(row, &count::ENTRY, &id);
        let images = self.finding(row, count::ENTRY.name)?.runs[0].terms as f64;
        Some([value(count::REGIONS_OF_TRAINING)?, images, value(count::TEST_IN_NEW_REGIONS)?])
    }
}
