//! In-place forms for Burn's `flex` backend, for tensors that [`holds`] says it can work on.

use std::ops::{Add, AddAssign, Mul};

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Element, Int, Shape, Tensor, TensorData};
use bytemuck::Pod;
use rayon::prelude::*;

use super::columns::NONE;
use super::{Lanes, Panels, Slope, Stencil, dense, matrix, sparse};
use crate::rows::Rows;

/// Rows that one task handles at least, so that short rows do not drown in scheduling.
const BLOCK: usize = 8;

pub(in crate::kernels) trait Float:
    Element + Pod + Send + Sync + PartialOrd + AddAssign + Add<Output = Self> + Mul<Output = Self>
{
    const ZERO: Self;
    fn of(number: f64) -> Self;
}

macro_rules! float {
    ($($float:ty),+) => {
        $(impl Float for $float {
            const ZERO: Self = 0.0;

            fn of(number: f64) -> Self {
                number as $float
            }
        })+
    };
}

float!(f32, f64);

/// Calls a function for the float type of a tensor; networks are placed in no other than these.
macro_rules! for_float {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            burn::tensor::DType::F64 => $function::<f64>($($argument),*),
            _ => $function::<f32>($($argument),*),
        }
    };
}
pub(super) use for_float;

/// Whether `flex` holds the tensor, in order and without gaps or surroundings.
pub(super) fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.clone().try_into_primitive::<Flex>().is_ok_and(|tensor| {
        let entries = tensor.layout().num_elements();
        let whole = tensor.bytes().len() == entries * tensor.dtype().size();
        whole && tensor.layout().contiguous_offsets() == Some((0, entries))
    })
}

/// The same for rows and their pending shift.
pub(super) fn holds_rows(rows: &Rows) -> bool {
    rows.tensor().is_some_and(holds) && rows.shift().is_none_or(holds)
}

/// A tensor of zeros: one by [`FlexTensor::zeros`] is filled, copied to an aligned place, and freed.
pub(super) fn zeros<E: Element>(shape: impl Into<Shape>) -> FlexTensor {
    let shape = shape.into();
    let zeros = vec![E::from_elem(0); shape.num_elements()];
    FlexTensor::from_data(TensorData::new(zeros, shape))
}

/// The tensor as `flex` knows it.
pub(super) fn held<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    tensor.try_into_primitive::<Flex>().expect("callers ask `holds` first")
}

/// Rows with their pending shift, taken out of Burn's hands to be worked on in place.
struct Held {
    rows: FlexTensor,
    shift: Option<FlexTensor>,
    points: usize,
}

impl Held {
    fn take(rows: Rows) -> Self {
        let (tensor, points, shift) = rows.into_parts();
        Self { rows: held(tensor), shift: shift.map(held), points }
    }

    fn features(&self) -> usize {
        self.rows.layout().shape()[1]
    }

    fn count(&self) -> usize {
        self.rows.layout().shape()[0]
    }

    /// Works on every row in place: its index, its entries and its shift, where it has one.
    fn in_place<F: Float>(self, work: impl Fn(usize, &mut [F], Option<&[F]>) + Sync) -> FlexTensor {
        let (features, first_shifted) = (self.features(), self.count() - self.points);
        let Self { mut rows, shift, .. } = self;
        let shift = shift.as_ref().map(|shift| shift.storage::<F>());
        let blocks = rows.storage_mut::<F>().par_chunks_mut(features * BLOCK);
        blocks.enumerate().for_each(|(block, rows)| {
            for (row, index) in rows.chunks_exact_mut(features).zip(block * BLOCK..) {
                work(index, row, shift.filter(|_| index >= first_shifted));
            }
        });
        rows
    }

    /// The shift of a row: only the last group has one.
    fn shift_of<F: Float>(&self, row: usize) -> Option<&[F]> {
        let shifted = row >= self.count() - self.points;
        self.shift.as_ref().filter(|_| shifted).map(FlexTensor::storage)
    }
}

