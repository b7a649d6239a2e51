//! The maps of steps with several pieces.

use crate::common::naive::{self, Matrix};
use crate::common::plan::{Extremum, Masked, MaxPool, Maximum};
use crate::common::reference::Map;

pub(crate) fn maximum(step: &Maximum, shape: &[usize]) -> Vec<Map> {
    let units: usize = shape.iter().product();
    match step {
        Maximum::Relu => vec![relu(units, true)],
        Maximum::LeakyRelu { slope } => leaky(*slope, units),
        Maximum::PRelu { slopes } => {
            let cells = units / shape[0];
            let slope = |unit| slopes[if slopes.len() == 1 { 0 } else { unit / cells }];
            parametric((0..units).map(slope).collect())
        }
        Maximum::Abs => {
            let below = vec![negated(units), relu(units, true)];
            added([(1.0, vec![relu(units, true)]), (1.0, below)], units, 0.0)
        }
        Maximum::Clamp { least: Some(least), most: Some(most) } => clamp(*least, *most, units),
        Maximum::Clamp { least: Some(least), most: None } => clamp_min(*least, units, false),
        Maximum::Clamp { least: None, most: Some(most) } => clamp_max(*most, units, false),
        Maximum::Clamp { least: None, most: None } => Vec::new(),
        Maximum::Relu6 => clamp(0.0, 6.0, units),
        Maximum::HardTanh { least, most } => clamp(*least, *most, units),
        Maximum::HardSigmoid { alpha, beta } => {
            [vec![scaled(*alpha, *beta, units)], clamp(0.0, 1.0, units)].concat()
        }
        Maximum::SoftShrink { lambda } => {
            let beyond = |sign: f64| vec![scaled(sign, -lambda, units), relu(units, true)];
            added([(-1.0, beyond(-1.0)), (1.0, beyond(1.0))], units, 0.0)
        }
        Maximum::Threshold(number) => clamp_min(*number, units, true),
        Maximum::Masked(masked) => masked_maps(masked, units),
        Maximum::OverAxis { axis, extremum } => over(windows_along(*axis, shape), units, *extremum),
        Maximum::Pool(pool) => {
            vec![Map::Max { windows: pooling(pool, shape), inputs: units }]
        }
    }
}

fn masked_maps(masked: &Masked, units: usize) -> Vec<Map> {
    match masked {
        Masked::FillBelow(number) => clamp_min(*number, units, false),
        Masked::FillAbove(number) => clamp_max(*number, units, true),
        Masked::ZerosBelow | Masked::OntoZeros => clamp_min(0.0, units, true),
        Masked::SignTimes => {
            let below = vec![negated(units), relu(units, false)];
            added([(1.0, Vec::new()), (2.0, below)], units, 0.0)
        }
        // A maximum of a value and itself is this value.
        Masked::ScaleBelow(1.0) => Vec::new(),
        Masked::ScaleBelow(slope) => {
            let extremum = if *slope <= 1.0 { Extremum::Greatest } else { Extremum::Least };
            let branches = vec![Vec::new(), vec![scaled(*slope, 0.0, units)]];
            let fork = Map::Fork { branches, widths: vec![units, units] };
            [vec![fork], over(pairs(units), 2 * units, extremum)].concat()
        }
    }
}

/// `factor x + offset`.
fn scaled(factor: f64, offset: f64, units: usize) -> Map {
    Map::Affine(Matrix::diagonal(units, |_| (factor, offset)))
}

fn negated(units: usize) -> Map {
    scaled(-1.0, 0.0, units)
}

/// `like_burn`: the derivative of Burn's function at zero is zero, too.
fn relu(units: usize, like_burn: bool) -> Map {
    Map::Leaky { slopes: vec![0.0; units], like_burn }
}

