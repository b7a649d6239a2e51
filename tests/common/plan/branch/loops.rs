//! The maps of branches.

use crate::common::naive::{self, Matrix};
use crate::common::plan::maximum::loops::{over, pairs, windows_along};
use crate::common::plan::{Fork, Join, Shape, Step, output};
use crate::common::reference::forward::{Nearness, Values, forward};
use crate::common::reference::{Map, lower::maps};

/// The maps of the branches, and a map that joins their outputs.
pub(crate) fn joined(fork: &Fork, shape: &[usize]) -> Vec<Map> {
    // An extremum of a value and itself is this value.
    if matches!(fork.join, Join::Extremum(_)) && same(fork, shape) {
        return maps(&fork.branches[0], shape);
    }
    let shapes: Vec<Shape> = fork.branches.iter().map(|steps| output(steps, shape)).collect();
    let widths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
    let inputs = widths.iter().sum();
    let branches = fork.branches.iter().map(|steps| maps(steps, shape)).collect();
    let to = fork.join.output(&shapes);
    let join = match &fork.join {
        Join::Sum => vec![combined(&shapes, &to, 1.0)],
        Join::Difference => vec![combined(&shapes, &to, -1.0)],
        Join::Extremum(extremum) => over(pairs(widths[0]), inputs, *extremum),
        Join::Concat { axis } => vec![side_by_side(&shapes, *axis)],
        Join::Stack { axis, over: extremum } => {
            let unsqueezed = |shape: &Shape| [&shape[..*axis], &[1], &shape[*axis..]].concat();
            let shapes: Vec<Shape> = shapes.iter().map(unsqueezed).collect();
            let stack = side_by_side(&shapes, *axis);
            let stacked = Join::Concat { axis: *axis }.output(&shapes);
            let extremum =
                extremum.map(|extremum| over(windows_along(*axis, &stacked), inputs, extremum));
            [vec![stack], extremum.unwrap_or_default()].concat()
        }
    };
    [vec![Map::Fork { branches, widths }], join].concat()
}

/// Whether all branches are one value in one order.
fn same(fork: &Fork, shape: &[usize]) -> bool {
    let features: Vec<f64> = (0..shape.iter().product()).map(|index| index as f64).collect();
    let moved = |steps: &Vec<Step>| {
        let maps = steps.iter().all(Step::only_moves).then(|| maps(steps, shape))?;
        Some(forward(&maps, Values::new(features.clone()), &mut Nearness::new()).0.values)
    };
    let first = moved(&fork.branches[0]);
    first.is_some() && fork.branches[1..].iter().all(|steps| moved(steps) == first)
}

/// `left + sign right`. Values along extents of 1 are repeated.
fn combined(shapes: &[Shape], to: &[usize], sign: f64) -> Map {
    let widths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
    let row = |position: Vec<usize>| {
        let left = naive::broadcast(&position, &shapes[0]);
        let right = widths[0] + naive::broadcast(&position, &shapes[1]);
        (vec![(left, 1.0), (right, sign)], 0.0)
    };
    let rows = naive::positions(to).into_iter().map(row).collect();
    Map::Affine(Matrix::new(rows, widths[0] + widths[1]))
}

fn side_by_side(shapes: &[Shape], axis: usize) -> Map {
    let to = Join::Concat { axis }.output(shapes);
    let row = |mut position: Vec<usize>| {
        let mut first = 0;
        for shape in shapes {
            if position[axis] < shape[axis] {
                return (vec![(first + naive::flat(&position, shape), 1.0)], 0.0);
            }
            position[axis] -= shape[axis];
            first += shape.iter().product::<usize>();
        }
        panic!("no branch at {position:?}")
    };
    let rows: Vec<_> = naive::positions(&to).into_iter().map(row).collect();
    let inputs = rows.len();
    Map::Affine(Matrix::new(rows, inputs))
}
