//! Convolutions, poolings and interpolation.

use super::{holds, numbers};
use crate::common::is_cubecl;
use crate::common::plan::{
    Affine, AvgPool, Conv, ConvTranspose, Interpolate, MaxPool, Maximum, Step, Window,
};

/// A window with kernel, stride, padding and dilation along every axis.
fn window(
    kernel: &[usize],
    stride: &[usize],
    padding: &[(usize, usize)],
    dilation: &[usize],
) -> Window {
    Window {
        stride: stride.to_vec(),
        padding: padding.to_vec(),
        dilation: dilation.to_vec(),
        ..Window::new(kernel)
    }
}

fn conv(channels: [usize; 2], groups: usize, bias: bool, window: Window) -> Step {
    let count = channels[0] / groups * channels[1] * window.kernel.iter().product::<usize>();
    let bias = bias.then(|| numbers(channels[1]));
    Affine::Conv(Conv { channels, window, groups, weight: numbers(count), bias }).into()
}

#[test]
fn convolutions_over_one_axis() {
    let none = (0, 0);
    for window in [
        Window::new(&[3]),
        window(&[3], &[2], &[none], &[1]),
        window(&[3], &[1], &[(2, 2)], &[1]),
        window(&[3], &[1], &[(0, 2)], &[1]),
        window(&[2], &[3], &[(1, 0)], &[3]),
    ] {
        holds(&[2, 7], [conv([2, 3], 1, true, window.clone())]);
        holds(&[4, 7], [conv([4, 2], 2, false, window)]);
    }
    holds(&[3, 5], [conv([3, 6], 3, true, Window::new(&[2]))]);
}

#[test]
fn convolutions_over_two_axes() {
    let none = (0, 0);
    for window in [
        Window::new(&[1, 1]),
        Window::new(&[3, 2]),
        window(&[2, 3], &[2, 1], &[none, none], &[1, 1]),
        window(&[3, 3], &[1, 1], &[(1, 1), (2, 2)], &[1, 1]),
        window(&[3, 3], &[2, 3], &[(0, 2), (1, 0)], &[1, 1]),
        window(&[2, 2], &[1, 2], &[(1, 1), none], &[3, 2]),
    ] {
        holds(&[2, 5, 4], [conv([2, 3], 1, true, window.clone())]);
        holds(&[4, 5, 4], [conv([4, 2], 2, false, window)]);
    }
    holds(&[3, 4, 3], [conv([3, 6], 3, true, Window::new(&[2, 2]))]);
}

#[test]
fn convolutions_over_three_axes() {
    let none = (0, 0);
    for window in [
        Window::new(&[2, 1, 3]),
        window(&[2, 2, 2], &[1, 2, 1], &[none, none, none], &[1, 1, 1]),
        window(&[2, 2, 3], &[2, 1, 1], &[(1, 1), none, (2, 2)], &[1, 1, 1]),
        window(&[2, 1, 2], &[1, 1, 1], &[(1, 1), none, none], &[2, 1, 2]),
        window(&[1, 2, 1], &[2, 1, 3], &[none, none, none], &[1, 1, 1]),
    ] {
        holds(&[2, 3, 2, 4], [conv([2, 3], 1, true, window.clone())]);
        holds(&[2, 3, 2, 4], [conv([2, 4], 2, false, window)]);
    }
}

fn transposed(groups: usize, bias: bool, window: Window, padding_out: &[usize]) -> Step {
    let channels = [2, 2 * groups];
    let count = 2 * channels[1] / groups * window.kernel.iter().product::<usize>();
    Affine::ConvTranspose(ConvTranspose {
        channels,
        window,
        padding_out: padding_out.to_vec(),
        groups,
        weight: numbers(count),
        bias: bias.then(|| numbers(channels[1])),
    })
    .into()
}

#[test]
fn transposed_convolutions_over_one_axis() {
    for (groups, bias) in [(1, true), (2, false)] {
        let holds = |window, padding_out| {
            holds(&[2, 4], [transposed(groups, bias, window, &[padding_out])]);
        };
        holds(Window::new(&[3]), 0);
        holds(window(&[3], &[2], &[(0, 0)], &[1]), 1);
        holds(window(&[3], &[1], &[(2, 2)], &[1]), 0);
        holds(window(&[2], &[3], &[(1, 1)], &[2]), 2);
    }
}

#[test]
fn transposed_convolutions_over_two_axes() {
    let none = (0, 0);
    for (groups, bias) in [(1, true), (2, false)] {
        let holds = |window, padding_out: &[usize]| {
            holds(&[2, 3, 2], [transposed(groups, bias, window, padding_out)]);
        };
        holds(Window::new(&[2, 3]), &[0, 0]);
        holds(window(&[2, 3], &[2, 3], &[none, none], &[1, 1]), &[1, 2]);
        holds(window(&[3, 3], &[2, 1], &[(2, 2), (1, 1)], &[1, 1]), &[0, 0]);
        holds(window(&[2, 2], &[1, 2], &[none, (1, 1)], &[2, 3]), &[0, 1]);
    }
}

