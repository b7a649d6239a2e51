//! Tables and figures of distances.

use super::distances::{Changes, PointDistances, classes, exact, units};
use crate::query::rays::{FirstChange, GridReading};
use crate::render::{Figure, Histogram, Plot, PlotAxis};
use crate::report::{Table, TableCell, Unit};
use crate::statistics::{Summary, quantiles};

/// Number of intervals of a histogram.
const BINS: usize = 40;

/// All tables, without those of class changes and nearest boundaries that were not computed.
pub(super) fn all(found: &[PointDistances]) -> Vec<Table> {
    let mut tables = vec![
        changes("units", "Distance of the first change of a unit, along a ray", found, units),
        beyond(found),
        grid("grid-units", "What the published grid shows of the first unit", found, units),
    ];
    if found.iter().any(|of| !of.nearest.is_empty()) {
        tables.push(nearest(found));
    }
    if found.iter().any(|of| !of.classes.is_empty()) {
        let title = "Distance of the first change of the class, along a ray";
        tables.push(changes("classes", title, found, classes));
        tables.push(grid(
            "grid-classes",
            "What the published grid shows of the class",
            found,
            classes,
        ));
    }
    tables
}

const QUARTILES: [(&str, Unit); 4] = [
    ("lower quartile", Unit::Number),
    ("median", Unit::Number),
    ("upper quartile", Unit::Number),
    ("mean", Unit::Number),
];

/// Quartiles of distances, and the mean of the finite ones.
fn spread(distances: &[f64]) -> [TableCell; 4] {
    let finite = distances.iter().copied().filter(|distance| distance.is_finite());
    let [lower, median, upper] = quantiles(distances, [0.25, 0.5, 0.75]);
    [lower, median, upper, Summary::of(finite).mean()].map(TableCell::from)
}

/// Number of infinite distances.
fn infinite(distances: &[f64]) -> usize {
    distances.iter().filter(|distance| distance.is_infinite()).count()
}

fn changes(name: &str, title: &str, found: &[PointDistances], changes: Changes) -> Table {
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let others = [
        ("never", Unit::Count),
        ("median on the grid", Unit::Number),
        ("mean on the grid", Unit::Number),
        ("not on the grid", Unit::Count),
    ];
    let columns: Vec<_> = fixed.into_iter().chain(QUARTILES).chain(others).collect();
    let mut table = Table::new(name, title, &columns);
    for of in found {
        let exact = exact(changes(of));
        let on_grid: Vec<_> = changes(of).iter().map(FirstChange::on_grid).collect();
        let never = infinite(&exact);
        let unseen = infinite(&on_grid);
        let [_, median, _, mean] = spread(&on_grid);
        let fixed = [TableCell::from(&*of.name), exact.len().into()].into_iter();
        table.push(
            fixed
                .chain(spread(&exact))
                .chain([never.into(), median, mean, unseen.into()])
                .collect(),
        );
    }
    table
}

/// Numbers of points on a boundary, and distances to the next one.
fn beyond(found: &[PointDistances]) -> Table {
    let fixed = [("points", Unit::Text), ("number", Unit::Count), ("on a boundary", Unit::Count)];
    let columns: Vec<_> =
        fixed.into_iter().chain(QUARTILES).chain([("never", Unit::Count)]).collect();
    let title = "Distance of the first change of a unit, from just beyond the point";
    let mut table = Table::new("beyond", title, &columns);
    for of in found {
        let fixed = [TableCell::from(&*of.name), of.units.len().into(), of.on_boundary().into()];
        let never = [infinite(&of.beyond).into()];
        table.push(fixed.into_iter().chain(spread(&of.beyond)).chain(never).collect());
    }
    table
}

fn grid(name: &str, title: &str, found: &[PointDistances], changes: Changes) -> Table {
    let readings = [
        ("in its step", GridReading::Within),
        ("beyond the grid", GridReading::Beyond),
        ("never changes", GridReading::Never),
        ("grid is late", GridReading::Late),
        ("grid misses it", GridReading::Missed),
        ("grid is early", GridReading::Early),
    ];
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let columns: Vec<_> =
        fixed.into_iter().chain(readings.map(|(name, _)| (name, Unit::Count))).collect();
    let mut table = Table::new(name, title, &columns);
    for of in found {
        let with_reading =
            |reading| changes(of).iter().filter(|change| change.grid_reading() == reading).count();
        let fixed = [TableCell::from(&*of.name), changes(of).len().into()].into_iter();
        table
            .push(fixed.chain(readings.map(|(_, reading)| with_reading(reading).into())).collect());
    }
    table
}

/// Distances in any direction, and ratios of the distances in a random direction to them.
fn nearest(found: &[PointDistances]) -> Table {
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let others = [
        ("no boundary", Unit::Count),
        ("ray over nearest: number", Unit::Count),
        ("ray over nearest: median", Unit::Number),
        ("ray over nearest: least", Unit::Number),
    ];
    let columns: Vec<_> = fixed.into_iter().chain(QUARTILES).chain(others).collect();
    let title = "Distance of the nearest boundary, in any direction";
    let mut table = Table::new("nearest", title, &columns);
    for of in found {
        let pairs = of.units.iter().zip(&of.nearest);
        let times = pairs.map(|(change, nearest)| change.at / nearest);
        let times: Vec<_> = times.filter(|times| times.is_finite()).collect();
        let [median, least] = quantiles(&times, [0.5, 0.0]);
        let fixed = [TableCell::from(&*of.name), of.nearest.len().into()].into_iter();
        let others =
            [infinite(&of.nearest).into(), times.len().into(), median.into(), least.into()];
        table.push(fixed.chain(spread(&of.nearest)).chain(others).collect());
    }
    table
}

pub(super) fn figures(found: &[PointDistances]) -> Vec<Figure> {
    let figure = |name: &str, title: &str, values: &dyn Fn(&PointDistances) -> Vec<f64>| {
        let sets: Vec<_> = found.iter().map(|of| (&*of.name, values(of))).collect();
        let is_shown = |value: &f64| *value > 0.0 && value.is_finite();
        sets.iter().any(|(_, values)| values.iter().any(is_shown)).then(|| {
            let axis = PlotAxis::logarithmic("distance", Unit::Number);
            Figure::new(name, title, Plot::Histogram(Histogram::of(axis, BINS, &sets)))
        })
    };
    let units = "First change of a unit, in a random direction";
    let classes = "First change of the class, in a random direction";
    let figures = [
        figure("units-spread", units, &|of| of.beyond.clone()),
        figure("nearest-spread", "Nearest boundary, in any direction", &|of| of.nearest.clone()),
        figure("classes-spread", classes, &|of| exact(&of.classes)),
    ];
    figures.into_iter().flatten().collect()
}
