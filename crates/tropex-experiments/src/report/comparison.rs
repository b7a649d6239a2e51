//! Findings about several runs, side by side.

use super::{Cell, Finding, Table, Unit};

/// The numbers of findings of one experiment, a row for every finding; none for fewer than two.
pub fn comparison(findings: &[&Finding]) -> Option<Table> {
    let first = findings.first().filter(|_| findings.len() > 1)?;
    let measures = &first.answer.values;
    let fixed = [("run", Unit::Text), ("network", Unit::Text), ("gauge", Unit::Text)];
    let names = measures.iter().map(|measure| (&*measure.name, measure.unit));
    let columns: Vec<_> = fixed.into_iter().chain(names).collect();
    let title = format!("{}: runs side by side", first.experiment);
    let mut table = Table::new("comparison", &title, &columns);
    for finding in findings {
        let Some(subject) = finding.subjects.first() else { continue };
        let network = match subject.shuffled_labels {
            true => format!("{}, shuffled labels", subject.architecture),
            false => subject.architecture.clone(),
        };
        let values = measures.iter().map(|measure| {
            let same = finding.answer.values.iter().find(|other| other.name == measure.name);
            Cell::from(same.and_then(|same| same.value))
        });
        let texts = [subject.run.clone(), network, subject.gauge.clone()].map(Cell::from);
        table.push(texts.into_iter().chain(values).collect());
    }
    Some(table)
}