/// `x` above zero, `slope x` below.
fn leaky(slope: f64, units: usize) -> Vec<Map> {
    match slope {
        0.0..=1.0 => vec![Map::Leaky { slopes: vec![slope; units], like_burn: slope == 1.0 }],
        1.0.. => vec![
            scaled(-slope, 0.0, units),
            Map::Leaky { slopes: vec![1.0 / slope; units], like_burn: true },
            negated(units),
        ],
        _ => {
            let below = vec![scaled(slope, 0.0, units), relu(units, false)];
            added([(1.0, vec![relu(units, false)]), (1.0, below)], units, 0.0)
        }
    }
}

/// `relu(x) - slope relu(-x)` with a slope for every unit; one leaky ReLU if all slopes are from 0
/// to 1.
fn parametric(slopes: Vec<f64>) -> Vec<Map> {
    if slopes.iter().all(|slope| (0.0..=1.0).contains(slope)) {
        return vec![Map::Leaky { slopes, like_burn: false }];
    }
    let units = slopes.len();
    let weighted = Map::Affine(Matrix::diagonal(units, |unit| (-slopes[unit], 0.0)));
    let below = vec![negated(units), relu(units, false), weighted];
    added([(1.0, vec![relu(units, false)]), (1.0, below)], units, 0.0)
}

/// `least + relu(x - least) - relu(x - most)`.
fn clamp(least: f64, most: f64, units: usize) -> Vec<Map> {
    let above = |bound: f64| vec![scaled(1.0, -bound, units), relu(units, false)];
    added([(1.0, above(least)), (-1.0, above(most))], units, least)
}

/// `least + relu(x - least)`.
fn clamp_min(least: f64, units: usize, like_burn: bool) -> Vec<Map> {
    vec![scaled(1.0, -least, units), relu(units, like_burn), scaled(1.0, least, units)]
}

/// `most - relu(most - x)`.
fn clamp_max(most: f64, units: usize, like_burn: bool) -> Vec<Map> {
    vec![scaled(-1.0, most, units), relu(units, like_burn), scaled(-1.0, most, units)]
}

/// The sum of two branches with `units` outputs each. Each branch has a factor; the sum has an
/// offset.
fn added(branches: [(f64, Vec<Map>); 2], units: usize, offset: f64) -> Vec<Map> {
    let [(one, left), (other, right)] = branches;
    let row = |unit| (vec![(unit, one), (units + unit, other)], offset);
    let sum = Matrix::new((0..units).map(row).collect(), 2 * units);
    let fork = Map::Fork { branches: vec![left, right], widths: vec![units, units] };
    vec![fork, Map::Affine(sum)]
}

/// The extremum of every window. The minimum is minus the maximum of the negated values.
pub(crate) fn over(windows: Vec<Vec<usize>>, inputs: usize, extremum: Extremum) -> Vec<Map> {
    let outputs = windows.len();
    let max = Map::Max { windows, inputs };
    match extremum {
        Extremum::Greatest => vec![max],
        Extremum::Least => vec![negated(inputs), max, negated(outputs)],
    }
}

/// For every unit, a window with its two values; the values are side by side.
pub(crate) fn pairs(units: usize) -> Vec<Vec<usize>> {
    (0..units).map(|unit| vec![unit, units + unit]).collect()
}

pub(crate) fn windows_along(axis: usize, shape: &[usize]) -> Vec<Vec<usize>> {
    let below: usize = shape[axis + 1..].iter().product();
    let above: usize = shape[..axis].iter().product();
    let first = |index: usize| index / below * below * shape[axis] + index % below;
    let window = |index| (0..shape[axis]).map(|at| first(index) + at * below).collect();
    (0..above * below).map(window).collect()
}

fn pooling(pool: &MaxPool, shape: &[usize]) -> Vec<Vec<usize>> {
    let (extents, window) = (&shape[1..], &pool.window);
    let cells: usize = extents.iter().product();
    let offsets = naive::positions(&window.kernel);
    let mut windows = Vec::new();
    for channel in 0..shape[0] {
        for at in naive::positions(&window.counts(extents)) {
            let inside = offsets.iter().filter_map(|offset| window.cells(&at, offset, extents));
            let inside = inside.map(|cell| channel * cells + naive::flat(&cell, extents));
            windows.push(inside.collect());
        }
    }
    windows
}
