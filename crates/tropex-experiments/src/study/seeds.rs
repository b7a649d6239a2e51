//! Findings about one network from several seeds, as one.

use crate::report::{
    Answer, BY_EPOCH, Cell, Curve, Curves, Figure, Finding, Measure, Plot, Table, Unit,
};

/// What runs from several seeds have in common: means over the seeds, a table of every seed, and
/// curves with a band from the smallest to the largest. Pictures are those of the first seed.
///
/// Findings are of one experiment and one network, in the order of the seeds.
pub(super) fn together(findings: &[&Finding], name: &str) -> Option<Finding> {
    let first = (*findings.first()?).clone();
    let mut finding = Finding { subjects: first.subjects.clone(), ..first };
    if let Some(subject) = finding.subjects.first_mut() {
        subject.run = name.to_owned();
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
    let seed = finding.subjects.first().and_then(|subject| subject.seed);
    seed.map_or_else(|| "none".into(), |seed| seed.to_string())
}

/// The values of a name in all findings that have one.
pub(super) fn values<'a>(
    findings: &'a [&Finding],
    name: &'a str,
) -> impl Iterator<Item = f64> + 'a {
    let measure = move |finding: &&'a Finding| {
        finding.answer.values.iter().find(|measure| measure.name == name)?.value
    };
    findings.iter().filter_map(measure)
}

fn mean(measure: &Measure, findings: &[&Finding]) -> Measure {
    let values: Vec<f64> = values(findings, &measure.name).collect();
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    Measure { value: mean, ..measure.clone() }
}

fn by_seed(answer: &Answer, findings: &[&Finding]) -> Table {
    let names = answer.values.iter().map(|measure| (&*measure.name, measure.unit));
    let columns: Vec<_> = [("seed", Unit::Text)].into_iter().chain(names).collect();
    let mut table = Table::new("by-seed", "The numbers from every seed", &columns);
    for finding in findings {
        let value = |measure: &Measure| Cell::from(values(&[finding], &measure.name).next());
        let row = [Cell::from(seed(finding))].into_iter();
        table.push(row.chain(answer.values.iter().map(value)).collect());
    }
    table
}

/// The numbers over the training, as means over all findings.
fn over_training(table: &Table, findings: &[&Finding]) -> Table {
    let tables = findings.iter().flat_map(|finding| &finding.answer.tables);
    let rows: Vec<_> =
        tables.filter(|other| other.name == BY_EPOCH).flat_map(|other| &other.rows).collect();
    let mean = |epoch: &Cell, column: usize| {
        let same = rows.iter().filter(|row| row[0] == *epoch);
        let values: Vec<f64> = same
            .filter_map(|row| match row.get(column)? {
                Cell::Number(value) => Some(*value),
                Cell::Text(_) | Cell::Missing => None,
            })
            .collect();
        Cell::from(values.iter().sum::<f64>() / values.len() as f64)
    };
    let row = |row: &Vec<Cell>| {
        let means = (1..row.len()).map(|column| mean(&row[0], column));
        [row[0].clone()].into_iter().chain(means).collect()
    };
    Table { rows: table.rows.iter().map(row).collect(), ..table.clone() }
}

/// A figure of curves with the means of all findings and how far they spread; others as they are.
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
    let all: Vec<Curves> = findings.iter().filter_map(same).collect();
    let banded = curves.curves.iter().map(|curve| band(curve, &all)).collect();
    let plot = Plot::Curves(Curves { curves: banded, ..curves.clone() });
    Figure { plot, ..figure.clone() }
}

fn band(curve: &Curve, all: &[Curves]) -> Curve {
    let named = all.iter().flat_map(|curves| &curves.curves);
    let named: Vec<_> = named.filter(|other| other.name == curve.name).collect();
    let mut found = Curve { points: Vec::new(), spread: Vec::new(), ..curve.clone() };
    for &[x, _] in &curve.points {
        let at = |other: &&Curve| other.points.iter().find(|point| point[0] == x).map(|p| p[1]);
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
    use crate::report::Axis;

    fn finding(value: f64, height: f64) -> Finding {
        let curves = Curves {
            x: Axis::linear("epoch", Unit::Epochs),
            y: Axis::linear("share", Unit::Share),
            curves: vec![Curve::new("c", [[0.0, 0.0], [1.0, height]])],
        };
        let columns = [("epoch", Unit::Epochs), ("share", Unit::Share)];
        let mut table = Table::new(BY_EPOCH, "", &columns);
        table.push(vec![0.0.into(), Cell::Missing]);
        table.push(vec![1.0.into(), height.into()]);
        let answer = Answer::new("a").value("share", value, Unit::Share).table(table);
        let answer = answer.figure(Figure::new("f", "F", Plot::Curves(curves)));
        Finding { subjects: Vec::new(), ..Finding::in_tests("run", answer) }
    }

    #[test]
    fn numbers_are_means_and_curves_have_bands() {
        let (a, b) = (finding(0.2, 0.5), finding(0.6, 0.9));
        let both = together(&[&a, &b], "name").unwrap();
        assert!((both.answer.values[0].value.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(both.answer.tables[0].rows.len(), 2);
        let Plot::Curves(curves) = &both.answer.figures[0].plot else { panic!() };
        assert!((curves.curves[0].points[1][1] - 0.7).abs() < 1e-12);
        assert_eq!(curves.curves[0].spread, [[0.0, 0.0], [0.5, 0.9]]);
        let over_training = &both.answer.tables[1];
        assert_eq!(
            over_training.rows,
            [vec![0.0.into(), Cell::Missing], vec![1.0.into(), 0.7.into()]]
        );
    }

    #[test]
    fn what_was_not_measured_is_left_out_of_the_mean() {
        let (a, b) = (finding(f64::NAN, 0.5), finding(0.6, 0.9));
        let both = together(&[&a, &b], "name").unwrap();
        assert_eq!(both.answer.values[0].value, Some(0.6));
    }

    #[test]
    fn one_seed_is_left_as_it_is() {
        let a = finding(0.2, 0.5);
        assert_eq!(together(&[&a], "name").unwrap().answer, a.answer);
        assert!(together(&[], "name").is_none());
    }
}
