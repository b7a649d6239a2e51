//! Averages findings about one network over several seeds.

use crate::render::{Figure, LinePlot, Plot, PlotLine};
use crate::report::{Answer, BY_EPOCH, Finding, Measure, NumberId, Table, TableCell};
use crate::unit::Unit;

/// Name of the table of the numbers of every seed.
const BY_SEED: &str = "by-seed";

/// What runs from several seeds have in common: means over the seeds, a table of every seed, and
/// curves with a band from the smallest to the largest. Pictures are those of the first seed.
///
/// All findings must be of one experiment and one network, in the order of the seeds.
pub(super) fn average_seeds(findings: &[&Finding], name: &str) -> Option<Finding> {
    let first = (*findings.first()?).clone();
    let mut finding = first;
    if let Some(run) = finding.runs.first_mut() {
        run.folder = name.to_owned();
    }
    if findings.len() == 1 {
        return Some(finding);
    }
    let answer = &mut finding.answer;
    answer.text = format!("From seed {}: {}", seed(findings[0]), answer.text);
    answer.values = answer.values.iter().map(|measure| mean(measure, findings)).collect();
    answer.figures = answer.figures.iter().map(|figure| banded(figure, findings)).collect();
    if let Some(table) = answer.tables.iter_mut().find(|table| table.name == BY_EPOCH) {
        *table = over_training(table, findings);
    }
    if !answer.values.is_empty() {
        answer.tables.insert(0, by_seed(answer, findings));
    }
    let seeds: Vec<_> = findings.iter().map(|finding| seed(finding)).collect();
    answer.notes.push(format!(
        "Numbers are means over {} seeds ({}), bands of curves reach from the smallest to the \
         largest; everything else is from the first.",
        seeds.len(),
        seeds.join(", ")
    ));
    Some(finding)
}

fn seed(finding: &Finding) -> String {
    let seed = finding.runs.first().and_then(|run| run.seed);
    seed.map_or_else(|| "none".into(), |seed| seed.to_string())
}

/// The values of a number in the findings that have it.
fn values<'a>(findings: &'a [&Finding], name: &'a str) -> impl Iterator<Item = f64> + 'a {
    findings.iter().filter_map(move |finding| finding.answer.value_of(name))
}

fn mean(measure: &Measure, findings: &[&Finding]) -> Measure {
    let values: Vec<f64> = values(findings, &measure.name).collect();
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    Measure { value: mean, ..measure.clone() }
}

/// The smallest and the largest value of a number over several seeds; `None` for a finding of one
/// seed.
pub(super) fn seed_range(finding: &Finding, id: &NumberId) -> Option<[f64; 2]> {
    let table = finding.answer.tables.iter().find(|table| table.name == BY_SEED)?;
    let column = table.columns.iter().position(|column| column.name == id.name())?;
    let value = |row: &Vec<TableCell>| match row.get(column) {
        Some(TableCell::Number(value)) => Some(*value),
        _ => None,
    };
    let values: Vec<f64> = table.rows.iter().filter_map(value).collect();
    let low = values.iter().copied().reduce(f64::min)?;
    Some([low, values.iter().copied().fold(low, f64::max)])
}

fn by_seed(answer: &Answer, findings: &[&Finding]) -> Table {
    let names = answer.values.iter().map(|measure| (&*measure.name, measure.unit));
    let columns: Vec<_> = [("seed", Unit::Text)].into_iter().chain(names).collect();
    let mut table = Table::new(BY_SEED, "The numbers from every seed", &columns);
    for finding in findings {
        let value = |measure: &Measure| TableCell::from(values(&[finding], &measure.name).next());
        let row = [TableCell::from(seed(finding))].into_iter();
        table.push(row.chain(answer.values.iter().map(value)).collect());
    }
    table
}

/// The table of numbers over the epochs, as means over all findings.
fn over_training(table: &Table, findings: &[&Finding]) -> Table {
    let tables = findings.iter().flat_map(|finding| &finding.answer.tables);
    let rows: Vec<_> =
        tables.filter(|other| other.name == BY_EPOCH).flat_map(|other| &other.rows).collect();
    let mean = |epoch: &TableCell, column: usize| {
        let same = rows.iter().filter(|row| row[0] == *epoch);
        let values: Vec<f64> = same
            .filter_map(|row| match row.get(column)? {
                TableCell::Number(value) => Some(*value),
                TableCell::Text(_) | TableCell::Missing => None,
            })
            .collect();
        TableCell::from(values.iter().sum::<f64>() / values.len() as f64)
    };
    let row = |row: &Vec<TableCell>| {
        let means = (1..row.len()).map(|column| mean(&row[0], column));
        [row[0].clone()].into_iter().chain(means).collect()
    };
    Table { rows: table.rows.iter().map(row).collect(), ..table.clone() }
}

