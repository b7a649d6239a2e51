//! Rearrangements as the input position of every output.

use crate::common::naive::{Matrix, broadcast, flat, positions};
use crate::common::plan::{Rearrange, Step};

pub(crate) fn matrix(step: &Rearrange, shape: &[usize]) -> Matrix {
    let filler = if let Rearrange::Pad { filler, .. } = step { *filler } else { 0.0 };
    let row = |source: Option<usize>| match source {
        Some(from) => (vec![(from, 1.0)], 0.0),
        None => (Vec::new(), filler),
    };
    let rows = sources(step, shape).into_iter().map(row);
    Matrix::new(rows.collect(), shape.iter().product())
}

/// The input of every output; `None` for a constant.
fn sources(step: &Rearrange, shape: &[usize]) -> Vec<Option<usize>> {
    let outputs = positions(&Step::from(step.clone()).output(shape));
    let from = |source: &dyn Fn(&[usize]) -> Option<Vec<usize>>| {
        let index = |to: &Vec<usize>| Some(flat(&source(to)?, shape));
        outputs.iter().map(index).collect()
    };
    let moved = |axis: usize, f: &dyn Fn(usize) -> usize| {
        from(&|to| {
            let mut source = to.to_vec();
            source[axis] = f(source[axis]);
            Some(source)
        })
    };
    match step {
        Rearrange::Reshape(_)
        | Rearrange::Flatten { .. }
        | Rearrange::Squeeze(_)
        | Rearrange::Unsqueeze(_) => (0..outputs.len()).map(Some).collect(),
        Rearrange::Permute(axes) => from(&|to| {
            let mut source = to.to_vec();
            axes.iter().zip(to).for_each(|(&axis, &at)| source[axis] = at);
            Some(source)
        }),
        Rearrange::SwapAxes(one, other) => from(&|to| {
            let mut source = to.to_vec();
            source.swap(*one, *other);
            Some(source)
        }),
        Rearrange::Slice(ranges) => {
            from(&|to| Some(ranges.iter().zip(to).map(|(range, &at)| range.cell(at)).collect()))
        }
        Rearrange::Narrow { axis, start, .. } => moved(*axis, &|at| start + at),
        Rearrange::Pad { padding, .. } => from(&|to| {
            let cell = |((&at, (begin, _)), &extent): ((&usize, &(usize, usize)), &usize)| {
                at.checked_sub(*begin).filter(|&cell| cell < extent)
            };
            to.iter().zip(padding).zip(shape).map(cell).collect()
        }),
        Rearrange::Repeat { axis, .. } => moved(*axis, &|at| at % shape[*axis]),
        Rearrange::Expand(_) => outputs.iter().map(|to| Some(broadcast(to, shape))).collect(),
        Rearrange::Select { axis, indices } => moved(*axis, &|at| indices[at]),
        Rearrange::Flip(axes) => from(&|to| {
            let mut source = to.to_vec();
            axes.iter().for_each(|&axis| source[axis] = shape[axis] - 1 - source[axis]);
            Some(source)
        }),
        Rearrange::Windows { axis, step, .. } => from(&|to| {
            let (offset, rest) = to.split_last()?;
            let mut source = rest.to_vec();
            source[*axis] = source[*axis] * step + offset;
            Some(source)
        }),
        Rearrange::Unfold(window) => from(&|to| {
            let counts = window.counts(&shape[1..]);
            let (down, across) = (window.kernel[0], window.kernel[1]);
            let offset = [to[0] / across % down, to[0] % across];
            let at = [to[1] / counts[1], to[1] % counts[1]];
            let cell = window.cells(&at, &offset, &shape[1..])?;
            Some([&[to[0] / across / down], &cell[..]].concat())
        }),
        Rearrange::PixelShuffle(by) => from(&|to| {
            let channel = (to[0] * by + to[1] % by) * by + to[2] % by;
            Some(vec![channel, to[1] / by, to[2] / by])
        }),
        Rearrange::PixelUnshuffle(by) => from(&|to| {
            let (channel, down, across) = (to[0] / by / by, to[0] / by % by, to[0] % by);
            Some(vec![channel, to[1] * by + down, to[2] * by + across])
        }),
    }
}
