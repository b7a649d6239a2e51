//! Maxima and means over windows and over whole planes.

use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;

use super::window::WindowSpec;
use crate::array::Array;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

/// Largest work of a pooling: output numbers times window cells.
const MOST_WORK: usize = 1 << 36;

/// `MaxPool`. Cells of the padding are never the maximum.
pub(super) fn max_pool(args: &OpArgs) -> Result<OpOutputs, OpError> {
    args.ignore(&["storage_order"]);
    if args.wants(1) {
        return Err("its second output, the positions of the maxima, is not supported".into());
    }
    let (input, windows, counts) = operands(args)?;
    let extents = input.shape()[2..].to_vec();
    let last = |axis: usize| (counts[axis] - 1) * windows.stride[axis] + windows.reach(axis);
    // The padding after an axis reaches to the end of the last window.
    let padding: Vec<(usize, usize)> = (0..extents.len())
        .map(|axis| {
            let (before, after) = windows.padding[axis];
            (before, after.max(last(axis).saturating_sub(extents[axis] + before)))
        })
        .collect();
    let windows = WindowSpec { padding, ceil_mode: false, ..windows };
    match extents.len() {
        1 | 2 => Ok(max_over_planes(input, &windows)?.into()),
        _ => Ok(max_over_volume(input, &windows)?.into()),
    }
}

/// A max pooling over one or two axes.
fn max_over_planes(input: Array, windows: &WindowSpec) -> Result<Array, OpError> {
    let (kernel, stride, dilation) = (&windows.kernel, &windows.stride, &windows.dilation);
    // Burn requires windows that overlap the input, for any padding.
    let own = windows.symmetric_padding().filter(|padding| {
        padding.iter().zip(kernel).all(|(&padding, &kernel)| padding <= kernel / 2)
    });
    let (input, padding) = match own {
        Some(padding) => (input, padding),
        None => {
            let around = [&[(0, 0); 2], &windows.padding[..]].concat();
            (input.pad(&around, f64::NEG_INFINITY)?, vec![0; kernel.len()])
        }
    };
    input.through(|input| match (&kernel[..], &stride[..], &padding[..], &dilation[..]) {
        (&[kernel], &[stride], &[padding], &[dilation]) => {
            Dispatch::max_pool1d(input, kernel, stride, padding, dilation, false)
        }
        _ => Dispatch::max_pool2d(
            input,
            [kernel[0], kernel[1]],
            [stride[0], stride[1]],
            [padding[0], padding[1]],
            [dilation[0], dilation[1]],
            false,
        ),
    })
}

/// A max pooling over three axes: first over the last two axes, then over the first one.
fn max_over_volume(input: Array, windows: &WindowSpec) -> Result<Array, OpError> {
    let shape = input.shape();
    let &[points, channels, depth, height, width] = &shape[..] else {
        return Err(format!("shape {shape:?} has no three axes to pool over").into());
    };
    let part = |range: std::ops::Range<usize>| WindowSpec {
        kernel: windows.kernel[range.clone()].to_vec(),
        stride: windows.stride[range.clone()].to_vec(),
        dilation: windows.dilation[range.clone()].to_vec(),
        padding: windows.padding[range].to_vec(),
        ceil_mode: false,
    };
    let planes =
        max_over_planes(input.reshape(&[points, channels * depth, height, width])?, &part(1..3))?;
    let [rows, columns] = [planes.shape()[2], planes.shape()[3]];
    let mut deep = part(0..1);
    deep.kernel.push(1);
    deep.stride.push(1);
    deep.dilation.push(1);
    deep.padding.push((0, 0));
    let deep = max_over_planes(planes.reshape(&[points, channels, depth, rows * columns])?, &deep)?;
    let layers = deep.shape()[2];
    deep.reshape(&[points, channels, layers, rows, columns])
}

