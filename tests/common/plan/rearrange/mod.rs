//! Steps that move, repeat or drop values.

mod draw;
pub(crate) mod layer;
pub(crate) mod loops;

use super::affine::replaced;
use super::{Shape, Window};

#[derive(Clone, Debug)]
pub(crate) enum Rearrange {
    Reshape(Shape),
    /// Joins neighbouring axes.
    Flatten {
        first: usize,
        last: usize,
    },
    Permute(Vec<usize>),
    SwapAxes(usize, usize),
    /// One range for each axis.
    Slice(Vec<Range>),
    Narrow {
        axis: usize,
        start: usize,
        length: usize,
    },
    /// A constant around the value: `(begin, end)` for each axis.
    Pad {
        padding: Vec<(usize, usize)>,
        filler: f64,
    },
    Repeat {
        axis: usize,
        times: usize,
    },
    /// Axes of extent 1 become longer.
    Expand(Shape),
    Select {
        axis: usize,
        indices: Vec<usize>,
    },
    Flip(Vec<usize>),
    Squeeze(usize),
    Unsqueeze(usize),
    /// Windows along an axis, their cells in a new last axis.
    Windows {
        axis: usize,
        size: usize,
        step: usize,
    },
    /// `[channels, height, width]` to `[channels * window, windows]`, padded with zeros.
    Unfold(Window),
    PixelShuffle(usize),
    PixelUnshuffle(usize),
}

/// Every `step`-th cell from `start` to before `end`. If `step` is negative, from `end - 1`
/// backwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) step: isize,
}

impl Range {
    pub(crate) fn length(self) -> usize {
        (self.end - self.start).div_ceil(self.step.unsigned_abs())
    }

    /// The cell at an index of the result.
    pub(crate) fn cell(self, index: usize) -> usize {
        let distance = index * self.step.unsigned_abs();
        if self.step > 0 { self.start + distance } else { self.end - 1 - distance }
    }
}

impl Rearrange {
    pub(super) fn output(&self, input: &[usize]) -> Shape {
        match self {
            Self::Reshape(to) | Self::Expand(to) => to.clone(),
            Self::Flatten { first, last } => {
                let joined = input[*first..=*last].iter().product();
                [&input[..*first], &[joined], &input[*last + 1..]].concat()
            }
            Self::Permute(axes) => axes.iter().map(|&axis| input[axis]).collect(),
            Self::SwapAxes(one, other) => {
                let mut shape = input.to_vec();
                shape.swap(*one, *other);
                shape
            }
            Self::Slice(ranges) => ranges.iter().map(|range| range.length()).collect(),
            Self::Narrow { axis, length, .. } => replaced(input, *axis, *length),
            Self::Pad { padding, .. } => input
                .iter()
                .zip(padding)
                .map(|(extent, (begin, end))| extent + begin + end)
                .collect(),
            Self::Repeat { axis, times } => replaced(input, *axis, input[*axis] * times),
            Self::Select { axis, indices } => replaced(input, *axis, indices.len()),
            Self::Flip(_) => input.to_vec(),
            Self::Squeeze(axis) => [&input[..*axis], &input[*axis + 1..]].concat(),
            Self::Unsqueeze(axis) => [&input[..*axis], &[1], &input[*axis..]].concat(),
            Self::Windows { axis, size, step } => {
                let windows = (input[*axis] - size) / step + 1;
                [replaced(input, *axis, windows), vec![*size]].concat()
            }
            Self::Unfold(window) => {
                let cells: usize = window.kernel.iter().product();
                vec![input[0] * cells, window.counts(&input[1..]).iter().product()]
            }
            Self::PixelShuffle(by) => vec![input[0] / by / by, input[1] * by, input[2] * by],
            Self::PixelUnshuffle(by) => vec![input[0] * by * by, input[1] / by, input[2] / by],
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Reshape(_) => "reshape",
            Self::Flatten { .. } => "flatten",
            Self::Permute(_) => "permute",
            Self::SwapAxes(..) => "swap axes",
            Self::Slice(_) => "slice",
            Self::Narrow { .. } => "narrow",
            Self::Pad { .. } => "pad",
            Self::Repeat { .. } => "repeat",
            Self::Expand(_) => "expand",
            Self::Select { .. } => "select",
            Self::Flip(_) => "flip",
            Self::Squeeze(_) => "squeeze",
            Self::Unsqueeze(_) => "unsqueeze",
            Self::Windows { .. } => "windows",
            Self::Unfold(_) => "unfold",
            Self::PixelShuffle(_) => "pixel shuffle",
            Self::PixelUnshuffle(_) => "pixel unshuffle",
        }
    }
}
