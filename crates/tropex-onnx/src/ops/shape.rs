//! Operators that give a tensor another shape.

use crate::array::broadcast;
use crate::constant::elements;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, axes, axis, extents};

/// `Reshape`. 0 keeps an extent (unless `allowzero` is set), and -1 stands for the remaining
/// extent.
pub(super) fn reshape(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let zero_is_empty = args.flag("allowzero")?;
    let target = args.integers_or_attribute(1, "shape")?.ok_or("it has no target shape")?;
    let input = args.shape(0)?;
    let literal = resolved(&input, &target, zero_is_empty);
    let is_fixed = args.is_fixed(1) || !args.has(1);
    let shape = args.shape_for_points(&input, literal, is_fixed)?;
    Ok(args.array(0)?.reshape(&shape)?.into())
}

fn resolved(input: &[usize], target: &[i64], zero_is_empty: bool) -> Result<Vec<usize>, OpError> {
    let unfit = || OpError(format!("shape {input:?} cannot become {target:?}"));
    let mut shape = Vec::with_capacity(target.len());
    let mut open = None;
    for (index, &extent) in target.iter().enumerate() {
        shape.push(match extent {
            0 if !zero_is_empty => *input.get(index).ok_or_else(unfit)?,
            -1 if open.is_none() => {
                open = Some(index);
                1
            }
            extent => usize::try_from(extent).map_err(|_| unfit())?,
        });
    }
    if let Some(open) = open {
        let (all, given) = (elements(input), elements(&shape));
        let left = all.zip(given).filter(|&(all, given)| given > 0 && all % given == 0);
        shape[open] = left.map(|(all, given)| all / given).ok_or_else(unfit)?;
    }
    if elements(&shape) == elements(input) { Ok(shape) } else { Err(unfit()) }
}

/// `Flatten` to a matrix, split at an axis.
pub(super) fn flatten(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let input = args.shape(0)?;
    let at = args.attributes.int("axis")?.unwrap_or(1);
    let at = if at == input.len() as i64 { input.len() } else { axis(at, input.len())? };
    let literal = vec![input[..at].iter().product(), input[at..].iter().product()];
    let shape = args.shape_for_points(&input, Ok(literal), true)?;
    Ok(args.array(0)?.reshape(&shape)?.into())
}

/// `Squeeze`. Without axes, removes all axes of extent 1, except for the axis of points.
pub(super) fn squeeze(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let input = args.shape(0)?;
    let left_out = match args.integers_or_attribute(1, "axes")? {
        Some(numbers) => axes(&numbers, input.len())?,
        None => {
            let first = usize::from(args.depends(0) && args.batch.is_some());
            (first..input.len()).filter(|&axis| input[axis] == 1).collect()
        }
    };
    if let Some(axis) = left_out.iter().find(|&&axis| input[axis] != 1) {
        return Err(format!("axis {axis} of shape {input:?} cannot be left out").into());
    }
    let shape: Vec<usize> =
        (0..input.len()).filter(|axis| !left_out.contains(axis)).map(|axis| input[axis]).collect();
    Ok(args.array(0)?.reshape(&shape)?.into())
}

/// `Unsqueeze`: adds axes of extent 1 at given positions of the result.
pub(super) fn unsqueeze(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let input = args.shape(0)?;
    let numbers = args.integers_or_attribute(1, "axes")?.ok_or("it has no axes")?;
    let rank = input.len() + numbers.len();
    let new = axes(&numbers, rank)?;
    let mut old = input.iter();
    let shape: Vec<usize> = (0..rank)
        .map(|axis| if new.contains(&axis) { 1 } else { old.next().copied().unwrap_or(1) })
        .collect();
    Ok(args.array(0)?.reshape(&shape)?.into())
}

/// `Expand` to the common shape of the input and the target.
pub(super) fn expand(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let target = extents(&args.integers(1)?)?;
    let shape = broadcast(&args.shape(0)?, &target)?;
    args.allow(&shape)?;
    Ok(args.array(0)?.expand(&shape)?.into())
}

/// `Transpose`. Without an order, the axes are reversed.
pub(super) fn transpose(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let rank = args.shape(0)?.len();
    let order = match args.attributes.ints("perm")? {
        Some(order) if order.len() == rank => {
            order.iter().map(|&number| axis(number, rank)).collect::<Result<_, _>>()?
        }
        Some(order) => {
            return Err(format!("order {order:?} of a tensor with {rank} axes").into());
        }
        None => (0..rank).rev().collect::<Vec<_>>(),
    };
    Ok(args.array(0)?.permute(&order)?.into())
}

/// `DepthToSpace`: channels become blocks of cells.
pub(super) fn depth_to_space(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let ([points, channels, height, width], block) = planes(args)?;
    let left = channels / (block * block);
    if left == 0 || left * block * block != channels {
        return Err(format!("{channels} channels make no blocks of {block} x {block}").into());
    }
    let (split, order) = match args.attributes.text("mode")?.unwrap_or("DCR") {
        "DCR" => ([points, block, block, left, height, width], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([points, left, block, block, height, width], [0, 1, 4, 2, 5, 3]),
        mode => return Err(format!("mode {mode:?} is unknown").into()),
    };
    let cells = args.array(0)?.reshape(&split)?.permute(&order)?;
    Ok(cells.reshape(&[points, left, height * block, width * block])?.into())
}

/// `SpaceToDepth`: blocks of cells become channels.
pub(super) fn space_to_depth(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let ([points, channels, height, width], block) = planes(args)?;
    let [rows, columns] = [height / block, width / block];
    if [rows * block, columns * block] != [height, width] || rows * columns == 0 {
        return Err(format!("{height} x {width} cells make no blocks of {block} x {block}").into());
    }
    let split = [points, channels, rows, block, columns, block];
    let order = match args.attributes.text("mode")?.unwrap_or("DCR") {
        "DCR" => [0, 3, 5, 1, 2, 4],
        "CRD" => [0, 1, 3, 5, 2, 4],
        mode => return Err(format!("mode {mode:?} is unknown").into()),
    };
    let cells = args.array(0)?.reshape(&split)?.permute(&order)?;
    Ok(cells.reshape(&[points, channels * block * block, rows, columns])?.into())
}

fn planes(args: &OpArgs) -> Result<([usize; 4], usize), OpError> {
    let shape = args.shape(0)?;
    let shape = <[usize; 4]>::try_from(shape)
        .map_err(|shape| OpError(format!("its input has shape {shape:?}, not four axes")))?;
    let block = args.attributes.int("blocksize")?.unwrap_or(0);
    match usize::try_from(block) {
        Ok(block) if (1..=1 << 12).contains(&block) => Ok((shape, block)),
        _ => Err(format!("blocks of {block} cells").into()),
    }
}
