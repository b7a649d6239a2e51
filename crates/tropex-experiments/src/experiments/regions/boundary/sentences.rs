//! Sentences and numbers about distances.

use super::distances::{Changes, PointDistances, PointLimits, classes, exact, units};
use crate::query::rays::{FirstChange, GridReading, RayCost};
use crate::report::{Answer, NumberId, Unit, count};
use crate::statistics::{quantiles, share};

/// Median distance of the first change of a unit, just beyond the point.
const FIRST_CHANGE: NumberId = NumberId::new("first change", Unit::Number);

/// Median distance to the nearest boundary.
const NEAREST_BOUNDARY: NumberId = NumberId::new("nearest boundary", Unit::Number);

/// Share of the points that lie on a boundary.
const POINTS_ON_BOUNDARY: NumberId = NumberId::new("points on a boundary", Unit::Share);

/// Share of the rays whose grid reading is right.
const GRID_IS_RIGHT: NumberId = NumberId::new("grid is right", Unit::Share);

/// What a reader needs to know to interpret the numbers.
pub(super) const NOTES: [&str; 3] = [START, GRID, NEVER];

const START: &str = "A point lies on a boundary if a unit is exactly at a change of its \
     piece, for example a pooling whose largest inputs are equal. Its first change and its nearest \
     boundary are at distance 0. Text, numbers and figure use the first change just beyond such \
     points; the table has both.";

const GRID: &str = "Regions are convex: a ray does not return to a region that it has left. \
    Except for rounding, the grid therefore misses no change of a unit. The class may change and \
    change back between two steps; then the grid is late or misses the change.";

const NEVER: &str = "Points from which nothing changes have infinite distances. Quartiles \
     include them (an infinite quartile is a dash), means do not. All kinds of points share their \
     directions, and random points of different ranges differ by a scale only.";

/// The cost per point, and the numbers of points that it allows.
pub(super) fn cost(limits: PointLimits, cost: RayCost) -> String {
    format!(
        "In this network the nearest boundary of a point takes about {} products, and a class \
         that never changes about {}; unless more are asked for with nearest_points and \
         class_points, no more than {} and {} points of a kind are looked at.",
        Unit::Number.format(cost.nearest),
        Unit::Number.format(cost.classes),
        count(limits.nearest),
        count(limits.classes),
    )
}

fn median(values: &[f64]) -> f64 {
    let [median] = quantiles(values, [0.5]);
    median
}

/// The answer in words.
pub(super) fn text(found: &[PointDistances]) -> String {
    let mut sentences = vec![format!(
        "In a random direction the first unit changes at a distance of {} ({}).",
        compared(&medians(found, |of| of.beyond.clone())),
        points(found, |of| of.beyond.len()),
    )];
    let nearest = medians(found, |of| of.nearest.clone());
    if !nearest.is_empty() {
        let points = points(found, |of| of.nearest.len());
        sentences.push(format!("The nearest boundary is at {} ({points}).", compared(&nearest)));
    }
    let classes = medians(found, |of| exact(&of.classes));
    if !classes.is_empty() {
        let points = points(found, |of| of.classes.len());
        sentences.push(format!("The class changes at {} ({points}).", compared(&classes)));
    }
    let on_boundary = found.iter().filter(|of| of.on_boundary() > 0);
    let on_boundary: Vec<_> = on_boundary
        .map(|of| format!("{} of {} ({})", of.on_boundary(), count(of.units.len()), of.name))
        .collect();
    if !on_boundary.is_empty() {
        sentences.push(format!("On a boundary already are {}.", on_boundary.join(", ")));
    }
    let rays: usize = found.iter().map(|of| of.units.len()).sum();
    let right = found.iter().map(|of| right(&of.units)).sum();
    sentences.push(format!(
        "The published grid shows the first change of a unit in the step that it is in, or none \
         where it is beyond the grid, in {} of {} rays.",
        count(right),
        count(rays),
    ));
    sentences.join(" ")
}

/// Number of points that medians are taken over.
fn points(found: &[PointDistances], number: impl Fn(&PointDistances) -> usize) -> String {
    match found.iter().map(number).max().unwrap_or(0) {
        1 => "at one point of a kind".into(),
        most => format!("medians of up to {} points of a kind", count(most)),
    }
}

/// Names of the kinds of points, with the medians of their values.
fn medians(
    found: &[PointDistances],
    values: impl Fn(&PointDistances) -> Vec<f64>,
) -> Vec<(&str, f64)> {
    let medians = found.iter().map(|of| (&*of.name, median(&values(of))));
    medians.filter(|(_, median)| !median.is_nan()).collect()
}

/// Distances, and multiples of the first one: `2 (a), 3 (b, 1.50 times)`.
fn compared(medians: &[(&str, f64)]) -> String {
    let first = medians.first().map_or(f64::NAN, |(_, first)| *first);
    let item = |(index, (name, distance)): (usize, &(&str, f64))| {
        if distance.is_infinite() {
            return format!("none ({name}: most never change)");
        }
        let (text, times) = (Unit::Number.format(*distance), distance / first);
        match times {
            _ if index == 0 || !times.is_finite() || times == 0.0 => format!("{text} ({name})"),
            _ if times < 10.0 => format!("{text} ({name}, {times:.2} times)"),
            _ => format!("{text} ({name}, {} times)", count(times.round() as usize)),
        }
    };
    medians.iter().enumerate().map(item).collect::<Vec<_>>().join(", ")
}

/// Number of rays whose grid reading is right.
fn right(changes: &[FirstChange]) -> usize {
    let is_right = |change: &&FirstChange| {
        matches!(
            change.grid_reading(),
            GridReading::Within | GridReading::Beyond | GridReading::Never
        )
    };
    changes.iter().filter(is_right).count()
}

/// Adds medians, and the share of the rays whose grid reading is right.
pub(super) fn values(mut answer: Answer, found: &[PointDistances]) -> Answer {
    for of in found {
        answer = answer.value(&FIRST_CHANGE.of(&of.name), median(&of.beyond));
    }
    for of in found {
        answer = answer.value(&NEAREST_BOUNDARY.of(&of.name), median(&of.nearest));
    }
    let all: usize = found.iter().map(|of| of.units.len()).sum();
    let on_boundary = found.iter().map(PointDistances::on_boundary).sum();
    answer = answer.value(&POINTS_ON_BOUNDARY, share(on_boundary, all));
    for (name, changes) in [("units", units as Changes), ("class", classes)] {
        let all: usize = found.iter().map(|of| changes(of).len()).sum();
        let right = found.iter().map(|of| right(changes(of))).sum();
        answer = answer.value(&GRID_IS_RIGHT.of(name), share(right, all));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_compared_with_the_first() {
        let medians = [("a", 2.0), ("b", 3.0), ("c", 2468.0), ("d", f64::INFINITY), ("e", 0.0)];
        let expected =
            "2 (a), 3 (b, 1.50 times), 2468 (c, 1,234 times), none (d: most never change), 0 (e)";
        assert_eq!(compared(&medians), expected);
        assert_eq!(compared(&[("a", 0.0), ("b", 1.0)]), "0 (a), 1 (b)");
        assert_eq!(compared(&[]), "");
    }

    #[test]
    fn the_grid_is_right_if_it_shows_a_change_in_its_step() {
        let of = |at: f64, step| FirstChange { at, step };
        let late = of(0.0, Some(50));
        let changes =
            [of(0.0, Some(1)), of(2e4, None), of(f64::INFINITY, None), late, of(1.0, None)];
        assert_eq!(right(&changes), 3);
    }
}