#[test]
fn transposed_convolutions_over_three_axes() {
    let none = (0, 0);
    for (groups, bias) in [(1, true), (2, false)] {
        let holds = |window, padding_out: &[usize]| {
            holds(&[2, 2, 1, 3], [transposed(groups, bias, window, padding_out)]);
        };
        holds(Window::new(&[2, 1, 2]), &[0, 0, 0]);
        holds(window(&[2, 2, 2], &[2, 1, 2], &[none, none, none], &[1, 1, 1]), &[1, 0, 1]);
        let gaps = window(&[2, 2, 1], &[2, 1, 2], &[none, none, none], &[1, 1, 1]);
        // On GPUs, Burn's own convolutions with gaps are wrong, and the module uses them.
        if !is_cubecl() {
            holds(gaps, &[1, 0, 1]);
        }
        holds(window(&[2, 3, 2], &[1, 2, 1], &[(1, 1), (1, 1), none], &[2, 1, 1]), &[0, 1, 0]);
    }
}

#[test]
fn average_poolings_over_one_axis() {
    for count_include_pad in [true, false] {
        let holds = |window| {
            holds(&[2, 7], [Affine::AvgPool(AvgPool { window, count_include_pad }).into()]);
        };
        holds(window(&[2], &[2], &[(0, 0)], &[1]));
        holds(window(&[3], &[1], &[(1, 1)], &[1]));
        holds(window(&[3], &[2], &[(0, 2)], &[1]));
        holds(Window { ceil_mode: true, ..window(&[2], &[2], &[(0, 0)], &[1]) });
        holds(Window { ceil_mode: true, ..window(&[3], &[3], &[(1, 1)], &[1]) });
    }
}

#[test]
fn average_poolings_over_two_axes() {
    let none = (0, 0);
    for count_include_pad in [true, false] {
        let holds = |window| {
            holds(&[2, 5, 4], [Affine::AvgPool(AvgPool { window, count_include_pad }).into()]);
        };
        holds(window(&[2, 3], &[2, 1], &[none, none], &[1, 1]));
        holds(window(&[3, 2], &[1, 2], &[(1, 1), (1, 1)], &[1, 1]));
        holds(window(&[2, 3], &[2, 2], &[(1, 0), (0, 2)], &[1, 1]));
        holds(Window { ceil_mode: true, ..window(&[2, 3], &[2, 2], &[none, (1, 1)], &[1, 1]) });
    }
}

#[test]
fn adaptive_average_poolings() {
    for to in [1, 2, 3, 5, 7] {
        holds(&[2, 5], [Affine::AdaptiveAvgPool { to: vec![to] }.into()]);
    }
    for to in [[1, 1], [2, 3], [5, 4], [6, 1]] {
        holds(&[2, 5, 4], [Affine::AdaptiveAvgPool { to: to.to_vec() }.into()]);
    }
}

#[test]
fn interpolation_to_the_nearest_cell_and_between_cells() {
    for (nearest, align_corners) in [(true, false), (false, false), (false, true)] {
        let step = |to: &[usize]| {
            [Affine::Interpolate(Interpolate { to: to.to_vec(), nearest, align_corners }).into()]
        };
        for to in [1, 2, 4, 7] {
            holds(&[2, 4], step(&[to]));
        }
        for to in [[1, 1], [6, 4], [3, 5], [2, 8]] {
            holds(&[2, 3, 4], step(&to));
        }
    }
}

#[test]
fn max_poolings_over_one_axis() {
    let holds = |window| holds(&[2, 7], [Maximum::Pool(MaxPool { window }).into()]);
    holds(window(&[2], &[2], &[(0, 0)], &[1]));
    holds(window(&[3], &[1], &[(1, 1)], &[1]));
    holds(window(&[2], &[3], &[(0, 1)], &[2]));
    holds(Window { ceil_mode: true, ..window(&[2], &[2], &[(0, 0)], &[1]) });
    holds(Window { ceil_mode: true, ..window(&[3], &[2], &[(1, 1)], &[2]) });
}

#[test]
fn max_poolings_over_two_axes() {
    let none = (0, 0);
    let holds = |window| holds(&[2, 5, 4], [Maximum::Pool(MaxPool { window }).into()]);
    holds(window(&[2, 2], &[2, 2], &[none, none], &[1, 1]));
    holds(window(&[3, 2], &[1, 1], &[(1, 1), none], &[1, 1]));
    holds(window(&[2, 3], &[2, 1], &[(1, 0), (0, 1)], &[1, 1]));
    holds(window(&[2, 2], &[1, 3], &[none, (1, 1)], &[3, 2]));
    holds(Window { ceil_mode: true, ..window(&[2, 3], &[2, 2], &[none, (1, 1)], &[1, 1]) });
}
