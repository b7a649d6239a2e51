//! Convolutions and transposed convolutions over one, two or three axes.

use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

use super::window::{self, AutoPad, WindowSpec};
use crate::array::Array;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

/// Input, kernel and bias of a convolution.
struct ConvInputs {
    input: Array,
    weight: Array,
    bias: Option<Array>,
    groups: usize,
    /// Extents of the planes.
    extents: Vec<usize>,
    /// Extents of the kernel.
    kernel: Vec<usize>,
    outputs: usize,
}

impl ConvInputs {
    /// Checks that channels and axes fit. With `transposed`, the first axis of the kernel is that
    /// of the input channels.
    fn of(args: &OpArgs, transposed: bool) -> Result<Self, OpError> {
        if args.depends(1) {
            args.refuse("its kernel depends on the input, which makes it a product");
        }
        let (input, weight) = (args.shape(0)?, args.shape(1)?);
        let groups = args.attributes.int("group")?.unwrap_or(1);
        let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or("its `group` is not positive")?;
        let unfit = || {
            OpError(format!(
                "an input of shape {input:?} and a kernel of shape {weight:?} in {groups} groups \
                 do not fit together"
            ))
        };
        let (&[_, channels, ref extents @ ..], &[first, second, ref kernel @ ..]) =
            (&input[..], &weight[..])
        else {
            return Err(unfit());
        };
        let (inputs, outputs) = match transposed {
            true => (first, second.checked_mul(groups).ok_or_else(unfit)?),
            false => (second.checked_mul(groups).ok_or_else(unfit)?, first),
        };
        let is_split = inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups);
        let has_cells = !extents.contains(&0) && !kernel.contains(&0);
        if inputs != channels || !is_split || !has_cells || extents.len() != kernel.len() {
            return Err(unfit());
        }
        if !(1..=3).contains(&kernel.len()) {
            return Err(
                format!("it convolves along {} axes; 1 to 3 are supported", kernel.len()).into()
            );
        }
        let bias = args.optional_array(2)?;
        if let Some(bias) = bias.as_ref().filter(|bias| bias.shape() != [outputs]) {
            return Err(format!("a bias of shape {:?} for {outputs} channels", bias.shape()).into());
        }
        Ok(Self {
            input: args.array(0)?,
            weight: args.array(1)?,
            bias,
            groups,
            extents: extents.to_vec(),
            kernel: kernel.to_vec(),
            outputs,
        })
    }

    fn output_shape(&self, extents: &[usize]) -> Vec<usize> {
        [&[self.input.shape()[0], self.outputs], extents].concat()
    }
}

pub(super) fn conv(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let operands = ConvInputs::of(args, false)?;
    let (windows, auto_pad) = WindowSpec::of(args, &operands.extents, Some(&operands.kernel))?;
    let windows = windows.with_auto_pad(auto_pad, &operands.extents);
    args.allow(&operands.output_shape(&windows.counts(&operands.extents)?))?;
    args.allow(&[&operands.input.shape()[..2], &windows.padded(&operands.extents)].concat())?;
    let ConvInputs { input, weight, bias, groups, .. } = operands;
    let (weight, bias) = (weight.into_tensor(), bias.map(Array::into_tensor));
    let WindowSpec { stride, dilation, mut padding, .. } = windows;
    let mut input = input;
    // Burn pads the three axes of a volume equally on both sides.
    if padding.len() == 3 && padding.iter().any(|(before, after)| before != after) {
        input = input.pad(&[&[(0, 0); 2], &padding[..]].concat(), 0.0)?;
        padding = vec![(0, 0); 3];
    }
    macro_rules! options {
        ($axes:literal) => {
            ConvOptions::<$axes>::new_with_padding(
                array(&stride),
                array(&padding),
                array(&dilation),
                groups,
            )
        };
    }
    let output = match padding.len() {
        1 => input.through(|input| Dispatch::conv1d(input, weight, bias, options!(1))),
        2 => input.through(|input| Dispatch::conv2d(input, weight, bias, options!(2))),
        _ => input.through(|input| Dispatch::conv3d(input, weight, bias, options!(3))),
    };
    Ok(output?.into())
}

