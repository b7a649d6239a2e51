//! Findings of one experiment on several runs, side by side.

use super::answer::Measure;
use super::file_stem::file_stem;
use super::finding::{Finding, RunRecord};
use super::table::{Table, TableCell};
use crate::render::{BarChart, BarGroup, Figure, LinePlot, Plot, PlotAxis, PlotLine};
use crate::unit::Unit;

/// Name of the table of the numbers of a finding over the epochs.
pub const BY_EPOCH: &str = "by-epoch";

/// Largest number of shares in one figure.
const MOST_SHARES: usize = 7;

/// The numbers of findings of one experiment, a row per finding; `None` for fewer than two.
pub fn comparison(findings: &[&Finding]) -> Option<Table> {
    let first = findings.first().filter(|_| findings.len() > 1)?;
    let measures = &first.answer.values;
    let fixed = [
        ("run", Unit::Text),
        ("network", Unit::Text),
        ("gauge", Unit::Text),
        ("training images", Unit::Count),
    ];
    let names = measures.iter().map(|measure| (&*measure.name, measure.unit));
    let columns: Vec<_> = fixed.into_iter().chain(names).collect();
    let title = format!("{}: runs side by side", first.experiment);
    let mut table = Table::new("comparison", &title, &columns);
    for finding in findings {
        let Some(run) = finding.runs.first() else { continue };
        let values =
            measures.iter().map(|measure| TableCell::from(finding.answer.value_of(&measure.name)));
        let texts = [run.folder.clone(), network(run), run.gauge.clone()].map(TableCell::from);
        let trained_on = TableCell::from(run.trained_on.map(|images| images.count as f64));
        table.push(texts.into_iter().chain([trained_on]).chain(values).collect());
    }
    Some(table)
}

/// Figures of findings of one experiment: their shares side by side, and every number over the
/// epochs with a curve per run. Empty for fewer than two findings.
pub fn comparison_figures(findings: &[&Finding]) -> Vec<Figure> {
    let Some(first) = findings.first().filter(|_| findings.len() > 1) else { return Vec::new() };
    let measures = &first.answer.values;
    let named: Vec<_> = labels(findings).into_iter().zip(findings.iter().copied()).collect();
    let over_training = measures.iter().filter_map(|measure| curves(&named, measure));
    bars(&named, measures).into_iter().chain(over_training).collect()
}

fn bars(findings: &[(String, &Finding)], measures: &[Measure]) -> Option<Figure> {
    let shares = measures.iter().filter(|measure| measure.unit == Unit::Share);
    let names: Vec<_> = shares.map(|measure| measure.name.clone()).take(MOST_SHARES).collect();
    let group = |(label, finding): &(String, &Finding)| {
        let heights = names.iter().map(|name| finding.answer.value_of(name).unwrap_or(f64::NAN));
        BarGroup::new(label, heights)
    };
    let plot = Plot::Bars(BarChart {
        x: PlotAxis::linear("run", Unit::Text),
        y: PlotAxis::linear("share", Unit::Share),
        series: names.clone(),
        groups: findings.iter().map(group).collect(),
    });
    (!names.is_empty()).then(|| Figure::new("comparison-shares", "Runs side by side", plot))
}

/// A number over the epochs, if findings have several epochs.
fn curves(findings: &[(String, &Finding)], measure: &Measure) -> Option<Figure> {
    let curve = |(label, finding): &(String, &Finding)| {
        let points = over_training(finding, &measure.name);
        (points.len() > 1).then(|| PlotLine::new(label, points))
    };
    let curves: Vec<_> = findings.iter().filter_map(curve).collect();
    let title = format!("Over the training: {}", measure.name);
    // Only the title contains the part of the name after a comma.
    let what = measure.name.split(',').next().unwrap_or(&measure.name);
    let heights = curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]);
    let plot = Plot::Curves(LinePlot {
        x: PlotAxis::linear("epoch", Unit::Epochs),
        y: PlotAxis::fitting(what, measure.unit, heights),
        curves: curves.clone(),
    });
    let name = format!("over-training-{}", file_stem([&*measure.name]));
    (!curves.is_empty()).then(|| Figure::new(&name, &title, plot))
}

/// Epochs, and a number after each.
fn over_training(finding: &Finding, name: &str) -> Vec<[f64; 2]> {
    let tables = &finding.answer.tables;
    let Some(table) = tables.iter().find(|table| table.name == BY_EPOCH) else { return Vec::new() };
    let Some(column) = table.columns.iter().position(|column| column.name == name) else {
        return Vec::new();
    };
    let point = |row: &Vec<TableCell>| match (&row[0], &row[column]) {
        (TableCell::Number(epoch), TableCell::Number(value)) => Some([*epoch, *value]),
        _ => None,
    };
    table.rows.iter().filter_map(point).collect()
}

/// Names of findings in figures: the run, and the gauge if there are several.
fn labels(findings: &[&Finding]) -> Vec<String> {
    let runs = || findings.iter().filter_map(|finding| finding.runs.first());
    let has_several = runs().any(|run| Some(&run.gauge) != runs().next().map(|run| &run.gauge));
    let label = |finding: &&Finding| match finding.runs.first() {
        Some(run) if has_several => format!("{}, {}", run.folder, run.gauge),
        Some(run) => run.folder.clone(),
        None => String::new(),
    };
    findings.iter().map(label).collect()
}

fn network(run: &RunRecord) -> String {
    match run.shuffled_labels {
        true => format!("{}, shuffled labels", run.architecture),
        false => run.architecture.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::super::number_id::NumberId;
    use super::*;

    fn finding(run: &str, values: &[f64]) -> Finding {
        let columns = [("epoch", Unit::Epochs), ("angle", Unit::Degrees)];
        let mut table = Table::new(BY_EPOCH, "", &columns);
        for (epoch, &value) in values.iter().enumerate() {
            table.push(vec![epoch.into(), value.into()]);
        }
        let last = values[values.len() - 1];
        let angle = NumberId::new("angle", Unit::Degrees);
        let answer = Answer::new("").value(&angle, last).table(table);
        let agreement = NumberId::new("agreement", Unit::Share);
        Finding::in_tests(run, answer.value(&agreement, 0.5))
    }

    #[test]
    fn findings_stand_side_by_side() {
        let (a, b) = (finding("a", &[3.0, 2.0, 1.0]), finding("b", &[5.0, f64::NAN, 4.0]));
        assert_eq!(comparison(&[&a]), None);
        let (heading, rows) = comparison(&[&a, &b]).unwrap().transposed();
        assert_eq!(heading, ["run", "a", "b"]);
        assert_eq!(rows[2], ["training images", "\u{2013}", "\u{2013}"]);
        assert_eq!(rows[3], ["angle", "1.00\u{b0}", "4.00\u{b0}"]);
        let figures = comparison_figures(&[&a, &b]);
        let titles: Vec<_> = figures.iter().map(|figure| &*figure.title).collect();
        assert_eq!(titles, ["Runs side by side", "Over the training: angle"]);
        let Plot::Curves(curves) = &figures[1].plot else { panic!("{figures:?}") };
        assert_eq!(curves.curves[0].points, [[0.0, 3.0], [1.0, 2.0], [2.0, 1.0]]);
        assert_eq!(curves.curves[1].points, [[0.0, 5.0], [2.0, 4.0]]);
        assert!(comparison_figures(&[&a]).is_empty());
    }
}
