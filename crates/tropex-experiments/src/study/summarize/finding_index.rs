//! Findings by network, gauge and experiment.

use crate::experiments::ExperimentEntry;
use crate::report::{Finding, NumberId};

/// A row of the headline table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NetworkAndGauge<'a> {
    pub(super) network: &'a str,
    pub(super) gauge: &'a str,
}

/// Findings by network, gauge and experiment.
pub(super) struct FindingIndex<'a> {
    pub(super) findings: &'a [Finding],
    pub(super) rows: Vec<NetworkAndGauge<'a>>,
}

impl FindingIndex<'_> {
    pub(super) fn finding(&self, row: &NetworkAndGauge<'_>, experiment: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            finding.experiment == experiment
                && finding.runs.len() == 1
                && finding.runs[0].folder == row.network
                && finding.runs[0].gauge == row.gauge
        })
    }

    pub(super) fn number(
        &self,
        row: &NetworkAndGauge<'_>,
        entry: &ExperimentEntry,
        id: &NumberId,
    ) -> Option<f64> {
        self.finding(row, entry.name)?.answer.number(id)
    }

    /// The first row of every network: what does not depend on the gauge is measured once.
    pub(super) fn networks(&self) -> impl Iterator<Item = &NetworkAndGauge<'_>> {
        let is_first = |&(index, row): &(usize, &NetworkAndGauge<'_>)| {
            self.rows[..index].iter().all(|other| other.network != row.network)
        };
        self.rows.iter().enumerate().filter(is_first).map(|(_, row)| row)
    }
}
