//! The numbers of every seed, in a finding that is a mean over seeds.

use crate::report::{Answer, Finding, NumberId, Table, TableCell};
use crate::unit::Unit;

/// Name of the table of the numbers of every seed.
const BY_SEED: &str = "by-seed";

/// A table of the numbers of an answer, with a row per seed.
pub(super) fn by_seed(answer: &Answer, seeds: &[String], findings: &[&Finding]) -> Table {
    let names = answer.values.iter().map(|measure| (&*measure.name, measure.unit));
    let columns: Vec<_> = [("seed", Unit::Text)].into_iter().chain(names).collect();
    let mut table = Table::new(BY_SEED, "The numbers from every seed", &columns);
    for (seed, finding) in seeds.iter().zip(findings) {
        let names = answer.values.iter().map(|measure| &measure.name);
        let values = names.map(|name| TableCell::from(finding.answer.value_of(name)));
        table.push([TableCell::from(seed.clone())].into_iter().chain(values).collect());
    }
    table
}

/// The smallest and the largest value of a number over several seeds; `None` for a finding of one
/// seed.
pub(super) fn seed_range(finding: &Finding, id: &NumberId) -> Option<[f64; 2]> {
    range(values(finding, id).into_iter().flatten())
}

/// The smallest and the largest difference `to - from` of two numbers over the seeds that have both;
/// `None` for findings of one seed.
pub(super) fn difference_range(
    from: (&Finding, &NumberId),
    to: (&Finding, &NumberId),
) -> Option<[f64; 2]> {
    let pairs = values(from.0, from.1).into_iter().zip(values(to.0, to.1));
    range(pairs.filter_map(|(from, to)| Some(to? - from?)))
}

/// A number from every seed, in the order of the seeds; empty for a finding of one seed.
fn values(finding: &Finding, id: &NumberId) -> Vec<Option<f64>> {
    let table = finding.answer.tables.iter().find(|table| table.name == BY_SEED);
    let column = |table: &Table| table.columns.iter().position(|column| column.name == id.name());
    let Some((table, column)) = table.and_then(|table| Some((table, column(table)?))) else {
        return Vec::new();
    };
    let value = |row: &Vec<TableCell>| match row.get(column) {
        Some(TableCell::Number(value)) => Some(*value),
        _ => None,
    };
    table.rows.iter().map(value).collect()
}

fn range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let widen = |[low, high]: [f64; 2], value: [f64; 2]| [low.min(value[0]), high.max(value[1])];
    values.map(|value| [value; 2]).reduce(widen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: NumberId = NumberId::new("share", Unit::Share);

    fn averaged(values: &[f64]) -> Finding {
        let finding = |value: &f64| Finding::in_tests("run", Answer::new("").value(&SHARE, *value));
        let findings: Vec<_> = values.iter().map(finding).collect();
        let seeds: Vec<_> = (0..values.len()).map(|seed| seed.to_string()).collect();
        let mut first = findings[0].clone();
        let table = by_seed(&first.answer, &seeds, &findings.iter().collect::<Vec<_>>());
        first.answer.tables.push(table);
        first
    }

    #[test]
    fn differences_are_those_of_each_seed() {
        let (from, to) = (averaged(&[0.25, 0.75]), averaged(&[0.5, 1.0]));
        assert_eq!(seed_range(&from, &SHARE), Some([0.25, 0.75]));
        assert_eq!(difference_range((&from, &SHARE), (&to, &SHARE)), Some([0.25, 0.25]));
        let missing = averaged(&[f64::NAN, 0.5]);
        assert_eq!(difference_range((&missing, &SHARE), (&to, &SHARE)), Some([0.5, 0.5]));
        let one = Finding::in_tests("run", Answer::new("").value(&SHARE, 0.5));
        assert_eq!(difference_range((&one, &SHARE), (&one, &SHARE)), None);
    }
}
