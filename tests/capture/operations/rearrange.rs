//! Operations that rearrange values.

use super::holds;
use crate::common::plan::{Maximum, Range, Rearrange, Step, Window};

/// Tests a rearrangement between two activations.
#[track_caller]
fn rearranges(input: &[usize], step: Rearrange) {
    holds(input, [Maximum::Relu.into(), step.into(), Step::from(Maximum::Abs)]);
}

#[test]
fn reshapes_keep_the_order_of_values() {
    for to in [vec![24], vec![4, 6], vec![1, 24], vec![4, 3, 2], vec![2, 2, 3, 2]] {
        rearranges(&[2, 3, 4], Rearrange::Reshape(to));
    }
    for (first, last) in [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)] {
        rearranges(&[2, 1, 3, 2], Rearrange::Flatten { first, last });
    }
}

#[test]
fn axes_change_places() {
    for axes in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        rearranges(&[2, 3, 4], Rearrange::Permute(axes.to_vec()));
    }
    rearranges(&[2, 3, 1, 4], Rearrange::Permute(vec![3, 0, 2, 1]));
    rearranges(&[2, 3], Rearrange::SwapAxes(0, 1));
    rearranges(&[2, 3, 1, 4], Rearrange::SwapAxes(3, 1));
    for axis in 0..3 {
        rearranges(&[2, 3, 4], Rearrange::Unsqueeze(axis));
    }
    for (shape, axis) in [(vec![1, 3], 0), (vec![3, 1], 1), (vec![2, 1, 3, 1], 1)] {
        rearranges(&shape, Rearrange::Squeeze(axis));
    }
}

#[test]
fn slices_take_some_values() {
    let range = |start, end, step| Range { start, end, step };
    rearranges(&[5], Rearrange::Slice(vec![range(1, 4, 1)]));
    rearranges(&[7], Rearrange::Slice(vec![range(0, 7, 2)]));
    rearranges(&[7], Rearrange::Slice(vec![range(1, 7, 3)]));
    rearranges(&[5], Rearrange::Slice(vec![range(0, 5, -1)]));
    rearranges(&[7], Rearrange::Slice(vec![range(1, 7, -2)]));
    let ranges = vec![range(0, 2, 1), range(1, 3, 1), range(0, 4, 3)];
    rearranges(&[2, 3, 4], Rearrange::Slice(ranges));
    for axis in 0..3 {
        rearranges(&[2, 3, 4], Rearrange::Narrow { axis, start: 1, length: 1 });
        rearranges(&[2, 3, 4], Rearrange::Narrow { axis, start: 0, length: 2 });
    }
}

#[test]
fn padding_puts_a_constant_around() {
    for filler in [0.0, 1.5, -0.25] {
        let pad = |padding| Rearrange::Pad { padding, filler };
        rearranges(&[3], pad(vec![(1, 2)]));
        rearranges(&[2, 3], pad(vec![(0, 1), (2, 0)]));
        rearranges(&[2, 2, 3], pad(vec![(1, 0), (0, 0), (1, 1)]));
        rearranges(&[1, 2, 2, 2], pad(vec![(1, 1), (0, 1), (0, 0), (2, 0)]));
    }
}

#[test]
fn values_are_repeated() {
    for axis in 0..3 {
        rearranges(&[2, 3, 1], Rearrange::Repeat { axis, times: 3 });
    }
    rearranges(&[1], Rearrange::Expand(vec![4]));
    rearranges(&[1, 3], Rearrange::Expand(vec![2, 3]));
    rearranges(&[2, 1, 1], Rearrange::Expand(vec![2, 3, 2]));
    rearranges(&[1, 2, 1, 2], Rearrange::Expand(vec![2, 2, 3, 2]));
    for (axis, indices) in [(0, vec![1]), (1, vec![2, 0]), (2, vec![3, 3, 0, 1, 2])] {
        rearranges(&[2, 3, 4], Rearrange::Select { axis, indices });
    }
}

#[test]
fn axes_are_flipped() {
    for axes in [vec![0], vec![2], vec![0, 1], vec![1, 2], vec![0, 1, 2]] {
        rearranges(&[2, 3, 4], Rearrange::Flip(axes));
    }
    rearranges(&[4], Rearrange::Flip(vec![0]));
}

#[test]
fn windows_along_an_axis_overlap_or_leave_gaps() {
    for (size, step) in [(1, 1), (2, 1), (3, 2), (2, 3)] {
        rearranges(&[7], Rearrange::Windows { axis: 0, size, step });
        rearranges(&[2, 4], Rearrange::Windows { axis: 1, size, step });
        rearranges(&[2, 4, 3], Rearrange::Windows { axis: 1, size, step });
    }
}

#[test]
fn windows_of_planes_become_columns() {
    let window = |stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2]| Window {
        stride: stride.to_vec(),
        padding: padding.map(|padding| (padding, padding)).to_vec(),
        dilation: dilation.to_vec(),
        ..Window::new(&[2, 3])
    };
    for window in [
        Window::new(&[2, 3]),
        window([2, 1], [0, 0], [1, 1]),
        window([1, 2], [1, 1], [1, 1]),
        window([1, 1], [1, 1], [2, 2]),
    ] {
        rearranges(&[2, 3, 4], Rearrange::Unfold(window));
    }
}

#[test]
fn channels_become_pixels_and_back() {
    rearranges(&[8, 2, 3], Rearrange::PixelShuffle(2));
    rearranges(&[9, 1, 2], Rearrange::PixelShuffle(3));
    rearranges(&[2, 4, 2], Rearrange::PixelUnshuffle(2));
    rearranges(&[1, 3, 6], Rearrange::PixelUnshuffle(3));
}