pub(super) fn mask(rows: Rows, sign: &Tensor<2>, slope: &Slope) -> Tensor<2> {
    let (rows, sign) = (Held::take(rows), held(sign.clone()));
    Tensor::from_primitive::<Flex>(match slope {
        Slope::One(slope) => for_float!(sign.dtype(), mask_in(rows, &sign, *slope)),
        Slope::Each(slopes) => {
            let slopes = held(slopes.tensor());
            for_float!(sign.dtype(), mask_each_in(rows, &sign, &slopes))
        }
    })
}

fn mask_in<F: Float>(held: Held, sign: &FlexTensor, slope: f64) -> FlexTensor {
    let signs = sign.storage::<F>();
    let slope = F::of(slope);
    let points = held.points;
    held.in_place(|index, row, shift: Option<&[F]>| {
        let sign = &signs[index % points * row.len()..][..row.len()];
        let entries = row.iter_mut().zip(sign);
        match shift {
            None => entries.for_each(|(value, &sign)| *value = sloped(*value, sign, slope)),
            Some(shift) => entries.zip(shift).for_each(|((value, &sign), &shift)| {
                *value = sloped(*value + shift, sign, slope);
            }),
        }
    })
}

/// A number where the sign is positive, or its multiple: both are computed, so that nothing branches.
fn sloped<F: Float>(value: F, sign: F, slope: F) -> F {
    let scaled = value * slope;
    if sign > F::ZERO { value } else { scaled }
}

fn mask_each_in<F: Float>(held: Held, sign: &FlexTensor, slopes: &FlexTensor) -> FlexTensor {
    let (signs, slopes) = (sign.storage::<F>(), slopes.storage::<F>());
    let points = held.points;
    held.in_place(|index, row, shift: Option<&[F]>| {
        let sign = &signs[index % points * row.len()..][..row.len()];
        if let Some(shift) = shift {
            row.iter_mut().zip(shift).for_each(|(value, &shift)| *value += shift);
        }
        for ((value, &sign), &slope) in row.iter_mut().zip(sign).zip(slopes) {
            *value = sloped(*value, sign, slope);
        }
    })
}

pub(super) fn scatter(rows: Rows, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let winners = positions(winner);
    let [_, channels, windows] = winner.dims();
    let rows = Held::take(rows);
    let extents = [channels, windows, cells];
    Tensor::from_primitive::<Flex>(for_float!(
        rows.rows.dtype(),
        scatter_in(&rows, &winners, extents)
    ))
}

/// Positions as the backend's own integers, or converted where they are neither of the usual two.
pub(super) fn positions(winner: &Tensor<3, Int>) -> Vec<u32> {
    let data = winner.to_data();
    match (data.as_slice::<i32>(), data.as_slice::<i64>()) {
        (Ok(cells), _) => cells.iter().map(|&cell| cell as u32).collect(),
        (_, Ok(cells)) => cells.iter().map(|&cell| cell as u32).collect(),
        _ => data.iter::<i64>().map(|cell| cell as u32).collect(),
    }
}

fn scatter_in<F: Float>(
    held: &Held,
    winners: &[u32],
    [channels, windows, cells]: [usize; 3],
) -> FlexTensor {
    let features = channels * windows;
    let source = held.rows.storage::<F>();
    let mut target = zeros::<F>([held.count(), channels * cells]);
    let planes = target.storage_mut::<F>().par_chunks_mut(channels * cells);
    planes.enumerate().for_each(|(index, planes)| {
        let row = &source[index * features..][..features];
        let winners = &winners[index % held.points * features..][..features];
        let shift = held.shift_of::<F>(index);
        for (entry, (&value, &cell)) in row.iter().zip(winners).enumerate() {
            let value = shift.map_or(value, |shift| value + shift[entry]);
            planes[entry / windows * cells + cell as usize] += value;
        }
    });
    target
}

