//! Operators that select entries of a tensor, or join tensors.

use super::reasons::DECIDES;
use crate::array::Array;
use crate::constant::HostTensor;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, axis};

/// `Concat`. Constants without entries are left out.
pub(super) fn concat(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let number = args.attributes.int("axis")?.ok_or("it has no axis")?;
    let shapes = (0..args.count()).map(|index| args.shape(index)).collect::<Result<Vec<_>, _>>()?;
    let along = axis(number, shapes.first().map_or(0, Vec::len))?;
    let full = (0..args.count()).filter(|&index| !shapes[index].contains(&0));
    let arrays = full.map(|index| args.array(index)).collect::<Result<Vec<_>, _>>()?;
    let dtype = args.options.dtype;
    let points = args.batch.map_or(1, |batch| batch.points);
    let for_points = |array: Array| {
        let mut shape = array.shape();
        // A constant that is joined to the single point of the file is joined to every point.
        let is_batch = shapes.iter().any(|shape| shape.first() == Some(&points));
        if let Some(first) = shape.first_mut().filter(|first| **first == 1 && along > 0 && is_batch)
        {
            *first = points;
        }
        array.into_floats(dtype).expand(&shape)
    };
    let arrays = arrays.into_iter().map(for_points).collect::<Result<Vec<_>, _>>()?;
    let extent: usize = shapes.iter().filter_map(|shape| shape.get(along)).sum();
    let mut shape = shapes[0].clone();
    shape[along] = extent;
    args.allow(&shape)?;
    Ok(Array::concat(arrays, along)?.into())
}

/// `Gather` entries of an axis at constant positions.
pub(super) fn gather(args: &OpArgs) -> Result<OpOutputs, OpError> {
    if args.depends(1) {
        return Err(DECIDES.into());
    }
    let shape = args.shape(0)?;
    let along = axis(args.attributes.int("axis")?.unwrap_or(0), shape.len())?;
    let positions = args.constant(1)?;
    let extent = shape[along];
    let position = |number: i64| axis(number, extent).map_err(|_| outside(number, extent));
    let entries =
        positions.to_integers().into_iter().map(position).collect::<Result<Vec<usize>, _>>()?;
    let gathered = [&shape[..along], &positions.shape, &shape[along + 1..]].concat();
    args.allow(&gathered)?;
    let array = args.array(0)?;
    let taken = match entries[..] {
        [entry] => array.slice(along, entry, 1, 1)?,
        _ => array.select(along, &entries)?,
    };
    Ok(taken.reshape(&gathered)?.into())
}

fn outside(number: i64, extent: usize) -> OpError {
    format!("position {number} of an axis of {extent} entries").into()
}

/// `Slice`: attributes before version 10, inputs since; negative numbers count from the end, and
/// negative steps go backward.
pub(super) fn slice(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let starts = args.integers_or_attribute(1, "starts")?.ok_or("it has no starts")?;
    let ends = args.integers_or_attribute(2, "ends")?.ok_or("it has no ends")?;
    let along = args.integers_or_attribute(3, "axes")?;
    let steps = args.optional_integers(4)?.unwrap_or_else(|| vec![1; starts.len()]);
    let along = along.unwrap_or_else(|| (0..starts.len() as i64).collect());
    if [ends.len(), along.len(), steps.len()].iter().any(|&length| length != starts.len()) {
        return Err("its starts, ends, axes and steps are not equally many".into());
    }
    let mut shape = args.shape(0)?;
    let mut cuts = Vec::with_capacity(starts.len());
    for (index, &number) in along.iter().enumerate() {
        let along = axis(number, shape.len())?;
        let cut = AxisSlice::new(shape[along], [starts[index], ends[index], steps[index]])?;
        shape[along] = cut.count;
        cuts.push((along, cut));
    }
    // An empty part of a constant, such as the axes of a shape before its first axis.
    if shape.contains(&0) && !args.depends(0) {
        return Ok(HostTensor::new(shape, Vec::new(), args.kind(0)?).into());
    }
    let cut = |array: Array, (along, cut): (usize, AxisSlice)| cut.apply(array, along);
    Ok(cuts.into_iter().try_fold(args.array(0)?, cut)?.into())
}

/// Entries of an axis, in ascending or descending order.
struct AxisSlice {
    is_reversed: bool,
    /// The first entry, counted from the end if the order is descending.
    start: usize,
    count: usize,
    step: usize,
}

impl AxisSlice {
    fn new(extent: usize, [start, end, step]: [i64; 3]) -> Result<Self, OpError> {
        let extent = extent as i64;
        let from_front =
            |number: i64| if number < 0 { number.saturating_add(extent) } else { number };
        let (start, end) = (from_front(start), from_front(end));
        let width = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
        let count = |length: i64| (length.max(0) as usize).div_ceil(width);
        match step {
            0 => Err("a slice with step 0".into()),
            1.. => {
                let (start, end) = (start.clamp(0, extent), end.clamp(0, extent));
                let (count, start) = (count(end - start), start as usize);
                Ok(Self { is_reversed: false, start, count, step: width })
            }
            _ => {
                let (start, end) = (start.clamp(-1, extent - 1), end.clamp(-1, extent - 1));
                let count = count(start - end);
                // A descending range becomes an ascending range of the reversed axis.
                let start = (extent - 1 - start) as usize;
                Ok(Self { is_reversed: true, start, count, step: width })
            }
        }
    }

