//! How distances are told: in words, numbers, tables and figures.

use super::Found;
use crate::rays::{Change, Sight};
use crate::report::{Answer, Axis, Cell, Figure, Histogram, Plot, Table, Unit, count};
use crate::statistics::{Summary, quantiles, share};

/// Intervals of a histogram.
const BINS: usize = 60;

pub(super) const GRID: &str = "Regions are convex: a ray that has left one does not come back, so \
     that the grid misses no change of a unit, but for rounding. The class may change and change \
     back between two steps, so that the grid is late, or misses it.";

pub(super) const NEVER: &str = "Points from which nothing ever changes count as infinitely far in \
     quartiles, of which an infinite one is a dash, and not in means. Directions are the same for \
     all kinds of points, and random points of different ranges are the same ones, stretched.";

/// How many points there was time for.
pub(super) fn effort(exact: usize, products: f64) -> String {
    format!(
        "The nearest boundary of a point takes about {} products in this network, so it is looked \
         for at no more than {} points of a kind, and so is the change of the class; ask for more \
         with exact_points.",
        Unit::Number.format(products),
        count(exact),
    )
}

impl Found {
    /// Exact positions of the first changes of units.
    fn crossings(&self) -> Vec<f64> {
        exact(&self.units)
    }

    /// How many times as far as the nearest boundary the ray's own is.
    fn detours(&self) -> Vec<f64> {
        let pairs = self.units.iter().zip(&self.nearest);
        let times = pairs.map(|(change, nearest)| change.at / nearest);
        times.filter(|times| times.is_finite()).collect()
    }
}

fn exact(changes: &[Change]) -> Vec<f64> {
    changes.iter().map(|change| change.at).collect()
}

fn median(values: &[f64]) -> f64 {
    let [median] = quantiles(values, [0.5]);
    median
}

/// The answer in words.
pub(super) fn text(found: &[Found]) -> String {
    let crossings = medians(found, Found::crossings);
    let mut text = format!(
        "In a random direction the first unit changes at a distance of {} (medians).",
        listed(&crossings, |distance| Unit::Number.format(distance)),
    );
    if let [(_, train), others @ ..] = &*crossings {
        let times: Vec<_> = others.iter().map(|&(name, other)| (name, other / train)).collect();
        let times = listed(&times, |times| format!("{} times", Unit::Number.format(times)));
        text += &format!(" Compared with training images that is {times} as far.");
    }
    let nearest = medians(found, |of| of.nearest.clone());
    if !nearest.is_empty() {
        let nearest = listed(&nearest, |distance| Unit::Number.format(distance));
        text += &format!(" The nearest boundary in any direction is at {nearest}.");
    }
    let classes = medians(found, |of| exact(&of.classes));
    if !classes.is_empty() {
        let classes = listed(&classes, |distance| Unit::Number.format(distance));
        text += &format!(" The class changes at {classes}.");
    }
    let rays: usize = found.iter().map(|of| of.units.len()).sum();
    let right = found.iter().map(|of| right(&of.units)).sum();
    text += &format!(
        " The published grid shows the first change of a unit in the step that it is in, or none \
         where it is beyond the grid, in {} of {} rays.",
        count(right),
        count(rays),
    );
    text
}

/// Medians of what was measured at points of every kind, with their names.
fn medians(found: &[Found], values: impl Fn(&Found) -> Vec<f64>) -> Vec<(&str, f64)> {
    let medians = found.iter().map(|of| (&*of.name, median(&values(of))));
    medians.filter(|(_, median)| !median.is_nan()).collect()
}