/// A figure of curves with means and bands over all findings; other figures are not changed.
fn banded(figure: &Figure, findings: &[&Finding]) -> Figure {
    let Plot::Curves(curves) = &figure.plot else { return figure.clone() };
    let same = |finding: &&Finding| {
        let figures = finding.answer.figures.iter();
        let mut same = figures.filter(|other| other.name == figure.name);
        same.find_map(|other| match &other.plot {
            Plot::Curves(curves) => Some(curves.clone()),
            _ => None,
        })
    };
    let all: Vec<LinePlot> = findings.iter().filter_map(same).collect();
    let banded = curves.curves.iter().map(|curve| band(curve, &all)).collect();
    let plot = Plot::Curves(LinePlot { curves: banded, ..curves.clone() });
    Figure { plot, ..figure.clone() }
}

fn band(curve: &PlotLine, all: &[LinePlot]) -> PlotLine {
    let named = all.iter().flat_map(|curves| &curves.curves);
    let named: Vec<_> = named.filter(|other| other.name == curve.name).collect();
    let mut found = PlotLine { points: Vec::new(), spread: Vec::new(), ..curve.clone() };
    for &[x, _] in &curve.points {
        let at = |other: &&PlotLine| other.points.iter().find(|point| point[0] == x).map(|p| p[1]);
        let heights: Vec<f64> = named.iter().filter_map(at).collect();
        let count = heights.len() as f64;
        found.points.push([x, heights.iter().sum::<f64>() / count]);
        let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
        let high = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        found.spread.push([low, high]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::PlotAxis;

    fn finding(value: f64, height: f64) -> Finding {
        let curves = LinePlot {
            x: PlotAxis::linear("epoch", Unit::Epochs),
            y: PlotAxis::linear("share", Unit::Share),
            curves: vec![PlotLine::new("c", [[0.0, 0.0], [1.0, height]])],
        };
        let columns = [("epoch", Unit::Epochs), ("share", Unit::Share)];
        let mut table = Table::new(BY_EPOCH, "", &columns);
        table.push(vec![0.0.into(), TableCell::Missing]);
        table.push(vec![1.0.into(), height.into()]);
        let answer =
            Answer::new("a").value(&NumberId::new("share", Unit::Share), value).table(table);
        let answer = answer.figure(Figure::new("f", "F", Plot::Curves(curves)));
        Finding { runs: Vec::new(), ..Finding::in_tests("run", answer) }
    }

    #[test]
    fn numbers_are_means_and_curves_have_bands() {
        let (a, b) = (finding(0.2, 0.5), finding(0.6, 0.9));
        let both = average_seeds(&[&a, &b], "name").unwrap();
        assert!((both.answer.values[0].value.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(both.answer.tables[0].rows.len(), 2);
        let Plot::Curves(curves) = &both.answer.figures[0].plot else { panic!() };
        assert!((curves.curves[0].points[1][1] - 0.7).abs() < 1e-12);
        assert_eq!(curves.curves[0].spread, [[0.0, 0.0], [0.5, 0.9]]);
        let over_training = &both.answer.tables[1];
        assert_eq!(
            over_training.rows,
            [vec![0.0.into(), TableCell::Missing], vec![1.0.into(), 0.7.into()]]
        );
    }

    #[test]
    fn missing_numbers_are_left_out_of_the_mean() {
        let (a, b) = (finding(f64::NAN, 0.5), finding(0.6, 0.9));
        let both = average_seeds(&[&a, &b], "name").unwrap();
        assert_eq!(both.answer.values[0].value, Some(0.6));
    }

    #[test]
    fn a_finding_of_one_seed_is_not_changed() {
        let a = finding(0.2, 0.5);
        assert_eq!(average_seeds(&[&a], "name").unwrap().answer, a.answer);
        assert!(average_seeds(&[], "name").is_none());
    }
}
