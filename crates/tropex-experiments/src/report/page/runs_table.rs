//! The table of the runs of a page.

use crate::report::finding::{Finding, RunRecord};
use crate::report::table::{Table, TableCell};
use crate::unit::Unit;

/// The runs of findings, each with all gauges of its terms.
pub(super) fn runs_table(findings: &[Finding]) -> Table {
    let columns = [
        ("run", Unit::Text),
        ("network", Unit::Text),
        ("dataset", Unit::Text),
        ("labels", Unit::Text),
        ("seeds of the training", Unit::Text),
        ("epochs", Unit::Epochs),
        ("trained on images", Unit::Count),
        ("images with terms", Unit::Count),
        ("test images", Unit::Count),
        ("images chosen, and the seed of the choice", Unit::Text),
        ("gauges", Unit::Text),
        ("precision", Unit::Text),
        ("device", Unit::Text),
    ];
    let mut table = Table::new("networks", "", &columns);
    let mut listed: Vec<(RunRecord, Vec<&str>)> = Vec::new();
    for run in findings.iter().flat_map(|finding| &finding.runs) {
        let same = RunRecord { gauge: String::new(), ..run.clone() };
        match listed.iter_mut().find(|(other, _)| *other == same) {
            Some((_, gauges)) if gauges.contains(&&*run.gauge) => {}
            Some((_, gauges)) => gauges.push(&run.gauge),
            None => listed.push((same, vec![&run.gauge])),
        }
    }
    for (run, gauges) in listed {
        table.push(row(&run, &gauges.join(", ")));
    }
    table
}

fn row(run: &RunRecord, gauges: &str) -> Vec<TableCell> {
    let labels = if run.shuffled_labels { "shuffled" } else { "true" };
    vec![
        run.folder.clone().into(),
        run.architecture.clone().into(),
        run.dataset.clone().into(),
        labels.into(),
        run.seeds().into(),
        run.epochs.last().copied().unwrap_or(0).into(),
        TableCell::from(run.trained_on.map(|images| images.count as f64)),
        run.terms.into(),
        run.points.into(),
        run.chosen_images().unwrap_or_default().into(),
        gauges.into(),
        run.precision.clone().into(),
        run.device.clone().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::answer::Answer;

    #[test]
    fn a_run_is_listed_once_with_its_gauges_and_seeds() {
        let finding = |gauge: &str| {
            let mut finding = Finding::in_tests("run", Answer::new(""));
            finding.runs[0].gauge = gauge.into();
            finding.runs[0].averaged_seeds = vec![1, 2];
            finding
        };
        let findings = ["tight", "calibrated", "tight"].map(finding);
        let rows = runs_table(&findings).rows;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][4], TableCell::from("1, 2"));
        assert_eq!(rows[0][10], TableCell::from("tight, calibrated"));
    }
}
