//! Averages findings about one network over several seeds.

use super::by_seed::by_seed;
use crate::render::{Figure, LinePlot, Plot, PlotLine};
use crate::report::{BY_EPOCH, Finding, Measure, Table, TableCell};

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
    if let Some(run) = finding.runs.first_mut() {
        let runs = findings.iter().filter_map(|finding| finding.runs.first());
        run.averaged_seeds = runs.filter_map(|run| run.seed).collect();
    }
    let seeds: Vec<_> = findings.iter().map(|finding| seed(finding)).collect();
    let answer = &mut finding.answer;
    answer.text = format!("From seed {}: {}", seeds[0], answer.text);
    answer.values = answer.values.iter().map(|measure| mean(measure, findings)).collect();
    answer.figures = answer.figures.iter().map(|figure| averaged(figure, findings)).collect();
    for table in &mut answer.tables {
        match &*table.name {
            BY_EPOCH => *table = over_training(table, findings),
            _ => (table.name, table.title) = of_first_seed(&table.name, &table.title, findings),
        }
    }
    if !answer.values.is_empty() {
        answer.tables.insert(0, by_seed(answer, &seeds, findings));
    }
    answer.notes.push(format!(
        "Numbers are means over {} seeds ({}), and bands of curves reach from the smallest to the \
         largest.",
        seeds.len(),
        seeds.join(", ")
    ));
    Some(finding)
}

fn seed(finding: &Finding) -> String {
    let seed = finding.runs.first().and_then(|run| run.seed);
    seed.map_or_else(|| "none".into(), |seed| seed.to_string())
}

/// The name and the title of something that is of the first seed only.
fn of_first_seed(name: &str, title: &str, findings: &[&Finding]) -> (String, String) {
    let seed = seed(findings[0]);
    (format!("{name}-seed{seed}"), format!("{title}, seed {seed}"))
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

/// Curves become means with bands over all findings; another figure says that it is of the first seed.
fn averaged(figure: &Figure, findings: &[&Finding]) -> Figure {
    let Plot::Curves(curves) = &figure.plot else {
        let (name, title) = of_first_seed(&figure.name, &figure.title, findings);
        return Figure { name, title, ..figure.clone() };
    };
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
    use crate::report::{Answer, NumberId};
    use crate::unit::Unit;

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