    fn apply(self, array: Array, along: usize) -> Result<Array, OpError> {
        let array = if self.is_reversed { array.flip(along)? } else { array };
        array.slice(along, self.start, self.count, self.step)
    }
}

/// `Split` into parts of given extents, or into equal parts, of which the last one may be smaller.
pub(super) fn split(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let along = axis(args.attributes.int("axis")?.unwrap_or(0), shape.len())?;
    let extent = shape[along];
    let parts = args.attributes.int("num_outputs")?;
    let parts = match parts {
        Some(parts) => usize::try_from(parts).ok().filter(|&parts| parts > 0 && parts <= extent),
        None => Some(args.wanted.len().max(1)),
    };
    let parts = parts.ok_or("its `num_outputs` does not fit")?;
    let extents = match args.integers_or_attribute(1, "split")? {
        Some(extents) => crate::op_args::extents(&extents)?,
        None => {
            let part = extent.div_ceil(parts);
            (0..parts).map(|index| part.min(extent.saturating_sub(index * part))).collect()
        }
    };
    let sum = extents.iter().try_fold(0_usize, |sum, &extent| sum.checked_add(extent));
    if sum != Some(extent) {
        return Err(format!("parts {extents:?} of an axis of {extent} entries").into());
    }
    let array = args.array(0)?;
    let mut start = 0;
    let mut outputs = Vec::with_capacity(extents.len());
    for count in extents {
        outputs.push(array.clone().slice(along, start, count, 1)?);
        start += count;
    }
    Ok(outputs.into())
}

/// `Tile`: copies along every axis.
pub(super) fn tile(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let repeats = crate::op_args::extents(&args.integers(1)?)?;
    if repeats.len() != shape.len() {
        return Err(format!("{} repeats of {} axes", repeats.len(), shape.len()).into());
    }
    let tiled: Vec<usize> =
        shape.iter().zip(&repeats).map(|(extent, times)| extent.saturating_mul(*times)).collect();
    args.allow(&tiled)?;
    let repeats = repeats.into_iter().enumerate();
    let tiled =
        { repeats }.try_fold(args.array(0)?, |array, (axis, times)| array.repeat(axis, times));
    Ok(tiled?.into())
}

/// `Pad`. Before opset 11 the sizes are attributes, later they are inputs. A negative size removes
/// cells.
pub(super) fn pad(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let rank = shape.len();
    let pads = args.integers_or_attribute(1, "pads")?.ok_or("it has no pads")?;
    let attribute = args.attributes.float("value")?.unwrap_or(0.0);
    let input = args.optional_constant(2)?.map(|constant| constant.number()).transpose()?;
    let number = input.unwrap_or(attribute);
    let along = match args.optional_integers(3)? {
        Some(axes) => axes.iter().map(|&number| axis(number, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).collect::<Vec<_>>(),
    };
    if pads.len() != 2 * along.len() {
        return Err(format!("{} pads for {} axes", pads.len(), along.len()).into());
    }
    let mut around = vec![(0_i64, 0_i64); rank];
    for (index, &axis) in along.iter().enumerate() {
        around[axis] = (pads[index], pads[along.len() + index]);
    }
    let padded: Vec<usize> = shape
        .iter()
        .zip(&around)
        .map(|(&extent, (before, after))| {
            (extent as i64).saturating_add(*before).saturating_add(*after).max(0) as usize
        })
        .collect();
    args.allow(&padded)?;
    let mut array = args.array(0)?;
    for (axis, pair) in around.iter_mut().enumerate() {
        array = crop(array, axis, pair)?;
    }
    let around: Vec<(usize, usize)> =
        around.into_iter().map(|(before, after)| (before as usize, after as usize)).collect();
    let mode = args.attributes.text("mode")?.unwrap_or("constant");
    if mode == "constant" {
        return Ok(array.pad(&around, number)?.into());
    }
    for (axis, &(before, after)) in around.iter().enumerate() {
        let extent = array.shape()[axis];
        let end = (extent + after) as i64;
        let source = |position: i64| source(mode, position, extent as i64);
        let positions = (-(before as i64)..end).map(source).collect::<Result<Vec<_>, _>>()?;
        array = array.select(axis, &positions)?;
    }
    Ok(array.into())
}

/// Removes the cells of negative pads, and sets these pads to zero.
fn crop(array: Array, axis: usize, (before, after): &mut (i64, i64)) -> Result<Array, OpError> {
    let extent = array.shape()[axis] as i64;
    let start = -(*before).min(0);
    let end = extent.saturating_add((*after).min(0));
    (*before, *after) = ((*before).max(0), (*after).max(0));
    if start >= end {
        return Err(format!("pads that leave nothing of an axis of {extent} entries").into());
    }
    array.slice(axis, start as usize, (end - start) as usize, 1)
}

/// The entry that `mode` repeats at a position outside of the entries.
fn source(mode: &str, position: i64, extent: i64) -> Result<usize, OpError> {
    let entry = match mode {
        "edge" => position.clamp(0, extent - 1),
        "wrap" => position.rem_euclid(extent),
        "reflect" if extent == 1 => 0,
        "reflect" => {
            let period = 2 * (extent - 1);
            let entry = position.rem_euclid(period);
            entry.min(period - entry)
        }
        _ => return Err(format!("`mode` {mode:?} is unknown").into()),
    };
    Ok(entry as usize)
}
