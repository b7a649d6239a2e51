//! What besides their architectures differs between networks that are compared.

use super::answer::joined_by_and;
use super::{FindingIndex, NetworkAndGauge};
use crate::report::{RunRecord, count};

impl FindingIndex<'_> {
    /// Says so if networks on one dataset were trained on different numbers of images; else empty.
    pub(super) fn caution(&self) -> String {
        let runs: Vec<_> = self.networks().filter_map(|row| self.run(row)).collect();
        let images = |run: &RunRecord| run.trained_on.map(|images| images.count);
        let is_unequal = |a: &&RunRecord| {
            let is_like = |b: &&RunRecord| a.dataset == b.dataset && images(a) != images(b);
            runs.iter().copied().any(|b| is_like(&b))
        };
        let parts: Vec<_> = runs
            .iter()
            .filter(|run| is_unequal(run))
            .filter_map(|run| Some(format!("{} on {}", run.folder, count(images(run)?))))
            .collect();
        if parts.len() < 2 {
            return String::new();
        }
        format!(
            "The networks were trained on different numbers of images: {}. What differs between \
             them may be due to that.",
            joined_by_and(&parts)
        )
    }

    fn run(&self, row: &NetworkAndGauge<'_>) -> Option<&RunRecord> {
        let runs = self.findings.iter().filter_map(|finding| match finding.runs.as_slice() {
            [run] => Some(run),
            _ => None,
        });
        let mut own = runs.filter(|run| run.folder == row.network && run.gauge == row.gauge);
        own.next()
    }
}