/// `AveragePool`. An attribute decides whether cells of the padding count.
pub(super) fn average_pool(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let counts_padding = args.flag("count_include_pad")?;
    let (mut array, windows, counts) = operands(args)?;
    let extents = array.shape()[2..].to_vec();
    let is_plain = !windows.ceil_mode && windows.dilation.iter().all(|&dilation| dilation == 1);
    let own = windows.symmetric_padding().filter(|padding| {
        let inside = |(&padding, &kernel): (&usize, &usize)| padding <= kernel / 2;
        is_plain && padding.iter().zip(&windows.kernel).all(inside)
    });
    let (kernel, stride) = (&windows.kernel, &windows.stride);
    if let Some(padding) = own.filter(|padding| padding.len() <= 2) {
        let pooled = array.through(|input| match (&kernel[..], &stride[..], &padding[..]) {
            (&[kernel], &[stride], &[padding]) => {
                Dispatch::avg_pool1d(input, kernel, stride, padding, counts_padding, false)
            }
            _ => Dispatch::avg_pool2d(
                input,
                [kernel[0], kernel[1]],
                [stride[0], stride[1]],
                [padding[0], padding[1]],
                counts_padding,
                false,
            ),
        });
        return Ok(pooled?.into());
    }
    // The mean over a window is a mean along one axis after the other.
    for axis in 0..extents.len() {
        args.allow(&[counts[axis], extents[axis]])?;
        let weights = shares(&windows, axis, extents[axis], counts[axis], counts_padding);
        array = array.mix(axis + 2, &weights)?;
    }
    Ok(array.into())
}

/// The share of every cell in every window along an axis. If the last window is cut off, its cells
/// beyond the padding do not count.
fn shares(
    windows: &WindowSpec,
    axis: usize,
    extent: usize,
    count: usize,
    counts_padding: bool,
) -> Vec<Vec<f64>> {
    let (before, after) = windows.padding[axis];
    let window = |index: usize| {
        let start = index * windows.stride[axis];
        let cells = (0..windows.kernel[axis]).map(|cell| start + cell * windows.dilation[axis]);
        let padded: Vec<usize> = cells.filter(|&cell| cell < before + extent + after).collect();
        let inside: Vec<usize> = padded
            .iter()
            .filter_map(|cell| cell.checked_sub(before).filter(|&c| c < extent))
            .collect();
        let counted = if counts_padding { padded.len() } else { inside.len() };
        let mut shares = vec![0.0; extent];
        inside.iter().for_each(|&cell| shares[cell] = 1.0 / counted.max(1) as f64);
        shares
    };
    (0..count).map(window).collect()
}

/// The input, its windows, and the number of windows along each axis.
fn operands(args: &OpArgs) -> Result<(Array, WindowSpec, Vec<usize>), OpError> {
    let shape = args.shape(0)?;
    let extents = shape.get(2..).filter(|extents| (1..=3).contains(&extents.len()));
    let extents = extents.ok_or_else(|| {
        format!(
            "it pools an input of shape {shape:?}; 1 to 3 axes after the channels are supported"
        )
    })?;
    let (windows, auto_pad) = WindowSpec::of(args, extents, None)?;
    let windows = windows.with_auto_pad(auto_pad, extents);
    let counts = windows.counts(extents)?;
    let output = [&shape[..2], &counts].concat();
    args.allow(&output)?;
    args.allow(&[&shape[..2], &windows.padded(extents)].concat())?;
    let work = output.iter().chain(&windows.kernel).try_fold(1_usize, |product, &factor| {
        product.checked_mul(factor).filter(|&product| product <= MOST_WORK)
    });
    if work.is_none() {
        return Err(format!("windows of {:?} cells are too large", windows.kernel).into());
    }
    Ok((args.array(0)?, windows, counts))
}

pub(super) fn global_average_pool(args: &OpArgs) -> Result<OpOutputs, OpError> {
    global(args, Array::mean)
}

pub(super) fn global_max_pool(args: &OpArgs) -> Result<OpOutputs, OpError> {
    global(args, Array::largest)
}

fn global(
    args: &OpArgs,
    reduce: fn(Array, usize) -> Result<Array, OpError>,
) -> Result<OpOutputs, OpError> {
    let array = args.array(0)?;
    if array.rank() < 2 {
        return Err(format!("it pools an input of shape {:?}", array.shape()).into());
    }
    Ok((2..array.rank()).try_fold(array, reduce)?.into())
}
