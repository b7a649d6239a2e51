//! Averages over windows, and interpolation between cells. Both treat every axis separately.

use crate::common::naive::{Matrix, flat, positions};
use crate::common::plan::{AvgPool, Interpolate};

/// The cells that an output cell reads along one axis, with their shares.
type Shares = Vec<(usize, f64)>;

pub(crate) fn avg_pool(step: &AvgPool, shape: &[usize]) -> Matrix {
    let counts = step.window.counts(&shape[1..]);
    along_axes(&counts, shape, |axis, index| {
        let (extent, (before, after)) = (shape[axis + 1], step.window.padding[axis]);
        let begin = index * step.window.stride[axis];
        // The part of a rounded-up window beyond the padding does not count.
        let end = (begin + step.window.kernel[axis]).min(before + extent + after);
        let inside: Vec<usize> =
            (begin..end).filter(|&at| at >= before && at < before + extent).collect();
        let count = if step.count_include_pad { end - begin } else { inside.len() };
        inside.into_iter().map(|at| (at - before, 1.0 / count as f64)).collect()
    })
}

pub(crate) fn adaptive_avg_pool(to: &[usize], shape: &[usize]) -> Matrix {
    along_axes(to, shape, |axis, index| {
        let ratio = shape[axis + 1] as f64 / to[axis] as f64;
        let begin = (index as f64 * ratio + 1e-9).floor() as usize;
        let end = ((index + 1) as f64 * ratio - 1e-9).ceil() as usize;
        (begin..end).map(|cell| (cell, 1.0 / (end - begin) as f64)).collect()
    })
}

pub(crate) fn interpolate(step: &Interpolate, shape: &[usize]) -> Matrix {
    along_axes(&step.to, shape, |axis, index| {
        let (from, to) = (shape[axis + 1], step.to[axis]);
        if step.nearest {
            return vec![(index * from / to, 1.0)];
        }
        let place = if step.align_corners {
            index as f64 * (from - 1) as f64 / (to.max(2) - 1) as f64
        } else {
            ((index as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0)
        };
        let below = (place.floor() as usize).min(from - 1);
        let share = place - below as f64;
        vec![(below, 1.0 - share), ((below + 1).min(from - 1), share)]
    })
}

/// The matrix whose weights are products of shares along all axes after the channels.
fn along_axes(to: &[usize], shape: &[usize], shares: impl Fn(usize, usize) -> Shares) -> Matrix {
    let extents = &shape[1..];
    let cells: usize = extents.iter().product();
    let row = |position: &[usize]| {
        let mut row = vec![(Vec::new(), 1.0)];
        for (axis, &index) in position.iter().enumerate() {
            let shares = shares(axis, index);
            let longer = |(cell, weight): &(Vec<usize>, f64)| {
                let (cell, weight) = (cell.clone(), *weight);
                shares
                    .iter()
                    .map(move |(at, share)| ([&cell[..], &[*at]].concat(), weight * share))
                    .collect::<Vec<_>>()
            };
            row = row.iter().flat_map(longer).collect();
        }
        row
    };
    let mut rows = Vec::new();
    for channel in 0..shape[0] {
        for position in positions(to) {
            let row = row(&position).into_iter();
            let weights =
                row.map(|(cell, weight)| (channel * cells + flat(&cell, extents), weight));
            rows.push((weights.collect(), 0.0));
        }
    }
    Matrix::new(rows, shape[0] * cells)
}
