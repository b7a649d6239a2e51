//! Windows that slide along the axes of planes: kernel, stride, dilation and padding.

use crate::error::OpError;
use crate::op_args::OpArgs;

/// Largest extent, stride, dilation or padding: beyond it a file is damaged.
const LARGEST: i64 = 1 << 24;

/// Windows along every axis after those of points and channels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WindowSpec {
    pub(super) kernel: Vec<usize>,
    pub(super) stride: Vec<usize>,
    pub(super) dilation: Vec<usize>,
    /// Cells before and after each axis.
    pub(super) padding: Vec<(usize, usize)>,
    /// Whether a last window that is cut off counts.
    pub(super) ceil_mode: bool,
}

/// The rule of the padding in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AutoPad {
    Explicit,
    None,
    SameUpper,
    SameLower,
}

impl WindowSpec {
    /// The windows of a node, from its attributes. `extents` are those of its input, `weight` those
    /// of the kernel of a convolution.
    pub(super) fn of(
        args: &OpArgs,
        extents: &[usize],
        weight: Option<&[usize]>,
    ) -> Result<(Self, AutoPad), OpError> {
        let axes = extents.len();
        let list = |name, otherwise: usize, least: i64, length: usize| {
            attribute(args, name, least, length)
                .map(|list| list.unwrap_or_else(|| vec![otherwise; length]))
        };
        let kernel = attribute(args, "kernel_shape", 1, axes)?;
        let kernel = match (kernel, weight) {
            (Some(kernel), Some(weight)) if kernel != weight => {
                let reason = format!("its kernel is {weight:?}, but `kernel_shape` is {kernel:?}");
                return Err(reason.into());
            }
            (Some(kernel), _) => kernel,
            (None, Some(weight)) => weight.to_vec(),
            (None, None) => return Err("it has no `kernel_shape`".into()),
        };
        let pads = list("pads", 0, 0, 2 * axes)?;
        let auto_pad = match args.attributes.text("auto_pad")?.unwrap_or("NOTSET") {
            "NOTSET" | "" => AutoPad::Explicit,
            "VALID" => AutoPad::None,
            "SAME_UPPER" => AutoPad::SameUpper,
            "SAME_LOWER" => AutoPad::SameLower,
            mode => return Err(format!("`auto_pad` {mode:?} is unknown").into()),
        };
        let mut windows = Self {
            kernel,
            stride: list("strides", 1, 1, axes)?,
            dilation: list("dilations", 1, 1, axes)?,
            padding: (0..axes).map(|axis| (pads[axis], pads[axes + axis])).collect(),
            ceil_mode: args.flag("ceil_mode")?,
        };
        if auto_pad != AutoPad::Explicit {
            windows.padding = vec![(0, 0); axes];
        }
        Ok((windows, auto_pad))
    }

    /// Pads by `auto_pad`: there is one window for every stride of the input.
    pub(super) fn with_auto_pad(mut self, auto_pad: AutoPad, extents: &[usize]) -> Self {
        if matches!(auto_pad, AutoPad::SameUpper | AutoPad::SameLower) {
            for (axis, &extent) in extents.iter().enumerate() {
                let windows = extent.div_ceil(self.stride[axis]);
                let reach = windows.saturating_sub(1) * self.stride[axis] + self.reach(axis);
                self.padding[axis] = split(reach.saturating_sub(extent), auto_pad);
            }
        }
        self
    }

    /// Cells from the first to the last of a window.
    pub(super) fn reach(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// Extents with the padding.
    pub(super) fn padded(&self, extents: &[usize]) -> Vec<usize> {
        let padded = |((before, after), extent): (&(usize, usize), &usize)| before + extent + after;
        self.padding.iter().zip(extents).map(padded).collect()
    }

    /// Number of windows along each axis.
    pub(super) fn counts(&self, extents: &[usize]) -> Result<Vec<usize>, OpError> {
        (0..extents.len()).map(|axis| self.count(axis, extents[axis])).collect()
    }

    fn count(&self, axis: usize, extent: usize) -> Result<usize, OpError> {
        let (before, after) = self.padding[axis];
        let (padded, reach) = (extent + before + after, self.reach(axis));
        let Some(room) = padded.checked_sub(reach).filter(|_| extent > 0) else {
            return Err(format!("a window of {reach} cells is longer than {padded} cells").into());
        };
        let stride = self.stride[axis];
        if !self.ceil_mode {
            return Ok(room / stride + 1);
        }
        let count = room.div_ceil(stride) + 1;
        // A window must begin in the input or in the padding before it.
        Ok(if (count - 1) * stride >= extent + before { count - 1 } else { count })
    }

    /// The padding, if it is equal on both sides of every axis.
    pub(super) fn symmetric_padding(&self) -> Option<Vec<usize>> {
        let pair = |&(before, after): &(usize, usize)| (before == after).then_some(before);
        self.padding.iter().map(pair).collect()
    }
}

/// A padding of `total` cells, divided between both sides.
pub(super) fn split(total: usize, auto_pad: AutoPad) -> (usize, usize) {
    let half = total / 2;
    if auto_pad == AutoPad::SameUpper { (half, total - half) } else { (total - half, half) }
}

/// A list of numbers from `least` to [`LARGEST`].
pub(super) fn attribute(
    args: &OpArgs,
    name: &'static str,
    least: i64,
    length: usize,
) -> Result<Option<Vec<usize>>, OpError> {
    let Some(list) = args.attributes.ints(name)? else { return Ok(None) };
    if list.len() != length {
        return Err(format!("its `{name}` has {} entries instead of {length}", list.len()).into());
    }
    if list.iter().any(|number| !(least..=LARGEST).contains(number)) {
        return Err(format!("its `{name}` {list:?} is out of range").into());
    }
    Ok(Some(list.iter().map(|&number| number as usize).collect()))
}