/// `1 (a), 2 (b) and 3 (c)`
fn listed(values: &[(&str, f64)], format: impl Fn(f64) -> String) -> String {
    let item = |(name, value): &(&str, f64)| match value.is_finite() {
        true => format!("{} ({name})", format(*value)),
        false => format!("no distance ({name})"),
    };
    let items: Vec<_> = values.iter().map(item).collect();
    match &*items {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// Rays whose change the grid shows as it is.
fn right(changes: &[Change]) -> usize {
    let is_right =
        |change: &&Change| matches!(change.sight(), Sight::Within | Sight::Beyond | Sight::Never);
    changes.iter().filter(is_right).count()
}

/// Adds the medians, and how far the grid is right.
pub(super) fn values(mut answer: Answer, found: &[Found]) -> Answer {
    for of in found {
        let name = format!("first change, {}", of.name);
        answer = answer.value(&name, median(&of.crossings()), Unit::Number);
    }
    for of in found {
        let name = format!("nearest boundary, {}", of.name);
        answer = answer.value(&name, median(&of.nearest), Unit::Number);
    }
    for (name, changes) in [("units", units as Changes), ("class", classes)] {
        let all: usize = found.iter().map(|of| changes(of).len()).sum();
        let right = found.iter().map(|of| right(changes(of))).sum();
        answer = answer.value(&format!("grid is right, {name}"), share(right, all), Unit::Share);
    }
    answer
}

/// Changes of one sort at points of a kind.
type Changes = fn(&Found) -> &[Change];

fn units(found: &Found) -> &[Change] {
    &found.units
}

fn classes(found: &Found) -> &[Change] {
    &found.classes
}

pub(super) fn tables(found: &[Found]) -> Vec<Table> {
    vec![
        changes("units", "Distance of the first change of a unit, along a ray", found, units),
        grid("grid-units", "What the published grid shows of the first unit", found, units),
        nearest(found),
        changes(
            "classes",
            "Distance of the first change of the class, along a ray",
            found,
            classes,
        ),
        grid("grid-classes", "What the published grid shows of the class", found, classes),
    ]
}

const QUARTILES: [(&str, Unit); 4] = [
    ("lower quartile", Unit::Number),
    ("median", Unit::Number),
    ("upper quartile", Unit::Number),
    ("mean", Unit::Number),
];

/// Quartiles of distances, and the mean of the finite ones.
fn spread(distances: &[f64]) -> [Cell; 4] {
    let finite = distances.iter().copied().filter(|distance| distance.is_finite());
    let [lower, median, upper] = quantiles(distances, [0.25, 0.5, 0.75]);
    [lower, median, upper, Summary::of(finite).mean()].map(Cell::from)
}

fn changes(name: &str, title: &str, found: &[Found], changes: Changes) -> Table {
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let others = [
        ("never", Unit::Count),
        ("median on the grid", Unit::Number),
        ("mean on the grid", Unit::Number),
    ];
    let columns: Vec<_> = fixed.into_iter().chain(QUARTILES).chain(others).collect();
    let mut table = Table::new(name, title, &columns);
    for of in found {
        let exact = exact(changes(of));
        let on_grid: Vec<_> = changes(of).iter().map(Change::on_grid).collect();
        let never = exact.iter().filter(|distance| distance.is_infinite()).count();
        let [_, median, _, mean] = spread(&on_grid);
        let fixed = [Cell::from(&*of.name), exact.len().into()].into_iter();
        table.push(fixed.chain(spread(&exact)).chain([never.into(), median, mean]).collect());
    }
    table
}

fn grid(name: &str, title: &str, found: &[Found], changes: Changes) -> Table {
    let sights = [
        ("in its step", Sight::Within),
        ("beyond the grid", Sight::Beyond),
        ("never changes", Sight::Never),
        ("grid is late", Sight::Late),
        ("grid misses it", Sight::Missed),
        ("grid is early", Sight::Early),
    ];
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let columns: Vec<_> =
        fixed.into_iter().chain(sights.map(|(name, _)| (name, Unit::Count))).collect();
    let mut table = Table::new(name, title, &columns);
    for of in found {
        let of_sight = |sight| changes(of).iter().filter(|change| change.sight() == sight).count();
        let fixed = [Cell::from(&*of.name), changes(of).len().into()].into_iter();
        table.push(fixed.chain(sights.map(|(_, sight)| of_sight(sight).into())).collect());
    }
    table
}

/// Distances in any direction, and what a random direction makes of them.
fn nearest(found: &[Found]) -> Table {
    let fixed = [("points", Unit::Text), ("number", Unit::Count)];
    let others = [("ray over nearest: median", Unit::Number), ("least", Unit::Number)];
    let columns: Vec<_> = fixed.into_iter().chain(QUARTILES).chain(others).collect();
    let title = "Distance of the nearest boundary, in any direction";
    let mut table = Table::new("nearest", title, &columns);
    for of in found {
        let [median, least] = quantiles(&of.detours(), [0.5, 0.0]);
        let fixed = [Cell::from(&*of.name), of.nearest.len().into()].into_iter();
        table.push(fixed.chain(spread(&of.nearest)).chain([median.into(), least.into()]).collect());
    }
    table
}

pub(super) fn figures(found: &[Found]) -> Vec<Figure> {
    let figure = |name: &str, title: &str, values: &dyn Fn(&Found) -> Vec<f64>| {
        let sets: Vec<_> = found.iter().map(|of| (&*of.name, values(of))).collect();
        let is_shown = |value: &f64| *value > 0.0 && value.is_finite();
        sets.iter().any(|(_, values)| values.iter().any(is_shown)).then(|| {
            let axis = Axis::logarithmic("distance", Unit::Number);
            Figure::new(name, title, Plot::Histogram(Histogram::of(axis, BINS, &sets)))
        })
    };
    let figures = [
        figure("units", "First change of a unit, in a random direction", &Found::crossings),
        figure("nearest", "Nearest boundary, in any direction", &|of| of.nearest.clone()),
        figure("classes", "First change of the class, in a random direction", &|of| {
            exact(&of.classes)
        }),
    ];
    figures.into_iter().flatten().collect()
}