/// `rows . weights + bias`.
pub(super) fn product(
    rows: &Tensor<2>,
    points: usize,
    weights: &Panels,
    bias: Option<Tensor<2>>,
) -> Tensor<2> {
    let (rows, bias) = (held(rows.clone()), bias.map(held));
    Tensor::from_primitive::<Flex>(matrix::product(&rows, points, weights, bias.as_ref()))
}

/// The same, without a bias, of rows that lie side by side.
pub(super) fn product_of_lanes(lanes: &Lanes, weights: &Panels) -> Tensor<2> {
    Tensor::from_primitive::<Flex>(matrix::product_of_lanes(lanes, weights))
}

/// Planes under a convolution or its transpose, in the way that suits their number and their zeros.
pub(super) fn correlation(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    let (planes, bias) = (held(planes.clone()), bias.cloned().map(held));
    let result = sparse::correlation(&planes, points, stencil, bias.as_ref())
        .or_else(|| dense::correlation(&planes, stencil, bias.as_ref()));
    result.map(Tensor::from_primitive::<Flex>)
}

pub(super) fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let winners = positions(winner);
    let values = held(values);
    let extents = winner.dims();
    Tensor::from_primitive::<Flex>(for_float!(
        values.dtype(),
        pick_in(&values, &winners, extents, cells)
    ))
}

fn pick_in<F: Float>(
    values: &FlexTensor,
    winners: &[u32],
    [points, channels, windows]: [usize; 3],
    cells: usize,
) -> FlexTensor {
    let features = channels * windows;
    from_rows(values, features, |index, source: &[F], target| {
        let winners = &winners[index % points * features..][..features];
        for (entry, (target, &cell)) in target.iter_mut().zip(winners).enumerate() {
            *target = source[entry / windows * cells + cell as usize];
        }
    })
}

pub(super) fn gather(values: Tensor<2>, columns: &[u32]) -> Tensor<2> {
    let values = held(values);
    Tensor::from_primitive::<Flex>(for_float!(values.dtype(), gather_in(&values, columns)))
}

fn gather_in<F: Float>(values: &FlexTensor, columns: &[u32]) -> FlexTensor {
    from_rows(values, columns.len(), |_, source: &[F], target| {
        for (target, &column) in target.iter_mut().zip(columns) {
            if column != NONE {
                *target = source[column as usize];
            }
        }
    })
}

pub(super) fn scatter_add(values: Tensor<2>, columns: &[u32], width: usize) -> Tensor<2> {
    let values = held(values);
    Tensor::from_primitive::<Flex>(for_float!(
        values.dtype(),
        scatter_add_in(&values, columns, width)
    ))
}

fn scatter_add_in<F: Float>(values: &FlexTensor, columns: &[u32], width: usize) -> FlexTensor {
    from_rows(values, width, |_, source: &[F], target| {
        for (&value, &column) in source.iter().zip(columns) {
            if column != NONE {
                target[column as usize] += value;
            }
        }
    })
}

/// A matrix of another width whose rows, zero at first, are filled from the rows of `values` by
/// their index.
fn from_rows<F: Float>(
    values: &FlexTensor,
    width: usize,
    fill: impl Fn(usize, &[F], &mut [F]) + Sync,
) -> FlexTensor {
    let [count, features] = [values.layout().shape()[0], values.layout().shape()[1]];
    let source = values.storage::<F>();
    let mut result = zeros::<F>([count, width]);
    let blocks = result.storage_mut::<F>().par_chunks_mut(width * BLOCK);
    let blocks = blocks.zip(source.par_chunks(features * BLOCK)).enumerate();
    blocks.for_each(|(block, (target, source))| {
        let rows = source.chunks_exact(features).zip(target.chunks_exact_mut(width));
        rows.zip(block * BLOCK..).for_each(|((source, target), index)| fill(index, source, target));
    });
    result
}