/// The entries of a list of `N` entries.
fn array<T: Copy + Default, const N: usize>(list: &[T]) -> [T; N] {
    std::array::from_fn(|index| list.get(index).copied().unwrap_or_default())
}

pub(super) fn conv_transpose(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let operands = ConvInputs::of(args, true)?;
    let axes = operands.extents.len();
    let (mut windows, auto_pad) = WindowSpec::of(args, &operands.extents, Some(&operands.kernel))?;
    let more = window::attribute(args, "output_padding", 0, axes)?.unwrap_or(vec![0; axes]);
    let wanted = window::attribute(args, "output_shape", 1, axes)?;
    // Without padding, the output has `full` cells along an axis. Padding removes cells.
    let full: Vec<usize> = (0..axes)
        .map(|axis| (operands.extents[axis] - 1) * windows.stride[axis] + windows.reach(axis))
        .collect();
    let wanted = match (wanted, auto_pad) {
        (Some(wanted), _) => Some(wanted),
        (None, AutoPad::SameUpper | AutoPad::SameLower) => {
            Some((0..axes).map(|axis| operands.extents[axis] * windows.stride[axis]).collect())
        }
        (None, AutoPad::Explicit | AutoPad::None) => None,
    };
    if let Some(wanted) = &wanted {
        for axis in 0..axes {
            let total = (full[axis] + more[axis]).saturating_sub(wanted[axis]);
            windows.padding[axis] = window::split(total, auto_pad);
        }
    }
    let extents = match wanted {
        Some(wanted) => wanted,
        None => (0..axes)
            .map(|axis| {
                let (before, after) = windows.padding[axis];
                (full[axis] + more[axis]).checked_sub(before + after).filter(|&extent| extent > 0)
            })
            .collect::<Option<_>>()
            .ok_or_else(|| format!("padding {:?} leaves nothing of it", windows.padding))?,
    };
    args.allow(&operands.output_shape(&full))?;
    args.allow(&operands.output_shape(&extents))?;
    let is_native = (0..axes).all(|axis| {
        let (before, after) = windows.padding[axis];
        let own = (full[axis] + more[axis]).checked_sub(2 * before);
        before == after && more[axis] < windows.stride[axis] && own == Some(extents[axis])
    });
    if is_native {
        let padding = windows.symmetric_padding().unwrap_or_default();
        return Ok(spread(operands, &windows, &padding, &more)?.into());
    }
    // The whole output, cut to size.
    let (bias, outputs) = (operands.bias.clone(), operands.outputs);
    let whole = ConvInputs { bias: None, ..operands };
    let mut output = spread(whole, &windows, &vec![0; axes], &vec![0; axes])?;
    let mut missing = vec![(0, 0); axes + 2];
    for axis in 0..axes {
        let before = windows.padding[axis].0.min(full[axis] - 1);
        let count = extents[axis].min(full[axis] - before);
        output = output.slice(axis + 2, before, count, 1)?;
        missing[axis + 2].1 = extents[axis] - count;
    }
    output = output.pad(&missing, 0.0)?;
    if let Some(bias) = bias {
        let shape = [&[outputs][..], &vec![1; axes]].concat();
        output = output.add(bias.reshape(&shape)?)?;
    }
    Ok(output.into())
}

fn spread(
    operands: ConvInputs,
    windows: &WindowSpec,
    padding: &[usize],
    more: &[usize],
) -> Result<Array, OpError> {
    let ConvInputs { input, weight, bias, groups, .. } = operands;
    let (weight, bias) = (weight.into_tensor(), bias.map(Array::into_tensor));
    macro_rules! options {
        ($axes:literal) => {
            ConvTransposeOptions::<$axes>::new(
                array(&windows.stride),
                array(padding),
                array(more),
                array(&windows.dilation),
                groups,
            )
        };
    }
    match padding.len() {
        1 => input.through(|input| Dispatch::conv_transpose1d(input, weight, bias, options!(1))),
        2 => input.through(|input| Dispatch::conv_transpose2d(input, weight, bias, options!(2))),
        _ => input.through(|input| Dispatch::conv_transpose3d(input, weight, bias, options!(3))),
    }
}
